"""The week and the month in figures, told to whoever steers: the same numbers as on their dashboard, once for each.

A summary is queued in the outbox under a key of its own, so that however often the job runs nobody is told twice; how
and when it comes is the reader's choice, like that of every other topic.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from kpi import pages
from kpi.boards import codes_of, standard_codes
from kpi.dashboard import dashboard
from kpi.models import KpiBoard
from kpi.periods import Period, month_of, months_before
from kpi.questions import Question
from kpi.registry import METRICS
from teams.models import Notification, Organization, User
from teams.notifications import facets, registry
from teams.notifications.outbox import enqueue
from teams.permissions import Permission

KIND, WEEK, MONTH = "kpi_summary", "kpi_week", "kpi_month"
# So long after midnight the figures of a period that is over are told; some days later they are no news any more.
WAIT = timedelta(hours=5)
NEWS_FOR = timedelta(days=3)
MOST_LINES = 10


def register() -> None:
    for rank, (code, label, heading) in enumerate(
        (
            (WEEK, pgettext_lazy("topic", "Figures of the week"), pgettext_lazy("heading", "The week in figures")),
            (MONTH, pgettext_lazy("topic", "Figures of the month"), pgettext_lazy("heading", "The month in figures")),
        )
    ):
        registry.register_topic(registry.Topic(code, label, heading, rank=5 + rank))
        facets.register(code, Q(kind=KIND, payload__contains={"topic": code}))
    registry.register(
        registry.Kind(
            KIND,
            "notifications/kpi_summary.txt",
            still_true=lambda messages, at: {message.pk: {} for message in messages},
            words=words,
            path=path,
            topic=lambda payload: payload["topic"],
        )
    )


def periods_to_tell(now: datetime) -> list[tuple[str, Period]]:
    """The week and the month that ended just now: topic and period."""
    organization = Organization.current()
    zone, today = organization.timezone, now.astimezone(organization.zone).date()
    monday = today - timedelta(days=today.weekday())
    first = month_of(today, zone).first
    ended = [
        (WEEK, Period(monday - timedelta(days=7), monday, zone)),
        (MONTH, Period(months_before(first, 1), first, zone)),
    ]
    return [(topic, each) for topic, each in ended if each.end_at + WAIT <= now < each.end_at + NEWS_FOR]


def tell(*, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Queue what is to be told and was not yet; returns how many summaries. Safe to repeat, and to kill at any time."""
    told = 0
    for topic, period in periods_to_tell(now):
        for reader in readers():
            key = f"{topic}:{period.first.isoformat()}:{reader.pk}"
            if is_stopping():
                return told
            if Notification.objects.filter(dedupe_key=key).exists():
                continue
            figures = list(_figures(reader, period, now))
            if not figures:
                continue
            payload = {"topic": topic, "first": period.first.isoformat(), "last": period.last.isoformat()}
            with transaction.atomic():
                told += enqueue(
                    kind=KIND,
                    recipient=reader,
                    subject=f"kpi.{topic}:{period.first.isoformat()}",
                    dedupe_key=key,
                    payload={**payload, "figures": figures},
                    now=now,
                )
    return told


def readers() -> Iterable[User]:
    """Active people who steer a team or the company."""
    people = User.objects.filter(is_active=True, memberships__isnull=False).distinct().order_by("pk")
    return (person for person in people if person.access.allows_somewhere(Permission.KPI_STEER))


def _figures(reader: User, period: Period, now: datetime) -> Iterator[dict[str, Any]]:
    """Their board's figures, else those of their role, as exact numbers; one without rows is left out."""
    board = KpiBoard.objects.filter(by=reader, is_first=True).first()
    codes = (codes_of(board, reader) if board else standard_codes(reader))[:MOST_LINES]
    for card in dashboard(Question(period, reader, now), months=0, codes=codes):
        if card.figure.value is not None:
            before = card.previous.value
            yield {
                "code": card.figure.code,
                "value": str(card.figure.value),
                "before": None if before is None else str(before),
                "count": card.figure.count,
            }


def words(payload: Mapping[str, Any]) -> dict[str, str]:
    """The payload in words, in the language in force: a line for each figure."""
    period = _("%(first)s to %(last)s") % {"first": payload["first"], "last": payload["last"]}
    title = _("The month in figures") if payload["topic"] == MONTH else _("The week in figures")
    lines = [_line(each) for each in payload["figures"] if each["code"] in METRICS]
    return {"title": title, "period": period, **{f"line_{number}": line for number, line in enumerate(lines)}}


def _line(each: Mapping[str, Any]) -> str:
    metric, value = METRICS[each["code"]], Decimal(each["value"])
    before = None if each["before"] is None else Decimal(each["before"])
    change, _tone = pages.change_of(metric, value, before)
    facts: Sequence[str] = [f"n = {each['count']}", *([change] if change else [])]
    return f"{metric.name}: {pages.value_text(metric, value)} ({', '.join(facts)})"


def path(payload: Mapping[str, Any]) -> str:
    """The dashboard of that week or month."""
    return f"{reverse('dashboard')}?{urlencode({'since': payload['first'], 'until': payload['last']})}"
