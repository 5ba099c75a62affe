"""Cards of the dashboard, kept for a moment: as long as no order changed, and for a minute at most.

They are kept in Redis, once for all who see everything, else for each person. If it is away they are counted anew.
"""

import json
import logging
from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from kpi.dashboard import Card, dashboard
from kpi.figures import Excluded, Figure, Group
from kpi.metrics.base import Metric
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import METRICS

logger = logging.getLogger(__name__)
# The youngest event, and how many of the last there are: a late commit of an older one changes the second number.
_STATE = """
    SELECT max(id), count(*) FROM orders_orderevent WHERE id > (SELECT max(id) - 5000 FROM orders_orderevent)
"""


def kept_cards(asked: Question, *, months: int, codes: Collection[str]) -> tuple[list[Card], datetime]:
    """The cards as `kpi.dashboard` counts them, and the instant as of which they were counted."""
    longest = settings.KPI_KEPT_SECONDS
    if not longest:
        return dashboard(asked, months=months, codes=codes), asked.now
    key, state = _key(asked, months, codes), _state()
    if found := _read(key, state, asked, longest):
        return found
    cards = dashboard(asked, months=months, codes=codes)
    kept = {"at": asked.now.isoformat(), "state": state, "cards": [_packed(card) for card in cards]}
    try:
        cache.set(key, json.dumps(kept), longest)
    except redis.RedisError:
        logger.warning("figures are not kept: Redis is away")
    return cards, asked.now


def _state() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        return list(cursor.fetchone())


def _key(asked: Question, months: int, codes: Collection[str]) -> str:
    """Of what decides about the numbers: which rows the viewer sees, what is asked, and by which formulas."""
    access = asked.viewer.access if asked.viewer else None
    sees_everything = access is None or (access.sees_all and access.all_money)
    sees = "all" if sees_everything else asked.viewer.pk  # type: ignore[union-attr]
    formulas = [(code, METRICS[code].formula_version) for code in codes]
    period = asked.period
    parts = [sees, period.first, period.end, period.zone, sorted(asked.filters.items()), months, formulas]
    return "kpi:" + sha256(repr(parts).encode()).hexdigest()


def _read(key: str, state: list[int], asked: Question, longest: int) -> tuple[list[Card], datetime] | None:
    try:
        text = cache.get(key)
    except redis.RedisError:
        return None
    kept = json.loads(text) if text else None
    if kept is None or kept["state"] != state:
        return None
    at = datetime.fromisoformat(kept["at"])
    # A clock that stands wrong on another machine keeps nothing alive.
    if not timedelta(0) <= asked.now - at <= timedelta(seconds=longest):
        return None
    return [_unpacked(card, asked) for card in kept["cards"]], at


def _packed(card: Card) -> dict[str, Any]:
    return {
        "code": card.figure.code,
        "figure": _packed_figure(card.figure),
        "previous": _packed_figure(card.previous),
        "last_year": _packed_figure(card.last_year) if card.last_year else None,
        "trend": [[group.key, _packed_figure(group.figure)] for group in card.trend],
    }


def _packed_figure(figure: Figure) -> list[Any]:
    period = figure.period
    sums = [str(figure.numerator), str(figure.denominator), figure.count]
    return [
        period.first.isoformat(), period.end.isoformat(), *sums, {each.rule: each.count for each in figure.excluded}
    ]  # fmt: skip


def _unpacked(kept: dict[str, Any], asked: Question) -> Card:
    metric = METRICS[kept["code"]]
    trend = [Group(key, key, _unpacked_figure(metric, each, asked)) for key, each in kept["trend"]]
    now, before = (_unpacked_figure(metric, kept[name], asked) for name in ("figure", "previous"))
    last_year = _unpacked_figure(metric, kept["last_year"], asked) if kept["last_year"] else None
    return Card(now, before, trend, last_year)


def _unpacked_figure(metric: Metric, kept: list[Any], asked: Question) -> Figure:
    first, end, numerator, denominator, count, excluded = kept
    labels = {rule.code: rule.label for rule in metric.rules.values()}
    return Figure(
        metric,
        Period(date.fromisoformat(first), date.fromisoformat(end), asked.period.zone),
        Decimal(numerator),
        Decimal(denominator),
        count,
        [Excluded(rule, labels[rule], number) for rule, number in excluded.items()],
    )
