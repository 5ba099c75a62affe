"""Confirming an order: the promise is frozen, the milestones are laid down."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.models import Order, OrderLine
from orders.models.events import EventKind
from orders.services import flow
from orders.services.orders.lines import NotReady, refresh_totals
from orders.services.plans.first import lay_down_plan
from orders.services.plans.proposing import promise_fault
from orders.workflow import OrderStatus
from teams.models import User


@transaction.atomic
def confirm_order(*, order_id: int, by: User, now: datetime, reason: str = "") -> Order:
    """Confirm a draft: freeze the promise, lay down the milestones with owners and due instants.

    Raises:
        TransitionNotAllowed: it is no draft any more.
        NotReady: customer, template, clerk, lines or promised dates are missing, or a promise lies before the order or
            in the past.
        NoPlan: the template's steps or a calendar make no plan.
    """
    order = flow.lock_order(order_id)
    workflow.check_transition(workflow.ORDER_MOVES, order.status, OrderStatus.CONFIRMED, labels=OrderStatus)
    lines = list(order.lines.select_for_update())
    _check_ready(order, lines, now)
    for line in lines:
        line.promised_date_original = line.promised_date_current
        line.save(update_fields=["promised_date_original"])
    old, order.status, order.confirmed_at = order.status, OrderStatus.CONFIRMED, now
    order.save(update_fields=["status", "confirmed_at"])
    refresh_totals(order)
    flow.record(order, EventKind.CONFIRMED, by=by, now=now, old=old, new=order.status, reason=reason)
    lay_down_plan(order, by=by, now=now, reason=reason)
    return order


def _check_ready(order: Order, lines: Sequence[OrderLine], now: datetime) -> None:
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
        elif fault := promise_fault(order, line.promised_date_current, now):
            missing[f"lines.{line.position}.promised_date_current"] = _("Line %(position)s: %(fault)s") % {
                "position": line.position,
                "fault": fault,
            }
    if missing:
        raise NotReady(
            _("The order cannot be confirmed yet: %(what)s") % {"what": " ".join(missing.values())}, fields=missing
        )
