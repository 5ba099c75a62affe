"""Orders: create, edit, confirm, hold, resume, cancel, close, move a promise."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from customers.models import Company
from orders import workflow
from orders.models import ClockPause, Milestone, Order, OrderLine, PromiseChange, Shipment
from orders.models.events import EventKind
from orders.process import steps_of
from orders.services import flow
from orders.services.owners import owner_ids
from orders.workflow import MilestoneStatus, OrderStatus, ShipmentStatus
from teams.errors import DomainError
from teams.models import User, WorkCalendar
from teams.versioning import change_fields

# Roles whose steps run by the factory's calendar; the others by their team's.
FACTORY_ROLES = frozenset({"planner", "qc"})
FACTORY_CALENDAR = "CN_FACTORY"


class NumberTaken(DomainError):
    """An order with this number exists, perhaps in another team."""

    code = "number_taken"


class NotReady(DomainError):
    """The order lacks what the move needs; `fields` names it."""

    code = "order_not_ready"


@transaction.atomic
def create_order(*, values: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], by: User, now: datetime) -> Order:
    """Create a draft order with its lines.

    `values` are fields of `Order`, each line those of `OrderLine`. A line without a position gets the next one.

    Raises:
        NumberTaken: the number exists.
        NotReady: two lines have the same position.
    """
    order = Order(**{"ordered_at": now, **values})
    if order.customer and not order.country:
        order.country = order.customer.country
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError as error:
        raise _number_taken(error) from error
    _add_lines(order, lines)
    _refresh_totals(order)
    flow.record(order, EventKind.CREATED, by=by, now=now, new=order.status)
    return order


@transaction.atomic
def replace_lines(*, order_id: int, lines: Sequence[Mapping[str, Any]], by: User, now: datetime) -> Order:
    """Give a draft other lines; after confirmation lines change one by one (`change_line`).

    Raises:
        TransitionNotAllowed: the order is confirmed.
        NotReady: two lines have the same position.
    """
    order = flow.lock_order(order_id)
    if order.status != OrderStatus.DRAFT:
        raise workflow.TransitionNotAllowed(_("The order is confirmed; change its lines one by one."))
    order.lines.all().delete()
    _add_lines(order, lines)
    _refresh_totals(order)
    flow.record(order, EventKind.EDITED, by=by, now=now, data={"lines": len(lines)})
    return order


@transaction.atomic
def change_line(
    *,
    line_id: int,
    cancelled_quantity: Decimal | None = None,
    requested_date: date | None = None,
    reason: str,
    by: User,
    now: datetime,
) -> OrderLine:
    """Cancel part of a line, or write another wish of the customer; facts and status follow.

    Raises:
        ReasonMissing, TransitionNotAllowed.
        NotReady: more would be cancelled than is left to ship.
    """
    order = flow.lock_order(OrderLine.objects.values_list("order_id", flat=True).get(pk=line_id))
    if order.status in {OrderStatus.CLOSED, OrderStatus.CANCELLED}:
        workflow.check_transition(workflow.ORDER_MOVES, order.status, order.status, labels=OrderStatus)
    line = order.lines.select_for_update().get(pk=line_id)
    reason, changed = flow.require_reason(reason), {}
    if cancelled_quantity is not None and cancelled_quantity != line.cancelled_quantity:
        shipped = line.shipment_lines.exclude(shipment__status=ShipmentStatus.CANCELLED).aggregate(
            total=Sum("quantity")
        )
        if not 0 <= cancelled_quantity <= line.quantity - (shipped["total"] or 0):
            message = _("At most what is left to ship can be cancelled.")
            raise NotReady(message, fields={"cancelled_quantity": message})
        changed["cancelled_quantity"] = [str(line.cancelled_quantity), str(cancelled_quantity)]
        line.cancelled_quantity = cancelled_quantity
    if requested_date is not None and requested_date != line.requested_date:
        changed["requested_date"] = [str(line.requested_date or ""), str(requested_date)]
        line.requested_date = requested_date
    if changed:
        line.save(update_fields=list(changed))
        data = {"line": line.position, "fields": changed}
        flow.record(order, EventKind.EDITED, by=by, now=now, reason=reason, data=data)
        flow.refresh_fulfilment(order, by=by, now=now)
    return line


def _add_lines(order: Order, lines: Sequence[Mapping[str, Any]]) -> None:
    taken: set[int] = set()
    for values in lines:
        position = values.get("position") or max(taken, default=0) + 1
        if position in taken:
            message = _("Line %(position)s stands twice.") % {"position": position}
            raise NotReady(message, fields={"lines": message})
        taken.add(position)
        line = OrderLine(order=order, **{**values, "position": position})
        line.promised_date_current = line.promised_date_current or line.promised_date_original
        if line.amount is None and line.unit_price is not None:
            line.amount = (line.unit_price * line.quantity).quantize(Decimal("0.01"))
        line.save()


def _refresh_totals(order: Order) -> None:
    """Amount, promise and search text follow from the lines and the customer."""
    lines = list(order.lines.all())
    if any(line.amount is not None for line in lines):
        order.amount = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
    order.search_text = search_text(order, lines)
    facts = [line.promised_date_original for line in lines if line.promised_date_original]
    current = [line.promised_date_current for line in lines if line.promised_date_current]
    order.promised_date = max(facts, default=None)
    order.current_promised_date = max(current, default=None)
    order.save(update_fields=["amount", "search_text", "promised_date", "current_promised_date"])


def search_text(order: Order, lines: Sequence[OrderLine]) -> str:
    """What `OrderQuerySet.search` looks through, in lower case: number, PO, customer, products."""
    customer = order.customer
    names = [customer.code, customer.name, customer.name_en] if customer else []
    products = {text for line in lines for text in (line.product_code, line.description) if text}
    return "\n".join([order.number, order.customer_po_no, *names, *sorted(products)]).lower()[:20_000]


def refresh_search_of(company: Company) -> None:
    """A renamed customer is found by the new name."""
    for order in company.orders.select_related("customer").prefetch_related("lines").iterator(chunk_size=500):
        Order.objects.filter(pk=order.pk).update(search_text=search_text(order, list(order.lines.all())))


@transaction.atomic
def edit_order(*, order_id: int, values: Mapping[str, Any], seen_version: int | None, by: User, now: datetime) -> Order:
    """Change fields of an order; merges with what others changed meanwhile, field by field.

    Raises:
        StaleVersion: somebody changed one of the same fields.
        TransitionNotAllowed: the order is closed or cancelled.
        NumberTaken: the new number exists.
        NotReady: the order is confirmed, and its template is fixed and its customer known.
    """
    order = flow.lock_order(order_id)
    if order.status in {OrderStatus.CLOSED, OrderStatus.CANCELLED}:
        workflow.check_transition(workflow.ORDER_MOVES, order.status, order.status, labels=OrderStatus)
    if order.status != OrderStatus.DRAFT:
        _check_still_ready(order, values)
    try:
        with transaction.atomic():
            changed = change_fields(order, values, seen_version=seen_version, by=by, now=now)
    except IntegrityError as error:
        raise _number_taken(error) from error
    if not changed:
        return order
    flow.record(order, EventKind.EDITED, by=by, now=now, data={"fields": {k: list(v) for k, v in changed.items()}})
    _refresh_totals(order)
    if order.confirmed_at:
        flow.refresh_fulfilment(order, by=by, now=now)
        flow.refresh(order, now=now)
    return order


def _check_still_ready(order: Order, values: Mapping[str, Any]) -> None:
    """After confirmation the milestones stand by the template, and the needed fields stay filled."""
    faults = {name: _("Needed to confirm the order.") for name in ("customer", "clerk") if values.get(name, "") is None}
    if "template" in values and values["template"] != order.template:
        faults["template"] = _("The order is confirmed; its process template is fixed.")
    if faults:
        raise NotReady(" ".join(faults.values()), fields=faults)


def _number_taken(error: IntegrityError) -> Exception:
    """The refusal behind a violated constraint, if it is that of the number; else the error itself."""
    if "orders_order_number" not in str(error):
        return error
    message = _("This order number exists already.")
    return NumberTaken(message, fields={"number": message})


@transaction.atomic
def confirm_order(*, order_id: int, by: User, now: datetime, reason: str = "") -> Order:
    """Confirm a draft: freeze the promise, lay down the milestones with owners and due instants.

    Raises:
        TransitionNotAllowed: it is no draft any more.
        NotReady: customer, template, clerk, lines or promised dates are missing.
    """
    order = flow.lock_order(order_id)
    workflow.check_transition(workflow.ORDER_MOVES, order.status, OrderStatus.CONFIRMED, labels=OrderStatus)
    lines = list(order.lines.select_for_update())
    _check_ready(order, lines)
    for line in lines:
        line.promised_date_original = line.promised_date_current
        line.save(update_fields=["promised_date_original"])
    old, order.status, order.confirmed_at = order.status, OrderStatus.CONFIRMED, now
    order.save(update_fields=["status", "confirmed_at"])
    _refresh_totals(order)
    flow.record(order, EventKind.CONFIRMED, by=by, now=now, old=old, new=order.status, reason=reason)
    lay_down_milestones(order, now=now)
    return order


def _check_ready(order: Order, lines: Sequence[OrderLine]) -> None:
    missing = {}
    for name in ("customer", "template", "clerk"):
        if getattr(order, f"{name}_id") is None:
            missing[name] = _("Needed to confirm the order.")
    if not lines:
        missing["lines"] = _("The order has no line.")
    for line in lines:
        if line.promised_date_current is None:
            missing[f"lines.{line.position}.promised_date_current"] = _("Promise a date for line %(position)s.") % {
                "position": line.position
            }
    if missing:
        raise NotReady(
            _("The order cannot be confirmed yet: %(what)s") % {"what": " ".join(missing.values())}, fields=missing
        )


def lay_down_milestones(order: Order, *, now: datetime) -> None:
    """Create the order's milestones from its template, each with one owner, its calendar and its due instant."""
    steps = steps_of(order.template_id)
    owners = owner_ids(order, {spec.role for _pk, spec in steps})
    factory = WorkCalendar.objects.filter(code=FACTORY_CALENDAR).first() or order.team.calendar
    milestones = [
        Milestone(
            order=order,
            step_id=step_id,
            position=position,
            code=spec.code,
            name_zh=spec.name_zh,
            name_en=spec.name_en,
            stage=spec.stage,
            role=spec.role,
            assignee_id=owners[spec.role],
            calendar=factory if spec.role in FACTORY_ROLES else order.team.calendar,
            flags=spec.flags,
            required_documents=spec.required_documents,
        )
        for position, (step_id, spec) in enumerate(steps, start=1)
    ]
    flow.recompute(order, milestones, {}, now=now)
    for milestone in milestones:
        milestone.baseline_finish_at = milestone.due_at
    Milestone.objects.bulk_create(milestones)


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
    ClockPause.objects.running().filter(milestone__order=order, is_hold=True).update(to_at=now)
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
    ClockPause.objects.running().filter(milestone__order=order).update(to_at=now)
    order.milestones.open().update(
        status=MilestoneStatus.CANCELLED, closed_at=now, recorded_at=now, closed_by=by, next_reminder_at=None
    )
    flow.outbox.cancel(subjects=[m.subject for m in order.milestones.all()], reason="order_cancelled")
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

    Raises:
        TransitionNotAllowed: it is not delivered.
        NotReady: steps are still open; skip or complete them first.
    """
    order = flow.lock_order(order_id)
    workflow.check_transition(workflow.ORDER_MOVES, order.status, OrderStatus.CLOSED, labels=OrderStatus)
    left = [m.name for m in order.milestones.open().order_by("position") if m.code != "CLOSED"]
    if left:
        message = _("%(count)s steps are still open: %(names)s") % {"count": len(left), "names": "、".join(left[:5])}
        raise NotReady(message, fields={"milestones": message})
    old, order.status, order.closed_at = order.status, OrderStatus.CLOSED, now
    order.save(update_fields=["status", "closed_at"])
    order.milestones.open().update(
        status=MilestoneStatus.DONE,
        actual_finish_at=now,
        closed_at=now,
        recorded_at=now,
        closed_by=by,
        next_reminder_at=None,
    )
    flow.record(order, EventKind.CLOSED, by=by, now=now, old=old, new=order.status, reason=reason)
    flow.refresh(order, now=now)
    return order


@transaction.atomic
def move_promise(
    *,
    order_id: int,
    new_date: date,
    side: str,
    reason: str,
    by: User,
    now: datetime,
    line_ids: Sequence[int] | None = None,
) -> Order:
    """Promise another date for the lines `line_ids` (all by default). The first promise stays frozen.

    Raises:
        ReasonMissing, TransitionNotAllowed.
    """
    order = flow.lock_order(order_id)
    if order.status in {OrderStatus.CLOSED, OrderStatus.CANCELLED}:
        workflow.check_transition(workflow.ORDER_MOVES, order.status, order.status, labels=OrderStatus)
    reason = flow.require_reason(reason) if order.confirmed_at else reason
    lines = order.lines.select_for_update().order_by("pk")
    for line in lines if line_ids is None else lines.filter(pk__in=line_ids):
        if line.promised_date_current == new_date:
            continue
        if order.confirmed_at:
            PromiseChange.objects.create(
                line=line,
                old_date=line.promised_date_current,
                new_date=new_date,
                reason=reason[:300],
                side=side,
                by=by,
                at=now,
            )
        old, line.promised_date_current = line.promised_date_current, new_date
        line.save(update_fields=["promised_date_current"])
        flow.record(
            order,
            EventKind.PROMISE,
            by=by,
            now=now,
            old=str(old or ""),
            new=str(new_date),
            reason=reason,
            side=side,
            data={"line": line.position},
        )
    _refresh_totals(order)
    return order
