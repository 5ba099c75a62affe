"""When each step of an order is planned to start and finish. Pure: no Django models, no queries, no clock.

A forward pass through finish-to-start dependencies with lags. Working days and hours count in the step's own calendar;
calendar days (carriers, terms) count through. Backward planning from the anchor builds on the same values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from orders.grammar import Span
from teams.worktime import (
    WorkSchedule,
    add_working_days,
    add_working_time,
    end_of_working_day,
    working_time_between,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
START = "START"  # the anchor from which steps without predecessors run


@dataclass(frozen=True)
class PlanStep:
    """What the plan needs of a step."""

    code: str
    duration: Span
    dependencies: tuple[tuple[str, Span | None], ...] = ()
    calendar: str = "office"


@dataclass(frozen=True)
class PlannedStep:
    """When a step is planned: instants in UTC; `binding` is the predecessor whose finish decided the start."""

    code: str
    start_at: datetime
    finish_at: datetime
    binding: str


@dataclass(frozen=True)
class Plan:
    """The planned steps by code."""

    steps: Mapping[str, PlannedStep] = field(default_factory=dict)

    def __getitem__(self, code: str) -> PlannedStep:
        return self.steps[code]


def plan(
    steps: Iterable[PlanStep],
    anchors: Mapping[str, datetime],
    calendars: Mapping[str, WorkSchedule],
    actuals: Mapping[str, datetime],
    pauses: Mapping[str, Sequence[tuple[datetime, datetime]]],
    now: datetime,
) -> Plan:
    """Plan every step forward from `anchors[START]`, an aware instant.

    `actuals` (code to actual finish) replace planned finishes. `pauses` (code to spans) push a step's finish by the
    working time that their union covers after its planned start. `steps` may stand in any order.

    Raises:
        ValueError: a dependency circle, or an unknown predecessor.
        CalendarExhausted: a calendar has no working time that far away.
    """
    waiting = {step.code: step for step in steps}
    planned: dict[str, PlannedStep] = {}
    while waiting:
        ready = [s for s in waiting.values() if all(code in planned for code, _lag in s.dependencies)]
        if not ready:
            raise ValueError(f"circle or unknown predecessor among {', '.join(waiting)}")
        for step in ready:
            planned[step.code] = _plan_step(step, planned, anchors, calendars, actuals, pauses)
            del waiting[step.code]
    return Plan(planned)


def _plan_step(
    step: PlanStep,
    planned: Mapping[str, PlannedStep],
    anchors: Mapping[str, datetime],
    calendars: Mapping[str, WorkSchedule],
    actuals: Mapping[str, datetime],
    pauses: Mapping[str, Sequence[tuple[datetime, datetime]]],
) -> PlannedStep:
    schedule = calendars[step.calendar]
    candidates = [(shift(planned[code].finish_at, lag, schedule), code) for code, lag in step.dependencies]
    start, binding = max(candidates, default=(anchors[START], START))
    finish = shift(start, step.duration, schedule)
    if spans := pauses.get(step.code):
        # Calendar days run through, so their clock is one without closing hours.
        clock = without_closing(schedule.timezone) if step.duration.unit == "c" else schedule
        amount = working_time_between(start, finish, clock)
        if amount:
            finish = add_working_time(start, amount, clock, pauses=spans)
    return PlannedStep(step.code, start, actuals.get(step.code, finish), binding)


@lru_cache(maxsize=64)
def without_closing(timezone: str) -> WorkSchedule:
    """Open at all hours: the clock of carriers and of legal periods."""
    return WorkSchedule.from_dict({"timezone": timezone, "hours": {day: [["00:00", "24:00"]] for day in WEEKDAYS}})


def shift(start: datetime, span: Span | None, schedule: WorkSchedule) -> datetime:
    """The instant `span` after `start`.

    Working days end at the close of the n-th working day after the start's day (a start outside a working day counts
    from the last one before it), hours run in working time, calendar days keep the local time of day.
    """
    if span is None or span.amount == 0:
        return start
    if span.unit == "h":
        return add_working_time(start, timedelta(hours=span.amount), schedule)
    local = start.astimezone(ZoneInfo(schedule.timezone))
    if span.unit == "c":
        return (local + timedelta(days=span.amount)).astimezone(UTC)
    return end_of_working_day(add_working_days(local.date(), span.amount, schedule), schedule)
