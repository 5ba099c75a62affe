"""What a change would do to an order's plan: worked out in memory, saved by nobody here."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from orders.basis import Basis, Shape
from orders.calendars import Calendars, calendars_of
from orders.models import ClockPause, Ladders, Milestone, Order, ProcessTemplate, TeamLadder
from orders.network import Node
from orders.overlays import OverlayNote, overlay_notes
from orders.plan_words import NoPlan, refusal_of
from orders.planning import Constraint, Plan, PlanningError
from orders.process import steps_of
from orders.schedule import Inputs, inputs_of, nodes_of, plan_steps, specs_of, write_plan
from orders.services import flow
from orders.services.owners import owner_ids
from orders.services.plans.facts import dates_of, sailings_of, shipments_apart, terms_of
from orders.services.plans.rows import Rows, rows_for
from orders.targets import targets_of
from orders.words import StepChange
from teams.errors import InvalidInput
from teams.worktime import WorkSchedule

TERMS_FIELDS = (
    *("incoterm", "payment_terms", "mode", "country", "third_party_inspection", "wood_packaging"),
    *("statutory_inspection", "lc_latest_shipment", "lc_expiry", "lc_presentation_days"),
)


@dataclass(frozen=True)
class Changes:
    """What somebody wants to change with a plan.

    `terms` are fields of the order (`TERMS_FIELDS`), `expected` maps milestone ids to when their owners expect them to
    be finished (None: no longer said), `template` is another version of the order's process.
    """

    promised_date: date | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[int, datetime | None] = field(default_factory=dict)
    template: ProcessTemplate | None = None


@dataclass
class Move:
    """One step that a change moves, adds or removes; instants in UTC, floats in minutes of working time."""

    milestone: Milestone
    kind: StepChange
    old: datetime | None
    new: datetime | None
    float_before: int | None
    float_after: int | None
    binding: Constraint | None


@dataclass
class Proposal:
    """A plan as it would be. `notes` tell the rules that begin or cease to hold with a change of terms."""

    order: Order
    basis: Basis
    before: Basis | None
    rows: Rows
    inputs: Inputs
    plan: Plan
    moves: list[Move]
    notes: list[str] = field(default_factory=list)

    @property
    def nodes(self) -> Mapping[str, Node]:
        return nodes_of(self.basis.shape)

    @property
    def moves_of_note(self) -> list[Move]:
        """The moves that give a step another day, add one or take one away: minutes are not worth a re-plan."""
        zone = flow.business_zone()
        return [
            move
            for move in self.moves
            if not move.old or not move.new or move.old.astimezone(zone).date() != move.new.astimezone(zone).date()
        ]


class BadPlanChange(InvalidInput):
    """A change that makes no sense whatever the plan; `fields` names what."""

    code = "plan_change_invalid"


def propose(order: Order, changes: Changes, *, now: datetime) -> Proposal:
    """What `changes`, and what has happened since the plan was made, would do to it. Writes nothing.

    Raises:
        BadPlanChange: a date in the past, a template of another process, a step that is closed.
        NoPlan: the network or a calendar makes no plan.
    """
    draft = copy.copy(order)
    for name, value in changes.terms.items():
        setattr(draft, name, value)
    if changes.template:
        draft.template = changes.template
    check_changes(order, draft, changes, now)
    milestones = read_milestones(order)
    for milestone in milestones:
        if milestone.pk in changes.expected:
            milestone.expected_at = changes.expected[milestone.pk]
    return work_out(draft, milestones, promised=changes.promised_date, now=now)


def read_milestones(order: Order) -> list[Milestone]:
    """The order's milestones with what a plan reads of them."""
    rows = order.milestones.select_related("calendar", "assignee").order_by("position", "pk")
    return list(rows.prefetch_related(Prefetch("pauses", ClockPause.objects.order_by("from_at"))))


def work_out(
    order: Order,
    milestones: Sequence[Milestone],
    *,
    now: datetime,
    promised: date | None = None,
    is_first: bool = False,
) -> Proposal:
    """The plan that the order's facts call for now, against the one in force; `milestones` are written on, not saved.

    `is_first`: the plan that confirmation makes, from the customer's order on.
    """
    if order.template_id is None:
        raise NoPlan(_("The order has no process template, so there is nothing to plan."))
    before = None if is_first else flow.basis_of(order)
    sailings = sailings_of(order)
    terms = terms_of(order)
    shape = Shape(order.template_id, terms, shipments_apart(sailings, before.shape.shipments if before else ()))
    nodes = nodes_of(shape)
    calendars = calendars_of(order)
    rows = _rows(order, milestones, nodes, calendars)
    old = {id(m): (m.due_at, m.float_minutes) for m in milestones}
    start = order.ordered_at or now
    closed = {m.key: m.closed_at for m in rows.kept if not m.is_open and m.closed_at and m.key in nodes}
    specs = specs_of(order.template_id, terms)
    basis = Basis(
        shape=shape,
        start=start,
        as_of=start if is_first else now,
        presentation_days=order.lc_presentation_days if order.payment_terms == "LC" else 0,
        actuals=closed,
        expected={m.key: m.expected_at for m in rows.planned if m.is_open and m.expected_at},
        calendars=calendars.used_by(specs),
    )
    try:
        basis = _with_targets(basis, order, sailings, promised, calendars, rows)
        inputs = inputs_of(rows.planned, basis, pauses_of(milestones))
        planned = inputs.plan()
    except PlanningError as error:
        raise refusal_of(error, nodes) from error
    basis = replace(basis, kept=_kept(rows.kept, planned, basis, now))
    inputs = replace(inputs, basis=basis)
    write_plan(rows.planned, inputs, TeamLadder.objects.of_order(order), planned)
    moves = _moves(rows, planned, old)
    return Proposal(order, basis, before, rows, inputs, planned, moves, _notes(before, basis))


def with_basis(
    order: Order,
    milestones: Sequence[Milestone],
    basis: Basis,
    proposed: Mapping[int, WorkSchedule] | None = None,
    pauses: Sequence[ClockPause] | None = None,
    ladders: Ladders | None = None,
) -> Proposal:
    """The plan that `basis` makes, against the one in force; `milestones` are written on, not saved.

    `proposed` schedules, by calendar id, stand in for versions that do not exist yet. `pauses` are those of the
    milestones, by default the prefetched ones; `ladders` those of the order's team, by default read here.

    Raises:
        NoPlan: a calendar makes no plan.
    """
    before = flow.basis_of(order)
    nodes = nodes_of(basis.shape)
    if before and nodes is nodes_of(before.shape):
        rows = Rows(kept=list(milestones))
    else:
        rows = _rows(order, milestones, nodes, calendars_of(order))
    old = {id(m): (m.due_at, m.float_minutes) for m in milestones}
    inputs = inputs_of(rows.planned, basis, pauses_of(milestones) if pauses is None else pauses, proposed)
    try:
        planned = inputs.plan()
    except PlanningError as error:
        raise refusal_of(error, nodes) from error
    write_plan(rows.planned, inputs, TeamLadder.objects.of_order(order) if ladders is None else ladders, planned)
    return Proposal(order, basis, before, rows, inputs, planned, _moves(rows, planned, old), _notes(before, basis))


def with_versions(basis: Basis, versions: Mapping[int, int]) -> Basis:
    """The same plan by other calendar versions (id to version); calendars that it does not use are left out."""
    used = {pk: version for pk, version in versions.items() if pk in basis.calendars}
    return replace(basis, calendars={**basis.calendars, **used})


def pauses_of(milestones: Sequence[Milestone]) -> list[ClockPause]:
    """The prefetched pauses of stored milestones."""
    return [pause for milestone in milestones if milestone.pk for pause in milestone.pauses.all()]


def check_changes(order: Order, draft: Order, changes: Changes, now: datetime) -> None:
    """Refuse changes that make no sense.

    Raises:
        BadPlanChange
    """
    faults: dict[str, str] = {}
    unknown = set(changes.terms) - set(TERMS_FIELDS)
    for name in unknown:
        faults[name] = _("This cannot be changed with the plan.")
    if changes.promised_date and (fault := promise_fault(order, changes.promised_date, now)):
        faults["promised_date"] = fault
    if draft.lc_latest_shipment and draft.lc_expiry and draft.lc_expiry < draft.lc_latest_shipment:
        faults["lc_expiry"] = _("The letter of credit expires before its latest shipment date.")
    if changes.template and (order.template is None or changes.template.code != order.template.code):
        faults["template"] = _("The order can move to another version of its own process only.")
    known = {m.pk: m for m in order.milestones.filter(pk__in=changes.expected)}
    for pk, at in changes.expected.items():
        milestone = known.get(pk)
        if milestone is None or not milestone.is_open:
            faults[f"expected.{pk}"] = _("This step is not open in this order.")
        elif at and at < now:
            faults[f"expected.{pk}"] = _("“%(step)s”: an expected date lies in the future.") % {"step": milestone.name}
    if faults:
        raise BadPlanChange(" ".join(faults.values()), fields=faults)


def promise_fault(order: Order, promised: date, now: datetime) -> str:
    """Why `promised` can be no promise: it lies before the order, or in the past; empty if it can."""
    zone = flow.business_zone()
    if order.ordered_at and promised < order.ordered_at.astimezone(zone).date():
        return _("The promised date lies before the order date.")
    if promised < now.astimezone(zone).date():
        return _("The promised date lies in the past.")
    return ""


def _rows(order: Order, milestones: Sequence[Milestone], nodes: Mapping[str, Node], calendars: Calendars) -> Rows:
    there = {m.key for m in milestones}
    roles = {node.spec.role for key, node in nodes.items() if key not in there}
    roles |= {nodes[m.key].spec.role for m in milestones if m.key in nodes and nodes[m.key].spec.role != m.role}
    owners = owner_ids(order, roles) if roles else {}
    rows = rows_for(order, milestones, nodes, calendars, owners)
    for milestone in rows.new:
        milestone.order = order
    return rows


def _with_targets(
    basis: Basis,
    order: Order,
    sailings: Sequence[Any],
    promised: date | None,
    calendars: Calendars,
    rows: Rows,
) -> Basis:
    nodes = nodes_of(basis.shape)
    bare = inputs_of(rows.planned, basis, ())
    office = calendars.by_kind["office"].schedule(basis.calendars[calendars.by_kind["office"].pk])
    steps = plan_steps(nodes, bare.calendars)
    dates = dates_of(order, sailings, promised)
    targets = targets_of(dates, specs_of(basis.shape.template, basis.shape.terms), nodes, steps, bare.schedules, office)
    return replace(basis, anchors=targets.anchors, limits=targets.limits)


def _kept(milestones: Iterable[Milestone], planned: Plan, basis: Basis, now: datetime) -> dict[str, datetime]:
    """Late steps of which nothing is known but that they are late keep their due instants: late stays late."""
    return {
        m.key: m.due_at
        for m in milestones
        if m.is_open
        and m.due_at
        and m.due_at < now
        and m.key in planned.steps
        and planned[m.key].binding.kind == "now"
        and m.key not in basis.expected
    }


def _moves(rows: Rows, planned: Plan, old: Mapping[int, tuple[datetime | None, int | None]]) -> list[Move]:
    moves = []
    new = {id(m) for m in rows.new}
    for milestone in rows.planned:
        step = planned.steps.get(milestone.key)
        if step is None or not milestone.is_open:
            continue
        was, float_was = old.get(id(milestone), (None, None))
        if id(milestone) in new or was != milestone.due_at:
            kind = StepChange.ADDED if id(milestone) in new or was is None else StepChange.MOVED
            moves.append(Move(milestone, kind, was, milestone.due_at, float_was, milestone.float_minutes, step.binding))
    moves += [Move(m, StepChange.REMOVED, m.due_at, None, m.float_minutes, None, None) for m in rows.dropped]
    return moves


def _notes(before: Basis | None, after: Basis) -> list[str]:
    """In words, the rules of the terms that begin or cease to hold."""
    if before is None or (before.shape.terms == after.shape.terms and before.shape.template == after.shape.template):
        return []
    old, new = rules_of(before.shape), rules_of(after.shape)
    ended = [_("no longer: %(condition)s") % {"condition": n.condition} for rule, n in old.items() if rule not in new]
    return ended + [str(note.condition) for rule, note in new.items() if rule not in old]


def rules_of(shape: Shape) -> dict[str, OverlayNote]:
    """The rules of the terms that change the template, by their codes."""
    specs = [spec for _pk, spec in steps_of(shape.template)]
    return {note.rule: note for note in overlay_notes(specs, shape.terms)}
