"""The milestones that a network asks for, against those that an order has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orders.calendars import Calendars
from orders.models import Milestone, Order
from orders.network import Node, step_key
from orders.process import steps_of
from orders.workflow import MilestoneStatus

_WRITTEN = (
    *("shipment_id", "step_id", "position", "name_zh", "name_en", "stage", "role", "assignee_id", "calendar_id"),
    *("flags", "required_documents", "status", "closed_at", "recorded_at", "closed_by_id"),
)
WRITTEN_FIELDS = tuple(name.removesuffix("_id") for name in _WRITTEN)


@dataclass
class Rows:
    """An order's milestones as a plan wants them; nothing is saved.

    `new` are not in the database yet, `dropped` are open ones that the plan has no use for, `changed` were in it and
    differ now.
    """

    kept: list[Milestone] = field(default_factory=list)
    new: list[Milestone] = field(default_factory=list)
    dropped: list[Milestone] = field(default_factory=list)
    changed: list[Milestone] = field(default_factory=list)

    @property
    def planned(self) -> list[Milestone]:
        return [*self.kept, *self.new]


def rows_for(
    order: Order,
    milestones: Sequence[Milestone],
    nodes: Mapping[str, Node],
    calendars: Calendars,
    owners: Mapping[str, int | None],
) -> Rows:
    """Bring `milestones` in line with `nodes`, in memory.

    Steps that begin to stand once per shipment are at first those of the first shipment. A step that was dropped and is
    wanted again is taken up as it was.
    """
    step_ids = {spec.code: pk for pk, spec in steps_of(order.template_id)} if order.template_id else {}
    by_key = _moved_to_their_shipment(milestones, nodes)
    rows = Rows()
    for position, (key, node) in enumerate(nodes.items(), start=1):
        milestone = by_key.pop(key, None)
        before = None if milestone is None else [getattr(milestone, name) for name in _WRITTEN]
        was_shipment = milestone.__dict__.pop("_was_shipment", None) if milestone else None
        if milestone is None:
            milestone = Milestone(order=order, code=node.spec.code, shipment_id=node.shipment_id)
        _fill(milestone, node, position, step_ids.get(node.spec.code), calendars, owners)
        if before is None:
            rows.new.append(milestone)
            continue
        rows.kept.append(milestone)
        if before != [getattr(milestone, name) for name in _WRITTEN] or was_shipment is not None:
            rows.changed.append(milestone)
    for milestone in by_key.values():
        (rows.dropped if milestone.is_open else rows.kept).append(milestone)
    return rows


def _moved_to_their_shipment(milestones: Sequence[Milestone], nodes: Mapping[str, Node]) -> dict[str, Milestone]:
    by_key = {milestone.key: milestone for milestone in milestones}
    for key, node in nodes.items():
        if key in by_key:
            continue
        scopes = [None] if node.shipment_id is not None else _shipments_of(node.spec.code, by_key)
        found = next((step_key(node.spec.code, s) for s in scopes if step_key(node.spec.code, s) in by_key), None)
        if found is not None and found not in nodes:
            milestone = by_key.pop(found)
            milestone.__dict__["_was_shipment"] = milestone.shipment_id or 0
            milestone.shipment_id = node.shipment_id
            by_key[key] = milestone
    return by_key


def _shipments_of(code: str, by_key: Mapping[str, Milestone]) -> list[int | None]:
    return sorted((m.shipment_id for m in by_key.values() if m.code == code and m.shipment_id), key=lambda pk: pk or 0)


def _fill(
    milestone: Milestone,
    node: Node,
    position: int,
    step_id: int | None,
    calendars: Calendars,
    owners: Mapping[str, int | None],
) -> None:
    spec = node.spec
    if milestone.status == MilestoneStatus.CANCELLED:
        # No move of the workflow: the plan had dropped the step, and takes it back as if it had not.
        milestone.status = MilestoneStatus.PENDING
        milestone.closed_at = milestone.recorded_at = milestone.closed_by = None
    if not milestone.is_open:
        milestone.position = position
        return
    if milestone.pk is None or milestone.role != spec.role:
        milestone.assignee_id = owners[spec.role]
    milestone.step_id, milestone.position = step_id, position
    milestone.name_zh, milestone.name_en = spec.name_zh, spec.name_en
    milestone.stage, milestone.role, milestone.flags = spec.stage, spec.role, spec.flags
    milestone.required_documents = spec.required_documents
    milestone.calendar = calendars.of(spec)
