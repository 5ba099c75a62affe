"""The order's time axis as plain numbers: the template draws them as SVG, classes give the colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from orders.models import Milestone
from orders.workflow import MilestoneStatus

LABELS = 190  # width of the names
WIDTH = 1000
ROW = 18
TOP = 22
TICKS = 8


@dataclass
class Bar:
    """One step: planned from `x1` to `x2`, the baseline tick, and the dot of the actual finish."""

    name: str
    tone: str
    y: int
    x1: float
    x2: float
    baseline: float | None
    actual: float | None

    @property
    def width(self) -> float:
        return round(max(self.x2 - self.x1, 2), 1)


@dataclass
class Axis:
    height: int
    bars: list[Bar]
    ticks: list[tuple[float, str]]
    now: float
    promised: float | None


def draw_axis(
    milestones: Sequence[Milestone], tones: Mapping[int, str], promised: date | None, now: datetime
) -> Axis | None:
    """Lay the steps out between the first start and the last finish; None where there is nothing to draw."""
    left_out = {MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED}
    steps = [(m, m.due_at) for m in milestones if m.due_at and m.status not in left_out]
    if len(steps) < 2:
        return None
    zone = timezone.get_current_timezone()
    promise_ends = datetime(promised.year, promised.month, promised.day, 23, 59, tzinfo=zone) if promised else None
    instants = [
        instant
        for m, due in steps
        for instant in (m.planned_start_at, due, m.baseline_finish_at, m.actual_finish_at)
        if instant
    ]
    first, last = min(instants), max([*instants, *([promise_ends] if promise_ends else [])])
    span = max(last - first, timedelta(days=1))

    def x(at: datetime) -> float:
        return round(LABELS + min(max((at - first) / span, 0), 1) * (WIDTH - LABELS - 10), 1)

    bars = [
        Bar(
            name=m.name,
            tone=tones[m.pk],
            y=TOP + index * ROW,
            x1=x(m.planned_start_at or due),
            x2=x(due),
            baseline=x(m.baseline_finish_at) if m.baseline_finish_at and m.baseline_finish_at != due else None,
            actual=x(m.actual_finish_at) if m.actual_finish_at else None,
        )
        for index, (m, due) in enumerate(steps)
    ]
    step = span / TICKS
    days = [timezone.localdate(first + step * index) for index in range(TICKS + 1)]
    ticks = [(x(datetime(day.year, day.month, day.day, tzinfo=zone)), f"{day:%m-%d}") for day in dict.fromkeys(days)]
    return Axis(TOP + len(bars) * ROW + 6, bars, ticks, x(now), x(promise_ends) if promise_ends else None)
