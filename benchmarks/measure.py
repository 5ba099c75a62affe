"""Timing: one keep-alive client over loopback, percentiles, processor time of other processes."""

import http.client
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass
class Reply:
    status: int
    body: bytes
    ms: float


class Client:
    """One connection that stays open; `headers` say who asks."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = headers

    def renew(self) -> None:
        """Connect afresh: the server ends connections on which nothing was asked for a while."""
        self.connection.close()
        self.connection.connect()

    def ask(self, method: str, path: str, body: bytes | None = None) -> Reply:
        headers = self.headers | ({"Content-Type": "application/json"} if body else {})
        start = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        return Reply(response.status, content, (time.perf_counter() - start) * 1000)


@dataclass
class Sample:
    """What one row has measured so far."""

    times: list[float] = field(default_factory=list)
    web_ms: float = 0
    database_ms: float = 0

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[18] if len(self.times) > 1 else self.times[0]

    @property
    def web_each(self) -> float:
        return self.web_ms / len(self.times)

    @property
    def database_each(self) -> float:
        return self.database_ms / len(self.times)


def processor_ms(pid: int) -> float:
    """Processor time of a process, of its living descendants and of its children that have ended, in milliseconds."""
    return sum(_own_ms(each, with_ended=each == pid) for each in _family(pid))


def _family(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    family, queue = [], [pid]
    while queue:
        each = queue.pop()
        family.append(each)
        queue += children.get(each, [])
    return family


def _own_ms(pid: int, *, with_ended: bool) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11 : 15 if with_ended else 13]) * TICK_MS


def median_ms(work, times: int) -> float:
    """The median time of `work()` in milliseconds."""
    taken = []
    for _time in range(times):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)
