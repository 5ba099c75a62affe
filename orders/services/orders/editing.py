"""Creating an order and changing its fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.models import Order
from orders.models.events import EventKind
from orders.services import flow
from orders.services.milestones import hand_over
from orders.services.orders.lines import NotReady, add_lines, refresh_totals, revise_lines
from orders.services.owners import ORDER_FIELDS, check_people
from orders.workflow import OrderStatus
from teams.errors import DomainError, InvalidInput
from teams.models import User
from teams.versioning import change_fields


class TermsRefused(InvalidInput):
    """Terms that contradict each other."""

    code = "terms_refused"


class NumberTaken(DomainError):
    """An order with this number exists, perhaps in another team."""

    code = "number_taken"


@transaction.atomic
def create_order(*, values: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], by: User, now: datetime) -> Order:
    """Create a draft order with its lines.

    `values` are fields of `Order`, each line those of `OrderLine`. A line without a position gets the next one.

    Raises:
        NumberTaken: the number exists.
        NotReady: two lines have the same position.
        TermsRefused: the letter of credit's dates contradict each other.
        CannotCarry: a person named has no part in the team.
    """
    order = Order(**{"ordered_at": now, **values})
    check_people(order.team_id, {name: getattr(order, name) for name in ORDER_FIELDS.values()})
    if order.customer and not order.country:
        order.country = order.customer.country
    _check_letter_of_credit(order, {})
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError as error:
        raise _number_taken(error) from error
    add_lines(order, lines)
    refresh_totals(order)
    flow.record(order, EventKind.CREATED, by=by, now=now, new=order.status)
    return order


@transaction.atomic
def edit_order(*, order_id: int, values: Mapping[str, Any], seen_version: int | None, by: User, now: datetime) -> Order:
    """Change fields of an order; merges with what others changed meanwhile, field by field.

    Raises:
        StaleVersion: somebody changed one of the same fields.
        TransitionNotAllowed: the order is closed or cancelled.
        NumberTaken: the new number exists.
        NotReady: the order is confirmed, and its template is fixed and its customer known.
        TermsRefused: the letter of credit's dates contradict each other.
        CannotCarry: a person named has no part in the team.
    """
    order = flow.lock_order(order_id)
    if order.status in {OrderStatus.CLOSED, OrderStatus.CANCELLED}:
        workflow.check_transition(workflow.ORDER_MOVES, order.status, order.status, labels=OrderStatus)
    if order.status != OrderStatus.DRAFT:
        _check_still_ready(order, values)
    _check_letter_of_credit(order, values)
    former = {name: getattr(order, f"{name}_id") for name in ORDER_FIELDS.values()}
    named = {name: values[name] for name in former if values.get(name)}
    # One who was named before and has left since does not stand in the way of other fields.
    check_people(order.team_id, {name: person for name, person in named.items() if person.pk != former[name]})
    try:
        with transaction.atomic():
            changed = change_fields(order, values, seen_version=seen_version, by=by, now=now)
    except IntegrityError as error:
        raise _number_taken(error) from error
    if not changed:
        return order
    flow.record(order, EventKind.EDITED, by=by, now=now, data={"fields": {k: list(v) for k, v in changed.items()}})
    refresh_totals(order)
    if order.confirmed_at:
        hand_over(order, [name for name in former if name in changed], former, by=by, now=now)
        flow.refresh_fulfilment(order, by=by, now=now)
        flow.refresh(order, now=now)
    return order


@transaction.atomic
def edit_draft(
    *,
    order_id: int,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    seen_version: int | None,
    by: User,
    now: datetime,
) -> Order:
    """Change a draft's fields and its lines together: both are written or neither.

    Raises:
        What `edit_order` and `revise_lines` raise.
    """
    edit_order(order_id=order_id, values=values, seen_version=seen_version, by=by, now=now)
    return revise_lines(order_id=order_id, lines=lines, seen_version=seen_version, by=by, now=now)


def _check_still_ready(order: Order, values: Mapping[str, Any]) -> None:
    """After confirmation the milestones stand by the template, and the needed fields stay filled."""
    faults = {name: _("Needed to confirm the order.") for name in ("customer", "clerk") if values.get(name, "") is None}
    if "template" in values and values["template"] != order.template:
        faults["template"] = _("The order is confirmed; its process template is fixed.")
    if faults:
        raise NotReady(" ".join(faults.values()), fields=faults)


def _check_letter_of_credit(order: Order, values: Mapping[str, Any]) -> None:
    latest, expiry = (values.get(name, getattr(order, name)) for name in ("lc_latest_shipment", "lc_expiry"))
    if latest and expiry and expiry < latest:
        message = _("The letter of credit expires before its latest shipment date.")
        raise TermsRefused(message, fields={"lc_expiry": message})


def _number_taken(error: IntegrityError) -> Exception:
    """The refusal behind a violated constraint, if it is that of the number; else the error itself."""
    if "orders_order_number" not in str(error):
        return error
    message = _("This order number exists already.")
    return NumberTaken(message, fields={"number": message})
