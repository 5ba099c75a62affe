"""Lines of an order: what follows from them, changing them, moving their promises."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from customers.models import Company
from orders import workflow
from orders.fulfilment import promised_dates
from orders.models import Order, OrderLine, PromiseChange
from orders.models.events import EventKind
from orders.services import flow
from orders.services.shipments import follow_cargo
from orders.workflow import OrderStatus, ShipmentStatus
from teams.errors import DomainError
from teams.models import User
from teams.versioning import change_part

# What belongs to a line beside its order and position.
_LINE_FIELDS = [
    field.name for field in OrderLine._meta.concrete_fields if field.name not in {"id", "order", "position"}
]


class NotReady(DomainError):
    """The order lacks what the move needs; `fields` names it."""

    code = "order_not_ready"


def add_lines(order: Order, lines: Sequence[Mapping[str, Any]]) -> None:
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


def refresh_totals(order: Order) -> None:
    """Amount, promise and search text follow from the lines and the customer."""
    lines = list(order.lines.all())
    if any(line.amount is not None for line in lines):
        order.amount = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
    order.search_text = search_text(order, lines)
    order.promised_date, order.current_promised_date = promised_dates(flow.line_facts(lines))
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
def replace_lines(*, order_id: int, lines: Sequence[Mapping[str, Any]], by: User, now: datetime) -> Order:
    """Give a draft other lines; after confirmation lines change one by one (`change_line`).

    Raises:
        TransitionNotAllowed: the order is confirmed.
        NotReady: two lines have the same position.
    """
    order = _lock_draft(order_id)
    _rewrite_lines(order, lines, seen_version=None, by=by, now=now)
    return order


@transaction.atomic
def revise_lines(
    *, order_id: int, lines: Sequence[Mapping[str, Any]], seen_version: int | None, by: User, now: datetime
) -> Order:
    """Give a draft these lines. One at a position that exists keeps what is not named of it, such as its price.

    Raises:
        StaleVersion: somebody changed the lines since `seen_version`.
        TransitionNotAllowed: the order is confirmed.
        NotReady: two lines have the same position.
    """
    order = _lock_draft(order_id)
    stored = {line.position: line for line in order.lines.all()}
    merged = [_over_stored(stored.get(values.get("position") or 0), values) for values in lines]
    _rewrite_lines(order, merged, seen_version=seen_version, by=by, now=now)
    return order


def _lock_draft(order_id: int) -> Order:
    order = flow.lock_order(order_id)
    if order.status != OrderStatus.DRAFT:
        raise workflow.TransitionNotAllowed(_("The order is confirmed; change its lines one by one."))
    return order


def _over_stored(line: OrderLine | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` over what the stored line holds; what was derived from a changed value is derived anew."""
    if line is None:
        return dict(values)
    merged = {**{name: getattr(line, name) for name in _LINE_FIELDS}, **values}
    if merged["promised_date_original"] != line.promised_date_original:
        merged["promised_date_current"] = None
    is_same = merged["quantity"] == line.quantity and merged["unit_price"] == line.unit_price
    if not is_same and (merged["unit_price"] is not None or line.unit_price is not None):
        merged["amount"] = None
    return merged


def _rewrite_lines(
    order: Order, lines: Sequence[Mapping[str, Any]], *, seen_version: int | None, by: User, now: datetime
) -> None:
    before = _fingerprint(order)
    order.lines.all().delete()
    add_lines(order, lines)
    if not change_part(order, "lines", old=before, new=_fingerprint(order), seen_version=seen_version, by=by, now=now):
        return
    refresh_totals(order)
    flow.record(order, EventKind.EDITED, by=by, now=now, data={"lines": len(lines)})


def _fingerprint(order: Order) -> str:
    """Tells other lines from the same; a digest, as the values hold prices and the record of changes shows none."""
    rows = list(order.lines.order_by("position").values_list("position", *_LINE_FIELDS))
    return hashlib.sha256(json.dumps(rows, cls=DjangoJSONEncoder).encode()).hexdigest()


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
        follow_cargo(order, by=by, now=now)
    return line


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
    refresh_totals(order)
    return order
