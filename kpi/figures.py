"""Figures, their groups, trends and members: what page, API, command and export call.

A figure is read from one GROUP BY over outcomes; groups add their dimension to it. So a sum of groups is the figure
itself, and a rate of the whole is the sum of numerators over the sum of denominators (R13).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, Case, F, QuerySet, Value, When
from django.db.models.functions import TruncDay, TruncMonth, TruncQuarter, TruncWeek, TruncYear
from django.utils.functional import Promise

from kpi.dimensions import DIMENSIONS, labels_of
from kpi.metrics.base import Metric, Number
from kpi.periods import SIZES, Bucket, Period
from kpi.questions import Question
from kpi.registry import metric_of
from kpi.subjects import CAUSE, ORDERS

Outcomes: TypeAlias = Sequence[Mapping[str, Any]]
SMALL = 5
PARTS = ("denominator", "numerator", "missed")
_TRUNCATE = {"day": TruncDay, "week": TruncWeek, "month": TruncMonth, "quarter": TruncQuarter, "year": TruncYear}


@dataclass(frozen=True)
class Excluded:
    """How many rows of the period a rule leaves out."""

    rule: str
    label: Promise
    count: int


@dataclass(frozen=True)
class Figure:
    """A figure of one period. Numerator and denominator are exact; `value` is their ratio in `metric.unit`."""

    metric: Metric
    period: Period
    numerator: Number
    denominator: Number
    count: int  # rows counted
    excluded: Sequence[Excluded] = ()
    statistics: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.metric.code

    @property
    def value(self) -> Decimal | None:
        """Nothing counted is None, never 0 (R7); percentages lie in 0…100."""
        if not self.denominator:
            return None
        return Decimal(self.numerator) * self.metric.scale / self.denominator

    @property
    def is_small(self) -> bool:
        """Too few rows to conclude from: shown greyed, with the count (R8)."""
        return self.count < SMALL


@dataclass(frozen=True)
class Group:
    """A part of a figure: `key` works as the filter of its dimension; for parts of time `figure.period` says which."""

    key: str
    label: str
    figure: Figure


def figure(code: str, asked: Question) -> Figure:
    """The figure, with what is shown beside it."""
    metric = metric_of(code)
    return with_beside(assemble(metric, asked, outcomes_of(metric, asked)), asked)


def with_beside(counted: Figure, asked: Question) -> Figure:
    """The figure, counted already, with what is shown beside it."""
    return replace(counted, statistics={**counted.statistics, **counted.metric.beside(asked)})


def breakdown(code: str, asked: Question, by: str) -> list[Group]:
    """The figure's parts, by time or by dimension: one GROUP BY, and one look-up of names.

    Parts of time are all there, empty ones too, in order. Other groups come largest first.
    """
    metric = metric_of(code)
    if by in SIZES:
        return _over_time(metric, asked, by)
    path = DIMENSIONS[by].path_from(metric.subject)
    grouped = _grouped(_aggregate(metric, metric.rows(asked), path), path)
    labels = labels_of(DIMENSIONS[by], list(grouped))
    groups = [
        Group(*labels[value], assemble(metric, asked.narrowed(by, value), rows)) for value, rows in grouped.items()
    ]
    return sorted(groups, key=lambda group: (-group.figure.count, group.key))


def trend(code: str, asked: Question, by: str = "month") -> list[Group]:
    """The figure over time: `breakdown` by a size of time."""
    return breakdown(code, asked, by)


def members(code: str, asked: Question, part: str = "denominator") -> QuerySet:
    """The rows behind a figure: its `denominator`, `numerator`, or those `missed` between; as many as it counts."""
    metric = metric_of(code)
    outcomes = {"denominator": metric.counted, "numerator": metric.hits, "missed": metric.misses}[part]
    return _with_outcome(metric, asked, outcomes)


def excluded_members(code: str, asked: Question, rule: str) -> QuerySet:
    """The rows that `rule` leaves out of the figure."""
    metric = metric_of(code)
    outcomes = [outcome for outcome, each in metric.rules.items() if each.code == rule]
    return _with_outcome(metric, asked, outcomes)


def _with_outcome(metric: Metric, asked: Question, outcomes: Sequence[str]) -> QuerySet:
    """The rows of which this became, in the order of a list.

    A condition in words that Postgres does not estimate as rare: it takes one value of an unknown text for a
    two-hundredth of all rows, and would join and sort them all before it shows the first.
    """
    is_wanted = Case(When(outcome__in=outcomes, then=Value(True)), default=Value(False), output_field=BooleanField())
    return metric.rows(asked).alias(is_wanted=is_wanted).filter(is_wanted=True).order_by(*metric.ordering)


def _over_time(metric: Metric, asked: Question, size: str) -> list[Group]:
    if metric.is_apart:
        buckets = asked.period.buckets(size)
        figures = stock_at(metric, asked, [bucket.period for bucket in buckets])
        return [Group(bucket.key, bucket.key, each) for bucket, each in zip(buckets, figures, strict=True)]
    return [
        Group(bucket.key, bucket.key, assemble(metric, asked.within(bucket.period), rows))
        for bucket, rows in by_time(metric, asked, size)
    ]


def outcomes_of(metric: Metric, asked: Question) -> Outcomes:
    """What became of the period's rows: a line of aggregates for each outcome."""
    return list(_aggregate(metric, metric.rows(asked)))


def aggregate_by(metric: Metric, asked: Question, paths: Sequence[str]) -> list[Mapping[str, Any]]:
    """The lines of aggregates, parted further by lookups of dimensions; one GROUP BY."""
    return list(_aggregate(metric, metric.rows(asked), *paths))


def _aggregate(metric: Metric, rows: QuerySet, *dimensions: str) -> QuerySet:
    # What is known to filters only has to be asked for by name before it can be grouped by.
    known = {name: F(name) for name in dimensions if name == CAUSE and metric.subject is ORDERS}
    return rows.annotate(**known).order_by().values("outcome", *metric.grain, *dimensions).annotate(**metric.sums())


def _grouped(rows: Iterable[Mapping[str, Any]], name: str) -> dict[Any, list[Mapping[str, Any]]]:
    grouped: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        # An order without a process and one with an empty country are both without.
        grouped.setdefault(None if row[name] == "" else row[name], []).append(row)
    return grouped


def assemble(metric: Metric, asked: Question, rows: Iterable[Mapping[str, Any]]) -> Figure:
    """A figure from the aggregates of each outcome of what was asked."""
    found = list(rows)
    counted = [row for row in found if metric.outcome_of(row) in metric.counted]
    hits = (metric.total(row) for row in found if metric.outcome_of(row) in metric.hits)
    excluded: dict[str, Excluded] = {}
    for row in found:
        if (outcome := metric.outcome_of(row)) in metric.rules:
            rule = metric.rules[outcome]
            before = excluded[rule.code].count if rule.code in excluded else 0
            excluded[rule.code] = Excluded(rule.code, rule.label, before + row["row_count"])
    return Figure(
        metric,
        asked.period,
        numerator=sum(hits),
        denominator=metric.below(counted, asked),
        count=sum(row["row_count"] for row in counted),
        excluded=[excluded[code] for code in sorted(excluded)],
        statistics=metric.statistics(counted),
    )


def by_time(metric: Metric, asked: Question, size: str) -> list[tuple[Bucket, Outcomes]]:
    """The outcomes of each part of the period; one GROUP BY."""
    by_day: dict[date, list[Mapping[str, Any]]] = {}
    for day, line in by_time_and(metric, asked, size):
        by_day.setdefault(day, []).append(line)
    return [(bucket, by_day.get(bucket.start, [])) for bucket in asked.period.buckets(size)]


def by_time_and(metric: Metric, asked: Question, size: str, *paths: str) -> Iterator[tuple[date, Mapping[str, Any]]]:
    """The lines of aggregates by parts of the period and by lookups of dimensions, each with the part's first day."""
    zone = None if metric.is_date else ZoneInfo(asked.period.zone)
    rows = metric.rows(asked).annotate(bucket=_TRUNCATE[size](metric.day, tzinfo=zone))
    for line in _aggregate(metric, rows, "bucket", *paths):
        # An instant is cut to the midnight at which the part begins, a date to a date.
        start = line["bucket"]
        yield start.date() if isinstance(start, datetime) else start, line


def in_pair(metric: Metric, asked: Question, before: Period) -> tuple[Outcomes, Outcomes]:
    """The outcomes of the period `before`, which ends as the asked one begins, and of that one; one GROUP BY."""
    both = asked.within(replace(asked.period, first=before.first))
    start: date | datetime = asked.period.first if metric.is_date else asked.period.start_at
    rows = metric.rows(both).annotate(
        is_now=Case(When(**{f"{metric.day}__gte": start}, then=Value(True)), default=Value(False))
    )
    grouped = _grouped(_aggregate(metric, rows, "is_now"), "is_now")
    return grouped.get(False, []), grouped.get(True, [])


def stock_at(metric: Metric, asked: Question, periods: Sequence[Period]) -> list[Figure]:
    """A stock at the end of each of the periods: one statement with a branch for each that has begun."""
    branches = [
        _aggregate(metric, metric.rows(asked.within(period)).annotate(bucket=Value(number)), "bucket")
        for number, period in enumerate(periods)
        if period.start_at <= asked.now
    ]
    grouped = _grouped(branches[0].union(*branches[1:], all=True) if branches else [], "bucket")
    return [assemble(metric, asked.within(period), grouped.get(number, [])) for number, period in enumerate(periods)]
