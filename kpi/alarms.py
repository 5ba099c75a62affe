"""Signals of control charts, told to whoever steers: what left its limits in the week that ended, and what may be why.

Each signal is told once to each reader (CAP74). A chart without firm limits yet raises none.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from kpi import pages
from kpi.causes import causes
from kpi.control import Control, control
from kpi.dimensions import NONE
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import METRICS, offered_to
from kpi.rules import rule_name
from kpi.spc import FIRM
from kpi.summaries import WEEK, periods_to_tell, readers
from orders.models import DelayReason
from orders.models.templates import in_language
from teams.models import Notification, User
from teams.notifications import facets, registry
from teams.notifications.outbox import enqueue

KIND = TOPIC = "kpi_signal"
# Promises, deadlines, suppliers and recording by week; durations by order.
WATCHED = ("K01", "K20", "K34", "K35", "K11", "K14")
NAMED_CAUSES = 3


def register() -> None:
    registry.register_topic(
        registry.Topic(
            TOPIC,
            pgettext_lazy("topic", "Figures that left their limits"),
            pgettext_lazy("heading", "Out of the ordinary"),
            rank=7,
        )
    )
    facets.register(TOPIC, Q(kind=KIND))
    registry.register(
        registry.Kind(
            KIND,
            "notifications/kpi_signal.txt",
            still_true=lambda messages, at: {message.pk: {} for message in messages},
            words=words,
            path=path,
            topic=lambda payload: TOPIC,
        )
    )


def tell(*, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Queue the signals of the week that ended; returns how many are new. Safe to repeat, and to kill at any time."""
    told = 0
    for week in (period for topic, period in periods_to_tell(now) if topic == WEEK):
        for reader in readers():
            for code in WATCHED:
                if is_stopping():
                    return told
                key = f"{KIND}:{code}:{week.first.isoformat()}:{reader.pk}"
                if code not in offered_to(reader) or Notification.objects.filter(dedupe_key=key).exists():
                    continue
                payload = _signal(code, Question(week, reader, now))
                if payload is not None:
                    told += _queue(reader, code, week, key, payload, now)
    return told


@transaction.atomic
def _queue(reader: User, code: str, week: Period, key: str, payload: Mapping[str, Any], now: datetime) -> int:
    subject = f"kpi.{code}:{week.first.isoformat()}"
    return enqueue(kind=KIND, recipient=reader, subject=subject, dedupe_key=key, payload=payload, now=now)


def _signal(code: str, asked: Question) -> dict[str, Any] | None:
    """What a reader is told of the figure's week; None where nothing is out of the ordinary."""
    found = control(code, asked)
    index = _last_signal(found, asked.period)
    if found.chart is None or index is None:
        return None
    part = next(part for first, part in reversed(found.chart.segments) if first <= index)
    if part.baseline < FIRM:
        return None
    point = found.points[index]
    return {
        "code": code,
        "point": point.key,
        "value": point.value,
        "limits": [part.lcl, part.center, part.ucl],
        "rules": [rule for number, rule in found.chart.signals if number == index],
        "first": asked.period.first.isoformat(),
        "last": asked.period.last.isoformat(),
        **_causes(asked),
    }


def _last_signal(found: Control, week: Period) -> int | None:
    signals = {index for index, _rule in found.chart.signals} if found.chart else set()
    of_week = [index for index in signals if week.first <= found.points[index].day < week.end]
    return max(of_week, default=None)


def _causes(asked: Question) -> dict[str, list[str]]:
    """The reasons that weigh most among the week's late steps, in both languages."""
    heaviest = [(each.row.key, each.count) for each in causes(asked).rows if each.row.key != NONE][:NAMED_CAUSES]
    reasons = DelayReason.objects.in_bulk([code for code, _count in heaviest], field_name="code")
    named = [(reasons[code], count) for code, count in heaviest]
    return {
        "causes_zh": [f"{reason.name_zh} ({count})" for reason, count in named],
        "causes_en": [f"{reason.name_en} ({count})" for reason, count in named],
    }


def words(payload: Mapping[str, Any]) -> dict[str, str]:
    """The payload in words, in the language in force."""
    metric = METRICS[payload["code"]]
    low, center, high = (pages.value_text(metric, limit) for limit in payload["limits"])
    between = pgettext("between names", ", ")
    named = payload["causes_zh"] if in_language("zh", "en") == "zh" else payload["causes_en"]
    return {
        "figure": str(metric.name),
        "value": pages.value_text(metric, payload["value"]),
        "point": payload["point"],
        "rules": between.join(rule_name(rule) for rule in payload["rules"]),
        "limits": _("usual is %(center)s, between %(low)s and %(high)s") % {"center": center, "low": low, "high": high},
        "causes": between.join(named),
    }


def path(payload: Mapping[str, Any]) -> str:
    """The control chart as it stood at the end of that week."""
    days = urlencode({"since": payload["first"], "until": payload["last"]})
    return f"{reverse('kpi_control', args=[payload['code']])}?{days}"
