"""How long a process takes at least, by itself: its figures over one plain Monday-to-Friday calendar.

Pure: no queries, no clock. Spans of calendar days end on other weekdays in other weeks, so an order is begun on each of
the five working days; a figure is their mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from orders.grammar import StepSpec
from orders.network import anchor_of, lay_nodes
from orders.planning import START, Plan, Span, plan
from orders.schedule import plan_steps
from teams.worktime import WorkSchedule, working_days_between

_HOURS = [["08:30", "12:00"], ["13:30", "18:00"]]
PLAIN = WorkSchedule.from_dict({"timezone": "UTC", "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _HOURS)})
# A Monday morning; which one makes no difference, since the calendar has no holidays.
_MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
_WEEK = tuple(_MONDAY + timedelta(days=day) for day in range(5))


@dataclass(frozen=True)
class Figures:
    """What a process needs at least.

    `days` are working days from the order to the anchor, `least_days` and `most_days` the same by weekday of the order;
    without an anchor to plan back from they reach to the last step, and `anchor` is empty. `critical` is the chain that
    leads there, in order. `floats` are the steps before the anchor with working days to spare, largest first.
    """

    anchor: str
    days: int
    least_days: int
    most_days: int
    calendar_days: int
    last_days: int  # to the end of the last step
    critical: tuple[str, ...]
    floats: tuple[tuple[str, int], ...]


@lru_cache(maxsize=256)
def figures_of(specs: Sequence[StepSpec], buffer: Span | None = None) -> Figures:
    """The figures of a process, its `buffer` before the anchor left out of them.

    Raises:
        PlanningError: the steps make no plan; `buffer` is tried as well.
    """
    anchor = anchor_of(specs)
    plans = [_least(specs, anchor.code if anchor else "", start, buffer) for start in _WEEK]
    lengths = [_days(start, _end(made, anchor)) for start, made in zip(_WEEK, plans, strict=True)]
    spans = [(_end(made, anchor).date() - start.date()).days for start, made in zip(_WEEK, plans, strict=True)]
    last = [_days(start, _last(made)) for start, made in zip(_WEEK, plans, strict=True)]
    return Figures(
        anchor=anchor.code if anchor else "",
        days=_mean(lengths),
        least_days=min(lengths),
        most_days=max(lengths),
        calendar_days=_mean(spans),
        last_days=_mean(last),
        critical=_critical(plans[0], anchor.code if anchor else ""),
        floats=_floats(plans[0]),
    )


def _least(specs: Sequence[StepSpec], anchor: str, start: datetime, buffer: Span | None) -> Plan:
    """The plan that hangs from the earliest anchor there can be."""
    nodes = lay_nodes(specs)
    steps = plan_steps(nodes, dict.fromkeys(nodes, "plain"))
    calendars = {"plain": PLAIN}
    if not anchor:
        return plan(steps, {START: start}, calendars, {}, {}, start, buffer=buffer)
    early = plan(steps, {START: start, anchor: start}, calendars, {}, {}, start, buffer=buffer)
    at = early.earliest_anchors[anchor]
    return plan(steps, {START: start, anchor: at}, calendars, {}, {}, start)


def _end(made: Plan, anchor: StepSpec | None) -> datetime:
    return made.anchors[anchor.code] if anchor else _last(made)


def _last(made: Plan) -> datetime:
    return max(step.earliest_finish_at for step in made.steps.values())


def _days(start: datetime, end: datetime) -> int:
    return working_days_between(start.date(), end.date(), PLAIN)


def _mean(values: Sequence[int]) -> int:
    return int(sum(values) / len(values) + 0.5)


def _critical(made: Plan, anchor: str) -> tuple[str, ...]:
    if not anchor:
        return tuple(made.critical)
    return (*(code for code in made.critical if made[code].is_backward and code != anchor), anchor)


def _floats(made: Plan) -> tuple[tuple[str, int], ...]:
    found = [(code, step.float_days) for code, step in made.steps.items() if step.is_backward and step.float_days]
    return tuple(sorted(((code, days) for code, days in found if days > 0), key=lambda pair: (-pair[1], pair[0])))
