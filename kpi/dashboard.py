"""All figures of a period at once, in few statements: figures of one family are read from the same GROUP BY."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from kpi.closing import stored_figures
from kpi.figures import Figure, Group, Outcomes, assemble, by_time, in_pair, outcomes_of, stock_at
from kpi.metrics.base import Metric
from kpi.periods import Bucket, Period, months_before
from kpi.questions import Question
from kpi.registry import METRICS

Stored: TypeAlias = Mapping[tuple[str, Period], Figure]


@dataclass(frozen=True)
class Card:
    """A figure, the one of the period before, and the months up to the end of the period.

    `last_year` is that of the same days a year ago, where they are closed.
    """

    figure: Figure
    previous: Figure
    trend: Sequence[Group] = ()
    last_year: Figure | None = None

    @property
    def has_rows(self) -> bool:
        """Something falls into the period or the one before, be it left out."""
        return any(each.count or any(rule.count for rule in each.excluded) for each in (self.figure, self.previous))


def dashboard(asked: Question, *, months: int = 12, codes: Collection[str] = tuple(METRICS)) -> list[Card]:
    """A card for each of the figures `codes`. `months` 0 leaves out the trends.

    Closed months come from what they were closed with or restated to, for whoever sees whole teams; the period itself
    is always counted from its rows.
    """
    buckets = months_until(asked.period, months).buckets("month") if months else []
    past = [bucket.period for bucket in buckets if bucket.period != asked.period]
    year_before = asked.period.year_before()
    stored = stored_figures(codes, asked, [asked.period.previous(), year_before, *past])
    cards: dict[str, Card] = {}
    for family in ([METRICS[code] for code in group] for group in by_family(codes)):
        cards |= (
            _stock_cards(family[0], asked, buckets, stored)
            if family[0].is_apart
            else _flow_cards(family, asked, buckets, stored)
        )
    return [replace(cards[code], last_year=stored.get((code, year_before))) for code in codes]


def by_family(codes: Iterable[str]) -> list[list[str]]:
    """The codes, those together whose figures are read from the same GROUP BY."""
    families: dict[str, list[str]] = {}
    for code in codes:
        families.setdefault(METRICS[code].family or code, []).append(code)
    return list(families.values())


def _flow_cards(
    family: Sequence[Metric], asked: Question, buckets: Sequence[Bucket], stored: Stored
) -> dict[str, Card]:
    widest = family[0]
    if len(family) > 1:
        # The one whose lines are told apart furthest serves all, whether it is asked for or not.
        alike = [metric for metric in METRICS.values() if metric.family == widest.family]
        widest = max(alike, key=lambda metric: len(metric.grain))
    before = asked.period.previous()

    def is_stored(period: Period) -> bool:
        return all((metric.code, period) in stored for metric in family)

    known: dict[Period, Outcomes] = {}
    if live := [bucket.period for bucket in buckets if not is_stored(bucket.period)]:
        # One statement from the first month that is not closed on.
        span = replace(asked.period, first=live[0].first, end=live[-1].end)
        known |= {bucket.period: rows for bucket, rows in by_time(widest, asked.within(span), "month")}
    if asked.period not in known:
        if before in known or is_stored(before):
            known[asked.period] = outcomes_of(widest, asked)
        else:
            known[before], known[asked.period] = in_pair(widest, asked, before)
    elif not (before in known or is_stored(before)):
        known[before] = outcomes_of(widest, asked.within(before))

    def figure_of(metric: Metric, period: Period) -> Figure:
        return assemble(metric, asked.within(period), known[period]) if period in known else stored[metric.code, period]

    return {
        metric.code: Card(
            figure_of(metric, asked.period),
            figure_of(metric, before),
            [Group(bucket.key, bucket.key, figure_of(metric, bucket.period)) for bucket in buckets],
        )
        for metric in family
    }


def _stock_cards(metric: Metric, asked: Question, buckets: Sequence[Bucket], stored: Stored) -> dict[str, Card]:
    before = asked.period.previous()
    periods = [bucket.period for bucket in buckets]
    live = [period for period in dict.fromkeys([asked.period, before, *periods]) if (metric.code, period) not in stored]
    figures = dict(zip(live, stock_at(metric, asked, live), strict=True))
    figures |= {period: each for (code, period), each in stored.items() if code == metric.code}
    trend = [Group(bucket.key, bucket.key, figures[bucket.period]) for bucket in buckets]
    return {metric.code: Card(figures[asked.period], figures[before], trend)}


def months_until(period: Period, count: int) -> Period:
    """`count` whole months, the last one that in which the period ends."""
    end = months_before(period.last, -1)
    return replace(period, first=months_before(end, count), end=end)
