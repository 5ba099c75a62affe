"""Hold, resume, cancel and close."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.models import ClockPause, Order, ProcessTemplate, Shipment
from orders.models.events import EventKind
from orders.services import flow
from orders.services.milestones import complete_with_order
from orders.services.orders.lines import NotReady
from orders.workflow import MilestoneStatus, OrderStatus, ShipmentStatus
from teams.models import User
from teams.notifications import outbox


@transaction.atomic
def hold_order(*, order_id: int, side: str, reason: str, by: User, now: datetime) -> Order:
    """Put an order on hold: the clocks of its open milestones pause on `side` until it is resumed.

    Raises:
        TransitionNotAllowed, ReasonMissing.
    """
    order = flow.lock_order(order_id)
    workflow.check_transition(workflow.ORDER_MOVES, order.status, OrderStatus.ON_HOLD, labels=OrderStatus)
    reason = flow.require_reason(reason)
    old, order.status = order.status, OrderStatus.ON_HOLD
    order.save(update_fields=["status"])
    flow.record(order, EventKind.HELD, by=by, now=now, old=old, new=order.status, reason=reason, side=side)
    ClockPause.objects.bulk_create(
        ClockPause(milestone=m, side=side, reason=reason[:300], from_at=now, is_hold=True, by=by)
        for m in order.milestones.open()
    )
    flow.refresh(order, now=now)
    return order


@transaction.atomic
def resume_order(*, order_id: int, by: User, now: datetime, reason: str = "") -> Order:
    """Take up an order again: its clocks run on, due instants move by the hold.

    Raises:
        TransitionNotAllowed: it is not on hold.
    """
    order = flow.lock_order(order_id)
    if order.status != OrderStatus.ON_HOLD:
        workflow.check_transition({order.status: frozenset()}, order.status, OrderStatus.CONFIRMED, labels=OrderStatus)
    order.status = OrderStatus.CONFIRMED
    order.save(update_fields=["status"])
    flow.record(order, EventKind.RESUMED, by=by, now=now, old=OrderStatus.ON_HOLD, new=order.status, reason=reason)
    ClockPause.objects.running().filter(milestone__order=order, is_hold=True).end(now)
    flow.refresh_fulfilment(order, by=by, now=now)
    flow.refresh(order, now=now)
    return order


@transaction.atomic
def cancel_order(*, order_id: int, side: str, reason: str, by: User, now: datetime) -> Order:
    """Cancel an order: its open milestones end, nothing more is sent about it.

    Raises:
        TransitionNotAllowed: goods have been shipped, or it is closed.
        ReasonMissing.
    """
    order = flow.lock_order(order_id)
    workflow.check_transition(workflow.ORDER_MOVES, order.status, OrderStatus.CANCELLED, labels=OrderStatus)
    reason = flow.require_reason(reason)
    _drop_planned_shipments(order, by=by, now=now)
    old, order.status, order.cancelled_at, order.cancelled_side = order.status, OrderStatus.CANCELLED, now, side
    order.save(update_fields=["status", "cancelled_at", "cancelled_side"])
    flow.record(order, EventKind.CANCELLED, by=by, now=now, old=old, new=order.status, reason=reason, side=side)
    ClockPause.objects.running().filter(milestone__order=order).end(now)
    order.milestones.open().update(
        status=MilestoneStatus.CANCELLED, closed_at=now, recorded_at=now, closed_by=by, next_reminder_at=None
    )
    outbox.cancel(subjects=[m.subject for m in order.milestones.all()], reason="order_cancelled")
    flow.refresh(order, now=now)
    return order


def _drop_planned_shipments(order: Order, *, by: User, now: datetime) -> None:
    """The order's goods leave shipments that are not loaded; a shipment left empty is cancelled.

    Raises:
        TransitionNotAllowed: some goods are on their way.
    """
    shipments = Shipment.objects.filter(lines__order_line__order=order).distinct().order_by("pk")
    for shipment in Shipment.objects.select_for_update().filter(pk__in=shipments.values("pk")).order_by("pk"):
        if shipment.status == ShipmentStatus.CANCELLED:
            continue
        if ShipmentStatus.CANCELLED not in workflow.SHIPMENT_MOVES[shipment.status]:
            raise workflow.TransitionNotAllowed(
                _("Shipment %(number)s is on its way; cancel the open quantity of the lines instead.")
                % {"number": shipment.number}
            )
        shipment.lines.filter(order_line__order=order).delete()
        if not shipment.lines.exists():
            old, shipment.status = shipment.status, ShipmentStatus.CANCELLED
            shipment.save(update_fields=["status"])
            flow.record(order, EventKind.MOVED, by=by, now=now, shipment=shipment, old=old, new=shipment.status)


@transaction.atomic
def close_order(*, order_id: int, by: User, now: datetime, reason: str = "") -> Order:
    """Close a delivered order whose file is complete. Closing ends every clock (lesson F11).

    An inquiry or a claim ships nothing, so it closes as soon as its steps are done.

    Raises:
        TransitionNotAllowed: it is not delivered.
        NotReady: steps are still open; skip or complete them first.
        EvidenceMissing: the closing step requires a document that is not there.
    """
    order = flow.lock_order(order_id)
    ships = order.template is None or order.template.kind == ProcessTemplate.Kind.ORDER
    moves = workflow.ORDER_MOVES if ships else workflow.MOVES_WITHOUT_CARGO
    workflow.check_transition(moves, order.status, OrderStatus.CLOSED, labels=OrderStatus)
    left = [m.name for m in order.milestones.open().order_by("position") if m.code != "CLOSED"]
    if left:
        message = _("%(count)s steps are still open: %(names)s") % {"count": len(left), "names": flow.listed(left[:5])}
        raise NotReady(message, fields={"milestones": message})
    old, order.status, order.closed_at = order.status, OrderStatus.CLOSED, now
    order.save(update_fields=["status", "closed_at"])
    complete_with_order(order, by=by, now=now)
    flow.record(order, EventKind.CLOSED, by=by, now=now, old=old, new=order.status, reason=reason)
    flow.refresh(order, now=now)
    return order
