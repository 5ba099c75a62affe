"""Clients of the web server that note every answer they read in full, and every request that got none."""

import http.client
import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import QuerySet

from orders.models import Milestone
from teams.models import User
from teams.services.tokens import create_token
from tests.faults.rig import Rig, wait_until

AWAY = 503


@dataclass
class Clerk(threading.Thread):
    """Completes steps one after the other over HTTP, each under a key of its own.

    Tries again after a refused connection, with the next server, and after "503, try again"; anything else is a fault.
    `keeps_connection` is what browsers and proxies do; without it each request knocks anew.
    """

    ports: Sequence[int]
    token: str
    steps: Sequence[int]
    keeps_connection: bool
    pause: float = 0.1
    acknowledged: dict[int, datetime] = field(default_factory=dict)
    answers: list[tuple[float, int]] = field(default_factory=list)  # when, and with which status
    faults: list[str] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        super().__init__(name="clerk", daemon=True)
        self._end = threading.Event()
        self._turn = 0
        self._link: http.client.HTTPConnection | None = None

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        for step in self.steps:
            key = str(uuid.uuid4())
            while not self._end.is_set() and not self._try(step, key):
                self._end.wait(0.1)
            if self._end.wait(self.pause):
                break
        self._hang_up()

    def stop(self) -> None:
        self._end.set()
        self.join(30)

    def _try(self, step: int, key: str) -> bool:
        """Whether this step is over and done with, be it by a fault."""
        try:
            status, headers = self._post(f"/api/v1/milestones/{step}/complete/", key)
        except ConnectionRefusedError:
            self.refused += 1
            self._turn += 1
            return False
        except (OSError, http.client.HTTPException) as error:
            self._hang_up()
            self.faults.append(f"{type(error).__name__}: {error}")
            return True
        self.answers.append((time.monotonic(), status))
        if status == AWAY and headers.get("Retry-After"):
            return False
        if status == 200:
            self.acknowledged[step] = datetime.now(UTC)
        else:
            self.faults.append(f"{status} for step {step}")
        return True

    def _post(self, path: str, key: str) -> tuple[int, dict[str, str]]:
        if self._link is None:
            self._link = http.client.HTTPConnection("127.0.0.1", self.ports[self._turn % len(self.ports)], timeout=30)
        headers = {
            "Authorization": f"Token {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Connection": "keep-alive" if self.keeps_connection else "close",
        }
        try:
            self._link.request("POST", path, json.dumps({}), headers)
            answer = self._link.getresponse()
            answer.read()
        except ConnectionRefusedError:
            self._hang_up()
            raise
        return answer.status, dict(answer.headers)

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


@contextmanager
def clerks(rig: Rig, user: User, steps: QuerySet[Milestone], *, count: int = 4) -> Iterator[list[Clerk]]:
    """So many clerks at work on those steps until the block ends."""
    _token, text = create_token(user=user, now=datetime.now(UTC))
    ports, shares = list(rig.ports.values()), list(steps.values_list("pk", flat=True))
    crew = [Clerk(ports, text, shares[n::count], keeps_connection=n % 2 == 0) for n in range(count)]
    for name in rig.ports:
        wait_until(lambda name=name: answers(rig, name), seconds=60, what=f"{name}; see the logs in {rig.folder}")
    for clerk in crew:
        clerk.start()
    try:
        yield crew
    finally:
        for clerk in crew:
            clerk.stop()


def answers(rig: Rig, name: str, path: str = "/api/v1/health/live/") -> bool:
    """Whether that web server answers with 200."""
    try:
        return get(rig, name, path)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def get(rig: Rig, name: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", rig.ports[name], timeout=30)
    try:
        link.request("GET", path, headers=headers or {})
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def acknowledged_but_missing(crew: Sequence[Clerk]) -> int:
    """Completions that a client was told of and the database does not know."""
    told = {step for clerk in crew for step in clerk.acknowledged}
    return len(told - set(Milestone.objects.filter(pk__in=told, status="done").values_list("pk", flat=True)))
