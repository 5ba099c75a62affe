"""Re-planning: what a change would move, and the changes that an order's plan has had."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from orders.basis import Shape
from orders.grammar import StepSpec, parse_span
from orders.models import Milestone, Order, PlanChange, Shipment
from orders.models.templates import in_language
from orders.network import Node
from orders.overlays import OverlayNote
from orders.pages.plan import LivePlan, ShortfallView, name_of, shortfalls_of
from orders.plan_words import binding_words, exact_float
from orders.planning import Constraint, clock_for
from orders.process import steps_of
from orders.schedule import specs_of
from orders.services.plans.applying import NOT_UNDONE
from orders.services.plans.proposing import Move, Proposal, rules_of
from orders.workflow import ShipmentStatus
from teams.models import User

SHOWN_CHANGES = 20


@dataclass(frozen=True)
class MoveRow:
    """One step of a preview: from `old` to `new`."""

    kind: str
    name: str
    old: datetime | None
    new: datetime | None
    float_before: str
    float_after: str
    is_short: bool
    binding: str
    person: str


@dataclass(frozen=True)
class Preview:
    """What a change would do; `people` are those whose steps move, with how many.

    `sailings`: if nothing moves, the shipments with an ETD, from which the dates hang rather than from the promise.
    """

    moved: list[MoveRow]
    added: list[MoveRow]
    removed: list[MoveRow]
    people: list[tuple[str, int]]
    notes: list["TermsNote"]
    shortfalls: list[ShortfallView]
    sailings: list[str]

    @property
    def count(self) -> int:
        return len(self.moved) + len(self.added) + len(self.removed)

    @property
    def parts(self) -> list[tuple[str, list[MoveRow]]]:
        return by_kind([*self.moved, *self.added, *self.removed])


def by_kind(rows: Sequence[MoveRow]) -> list[tuple[str, list[MoveRow]]]:
    """What moves, what is added, what is removed; parts without rows are left out."""
    parts = [(kind, [row for row in rows if row.kind == kind]) for kind in ("moved", "added", "removed")]
    return [(kind, own) for kind, own in parts if own]


@dataclass(frozen=True)
class TermsNote:
    """What one rule of the terms does that did not hold before, or no longer does, in names of steps."""

    condition: str
    added: list[str]
    removed: list[str]


def preview_of(proposal: Proposal, live: LivePlan | None = None) -> Preview:
    """The proposal in words, its floats against those of today's plan (`live`); two queries."""
    shipments = shipment_numbers(proposal.rows.planned)
    milestones = {m.key: m for m in proposal.rows.planned}
    ids = {m.assignee_id for m in (move.milestone for move in proposal.moves) if m.assignee_id}
    people = {person.pk: str(person) for person in User.objects.filter(pk__in=ids)}
    rows = [_move_row(move, proposal.nodes, milestones, shipments, people, live) for move in proposal.moves]
    counts: dict[str, int] = {}
    for row in rows:
        if row.person:
            counts[row.person] = counts.get(row.person, 0) + 1
    return Preview(
        moved=[row for row in rows if row.kind == "moved"],
        added=[row for row in rows if row.kind == "added"],
        removed=[row for row in rows if row.kind == "removed"],
        people=sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])),
        notes=_terms_notes(proposal),
        shortfalls=shortfalls_of(proposal.plan, proposal.nodes, milestones, shipments),
        sailings=_sailings(proposal),
    )


def _sailings(proposal: Proposal) -> list[str]:
    if proposal.moves:
        return []
    sailing = Shipment.objects.filter(lines__order_line__order=proposal.order, etd__isnull=False)
    sailing = sailing.exclude(status=ShipmentStatus.CANCELLED)
    return list(sailing.distinct().order_by("number").values_list("number", flat=True))


def _move_row(
    move: Move,
    nodes: Mapping[str, Node],
    milestones: Mapping[str, Milestone],
    shipments: Mapping[int, str],
    people: Mapping[int, str],
    live: LivePlan | None,
) -> MoveRow:
    milestone = move.milestone
    today = live.plan.steps.get(milestone.key) if live else None
    before = move.float_before
    if today and today.float is not None:
        before = int(today.float.total_seconds() // 60)
    length = clock_for(milestone.calendar.schedule()).day_length
    name = name_of(milestone.key, nodes, {**milestones, milestone.key: milestone}, shipments)
    return MoveRow(
        move.kind,
        name,
        move.old,
        move.new,
        exact_float(before if move.old else None, length),
        exact_float(move.float_after, length),
        is_short=(move.float_after or 0) < 0,
        binding=_bound(move.binding, nodes, milestones, shipments),
        person=people.get(milestone.assignee_id or 0, ""),
    )


def _terms_notes(proposal: Proposal) -> list[TermsNote]:
    """The rules that begin or cease to hold with the change."""
    before, after = proposal.before, proposal.basis
    if before is None or (before.shape.terms, before.shape.template) == (after.shape.terms, after.shape.template):
        return []
    old, new = rules_of(before.shape), rules_of(after.shape)
    names = {spec.code: in_language(spec.name_zh, spec.name_en) for spec in _all_specs(before.shape, after.shape)}
    # Steps that are done stay, whatever the terms say of them.
    moved = {
        kind: {move.milestone.code for move in proposal.moves if move.kind == kind} for kind in ("added", "removed")
    }

    def said(note: OverlayNote, *, is_ending: bool) -> TermsNote:
        codes = [*note.added, *note.removed, *(code for pair in note.replaced for code in pair)]
        condition = _("no longer: %(condition)s") if is_ending else "%(condition)s"
        parts = ([names[c] for c in codes if c in names and c in moved[kind]] for kind in ("added", "removed"))
        return TermsNote(condition % {"condition": note.condition}, *parts)

    ended = [said(note, is_ending=True) for rule, note in old.items() if rule not in new]
    return ended + [said(note, is_ending=False) for rule, note in new.items() if rule not in old]


def _all_specs(*shapes: Shape) -> Iterable[StepSpec]:
    for shape in shapes:
        yield from (spec for _pk, spec in steps_of(shape.template))
        yield from specs_of(shape.template, shape.terms)


def _bound(
    binding: Constraint | None,
    nodes: Mapping[str, Node],
    milestones: Mapping[str, Milestone],
    shipments: Mapping[int, str],
) -> str:
    return binding_words(binding, lambda key: name_of(key, nodes, milestones, shipments)) if binding else ""


def shipment_numbers(milestones: Sequence[Milestone]) -> dict[int, str]:
    """The numbers of the shipments with steps of their own; one query, none where there are none."""
    ids = {m.shipment_id for m in milestones if m.shipment_id}
    return dict(Shipment.objects.filter(pk__in=ids).values_list("pk", "number")) if ids else {}


@dataclass(frozen=True)
class ChangeView:
    """A change that the plan has had; `may_undo` is set on the last one."""

    change: PlanChange
    moves: list[MoveRow] = field(default_factory=list)
    may_undo: bool = False

    @property
    def parts(self) -> list[tuple[str, list[MoveRow]]]:
        return by_kind(self.moves)


def changes_of(order: Order) -> list[ChangeView]:
    """The changes of the order's plan, newest first; one query."""
    rows = PlanChange.objects.filter(order=order).select_related("by").order_by("-pk")[:SHOWN_CHANGES]
    return [ChangeView(change, [_stored(move) for move in change.moves], is_undoable(order, change)) for change in rows]


def is_undoable(order: Order, change: PlanChange) -> bool:
    """The plan in force can be undone where it took the place of another one."""
    return (
        order.is_open and change.pk == order.plan_id and change.before_id is not None and change.cause not in NOT_UNDONE
    )


def _stored(values: Mapping[str, Any]) -> MoveRow:
    return MoveRow(
        values["kind"],
        capfirst(in_language(values["name_zh"], values["name_en"])),
        _instant(values["old"]),
        _instant(values["new"]),
        "",
        "",
        is_short=(values.get("float_after") or 0) < 0,
        binding=_stored_binding(values.get("binding")),
        person="",
    )


def _stored_binding(values: Mapping[str, Any] | None) -> str:
    """Without the network of that day the other step is told by its key; constraints that name none are told whole."""
    if not values or values["step"]:
        return ""
    lag = parse_span(values["lag"]) if values["lag"] else None
    return binding_words(Constraint(values["kind"], datetime.fromisoformat(values["at"]), "", lag, values["name"]), str)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
