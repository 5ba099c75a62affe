"""Confirming an order: the promise is frozen, the milestones are laid down."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.models import Milestone, Order, OrderLine
from orders.models.events import EventKind
from orders.process import steps_of
from orders.services import flow
from orders.services.orders.lines import NotReady, refresh_totals
from orders.services.owners import owner_ids
from orders.workflow import OrderStatus
from teams.models import User, WorkCalendar

# Roles whose steps run by the factory's calendar; the others by their team's.
FACTORY_ROLES = frozenset({"planner", "qc"})
FACTORY_CALENDAR = "CN_FACTORY"


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
    refresh_totals(order)
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
