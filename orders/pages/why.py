"""Why a step is due when it is: the constraint in words, and the days of its calendar that were skipped or counted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from orders.models import ClockPause, Milestone
from orders.pages.plan import LivePlan, constraint_words, counted_from
from orders.plan_words import calculation_words, exact_float, float_words, passed_words, provisional_words, span_words
from orders.planning import Constraint, PlannedStep, clock_for
from orders.words import CLOCK_STOPPING_SIDES
from teams.calendar_days import passed_over

EXACT_DAYS = 10


@dataclass(frozen=True)
class Why:
    """Everything that the explanation of one date shows."""

    milestone: Milestone
    due_at: datetime
    binding: str
    ties: list[str]
    calculation: str
    waits: str  # the days passed over in a lag, or between the constraint and the due date
    is_kept: bool  # it was overdue when the plan was made, and stays so
    planned_start_at: datetime
    expected_at: datetime | None
    latest_at: datetime | None
    float_text: str
    float_exact: str
    is_critical: bool
    calendar_version: int | None
    duration: str
    pauses: list[ClockPause] = field(default_factory=list)
    provisional: str = ""


def why_of(live: LivePlan, milestone: Milestone) -> Why | None:
    """None where the plan does not know the step."""
    step, today = live.in_force.steps.get(milestone.key), live.plan.steps.get(milestone.key)
    if step is None or today is None or milestone.due_at is None:
        return None
    clock = clock_for(live.inputs.schedules[live.inputs.calendars[milestone.key]])
    node, version = live.nodes[milestone.key], live.inputs.basis.calendars.get(milestone.calendar_id)
    start = milestone.planned_start_at or step.start_at
    takes = passed_over(milestone.calendar, start, milestone.due_at, version=version)
    is_open = milestone.is_open
    return Why(
        milestone,
        milestone.due_at,
        binding=constraint_words(live, live.in_force, milestone.key, step.binding),
        ties=_others(live, milestone.key, step),
        calculation=calculation_words(node.spec.duration, takes),
        waits=_waits(live, milestone, step, version),
        is_kept=milestone.key in live.inputs.basis.kept,
        planned_start_at=start,
        expected_at=live.forecast_at(milestone.key) if is_open else None,
        latest_at=today.latest_finish_at if is_open else None,
        float_text=float_words(today.float, today.float_days, clock.day_length, is_named=False) if is_open else "",
        float_exact=_exact(today, clock.day_length) if is_open else "",
        is_critical=today.is_critical,
        calendar_version=version,
        duration=span_words(node.spec.duration),
        pauses=list(_counting(milestone.pauses.all())),
        provisional=_provisional(live, milestone, max(milestone.due_at, today.earliest_finish_at)),
    )


def _others(live: LivePlan, key: str, step: PlannedStep) -> list[str]:
    said = [constraint_words(live, live.in_force, key, tie) for tie in step.ties]
    first = constraint_words(live, live.in_force, key, step.binding)
    return [each for each in dict.fromkeys(said) if each != first]


def _exact(step: PlannedStep, day_length: timedelta) -> str:
    """In days and hours, where hours still matter."""
    if step.float is None or abs(step.float) >= EXACT_DAYS * day_length:
        return ""
    return exact_float(int(step.float.total_seconds() // 60), day_length)


def _waits(live: LivePlan, milestone: Milestone, step: PlannedStep, version: int | None) -> str:
    """What was skipped between the due date and the date that it has to keep, or before it starts."""
    between = _between(live, step)
    if between is None:
        return ""
    passed = passed_words(passed_over(milestone.calendar, *between, version=version))
    if not passed:
        return ""
    return _("In between: %(days)s") % {"days": "; ".join(passed)}


def _between(live: LivePlan, step: PlannedStep) -> tuple[datetime, datetime] | None:
    binding: Constraint = step.binding
    other = live.in_force.steps.get(binding.step)
    if other is None:
        return None
    if binding.kind == "after" and binding.lag:
        return counted_from(binding, live.in_force), step.start_at
    if binding.kind == "before":
        return step.due_at, other.start_at
    return (step.due_at, other.due_at) if binding.kind == "latest" else None


def _counting(pauses: Iterable[ClockPause]) -> Iterable[ClockPause]:
    """The pauses that move the due date: those that stopped our clock, and have ended."""
    return (pause for pause in pauses if pause.side in CLOCK_STOPPING_SIDES and pause.to_at)


def _provisional(live: LivePlan, milestone: Milestone, at: datetime) -> str:
    until: date | None = live.verified_until.get(str(milestone.calendar_id))
    clock = clock_for(live.inputs.schedules[live.inputs.calendars[milestone.key]])
    return provisional_words(until) if until and clock.local_date(at) > until else ""
