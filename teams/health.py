"""Is all well? Checks that readiness and `manage.py doctor` share; each fault is one plain sentence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from teams.clock import read_clock
from teams.models import (
    Channel,
    Deferral,
    Heartbeat,
    Message,
    MessageStatus,
    Notification,
    NotificationStatus,
    WorkCalendar,
)

BROKER_SECONDS = 2.0
PING_SECONDS = 2.0
LAG_LIMIT = timedelta(minutes=5)
SKEW_LIMIT = timedelta(minutes=1)
FAILED_WITHIN = timedelta(days=1)
VERIFY_AHEAD = timedelta(days=90)
# The marks that each beat leaves under its own name; one that left none for three of its pauses is gone.
BEAT_PREFIX, BEAT_MARK_SECONDS = "beat@", 15
# A run of delivery may last some seconds, and only its end leaves a mark.
SILENCE_AT_LEAST = timedelta(seconds=50)


@dataclass(frozen=True)
class Finding:
    """What one check found; `fault` is empty if all is well. A `notice` is to be known, and nothing is wrong yet."""

    check: str
    fault: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    notice: str = ""


def examine(now: datetime) -> list[Finding]:
    """Every check, as of this machine's clock `now`; without a database only those that need none."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        fault = _("The database does not answer: %(error)s") % {"error": str(error).strip().splitlines()[0]}
        return [Finding("database", fault), *check_broker(), *check_workers()]
    return [finding for check in CHECKS for finding in check(now)]


def check_database(now: datetime) -> Iterator[Finding]:
    clock = read_clock()
    skew = abs(clock.now - now)
    facts = {"now": clock.now.isoformat(), "up_since": clock.server_started_at.isoformat()}
    yield Finding("database", "", facts)
    fault = _("The clock of this machine and the database's are %(seconds)d s apart; set them by NTP.")
    yield Finding("clock", fault % {"seconds": skew.total_seconds()} if skew > SKEW_LIMIT else "")


def check_search(now: datetime) -> Iterator[Finding]:
    """With a plain C locale pg_trgm sees no Chinese characters, and the search finds none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT show_trgm('跟单')")
        trigrams = cursor.fetchone()[0]
    fault = _("The database was created with a locale that cannot search Chinese; it needs LC_CTYPE C.UTF-8.")
    yield Finding("search", "" if trigrams else fault)


def check_durability(now: datetime) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        for setting in ("fsync", "synchronous_commit"):
            cursor.execute("SELECT current_setting(%s)", [setting])
            value = cursor.fetchone()[0]
            fault = _("The database runs with %(setting)s = off; a power cut would lose what was saved.")
            yield Finding(setting, fault % {"setting": setting} if value == "off" else "", {"value": value})


def check_migrations(now: datetime) -> Iterator[Finding]:
    missing = missing_migrations()
    fault = _("The database lacks %(count)d migrations, e.g. %(name)s; run manage.py migrate.")
    name = ".".join(missing[0]) if missing else ""
    yield Finding("migrations", fault % {"count": len(missing), "name": name} if missing else "")


def missing_migrations() -> list[tuple[str, str]]:
    """Last migrations of apps that the database has not seen; one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    return [key for key in expected_migrations() if key not in applied]


@lru_cache(maxsize=1)
def expected_migrations() -> list[tuple[str, str]]:
    """The last migration of each app, read from the code."""
    return sorted(MigrationLoader(None).graph.leaf_nodes())


def check_broker(now: datetime | None = None) -> Iterator[Finding]:
    fault = _("The message broker (Redis) does not answer; reminders wait in the database until it does.")
    yield Finding("broker", "" if broker_answers(BROKER_SECONDS) else fault)


def broker_answers(seconds: float) -> bool:
    """Whether the broker answers within `seconds`, more or less."""
    broker = redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_connect_timeout=seconds, socket_timeout=seconds, retry=None
    )
    try:
        return bool(broker.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        broker.close()


def check_workers(now: datetime | None = None) -> Iterator[Finding]:
    names: list[str] = []
    if broker_answers(BROKER_SECONDS):  # Celery would try again and again.
        names = sorted(current_app.control.inspect(timeout=PING_SECONDS).ping() or {})
    fault = "" if names else _("No worker answers; nobody sends reminders.")
    yield Finding("workers", fault, {"names": names})


def check_heartbeats(now: datetime) -> Iterator[Finding]:
    now, beats = read_clock().now, dict(Heartbeat.objects.values_list("name", "at"))
    for name in periods():
        at = beats.get(name)
        facts = {"last": at.isoformat() if at else None}
        fault = ""
        if at is None:
            fault = _("The job “%(name)s” has never run; is beat running?") % {"name": name}
        elif is_silent(name, at, now):
            fault = _("The job “%(name)s” last ran %(seconds)d s ago; are beat and the workers running?") % {
                "name": name,
                "seconds": (now - at).total_seconds(),
            }
        yield Finding(f"beat:{name}", fault, facts)


def periods() -> dict[str, timedelta]:
    """How often each job that leaves a heartbeat runs."""
    return {
        "sweep": timedelta(seconds=settings.SWEEP_PERIOD_SECONDS),
        "deliver": timedelta(seconds=settings.DELIVER_PERIOD_SECONDS),
    }


def is_silent(name: str, last: datetime, now: datetime) -> bool:
    """Whether a job has left out three of its turns."""
    return now - last > max(3 * periods()[name], SILENCE_AT_LEAST)


def check_beats(now: datetime) -> Iterator[Finding]:
    names = living_beats(read_clock().now)
    fault = _("%(count)d beats run (%(names)s); one is enough, stop the others.")
    words = {"count": len(names), "names": ", ".join(names)}
    yield Finding("beats", fault % words if len(names) > 1 else "", {"names": names})


def living_beats(now: datetime) -> list[str]:
    """The beats that run, by host and process: they left a mark of late, and no other began after their last one.

    So one that was just started anew is not taken for two.
    """
    since = now - timedelta(seconds=3 * BEAT_MARK_SECONDS)
    rows = list(Heartbeat.objects.filter(name__startswith=BEAT_PREFIX, at__gt=since).order_by("name"))
    newest = max((row.note for row in rows), default="")
    return [row.name.removeprefix(BEAT_PREFIX) for row in rows if row.note == newest or row.at.isoformat() > newest]


def check_outbox(now: datetime) -> Iterator[Finding]:
    now = read_clock().now
    lag = outbox_lag(now)
    fault = _("The oldest message has been waiting for %(minutes)d minutes to be sent.")
    waiting = Notification.objects.waiting(now).count() + Message.objects.waiting(now).count()
    facts = {"lag_seconds": int(lag.total_seconds()), "waiting": waiting}
    yield Finding("outbox", fault % {"minutes": lag.total_seconds() // 60} if lag > LAG_LIMIT else "", facts)
    errors = failures_since(now - FAILED_WITHIN)
    fault = ""
    if errors:
        fault = ngettext(
            "%(count)d message of the last 24 hours could not be sent; the last error: %(error)s",
            "%(count)d messages of the last 24 hours could not be sent; the last error: %(error)s",
            len(errors),
        ) % {"count": len(errors), "error": errors[-1]}
    yield Finding("failed_messages", fault, {"count": len(errors)})


def failures_since(start: datetime) -> list[str]:
    """The errors of what was given up, oldest first: items that could not be shown, messages that could not be sent."""
    items = Notification.objects.filter(status=NotificationStatus.FAILED, created_at__gte=start)
    messages = Message.objects.filter(status=MessageStatus.FAILED, created_at__gte=start)
    rows = [*items.values_list("created_at", "last_error"), *messages.values_list("created_at", "last_error")]
    return [error for _at, error in sorted(rows)]


def outbox_lag(now: datetime) -> timedelta:
    """How long the oldest item or message has been waiting for us; not those that a channel or a person keeps back."""
    item = Notification.objects.waiting(now).order_by("not_before").values_list("not_before", flat=True).first()
    held = [Deferral.CHANNEL, Deferral.RATE]
    ours = Message.objects.waiting(now).filter(channel__off_at=None, channel__failures__lt=Channel.FAILURES_TO_PAUSE)
    message = ours.exclude(deferral__in=held).order_by("not_before").values_list("not_before", flat=True).first()
    oldest = min((at for at in (item, message) if at), default=now)
    return now - oldest


def check_channels(now: datetime) -> Iterator[Finding]:
    """Channels that refuse, and those that were switched off because nobody but their administrator can help."""
    failing = _("The channel “%(name)s” has refused %(count)d messages in a row; the last error: %(error)s")
    off = _("The channel “%(name)s” was switched off: %(error)s")
    for channel in Channel.objects.failing().order_by("pk"):
        words = {"name": channel.label, "count": channel.failures, "error": channel.last_error}
        yield Finding(f"channel:{channel.pk}", failing % words, {"failures": channel.failures})
    for channel in Channel.objects.filter(off_at__gte=now - FAILED_WITHIN).exclude(off_reason="").order_by("pk"):
        notice = off % {"name": channel.label, "error": channel.off_reason}
        yield Finding(f"channel:{channel.pk}", "", {"off_at": str(channel.off_at)}, notice)


def check_calendars(now: datetime) -> Iterator[Finding]:
    """Deadlines after `verified_until` rest on days off that were not announced yet.

    The next year's are often announced in November, so an end that is near is no fault.
    """
    for calendar in WorkCalendar.objects.exclude(country="").order_by("code"):
        until, fault, notice = calendar.verified_until, "", ""
        if until is None:
            fault = _("Nobody has said until when the days off of calendar %(code)s are verified.")
        elif until < now.date():
            fault = _("The days off of calendar %(code)s are verified only until %(until)s, which has passed.")
        elif until < (now + VERIFY_AHEAD).date():
            notice = _("The days off of calendar %(code)s are verified only until %(until)s; load the next year's.")
        words, facts = {"code": calendar.code, "until": until}, {"verified_until": until.isoformat() if until else None}
        yield Finding(f"calendar:{calendar.code}", fault % words, facts, notice % words)


CHECKS: list[Callable[[datetime], Iterator[Finding]]] = [
    check_database,
    check_migrations,
    check_search,
    check_durability,
    check_broker,
    check_workers,
    check_heartbeats,
    check_beats,
    check_outbox,
    check_channels,
    check_calendars,
]
