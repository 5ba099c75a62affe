"""One way out for all HTTP messages: to checked addresses only, never redirected, over in ten seconds."""

import ssl
import threading
import time
from collections.abc import Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from socket import IPPROTO_TCP, TCP_NODELAY, create_connection
from typing import Protocol

from django.utils.translation import gettext as _

from teams.notifications import targets
from teams.notifications.channels import ChannelError
from teams.notifications.inside import AllowList
from teams.notifications.targets import AddressRefused, Target, check_url
from teams.notifications.wire import Answer, Connection, CutShort, Deadline, NoAnswer, NothingSent

__all__ = ["AddressRefused", "Answer", "Post", "Transport", "check_status", "check_url"]

SEND_SECONDS = 10.0
CONNECT_SECONDS = 3.0
LONGEST_PAUSE = timedelta(hours=1)
USUAL_PAUSE = timedelta(seconds=60)
_KEPT = 8  # idle connections to one host


class Post(Protocol):
    """Sends one request: a POST, or a GET where there is no body."""

    def __call__(
        self, url: str, body: bytes | None, headers: Mapping[str, str], *, seconds: float = SEND_SECONDS
    ) -> Answer: ...


class Transport:
    """A `Post` over real connections, which it keeps for a moment; safe to use from several threads.

    `resolver` and `context` are the system's own unless given.
    """

    def __init__(
        self,
        *,
        resolver: targets.Resolver | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._resolver = resolver or targets.look_up
        self._context = context
        self._idle: dict[tuple[str, str, int], list[Connection]] = {}
        self._lock = threading.Lock()

    def __call__(
        self, url: str, body: bytes | None, headers: Mapping[str, str], *, seconds: float = SEND_SECONDS
    ) -> Answer:
        """Send it once, and give the answer whatever its status.

        Raises:
            ChannelError: the rule refuses the address, nobody answers there, or what came of it is unknown.
        """
        allowed = targets.operators()
        deadline = Deadline(seconds)
        try:
            target = targets.read(url, allowed)
        except AddressRefused as refusal:
            raise ChannelError(str(refusal), permanent=True) from None
        method = "GET" if body is None else "POST"
        request = _request(method, target, body or b"", headers)
        try:
            return self._exchange(target, allowed, request, method, deadline)
        except NoAnswer as error:
            reason = _("%(host)s got the message, and its answer did not come; it may have arrived.")
            raise ChannelError(reason % {"host": target.host}, is_outcome_unknown=True) from error
        except (CutShort, NothingSent) as error:
            reason = _("The connection to %(host)s broke before the message was out.")
            raise ChannelError(reason % {"host": target.host}, is_unreachable=True) from error

    def _exchange(self, target: Target, allowed: AllowList, request: bytes, method: str, deadline: Deadline) -> Answer:
        """Over a kept connection if one lives. It is dead for certain only if it took no byte: then over a new one."""
        if kept := self._take(target.origin):
            try:
                return self._over(kept, target, request, method, deadline)
            except NothingSent:
                pass
        return self._over(self._connect(target, allowed, deadline), target, request, method, deadline)

    def _over(self, connection: Connection, target: Target, request: bytes, method: str, deadline: Deadline) -> Answer:
        is_reusable = False
        try:
            answer, is_reusable = connection.exchange(request, deadline, method)
            return answer
        finally:
            if not (is_reusable and self._keep(target.origin, connection)):
                connection.close()

    def _take(self, origin: tuple[str, str, int]) -> Connection | None:
        while True:
            with self._lock:
                kept = self._idle.get(origin)
                connection = kept.pop() if kept else None
            if connection is None or connection.is_fresh():
                return connection
            connection.close()

    def _keep(self, origin: tuple[str, str, int], connection: Connection) -> bool:
        with self._lock:
            kept = self._idle.setdefault(origin, [])
            if len(kept) >= _KEPT:
                return False
            kept.append(connection)
            return True

    def _connect(self, target: Target, allowed: AllowList, deadline: Deadline) -> Connection:
        host = {"host": target.host}
        try:
            found = targets.addresses(target, allowed, self._resolver, min(targets.RESOLVE_SECONDS, deadline.left()))
        except AddressRefused as refusal:
            raise ChannelError(str(refusal), permanent=True) from None
        except OSError as error:
            raise ChannelError(_("The name %(host)s is not known.") % host, is_unreachable=True) from error
        try:
            return self._open(target, found, deadline)
        except ssl.SSLCertVerificationError as error:
            reason = _("The certificate of %(host)s is not valid.") % host
            raise ChannelError(reason, is_unreachable=True) from error
        except OSError as error:
            raise ChannelError(_("%(host)s does not answer.") % host, is_unreachable=True) from error

    def _open(self, target: Target, found: list[str], deadline: Deadline) -> Connection:
        """Connect to the first of the checked addresses that takes it."""
        connecting, failure = deadline.within(CONNECT_SECONDS), OSError("no address")
        for address in found:
            try:
                sock = create_connection((address, target.port), timeout=connecting.left())
            except OSError as error:
                failure = error
                continue
            sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
            return Connection(self._secured(sock, target, deadline) if target.scheme == "https" else sock)
        raise failure

    def _secured(self, sock, target: Target, deadline: Deadline) -> ssl.SSLSocket:  # type: ignore[no-untyped-def]
        context = self._context or _context()
        try:
            sock.settimeout(deadline.left())
            return context.wrap_socket(sock, server_hostname=target.host)
        except (OSError, ValueError):
            sock.close()
            raise

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, {}
        for kept in idle.values():
            for connection in kept:
                connection.close()


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _request(method: str, target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = {
        "Host": target.authority,
        "User-Agent": "Gendan",
        "Accept-Encoding": "identity",
        **({"Content-Length": str(len(body))} if method == "POST" else {}),
        **headers,
    }
    if any(char in "\r\n" for line in lines.items() for text in line for char in text):
        raise ValueError("a line break in a header")
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target.path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def check_status(answer: Answer) -> None:
    """Tell from the status alone whether the message was taken.

    Raises:
        ChannelError
    """
    status = answer.status
    if 200 <= status < 300:
        return
    reason = _("The other side answered with status %(status)s.") % {"status": status}
    if 300 <= status < 400:
        reason = _("The other side answered with a redirect (status %(status)s); that is not followed.")
        raise ChannelError(reason % {"status": status}, permanent=True)
    pause = pause_asked(answer.retry_after) if status in (429, 503) else None
    if status == 429 or pause:
        raise ChannelError(reason, retry_after=pause or USUAL_PAUSE)
    if status in (408, 425) or status >= 500:
        # A gateway that waited in vain does not know what became of it either.
        raise ChannelError(reason, is_unreachable=status >= 500, is_outcome_unknown=status == 504)
    raise ChannelError(reason, permanent=True, is_address_dead=status in (404, 410))


def pause_asked(header: str) -> timedelta | None:
    """How long a Retry-After asks to wait, in seconds or until a date: one second at least, an hour at most."""
    header = header.strip()
    try:
        if header.isascii() and header.isdigit():
            asked = timedelta(seconds=min(int(header[:10]), LONGEST_PAUSE.total_seconds()))
        else:
            moment = parsedate_to_datetime(header)
            asked = timedelta(
                seconds=(moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()
            )
    except (ValueError, TypeError, OverflowError):
        return None
    return max(min(asked, LONGEST_PAUSE), timedelta(seconds=1))
