"""Due instants and reminder ladders of an order's milestones, from its template, calendars and pauses.

Pure over the rows it is given: it reads no clock and saves nothing. Run twice, it changes nothing (design rule 1).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orders.grammar import HOURS_PER_DAY, Span, StepSpec
from orders.models import ClockPause, Milestone
from orders.planning import START, PlannedStep, PlanStep, plan, shift
from orders.words import CLOCK_STOPPING_SIDES
from orders.workflow import MilestoneStatus
from teams.worktime import WorkSchedule, add_working_days, add_working_time, end_of_working_day

PLANNED_FIELDS = ("planned_start_at", "due_at", "soon_at", "lead_at", "manager_at")


def lay_out(
    milestones: Sequence[Milestone],
    specs: Mapping[str, StepSpec],
    pauses: Iterable[ClockPause],
    start: datetime,
    now: datetime,
) -> None:
    """Write planned start, due instant and reminder ladder on each open milestone that has a step in `specs`.

    `start` is the order's own instant. Closed milestones keep what they were judged by. A running pause
    moves nothing until it ends: how long it will be is not known.
    """
    schedules = {str(m.calendar_id): m.calendar.schedule() for m in milestones}
    calendars = {m.code: str(m.calendar_id) for m in milestones if m.code in specs}
    steps = plan_steps([spec for code, spec in specs.items() if code in calendars], calendars)
    planned = plan(steps, {START: start}, schedules, {}, _stopping_spans(milestones, pauses), now)
    for milestone in milestones:
        if milestone.code in specs and milestone.is_open:
            step = planned[milestone.code]
            milestone.planned_start_at = step.start_at
            milestone.due_at = _deadline(specs[milestone.code], step, schedules[str(milestone.calendar_id)])
            write_ladder(milestone, specs[milestone.code], schedules[str(milestone.calendar_id)])


def _deadline(spec: StepSpec, step: PlannedStep, schedule: WorkSchedule) -> datetime:
    """The planned finish; an order's own first event, which takes no time, may be entered until its day closes."""
    if spec.duration.amount or spec.dependencies:
        return step.finish_at
    day = step.finish_at.astimezone(ZoneInfo(schedule.timezone)).date()
    return max(step.finish_at, end_of_working_day(add_working_days(day, 0, schedule), schedule))


def plan_steps(specs: Sequence[StepSpec], calendars: Mapping[str, str]) -> list[PlanStep]:
    """The steps as the plan needs them; `calendars` maps their codes to calendar keys.

    A step that must finish "10w before ETD" pushes ETD out, since cargo cannot sail before the step's lead is over.
    """
    leads: dict[str, list[tuple[str, Span | None]]] = {}
    for spec in specs:
        if spec.latest:
            leads.setdefault(spec.latest[0], []).append((spec.code, spec.latest[1]))
    return [
        PlanStep(
            spec.code,
            spec.duration,
            tuple(dep for dep in (*spec.dependencies, *leads.get(spec.code, ())) if dep[0] in calendars),
            calendars[spec.code],
        )
        for spec in specs
    ]


def write_ladder(milestone: Milestone, spec: StepSpec, schedule: WorkSchedule) -> None:
    """Write the instants at which owner, lead and manager are told, in working time around the due instant."""
    ladder, due = spec.ladder, milestone.due_at
    milestone.soon_at = milestone.lead_at = milestone.manager_at = None
    if ladder and due:
        milestone.soon_at = before(due, ladder.soon, schedule) if ladder.soon else None
        milestone.lead_at = shift(due, ladder.lead, schedule) if ladder.lead else None
        milestone.manager_at = shift(due, ladder.manager, schedule) if ladder.manager else None


def before(due: datetime, span: Span, schedule: WorkSchedule) -> datetime:
    """The instant `span` before `due`, by the same calendar (lesson F10); a working day is its own length."""
    if span.unit == "c":
        return due - timedelta(days=span.amount)
    if span.unit == "h":
        return add_working_time(due, -timedelta(hours=span.amount), schedule)
    return add_working_time(due, -timedelta(hours=span.amount * HOURS_PER_DAY), schedule)


def next_reminder(milestone: Milestone, is_stopped: bool) -> datetime | None:
    """The first instant of the ladder: the sweep decides from there and moves on.

    None while nobody is to be reminded: the step has not started, is closed, or its clock stands still.
    """
    if milestone.status != MilestoneStatus.ACTIVE or is_stopped or milestone.due_at is None:
        return None
    return min(at for at in (milestone.soon_at, milestone.due_at, milestone.lead_at, milestone.manager_at) if at)


def _stopping_spans(
    milestones: Sequence[Milestone], pauses: Iterable[ClockPause]
) -> dict[str, list[tuple[datetime, datetime]]]:
    codes = {m.pk: m.code for m in milestones}
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for pause in pauses:
        if pause.side in CLOCK_STOPPING_SIDES and pause.to_at and pause.to_at > pause.from_at:
            spans.setdefault(codes[pause.milestone_id], []).append((pause.from_at, pause.to_at))
    return spans
