"""An HTTP server of the tests' own that plays the receivers' protocols and keeps a ledger of what reached it.

It reads each request in full, writes it into the ledger, only then waits a little and answers (reliability B1).
What it answers is chosen by path: `sink.modes["/wecom/a"] = Mode(kind="busy")`; the longest prefix counts.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import random
import socket
import ssl
import struct
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

BUSY = {
    "wecom": {"errcode": 45009, "errmsg": "api freq out of limit"},
    "cgi-bin": {"errcode": 45009, "errmsg": "api freq out of limit"},
    "dingtalk": {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
    "feishu": {"code": 11232, "msg": "frequency limited psm"},
}
LIMITS = {"wecom": (20, 60.0), "dingtalk": (20, 60.0), "feishu": (100, 60.0), "slack": (1, 1.0), "teams": (4, 1.0)}


@dataclass
class Mode:
    """How a path answers; `share` is how many of its requests do, the rest succeed.

    `kind`: ok, error (`status`), limited (429 with `retry_after`), busy (200 and the product's "too fast"), code (200
    with `answer`), reset (after the body was read), silent (never answers), huge, broken (no JSON), html, redirect
    (to `location`, with a `status` of 3xx), drip (a byte each `pause`), gzip.
    """

    kind: str = "ok"
    share: float = 1.0
    status: int = 503
    retry_after: str = ""
    answer: Mapping[str, object] = field(default_factory=dict)
    location: str = ""
    pause: float = 0.2


@dataclass(frozen=True)
class Line:
    """One request in the ledger. `outcome` is the kind of answer it was given; `is_repeat` by its Idempotency-Key."""

    at: float
    path: str
    delivery_id: str
    text: str
    headers: Mapping[str, str]
    outcome: str = "ok"
    is_repeat: bool = False

    def json(self) -> dict:
        return json.loads(self.text)


class HttpSink:
    """Listens on 127.0.0.1 while it is entered; one thread a connection, connections are kept alive.

    `secrets` holds the signing secret of a DingTalk path. `delay` is the longest wait before an answer, in seconds.
    """

    def __init__(
        self, *, seed: int = 1, delay: float = 0.0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.ledger: list[Line] = []
        self.modes: dict[str, Mode] = {}
        self.secrets: dict[str, str] = {}
        self.delay = delay
        self.tokens: list[str] = []  # WeCom's access tokens, the last one is valid
        self.keeps_token = False  # hand out the same one again while it is valid, as WeCom does to several processes
        self.invalid_users: set[str] = set()
        self.is_reading = True
        self.connections = 0
        self.server_names: list[str] = []  # that TLS clients asked for
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self.breaches: Counter[str] = Counter()  # by path: messages beyond the product's limit in any window
        self.repeats_dropped: Counter[str] = Counter()
        self.bad_signatures: Counter[str] = Counter()
        self._seen_keys: dict[str, set[str]] = defaultdict(set)
        self._windows: dict[str, deque[float]] = defaultdict(deque)
        self._random, self._lock = random.Random(seed), threading.Lock()
        self._open: set[socket.socket] = set()
        self._stopping = threading.Event()
        self._listener = socket.create_server((host, 0), backlog=256)
        self.host, self.port = self._listener.getsockname()[:2]

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> "HttpSink":
        threading.Thread(target=self._accept, name="sink", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):  # Some systems refuse that for a listener.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()

    def drop_connections(self) -> None:
        """End all connections, as a server that is restarted does."""
        with self._lock:
            open_sockets = list(self._open)
        for sock in open_sockets:
            with contextlib.suppress(OSError):  # Gone already.
                sock.shutdown(socket.SHUT_RDWR)

    def received(self, prefix: str = "/") -> list[Line]:
        """Messages as their people got them: taken, and not dropped as repeats."""
        with self._lock:
            lines = list(self.ledger)
        return [line for line in lines if line.path.startswith(prefix) and not line.is_repeat and _is_taken(line)]

    # -- connections

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), name="sink-connection", daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as stream:
                if not self.is_reading:
                    self._stopping.wait(60)
                while (request := _read(stream)) and not self._stopping.is_set():
                    if not self._handle(sock, *request):
                        return
        except OSError:
            return  # The client went away, as killed ones do.
        finally:
            with self._lock:
                self._open.discard(sock)

    def _handle(self, sock: socket.socket, target: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Note the request, wait, answer; False if the connection has to end."""
        path = urlsplit(target).path
        with self._lock:
            mode = self._mode(path)
            line = self._note(path, headers, body, mode)
            pause = self._random.uniform(0, self.delay) if self.delay else 0.0
        if pause:
            time.sleep(pause)
        return self._answer(sock, mode, target, line)

    def _mode(self, path: str) -> Mode:
        prefix = max((known for known in self.modes if path.startswith(known)), key=len, default="")
        mode = self.modes.get(prefix, Mode())
        return mode if mode.share >= 1 or self._random.random() < mode.share else Mode()

    def _note(self, path: str, headers: Mapping[str, str], body: bytes, mode: Mode) -> Line:
        key = headers.get("idempotency-key", "")
        is_taken = mode.kind not in ("error", "limited", "busy", "code", "redirect")
        is_repeat = bool(key) and key in self._seen_keys[path]
        if key and is_taken:
            self._seen_keys[path].add(key)
        self.repeats_dropped[path] += is_repeat
        line = Line(
            time.time(),
            path,
            headers.get("x-gendan-delivery", ""),
            body.decode("utf-8", "replace"),
            headers,
            mode.kind,
            is_repeat,
        )
        if path != "/cgi-bin/gettoken":
            self.ledger.append(line)
            self._count_breach(path, line.at)
        return line

    def _count_breach(self, path: str, at: float) -> None:
        limit = LIMITS.get(_product(path))
        if limit is None:
            return
        window = self._windows[path]
        window.append(at)
        while window[0] <= at - limit[1]:
            window.popleft()
        self.breaches[path] += len(window) > limit[0]

    # -- answers

    def _answer(self, sock: socket.socket, mode: Mode, target: str, line: Line) -> bool:
        if mode.kind == "ok":
            sock.sendall(_response(*self._success(target, line)))
        elif mode.kind == "error":
            sock.sendall(_response(mode.status, b"secret inner answer", _retry(mode)))
        elif mode.kind == "limited":
            sock.sendall(_response(429, b"slow down", _retry(mode)))
        elif mode.kind in ("busy", "code"):
            product = _product(line.path)
            content = mode.answer if mode.kind == "code" else BUSY.get(product, {})
            sock.sendall(_response(200, json.dumps(content).encode()))
        elif mode.kind == "redirect":
            status = mode.status if 300 <= mode.status < 400 else 302
            sock.sendall(_response(status, b"", {"Location": mode.location}))
        elif mode.kind == "html":
            sock.sendall(_response(200, b"<html><body>Log in to the network</body></html>"))
        elif mode.kind == "broken":
            sock.sendall(_response(200, b'{"errcode": 0'))
        elif mode.kind == "gzip":
            sock.sendall(_response(200, bytes.fromhex("1f8b08") + b"\0" * 50, {"Content-Encoding": "gzip"}))
        else:
            return self._misbehave(sock, mode)
        return True

    def _misbehave(self, sock: socket.socket, mode: Mode) -> bool:
        if mode.kind == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif mode.kind == "silent":
            self._stopping.wait(60)
        elif mode.kind in ("huge", "huge_head"):
            sock.sendall(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if mode.kind == "huge" else b""))
            for _chunk in range(2000):
                sock.sendall(b"X: 1\r\n" * 8192)
        elif mode.kind in ("drip", "drip_head"):
            sock.sendall(b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 9999\r\n\r\n" if mode.kind == "drip" else b""))
            while not self._stopping.wait(mode.pause):
                sock.sendall(b" ")
        else:
            raise ValueError(f"no such mode: {mode.kind}")
        return False

    def _success(self, target: str, line: Line) -> tuple[int, bytes]:
        product = _product(line.path)
        if product == "cgi-bin":
            return 200, json.dumps(self._wecom_application(target, line)).encode()
        if product == "dingtalk":
            return 200, json.dumps(self._dingtalk(target)).encode()
        if product == "wecom":
            return 200, b'{"errcode":0,"errmsg":"ok"}'
        if product == "feishu":
            return 200, b'{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}'
        if product == "teams":
            return 202, b""
        return 200, b"ok"

    def _wecom_application(self, target: str, line: Line) -> dict[str, object]:
        with self._lock:
            if line.path == "/cgi-bin/gettoken":
                if not (self.keeps_token and self.tokens):
                    self.tokens.append(f"token-{len(self.tokens)}")
                return {"errcode": 0, "errmsg": "ok", "access_token": self.tokens[-1], "expires_in": 7200}
            token = parse_qs(urlsplit(target).query).get("access_token", [""])[0]
            if not self.tokens or token != self.tokens[-1]:
                return {"errcode": 40014, "errmsg": "invalid access_token"}
        who = json.loads(line.text)["touser"]
        gone = who if who in self.invalid_users else ""
        return {"errcode": 0, "errmsg": "ok", "invaliduser": gone, "msgid": "m" + line.delivery_id[:8]}

    def _dingtalk(self, target: str) -> dict[str, object]:
        parts = urlsplit(target)
        secret = self.secrets.get(parts.path)
        if secret:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            timestamp = query.get("timestamp", "0")
            digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
            is_recent = abs(time.time() - int(timestamp) / 1000) < 3600
            if query.get("sign") != base64.b64encode(digest).decode() or not is_recent:
                self.bad_signatures[parts.path] += 1
                return {"errcode": 310000, "errmsg": "sign not match"}
        return {"errcode": 0, "errmsg": "ok"}


def _is_taken(line: Line) -> bool:
    return line.outcome not in ("error", "limited", "busy", "code", "redirect")


def _product(path: str) -> str:
    return path.split("/")[1]


def _retry(mode: Mode) -> dict[str, str]:
    return {"Retry-After": mode.retry_after} if mode.retry_after else {}


def _read(stream) -> tuple[str, dict[str, str], bytes] | None:
    """Target, headers in lower case, body; None at the end of the connection, or if this is no HTTP."""
    first = stream.readline().split()
    if len(first) != 3 or not first[1].startswith(b"/"):
        return None
    headers = {}
    while (line := stream.readline()) not in (b"\r\n", b"\n", b""):
        name, _colon, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = stream.read(length)
    return (first[1].decode("latin-1"), headers, body) if len(body) == length else None


def _response(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    lines = {"Content-Type": "text/plain", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode("latin-1") + body


class Canary:
    """A listener that must not be reached: counts whoever connects."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port = self._listener.getsockname()[1]
        self.reached = 0

    def __enter__(self) -> "Canary":
        threading.Thread(target=self._accept, name="canary", daemon=True).start()
        return self

    def _accept(self) -> None:
        while True:
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            self.reached += 1
            sock.close()

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # Some systems refuse that for a listener.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
