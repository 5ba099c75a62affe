"""Operations on orders: fields, promises, status."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from orders.models import ActItem, ClockPause, Milestone, Order
from orders.services import flow
from orders.services import milestones as step_services
from orders.services import orders as services
from orders.services.acts.operation import NotUndoable, Operation, refuse_if_changed
from teams.access import require
from teams.models import User
from teams.permissions import Permission
from teams.versioning import json_value

Undo = tuple[dict[str, Any], dict[str, Any]]


class OrderOperation(Operation):
    def targets(self, user: User) -> QuerySet[Order]:
        return Order.objects.visible_to(user).select_related("team", "clerk", "sales_rep", "logistics_owner")

    def orders_of(self, targets: Iterable[Order]) -> dict[int, list[int]]:
        return {target.pk: [target.pk] for target in targets}

    def label(self, target: Order) -> str:
        return target.number

    def team_of(self, target_id: int) -> int | None:
        return Order.objects.filter(pk=target_id).values_list("team_id", flat=True).first()

    def allow(self, user: User, target: Order) -> None:
        require(user, self.permission, team_id=target.team_id)


class EditOrders(OrderOperation):
    """Fields of the order: people, priority, note … Open steps go along with the person whose they were."""

    code = "edit"
    permission = Permission.ORDER_EDIT

    def do(self, target: Order, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        carried = _assignees(target)
        before = {name: _plain(target, name) for name in values}
        order = services.edit_order(order_id=target.pk, values=values, seen_version=None, by=by, now=now)
        after = {name: _plain(order, name) for name in values}
        now_carried = _assignees(target)
        moved = {str(pk): who for pk, who in carried.items() if now_carried.get(pk) != who}
        return {"fields": before, "assignees": moved}, {
            "fields": after,
            "assignees": {pk: now_carried.get(int(pk)) for pk in moved},
        }

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        order = flow.lock_order(item.target_id)
        refuse_if_changed(any(_plain(order, name) != value for name, value in item.after["fields"].items()))
        changed = {
            name: value for name, value in item.before["fields"].items() if value != item.after["fields"].get(name)
        }
        services.edit_order(order_id=order.pk, values=_rows(changed), seen_version=None, by=by, now=now)
        for pk, who in item.before["assignees"].items():
            milestone = Milestone.objects.open().filter(pk=int(pk)).first()
            if milestone and milestone.assignee_id != who:
                step_services.give_back(milestone_id=milestone.pk, assignee_id=who, by=by, now=now)


class MovePromises(OrderOperation):
    """`new_date`, `side`, `reason`: all lines of the order are promised for another day."""

    code = "promise"
    permission = Permission.PROMISE_CHANGE

    def do(self, target: Order, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        before = _promises(target.pk)
        services.move_promise(order_id=target.pk, by=by, now=now, **values)
        return {"lines": before, "side": values["side"]}, {"lines": _promises(target.pk)}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        flow.lock_order(item.target_id)
        refuse_if_changed(_promises(item.target_id) != item.after["lines"])
        before = {pk: day for pk, day in item.before["lines"].items() if day != item.after["lines"][pk]}
        if None in before.values():
            raise NotUndoable(_("A line had no promise before; it stays as it is."))
        for day in sorted(set(before.values())):
            services.move_promise(
                order_id=item.target_id,
                new_date=date.fromisoformat(day),
                side=item.before["side"],
                reason=_("Undone"),
                line_ids=[int(pk) for pk, own in before.items() if own == day],
                by=by,
                now=now,
            )


_SERVICES: dict[str, tuple[Permission, Callable[..., Order]]] = {
    "confirm": (Permission.ORDER_MOVE, services.confirm_order),
    "hold": (Permission.ORDER_MOVE, services.hold_order),
    "resume": (Permission.ORDER_MOVE, services.resume_order),
    "cancel": (Permission.ORDER_CANCEL, services.cancel_order),
    "close": (Permission.ORDER_MOVE, services.close_order),
}


class MoveOrders(OrderOperation):
    """A move of the order's status. Only holding and resuming can be taken back: the others freeze or end things."""

    def __init__(self, move: str) -> None:
        self.code = f"order-{move}"
        self.move = move
        self.permission, self._service = _SERVICES[move]
        self.is_undoable = move in {"hold", "resume"}

    def do(self, target: Order, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        held = ClockPause.objects.running().filter(milestone__order=target, is_hold=True)
        first = held.first()
        before = {"status": target.status, "side": first.side if first else "", "reason": first.reason if first else ""}
        order = self._service(order_id=target.pk, by=by, now=now, **values)
        return before, {"status": order.status, "pauses": list(held.values_list("pk", flat=True))}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        if not self.is_undoable:
            super().undo(item, by=by, now=now)
        order = flow.lock_order(item.target_id)
        refuse_if_changed(order.status != item.after["status"])
        if self.move == "resume":
            services.hold_order(
                order_id=order.pk, side=item.before["side"], reason=item.before["reason"] or _("Undone"), by=by, now=now
            )
            return
        services.resume_order(order_id=order.pk, reason=_("Undone"), by=by, now=now)
        for pause in ClockPause.objects.filter(pk__in=item.after["pauses"]):
            ClockPause.objects.filter(pk=pause.pk).update(to_at=pause.from_at)  # as if it had never stood
        flow.refresh(order, now=now)


def _plain(order: Order, name: str) -> Any:
    return json_value(getattr(order, name))


def _rows(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values back as what the service takes: rows for keys, dates for their text."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        column: Any = Order._meta.get_field(name)
        if column.is_relation:
            found[name] = None if value is None else column.related_model.objects.get(pk=value)
        else:
            found[name] = column.to_python(value)
    return found


def _assignees(order: Order) -> dict[int, int | None]:
    return dict(order.milestones.open().values_list("pk", "assignee_id"))


def _promises(order_id: int) -> dict[str, str | None]:
    lines = Order.objects.get(pk=order_id).lines.values_list("pk", "promised_date_current")
    return {str(pk): day.isoformat() if day else None for pk, day in lines}
