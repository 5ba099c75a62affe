"""Operations on orders that are made of parts, different for each order: the edits of a sheet, of a message."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.utils.translation import gettext as _

from orders.models import ActItem, BulkAct, Order, Shipment
from orders.models.events import EventKind
from orders.services import flow
from orders.services import orders as services
from orders.services import shipments as shipment_services
from orders.services.acts.cargo import MoveShipments, ShipmentOperation
from orders.services.acts.operation import Operation, refuse_if_changed
from orders.services.acts.orders import EditOrders, MovePromises, OrderOperation
from orders.services.acts.steps import AssignSteps, CompleteSteps, PauseSteps, ResumeSteps
from orders.workflow import SHIPMENT_INSTANTS
from teams.access import require
from teams.errors import DomainError
from teams.models import User
from teams.permissions import Permission
from teams.versioning import json_value

Undo = tuple[dict[str, Any], dict[str, Any]]


class WishLines(OrderOperation):
    """`requested`: line id to the customer's date; `reason`."""

    code = "wish"
    permission = Permission.ORDER_EDIT

    def do(self, target: Order, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        lines = {str(line.pk): line.requested_date for line in target.lines.filter(pk__in=values["requested"])}
        for pk, day in values["requested"].items():
            services.change_line(line_id=pk, requested_date=day, reason=values["reason"], by=by, now=now)
        before = {pk: day.isoformat() if day else None for pk, day in lines.items()}
        return {"lines": before}, {"lines": {str(pk): day.isoformat() for pk, day in values["requested"].items()}}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        order = flow.lock_order(item.target_id)
        for pk, day in item.before["lines"].items():
            line = order.lines.get(pk=int(pk))
            refuse_if_changed(str(line.requested_date) != item.after["lines"][pk])
            if day is not None:
                wish = date.fromisoformat(day)
                services.change_line(line_id=line.pk, requested_date=wish, reason=_("Undone"), by=by, now=now)
                continue
            data = {"line": line.position, "fields": {"requested_date": [str(line.requested_date), ""]}}
            line.requested_date = None
            line.save(update_fields=["requested_date"])
            flow.record(order, EventKind.EDITED, by=by, now=now, reason=_("Undone"), data=data)


class CutLines(OrderOperation):
    """`cancelled`: line id to how much of it is no longer wanted; `reason`."""

    code = "cut"
    permission = Permission.ORDER_EDIT

    def do(self, target: Order, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        lines = {str(line.pk): str(line.cancelled_quantity) for line in target.lines.filter(pk__in=values["cancelled"])}
        after = {}
        for pk, quantity in values["cancelled"].items():
            line = services.change_line(
                line_id=pk, cancelled_quantity=quantity, reason=values["reason"], by=by, now=now
            )
            after[str(pk)] = str(line.cancelled_quantity)
        return {"lines": lines}, {"lines": after}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        order = flow.lock_order(item.target_id)
        for pk, quantity in item.before["lines"].items():
            line = order.lines.get(pk=int(pk))
            refuse_if_changed(line.cancelled_quantity != Decimal(item.after["lines"][pk]))
            services.change_line(
                line_id=line.pk, cancelled_quantity=Decimal(quantity), reason=_("Undone"), by=by, now=now
            )


class EditShipments(ShipmentOperation):
    """Fields of a shipment: dates, numbers."""

    code = "ship-edit"
    permission = Permission.SHIPMENT_EDIT

    def do(self, target: Shipment, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        before = {name: json_value(getattr(target, name)) for name in values}
        had_etd = target.etd_original is not None
        after = shipment_services.edit_shipment(
            shipment_id=target.pk, values=values, lines=None, seen_version=None, by=by, now=now
        )
        return {"fields": before, "had_etd": had_etd}, {name: json_value(getattr(after, name)) for name in values}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        shipment = Shipment.objects.get(pk=item.target_id)
        refuse_if_changed(any(json_value(getattr(shipment, name)) != value for name, value in item.after.items()))
        former = {
            name: Shipment._meta.get_field(name).to_python(value)  # type: ignore[union-attr]  # columns
            for name, value in item.before["fields"].items()
        }
        shipment_services.edit_shipment(
            shipment_id=shipment.pk, values=former, lines=None, seen_version=None, by=by, now=now
        )
        if not item.before["had_etd"]:
            Shipment.objects.filter(pk=shipment.pk).update(etd_original=None)


PARTS: dict[str, Operation] = {
    operation.code: operation
    for operation in (
        *(EditOrders(), MovePromises(), WishLines(), CutLines()),
        *(CompleteSteps(), AssignSteps(), PauseSteps(), ResumeSteps()),
        *(EditShipments(), *(MoveShipments(move) for move in SHIPMENT_INSTANTS)),
    )
}
Part = tuple[str, int, Mapping[str, Any]]  # code in PARTS, target id, values


class TakeParts(OrderOperation):
    """`parts` of an order, done one after the other: (code in PARTS, target id, values). Undone as one, last first.

    What may be done is asked of each part, so the right to edit is not needed to complete a step.
    """

    permission = Permission.MILESTONE_COMPLETE
    is_offered = False

    def __init__(self, code: str) -> None:
        self.code = code

    def allow(self, user: User, target: Order) -> None:
        """Each part asks for its own."""

    def do(self, target: Order, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        before, after = [], []
        for code, target_id, said in values["parts"]:
            operation = PARTS[code]
            record: Any = operation.targets(by).get(pk=target_id)
            operation.allow(by, record)
            was, has_become = operation.do(record, said, by=by, now=now)
            before.append({"code": code, "target": target_id, "values": was})
            after.append(has_become)
        return {"parts": before}, {"parts": after}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        for was, has_become in reversed(list(zip(item.before["parts"], item.after["parts"], strict=True))):
            operation = PARTS[was["code"]]
            require(by, operation.permission, team_id=self.team_of(item.target_id) or 0)
            part = ActItem(target_id=was["target"], before=was["values"], after=has_become)
            operation.undo(part, by=by, now=now)


def take_parts(
    code: str,
    by_order: Mapping[int, Sequence[Part]],
    *,
    said: Mapping[str, str],
    by: User,
    now: datetime,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[BulkAct, dict[int, str]]:
    """Do the parts of each order as one act; returns it, and what orders refused. Who wants all or none rolls back.

    `said` is kept with the act. Orders are locked one after another by their ids (C30).
    """
    operation = TakeParts(code)
    act = BulkAct.objects.create(operation=code, values=dict(said), by=by, at=now, finished_at=now)
    refused: dict[int, str] = {}
    for count, order_id in enumerate(sorted(by_order)):
        told(count, len(by_order))
        try:
            with transaction.atomic():
                order = Order.objects.visible_to(by).get(pk=order_id)
                before, after = operation.do(order, {"parts": by_order[order_id]}, by=by, now=now)
                ActItem.objects.create(
                    act=act,
                    target_id=order.pk,
                    label=order.number,
                    state=ActItem.State.DONE,
                    before=before,
                    after=after,
                )
        except DomainError as refusal:
            refused[order_id] = str(refusal)
        except ObjectDoesNotExist:
            refused[order_id] = _("There is no such record any more, or you do not see it.")
    told(len(by_order), len(by_order))
    return act, refused
