"""All figures of a period at once, in few statements: figures of one family are read from the same GROUP BY."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from kpi.figures import Figure, Group, assemble, by_time, in_pair, stock_at
from kpi.metrics.base import Metric
from kpi.periods import Period, months_before
from kpi.questions import Question
from kpi.registry import METRICS


@dataclass(frozen=True)
class Card:
    """A figure, the one of the period before, and the months up to the end of the period."""

    figure: Figure
    previous: Figure
    trend: Sequence[Group] = ()

    @property
    def has_rows(self) -> bool:
        """Something falls into the period or the one before, be it left out."""
        return any(
            each.denominator or any(rule.count for rule in each.excluded) for each in (self.figure, self.previous)
        )


def dashboard(asked: Question, *, months: int = 12, codes: Collection[str] = tuple(METRICS)) -> list[Card]:
    """A card for each of the figures `codes`. `months` 0 leaves out the trends, which read as many months of rows."""
    cards: dict[str, Card] = {}
    for family in _families(codes):
        cards |= _stock_cards(family[0], asked, months) if family[0].is_stock else _flow_cards(family, asked, months)
    return [cards[code] for code in codes]


def _families(codes: Iterable[str]) -> list[list[Metric]]:
    families: dict[str, list[Metric]] = {}
    for code in codes:
        metric = METRICS[code]
        families.setdefault(metric.family or code, []).append(metric)
    return list(families.values())


def _flow_cards(family: Sequence[Metric], asked: Question, months: int) -> dict[str, Card]:
    widest = max(family, key=lambda metric: bool(metric.amount))
    before = asked.period.previous()
    trended = months_until(asked.period, months)
    by_month = by_time(widest, asked.within(trended), "month") if months else []
    known = {bucket.period: rows for bucket, rows in by_month}
    if asked.period in known and before in known:
        before_rows, now_rows = known[before], known[asked.period]
    else:
        before_rows, now_rows = in_pair(widest, asked, before)
    return {
        metric.code: Card(
            assemble(metric, asked.period, now_rows),
            assemble(metric, before, before_rows),
            [Group(bucket.key, bucket.key, assemble(metric, bucket.period, rows)) for bucket, rows in by_month],
        )
        for metric in family
    }


def _stock_cards(metric: Metric, asked: Question, months: int) -> dict[str, Card]:
    buckets = months_until(asked.period, months).buckets("month") if months else []
    periods = [bucket.period for bucket in buckets]
    figures = stock_at(metric, asked, [asked.period, asked.period.previous(), *periods])
    trend = [Group(bucket.key, bucket.key, each) for bucket, each in zip(buckets, figures[2:], strict=True)]
    return {metric.code: Card(figures[0], figures[1], trend)}


def months_until(period: Period, count: int) -> Period:
    """`count` whole months, the last one that in which the period ends."""
    end = months_before(period.last, -1)
    return replace(period, first=months_before(end, count), end=end)
