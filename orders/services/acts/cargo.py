"""Operations on shipments: the moves of cargo, for many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from orders.cutoffs import CUTOFFS
from orders.models import ActItem, Milestone, Order, Shipment, ShipmentLine
from orders.services import plans
from orders.services import shipments as services
from orders.services.acts.operation import NotUndoable, Operation, refuse_if_changed
from orders.workflow import BEFORE_DEPARTURE
from teams.access import require
from teams.models import User
from teams.permissions import Permission
from teams.versioning import json_value

Undo = tuple[dict[str, Any], dict[str, Any]]


class ShipmentOperation(Operation):
    permission = Permission.SHIPMENT_MOVE

    def targets(self, user: User) -> QuerySet[Shipment]:
        return Shipment.objects.visible_to(user)

    def orders_of(self, targets: Iterable[Shipment]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        aboard = ShipmentLine.objects.filter(shipment__in=list(targets)).order_by("shipment_id", "order_line__order_id")
        for shipment_id, order_id in aboard.values_list("shipment_id", "order_line__order_id").distinct():
            found[shipment_id].append(order_id)
        return found

    def label(self, target: Shipment) -> str:
        return target.number

    def team_of(self, target_id: int) -> int | None:
        return Shipment.objects.filter(pk=target_id).values_list("team_id", flat=True).first()

    def allow(self, user: User, target: Shipment) -> None:
        require(user, self.permission, team_id=target.team_id)


class MoveShipments(ShipmentOperation):
    """`at`: when it truly happened, empty for now. Taken back while the cargo has not moved on."""

    def __init__(self, to: str) -> None:
        self.code = f"ship-{to}"
        self.to = to

    def do(self, target: Shipment, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        open_before = _open_steps(target.pk)
        etd = target.etd_original
        services.move_shipment(shipment_id=target.pk, to=self.to, at=values.get("at"), by=by, now=now)
        closed = sorted(open_before - _open_steps(target.pk))
        return {"has_first_etd": etd is not None}, {"steps": closed}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        shipment = Shipment.objects.get(pk=item.target_id)
        refuse_if_changed(shipment.status != self.to)
        services.take_back_move(shipment_id=shipment.pk, step_ids=item.after["steps"], by=by, now=now)
        if not item.before["has_first_etd"]:
            Shipment.objects.filter(pk=shipment.pk).update(etd_original=None)


def _open_steps(shipment_id: int) -> set[int]:
    """The open steps of the orders aboard."""
    aboard = ShipmentLine.objects.filter(shipment=shipment_id).values("order_line__order")
    return set(Milestone.objects.open().filter(order__in=aboard).values_list("pk", flat=True))


CUTOFF_FIELDS = tuple(cutoff.field for cutoff in CUTOFFS)


class RollOver(ShipmentOperation):
    """The next sailing: `etd`, and `eta`, `vessel`, `voyage`, cut-offs where they are named; `reason`, `side`.

    What is not named of arrival and cut-offs moves by as many days as the departure (`keeps_distance`). The plans of
    the orders aboard follow in the same act: one change set for each order, one message for each person.
    """

    code = "ship-roll"

    def do(self, target: Shipment, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        if target.status not in BEFORE_DEPARTURE:
            raise NotUndoable(_("The cargo has departed; it cannot be rolled over."))
        fields = _next_sailing(target, values)
        before = {name: json_value(getattr(target, name)) for name in fields}
        seen = {"etd_original": json_value(target.etd_original)}
        services.edit_shipment(shipment_id=target.pk, values=fields, lines=None, seen_version=None, by=by, now=now)
        plans_made: dict[str, int] = {}
        for order in Order.objects.filter(lines__shipment_lines__shipment=target).distinct().order_by("pk"):
            if order.plan_id is None or not order.is_open:
                continue
            change = plans.apply_changes(
                order_id=order.pk, changes=plans.Changes(), by=by, now=now, reason=values["reason"], side=values["side"]
            )
            if change is not None:
                plans_made[str(order.pk)] = change.pk
        after = {"fields": {name: json_value(value) for name, value in fields.items()}, "plans": plans_made}
        return {"fields": before, **seen}, after

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        shipment = Shipment.objects.get(pk=item.target_id)
        current = {name: json_value(getattr(shipment, name)) for name in item.after["fields"]}
        refuse_if_changed(current != item.after["fields"] or shipment.status not in BEFORE_DEPARTURE)
        former = {name: _field(name).to_python(value) for name, value in item.before["fields"].items()}
        services.edit_shipment(shipment_id=shipment.pk, values=former, lines=None, seen_version=None, by=by, now=now)
        if item.before["etd_original"] is None:
            Shipment.objects.filter(pk=shipment.pk).update(etd_original=None)
        for order_id, change_id in item.after["plans"].items():
            plans.undo_change(order_id=int(order_id), change_id=change_id, by=by, now=now)


def _next_sailing(shipment: Shipment, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that change; what was known before and is not named now keeps its distance to the departure."""
    named = ("etd", "eta", "vessel", "voyage", *CUTOFF_FIELDS)
    fields = {name: values[name] for name in named if values.get(name) not in (None, "")}
    if shipment.etd and values.get("keeps_distance", True):
        shift = values["etd"] - shipment.etd
        for name in ("eta", *CUTOFF_FIELDS):
            known = getattr(shipment, name)
            if known is not None and name not in fields:
                fields[name] = known + shift
    return {name: value for name, value in fields.items() if getattr(shipment, name) != value}


def _field(name: str) -> Any:
    return Shipment._meta.get_field(name)
