"""Due instants and reminder ladders of an order's milestones, from the basis of its plan, its pauses and calendars.

Pure over the rows it is given: it reads no clock and saves nothing. Run twice, it changes nothing (design rule 1).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from orders.basis import Basis, Shape
from orders.grammar import HOURS_PER_DAY, StepSpec
from orders.models import ClockPause, Ladders, Milestone
from orders.network import Node, lay_nodes, step_key
from orders.overlays import Terms, with_overlays
from orders.planning import START, Plan, PlanStep, Span, clock_for, plan
from orders.process import buffer_of, steps_of
from orders.targets import PRESENTED, on_board_code
from orders.words import CLOCK_STOPPING_SIDES
from orders.workflow import MilestoneStatus
from teams.worktime import WorkSchedule, add_working_days, add_working_time, end_of_working_day

PLANNED_FIELDS = ("planned_start_at", "due_at", "float_minutes", "is_critical", "soon_at", "lead_at", "manager_at")
TEMPLATES_OWN = Ladders()  # of a team that has no ladders
Spans = Mapping[str, Sequence[tuple[datetime, datetime]]]


@lru_cache(maxsize=512)
def specs_of(template_id: int, terms: Terms) -> tuple[StepSpec, ...]:
    """The steps of a template version under the order's terms."""
    return with_overlays([spec for _pk, spec in steps_of(template_id)], terms)


@lru_cache(maxsize=1024)
def nodes_of(shape: Shape) -> Mapping[str, Node]:
    """The network of an order; shared, never changed by a caller."""
    return lay_nodes(specs_of(shape.template, shape.terms), shape.shipments)


def plan_steps(nodes: Mapping[str, Node], calendars: Mapping[str, str], basis: Basis | None = None) -> list[PlanStep]:
    """The steps as the engine needs them; `calendars` maps their keys to calendar keys.

    Of steps that the order has not (an old one may lack a step that its template knows), nothing depends on them.
    """
    on_board = on_board_code(node.spec.code for node in nodes.values())
    steps = []
    for key, node in nodes.items():
        if key not in calendars:
            continue
        within: tuple[tuple[str, Span], ...] = ()
        if node.spec.code == PRESENTED and basis and basis.presentation_days and on_board:
            scope = step_key(on_board, node.shipment_id)
            within = ((scope, Span(basis.presentation_days, "c")),) if scope in calendars else ()
        steps.append(
            PlanStep(
                key,
                node.spec.duration,
                tuple(dep for dep in node.dependencies if dep[0] in calendars),
                calendars[key],
                latest=tuple(lead for lead in node.latest if lead[0] in calendars),
                within=within,
                limits=basis.limits.get(key, ()) if basis else (),
                is_hard="H" in node.spec.flags,
                expected_at=basis.expected.get(key) if basis else None,
            )
        )
    return steps


@dataclass(frozen=True)
class Inputs:
    """What `plan` is asked with for an order in hand; calendars by id as text, in the versions of the basis."""

    basis: Basis
    calendars: Mapping[str, str]  # step key to calendar key
    schedules: Mapping[str, WorkSchedule]
    pauses: Spans

    @cached_property
    def steps(self) -> list[PlanStep]:
        return plan_steps(nodes_of(self.basis.shape), self.calendars, self.basis)

    def plan(
        self,
        actuals: Mapping[str, datetime] | None = None,
        now: datetime | None = None,
        verified_until: Mapping[str, date] | None = None,
    ) -> Plan:
        """The plan in force; with `actuals` and `now` what is to be expected today."""
        known = self.basis.actuals if actuals is None else actuals
        return plan(
            self.steps,
            {START: self.basis.start, **self.basis.anchors},
            self.schedules,
            {key: at for key, at in known.items() if key in self.calendars},
            self.pauses,
            self.basis.as_of if now is None else now,
            buffer=buffer_of(self.basis.shape.template),
            verified_until=verified_until,
        )


def inputs_of(
    milestones: Sequence[Milestone],
    basis: Basis,
    pauses: Iterable[ClockPause],
    proposed: Mapping[int, WorkSchedule] | None = None,
) -> Inputs:
    """From the order's rows; `proposed` calendars (by id) stand in for those in force."""
    nodes = nodes_of(basis.shape)
    own = {m.key: m for m in milestones if m.key in nodes}
    ids = {m.calendar_id: m.calendar for m in own.values()}
    schedules = {
        str(pk): (proposed or {}).get(pk) or calendar.schedule(basis.calendars.get(pk)) for pk, calendar in ids.items()
    }
    return Inputs(basis, {key: str(m.calendar_id) for key, m in own.items()}, schedules, stopping_spans(own, pauses))


def lay_out(milestones: Sequence[Milestone], basis: Basis, pauses: Iterable[ClockPause], ladders: Ladders) -> None:
    """Write planned start, due instant, float and reminder ladder on each open milestone that the plan knows.

    Closed milestones keep what they were judged by. A running pause moves nothing until it ends: how long it will be is
    not known.
    """
    write_plan(milestones, inputs_of(milestones, basis, pauses), ladders)


def write_plan(milestones: Sequence[Milestone], inputs: Inputs, ladders: Ladders, planned: Plan | None = None) -> None:
    """Write `planned` (by default that of `inputs`) on the open milestones; see `lay_out`."""
    planned = planned or inputs.plan()
    nodes, kept = nodes_of(inputs.basis.shape), inputs.basis.kept
    for milestone in milestones:
        if milestone.key not in planned.steps or not milestone.is_open:
            continue
        step, node = planned[milestone.key], nodes[milestone.key]
        schedule = inputs.schedules[inputs.calendars[milestone.key]]
        milestone.planned_start_at = step.start_at
        milestone.due_at = kept.get(milestone.key) or due_instant(node, step.due_at, inputs.basis, schedule)
        milestone.float_minutes = None if step.float is None else int(step.float.total_seconds() // 60)
        milestone.is_critical = step.is_critical
        write_ladder(milestone, node.spec, schedule, ladders)


def due_instant(node: Node, due_at: datetime, basis: Basis, schedule: WorkSchedule) -> datetime:
    """The planned due instant; an order's own first event, which takes no time, may be entered until its day closes."""
    if node.spec.duration.amount or node.dependencies:
        return due_at
    day = basis.start.astimezone(ZoneInfo(schedule.timezone)).date()
    return max(basis.start, end_of_working_day(add_working_days(day, 0, schedule), schedule))


def write_ladder(
    milestone: Milestone, spec: StepSpec, schedule: WorkSchedule, ladders: Ladders = TEMPLATES_OWN
) -> None:
    """Write the instants at which owner, lead and manager are told, in working time around the due instant.

    The manager never hears before the lead: of different units, which span is longer lies with the calendar.
    """
    ladder, due = ladders.of(spec), milestone.due_at
    clock = clock_for(schedule)
    milestone.soon_at = milestone.lead_at = milestone.manager_at = None
    if ladder and due:
        milestone.soon_at = min(due, before_due(due, ladder.soon, schedule)) if ladder.soon else None
        milestone.lead_at = clock.after(due, ladder.lead) if ladder.lead else None
        if ladder.manager:
            milestone.manager_at = max(clock.after(due, ladder.manager), milestone.lead_at or due)


def before_due(due: datetime, span: Span, schedule: WorkSchedule) -> datetime:
    """The instant `span` before `due`, by the same calendar (lesson F10); a working day is its own length."""
    if span.unit == "c":
        return due - timedelta(days=span.amount)
    hours = span.amount if span.unit == "h" else span.amount * HOURS_PER_DAY
    return add_working_time(due, -timedelta(hours=hours), schedule)


def next_reminder(milestone: Milestone, is_stopped: bool) -> datetime | None:
    """The first instant of the ladder: the sweep decides from there and moves on.

    None while nobody is to be reminded: the step has not started, is closed, or its clock stands still.
    """
    if milestone.status != MilestoneStatus.ACTIVE or is_stopped or milestone.due_at is None:
        return None
    return min(at for at in (milestone.soon_at, milestone.due_at, milestone.lead_at, milestone.manager_at) if at)


def stopping_spans(milestones: Mapping[str, Milestone], pauses: Iterable[ClockPause]) -> Spans:
    """The pauses that stopped our clock and have ended, by step key."""
    keys = {m.pk: key for key, m in milestones.items()}
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for pause in pauses:
        if (
            pause.milestone_id in keys
            and pause.side in CLOCK_STOPPING_SIDES
            and pause.to_at
            and pause.to_at > pause.from_at
        ):
            spans.setdefault(keys[pause.milestone_id], []).append((pause.from_at, pause.to_at))
    return spans
