"""One kept connection, and one HTTP exchange over it that ends in time whatever the other side does."""

import http.client
import io
import select
import socket
import time
from dataclasses import dataclass

ANSWER_BYTES = 64 * 1024
# What one answer may hold in all, with its head.
_EXCHANGE_BYTES = 2 * ANSWER_BYTES
# Servers close idle connections when they like; two seconds is the shortest patience of common ones.
_IDLE_SECONDS = 1.5


class NothingSent(OSError):
    """The connection was dead: not a byte of the request can have arrived."""


class CutShort(OSError):
    """The request did not leave in full, so nobody can have acted on it."""


class NoAnswer(OSError):
    """The whole request left, and what came of it is unknown."""


class Deadline:
    """A moment that a whole send has to respect."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then, more than none.

        Raises:
            TimeoutError
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left

    def within(self, seconds: float) -> "Deadline":
        """An earlier moment: `seconds` from now, at most."""
        return Deadline(min(seconds, max(self._end - time.monotonic(), 0)))


@dataclass(frozen=True)
class Answer:
    """What the other side answered; of a long `body` the beginning, and nothing of one that broke off."""

    status: int
    body: bytes = b""
    retry_after: str = ""


class Connection:
    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._used_at = time.monotonic()

    def is_fresh(self) -> bool:
        """Used a moment ago, and nothing came since, neither an end nor stray bytes."""
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def exchange(self, request: bytes, deadline: Deadline, method: str = "POST") -> tuple[Answer, bool]:
        """Send the request once and read the answer; the flag tells whether the connection may be used again.

        Raises:
            NothingSent, CutShort, NoAnswer
        """
        self._send(request, deadline)
        response = http.client.HTTPResponse(_Incoming(self._socket, deadline), method=method)  # type: ignore[arg-type]
        try:
            response.begin()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(str(error)) from error
        retry_after = response.getheader("Retry-After", "")
        try:
            body = response.read(ANSWER_BYTES)
        except (OSError, http.client.HTTPException, ValueError):
            return Answer(response.status, retry_after=retry_after), False
        self._used_at = time.monotonic()
        return Answer(response.status, body, retry_after), response.isclosed() and not response.will_close

    def _send(self, request: bytes, deadline: Deadline) -> None:
        sent, view = 0, memoryview(request)
        while sent < len(request):
            try:
                self._socket.settimeout(deadline.left())
                sent += self._socket.send(view[sent:])
            except OSError as error:
                raise (CutShort if sent else NothingSent)(str(error)) from error

    def close(self) -> None:
        self._socket.close()


class _Incoming(io.RawIOBase):
    """The socket as HTTPResponse reads it: each read has the time that is left, and there is an end to all of it."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline, self._room = sock, deadline, _EXCHANGE_BYTES

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # a buffer has no type in 3.11
        if self._room <= 0:
            raise OSError("the answer is too long")
        self._socket.settimeout(self._deadline.left())
        count = self._socket.recv_into(buffer)
        self._room -= count
        return count
