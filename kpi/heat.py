"""A figure by month and by one more dimension, and the repurchase of customers by the month of their first order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg

from kpi.dimensions import DIMENSIONS, labels_of
from kpi.figures import Figure, assemble, by_time_and
from kpi.metrics.base import orders_of
from kpi.periods import Bucket
from kpi.questions import Question
from kpi.registry import METRICS, metric_of
from orders.workflow import OrderStatus

SHOWN_ROWS = 30
# Shares of rows that belong to a month: what a heat map can show.
CODES = tuple(code for code, metric in METRICS.items() if metric.is_of_rows and metric.is_share and not metric.is_apart)
STEP_DAYS = 30
STEPS = 12


@dataclass(frozen=True)
class HeatRow:
    """A group: its figure of each month, and of all of them."""

    key: str
    label: str
    cells: Sequence[Figure]
    whole: Figure


def heat_map(code: str, asked: Question, by: str) -> tuple[list[Bucket], list[HeatRow], int]:
    """The months, the groups with most rows, and how many more there are; one GROUP BY."""
    metric, path = metric_of(code), DIMENSIONS[by].path_from(metric_of(code).subject)
    buckets = asked.period.buckets("month")
    groups: dict[Any, dict[date, list[Any]]] = {}
    for month, line in by_time_and(metric, asked, "month", path):
        groups.setdefault(line[path] or None, {}).setdefault(month, []).append(line)
    labels = labels_of(DIMENSIONS[by], list(groups))
    found = [
        HeatRow(
            *labels[value],
            [assemble(metric, asked.within(bucket.period), months.get(bucket.start, [])) for bucket in buckets],
            assemble(metric, asked, [line for lines in months.values() for line in lines]),
        )
        for value, months in groups.items()
    ]
    found = sorted((row for row in found if row.whole.count), key=lambda row: (-row.whole.count, row.key))
    return buckets, found[:SHOWN_ROWS], max(len(found) - SHOWN_ROWS, 0)


@dataclass(frozen=True)
class Cohort:
    """Customers by the month of their first order, and how many had ordered again within 30, 60 … days.

    None where the youngest of them has not had that many days yet (A05).
    """

    month: Bucket
    size: int
    again: Sequence[int | None]


def cohorts(asked: Question) -> list[Cohort]:
    """The cohorts of the months of the period, over all orders that the viewer sees; cancelled ones are none."""
    placed = orders_of(asked).filter(confirmed_at__lte=asked.now, customer__isnull=False)
    placed = placed.exclude(status=OrderStatus.CANCELLED, cancelled_at__lte=asked.now)
    by_customer = placed.order_by().values("customer").annotate(days=ArrayAgg("confirmed_at", order_by="confirmed_at"))
    firsts = [each["days"][:2] for each in by_customer]
    found = []
    for bucket in asked.period.buckets("month"):
        period = bucket.period
        if period.start_at > asked.now:
            continue
        members = [days for days in firsts if period.start_at <= days[0] < period.end_at]
        waits = [days[1] - days[0] for days in members if len(days) > 1]
        again = [
            sum(wait <= timedelta(days=STEP_DAYS * step) for wait in waits)
            if members and period.end_at + timedelta(days=STEP_DAYS * step) <= asked.now
            else None
            for step in range(1, STEPS + 1)
        ]
        found.append(Cohort(bucket, len(members), again))
    return found
