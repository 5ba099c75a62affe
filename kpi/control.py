"""A02, A03: a figure's control chart, of single orders for durations and of weeks for everything else."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from kpi.figures import breakdown, members
from kpi.metrics.base import Metric
from kpi.models import ProcessChange
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import metric_of
from kpi.spc import ControlChart, control_chart
from kpi.subjects import ORDERS

MOST_ORDERS = 150
WEEKS = 52


@dataclass(frozen=True)
class Point:
    """A value in time; `key` is an order's number or an ISO week, `period` the week's days."""

    day: date
    key: str
    value: float
    period: Period | None = None


@dataclass(frozen=True)
class Control:
    """`chart` is None while there are not two values to take limits from."""

    metric: Metric
    points: list[Point]
    changes: list[ProcessChange]
    chart: ControlChart | None

    @property
    def of_orders(self) -> bool:
        return is_of_orders(self.metric)


def is_of_orders(metric: Metric) -> bool:
    """Whether each order is a point: where a figure is the mean of the orders' durations."""
    return bool(metric.amount) and metric.subject is ORDERS and metric.is_of_rows


def is_charted(metric: Metric) -> bool:
    """Whether its weeks are read in one statement; a stock would be counted anew for each of them."""
    return not metric.is_apart


def control(code: str, asked: Question) -> Control:
    """The values up to the end of the period, with limits that begin anew at each declared change."""
    metric = metric_of(code)
    points = _orders(metric, asked) if is_of_orders(metric) else _weeks(metric, asked)
    changes = list(ProcessChange.objects.of_figure(code).filter(day__lt=asked.period.end).order_by("day", "pk"))
    restarts = [
        index
        for change in changes
        if (index := next((number for number, point in enumerate(points) if point.day >= change.day), 0))
    ]
    chart = None
    if len(points) > 1:
        values = [point.value for point in points]
        chart = control_chart(values, restarts=restarts, is_duration=is_of_orders(metric))
    return Control(metric, points, changes, chart)


def _orders(metric: Metric, asked: Question) -> list[Point]:
    """The last orders of the year before the period's end, in the order in which they were finished."""
    rows = members(metric.code, _year(asked)).order_by(f"-{metric.day}", "-pk")
    zone = asked.period.start_at.tzinfo
    last = list(rows.values_list(metric.day, "number", metric.amount)[:MOST_ORDERS])
    return [Point(at.astimezone(zone).date(), number, float(value)) for at, number, value in reversed(last)]


def _weeks(metric: Metric, asked: Question) -> list[Point]:
    """Whole weeks in which something is counted; one that still runs would be judged too early."""
    groups = breakdown(metric.code, _year(asked), "week")
    whole = [group for group in groups if group.figure.period.end_at <= asked.now]
    return [
        Point(group.figure.period.first, group.key, float(group.figure.value), group.figure.period)
        for group in whole
        if group.figure.value is not None
    ]


def _year(asked: Question) -> Question:
    """A year of weeks that ends with the week of the period's last day."""
    last = asked.period.last
    end = last - timedelta(days=last.weekday()) + timedelta(weeks=1)
    return asked.within(replace(asked.period, first=end - timedelta(weeks=WEEKS), end=end))
