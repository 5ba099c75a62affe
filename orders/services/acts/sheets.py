"""Operation on orders: the edits of a sheet, different for each order, as one act."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from orders.models import ActItem, Order
from orders.models.events import EventKind
from orders.services import flow
from orders.services import orders as services
from orders.services.acts.operation import Operation, refuse_if_changed
from orders.services.acts.orders import EditOrders, MovePromises, OrderOperation
from orders.services.acts.steps import AssignSteps, CompleteSteps, PauseSteps, ResumeSteps
from teams.access import require
from teams.models import User
from teams.permissions import Permission

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


PARTS: dict[str, Operation] = {
    operation.code: operation
    for operation in (
        *(EditOrders(), MovePromises(), WishLines()),
        *(CompleteSteps(), AssignSteps(), PauseSteps(), ResumeSteps()),
    )
}


class TakeSheet(OrderOperation):
    """`parts` of an order, done one after the other: (code in PARTS, target id, values). Undone as one, last first.

    What may be done is asked of each part, so the right to edit is not needed to complete a step.
    """

    code = "sheet"
    permission = Permission.MILESTONE_COMPLETE
    is_offered = False

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
