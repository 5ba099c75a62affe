"""`health/live/` and `health/ready/`: for probes, without log-in and without detail for strangers.

A dead broker or a silent worker leaves the web ready, only degraded: else a restart of the broker would take the site
down with it.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from teams import health
from teams.clock import read_clock
from teams.models import Channel, Heartbeat
from teams.permissions import Permission

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 0.5
# A question that hangs keeps its thread; the next ones then time out at once, and nothing piles up.
_askers = ThreadPoolExecutor(4, thread_name_prefix="health")


@dataclass(frozen=True)
class DatabaseState:
    """What the database says within the time it has."""

    is_there: bool = False
    is_migrated: bool = False
    silent_jobs: tuple[str, ...] = ()
    lag_seconds: int = 0
    failing_channels: tuple[str, ...] = ()
    beats: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        lags = timedelta(seconds=self.lag_seconds) > health.LAG_LIMIT
        return not (self.silent_jobs or lags or self.failing_channels or len(self.beats) > 1)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing is touched."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 "ready" or "degraded", 503 "unready" while the database is away or lacks a migration."""
    health.expected_migrations()  # Read from the code once, outside the time that the database has.
    database = _askers.submit(ask_database)
    broker = _askers.submit(health.broker_answers, PATIENCE_SECONDS)
    state = _answer(database) or DatabaseState()
    has_broker = _answer(broker) is True
    status = "ready" if has_broker and state.is_well else "degraded"
    if not (state.is_there and state.is_migrated):
        status = "unready"
    body: dict[str, object] = {"status": status}
    if state.is_there and _may_see_detail(request):
        body |= {
            "broker": has_broker,
            "migrated": state.is_migrated,
            "silent_jobs": state.silent_jobs,
            "lag_seconds": state.lag_seconds,
            "failing_channels": state.failing_channels,
            "beats": state.beats,
        }
    response = JsonResponse(body, status=503 if status == "unready" else 200)
    if status == "unready":
        response["Retry-After"] = "5"
    return response


def ask_database() -> DatabaseState:
    """Ask over a connection of this thread, closed again: a probe must not hold one."""
    try:
        now = read_clock().now
        beats = dict(Heartbeat.objects.values_list("name", "at"))
        silent = [name for name in health.periods() if name not in beats or health.is_silent(name, beats[name], now)]
        if health.missing_migrations():
            return DatabaseState(True, is_migrated=False)
        return DatabaseState(
            True,
            True,
            tuple(silent),
            int(health.outbox_lag(now).total_seconds()),
            tuple(str(channel.label) for channel in Channel.objects.failing().order_by("pk")),
            tuple(health.living_beats(now)),
        )
    except DatabaseError:
        return DatabaseState()
    finally:
        connection.close()


def _answer(question: Future[Answer]) -> Answer | None:
    try:
        return question.result(PATIENCE_SECONDS)
    except TooLate:
        return None


def _may_see_detail(request: HttpRequest) -> bool:
    user = request.user
    return user.is_authenticated and user.access.allows_somewhere(Permission.SETTINGS_EDIT)
