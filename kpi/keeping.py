"""Cards of the dashboard, kept for a moment: as long as no order changed, and for a minute at most.

They are kept in Redis, once for all who see everything, else for each person. If it is away they are counted anew.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection

from kpi.dashboard import Card, dashboard
from kpi.figures import Excluded, Figure, Group
from kpi.metrics.base import Metric
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import METRICS
from kpi.remembering import read, write

# The youngest event, and how many of the last there are: a late commit of an older one changes the second number.
_STATE = """
    SELECT max(id), count(*) FROM orders_orderevent WHERE id > (SELECT max(id) - 5000 FROM orders_orderevent)
"""


def kept_cards(asked: Question, *, months: int, codes: Collection[str]) -> tuple[list[Card], datetime]:
    """The cards as `kpi.dashboard` counts them, and the instant as of which the oldest of them was counted.

    Each figure is kept by itself, so that its own page opens with what the dashboard showed.
    """
    longest = settings.KPI_KEPT_SECONDS
    if not longest:
        return dashboard(asked, months=months, codes=codes), asked.now
    keys, state = {code: _key(asked, months, code) for code in codes}, _state()
    found = read(keys.values())
    kept = {code: found[key] for code, key in keys.items() if key in found and _is_true(found[key], state, asked)}
    cards = {code: _unpacked(each["card"], asked) for code, each in kept.items()}
    counted = dashboard(asked, months=months, codes=[code for code in codes if code not in cards])
    now = asked.now.isoformat()
    write({keys[card.figure.code]: {"at": now, "state": state, "card": _packed(card)} for card in counted})
    cards |= {card.figure.code: card for card in counted}
    oldest = min((datetime.fromisoformat(each["at"]) for each in kept.values()), default=asked.now)
    return [cards[code] for code in codes], oldest


def kept_figure(asked: Question, code: str) -> Figure | None:
    """The figure where it is kept, as `kept_cards` without trends left it; nothing is counted."""
    if not settings.KPI_KEPT_SECONDS:
        return None
    key = _key(asked, 0, code)
    kept = read([key]).get(key)
    return _unpacked(kept["card"], asked).figure if kept and _is_true(kept, _state(), asked) else None


def _is_true(kept: dict[str, Any], state: list[int], asked: Question) -> bool:
    """No order changed since, and it is not too old; a clock that stands wrong elsewhere keeps nothing alive."""
    age = asked.now - datetime.fromisoformat(kept["at"])
    return kept["state"] == state and timedelta(0) <= age <= timedelta(seconds=settings.KPI_KEPT_SECONDS)


def _state() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        return list(cursor.fetchone())


def _key(asked: Question, months: int, code: str) -> str:
    """Of what decides about the numbers: which rows the viewer sees, what is asked, and by which formula."""
    access = asked.viewer.access if asked.viewer else None
    sees_everything = access is None or (access.sees_all and access.all_money)
    sees = "all" if sees_everything else asked.viewer.pk  # type: ignore[union-attr]
    period, filters = asked.period, sorted(asked.filters.items())
    parts = [sees, period.first, period.end, period.zone, filters, months, code, METRICS[code].formula_version]
    return "kpi:" + sha256(repr(parts).encode()).hexdigest()


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
