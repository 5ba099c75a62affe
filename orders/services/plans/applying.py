"""Writing plans: the first one, a change of it as one change set, and its undo."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.basis import Basis
from orders.models import Milestone, Order, OrderLine, PlanCause, PlanChange, PlanJob, ProcessTemplate
from orders.models.events import EventKind
from orders.planning import Constraint
from orders.services import flow
from orders.services.orders.lines import move_promise
from orders.services.plans.proposing import (
    Changes,
    Move,
    Proposal,
    check_changes,
    read_milestones,
    with_basis,
    with_versions,
    work_out,
)
from orders.services.plans.rows import WRITTEN_FIELDS
from orders.services.plans.telling import tell_plan_changed, withdraw
from orders.services.shipments import complete_apart
from orders.targets import STEPS_OF_MOVE
from orders.workflow import MilestoneStatus, OrderStatus
from teams.errors import DomainError
from teams.models import User
from teams.versioning import change_fields, json_value

# An undo is not undone, and a calendar is edited back on its own page.
NOT_UNDONE = (PlanCause.UNDO, PlanCause.CALENDAR)


class PlanMovedOn(DomainError):
    """Somebody changed the plan since the preview; look again."""

    code = "plan_moved_on"


class NothingToUndo(DomainError):
    """The plan in force is the first one, or the change to undo is not the last."""

    code = "nothing_to_undo"


@transaction.atomic
def apply_changes(
    *,
    order_id: int,
    changes: Changes,
    by: User,
    now: datetime,
    reason: str = "",
    side: str = "",
    seen_plan: int | None = None,
    job: PlanJob | None = None,
) -> PlanChange | None:
    """Re-plan an order as previewed: one change set, one event, one message per person. None if nothing moves.

    `seen_plan` is the id of the plan that the preview was made against.

    Raises:
        PlanMovedOn: the plan is another one by now.
        ReasonMissing: a promise or an expected date moves without a reason.
        TransitionNotAllowed: the order is no longer open, or not confirmed yet.
        BadPlanChange, NoPlan.
    """
    order = flow.lock_order(order_id)
    _check_open(order)
    if seen_plan is not None and order.plan_id != seen_plan:
        raise PlanMovedOn(_("The plan was changed meanwhile. Please look at the preview again."))
    _check_terms(order, changes, now)
    if changes.promised_date or changes.expected:
        reason = flow.require_reason(reason)
    values = _write_values(order, changes, reason=reason, side=side, by=by, now=now)
    order = flow.lock_order(order_id)
    proposal = work_out(order, read_milestones(order), now=now)
    if not proposal.moves and not values:
        return None
    cause = PlanCause.TEMPLATE if changes.template else PlanCause.REPLAN
    return write_change(proposal, cause, by=by, now=now, reason=reason, side=side, values=values, job=job)


def write_change(
    proposal: Proposal,
    cause: str,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    side: str = "",
    values: Mapping[str, Any] | None = None,
    job: PlanJob | None = None,
) -> PlanChange:
    """Save a proposal of the locked order: its rows, the change set, the event, the messages.

    A job tells each person once at its end, so its changes send no message of their own.
    """
    order = proposal.order
    before = order.plan
    moves = [move_values(move) for move in proposal.moves]
    order.plan_shape = proposal.basis.shape.to_dict()  # what is active follows from the new network
    _save_rows(proposal, by=by, now=now)
    change = PlanChange.objects.create(
        order=order,
        cause=cause,
        before=before,
        job=job,
        basis=proposal.basis.to_dict(),
        moves=[{**values, "milestone": move.milestone.pk} for values, move in zip(moves, proposal.moves, strict=True)],
        values=values or {},
        reason=reason,
        side=side,
        by=by,
        at=now,
    )
    order.plan = change
    order.save(update_fields=["plan", "plan_shape"])
    if by and proposal.basis.shape.shipments:
        _follow_shipments(order, by=by, now=now)
    data = {"change": change.pk, "cause": cause, "moved": len(moves), "steps": [move["code"] for move in moves][:10]}
    flow.record(order, EventKind.PLANNED, by=by, now=now, reason=reason, side=side, new=cause, data=data)
    if job is None:
        tell_plan_changed(change, proposal.moves, now=now)
    return change


def _follow_shipments(order: Order, *, by: User, now: datetime) -> None:
    """Steps that now stand once for each shipment are done where their own shipment has moved on already."""
    for move in STEPS_OF_MOVE:
        complete_apart(order, move, by=by, now=now)
    flow.refresh(order, now=now, has_moved_dates=False)


@transaction.atomic
def undo_change(*, order_id: int, change_id: int, by: User, now: datetime) -> PlanChange:
    """Take back the last change of an order's plan, with the dates and terms that were changed with it.

    Raises:
        NothingToUndo: it is not the last change, or the first plan.
        TransitionNotAllowed: the order is no longer open.
    """
    order = flow.lock_order(order_id)
    _check_open(order)
    change = order.plan
    if change is None or change.pk != change_id or change.before is None or change.cause in NOT_UNDONE:
        raise NothingToUndo(_("Only the last change of the plan can be undone, and only once."))
    reason = _("Undone: %(reason)s") % {"reason": change.reason or change.get_cause_display()}
    _restore_values(order, change, reason=reason, by=by, now=now)
    order = flow.lock_order(order_id)
    former, current = Basis.from_dict(change.before.basis), Basis.from_dict(change.basis)
    # Calendars that were edited since stay as they are now: they are no part of what is undone.
    proposal = with_basis(order, read_milestones(order), with_versions(former, current.calendars))
    PlanChange.objects.filter(pk=change.pk).update(is_undone=True)
    withdraw(change)
    return write_change(proposal, PlanCause.UNDO, by=by, now=now, reason=reason)


def _check_open(order: Order) -> None:
    if order.status in {OrderStatus.DRAFT, OrderStatus.CLOSED, OrderStatus.CANCELLED}:
        workflow.check_transition({order.status: frozenset()}, order.status, order.status, labels=OrderStatus)


def _check_terms(order: Order, changes: Changes, now: datetime) -> None:
    draft = Order.objects.get(pk=order.pk)
    for name, value in changes.terms.items():
        setattr(draft, name, value)
    check_changes(order, draft, changes, now)


def _write_values(order: Order, changes: Changes, *, reason: str, side: str, by: User, now: datetime) -> dict[str, Any]:
    """Write what is changed with the plan; returns old and new values for the undo."""
    values: dict[str, Any] = {}
    if changes.terms:
        changed = change_fields(order, changes.terms, seen_version=None, by=by, now=now)
        if changed:
            data = {"fields": {name: list(pair) for name, pair in changed.items()}}
            flow.record(order, EventKind.EDITED, by=by, now=now, reason=reason, data=data)
            values["fields"] = data["fields"]
    if changes.template and changes.template.pk != order.template_id:
        values["template"] = [order.template_id, changes.template.pk]
        order.template = changes.template
        order.save(update_fields=["template"])
    if changes.promised_date:
        old = dict(order.lines.values_list("pk", "promised_date_current"))
        move_promise(
            order_id=order.pk, new_date=changes.promised_date, side=side or "internal", reason=reason, by=by, now=now
        )
        moved = {pk: day for pk, day in old.items() if day != changes.promised_date}
        if moved:
            values["promises"] = [[pk, json_value(day), changes.promised_date.isoformat()] for pk, day in moved.items()]
    expected = _write_expected(order, changes.expected)
    return {**values, **({"expected": expected} if expected else {})}


def _write_expected(order: Order, expected: Mapping[int, datetime | None]) -> list[list[Any]]:
    rows = []
    for milestone in order.milestones.filter(pk__in=expected).order_by("pk"):
        old, new = milestone.expected_at, expected[milestone.pk]
        if old != new:
            milestone.expected_at = new
            milestone.save(update_fields=["expected_at"])
            rows.append([milestone.pk, json_value(old), json_value(new)])
    return rows


def _restore_values(order: Order, change: PlanChange, *, reason: str, by: User, now: datetime) -> None:
    values = change.values
    if fields := {name: pair[0] for name, pair in values.get("fields", {}).items()}:
        typed = {name: _field(name).to_python(value) for name, value in fields.items()}
        changed = change_fields(order, typed, seen_version=None, by=by, now=now)
        data = {"fields": {name: list(pair) for name, pair in changed.items()}}
        flow.record(order, EventKind.EDITED, by=by, now=now, reason=reason, data=data)
    if pair := values.get("template"):
        order.template = ProcessTemplate.objects.get(pk=pair[0])
        order.save(update_fields=["template"])
    for pk, old, _new in values.get("promises", []):
        line = OrderLine.objects.filter(pk=pk, order=order).first()
        if line and old:
            move_promise(
                order_id=order.pk,
                new_date=date.fromisoformat(old),
                side=change.side or "internal",
                reason=reason,
                by=by,
                now=now,
                line_ids=[pk],
            )
    for pk, old, _new in values.get("expected", []):
        order.milestones.open().filter(pk=pk).update(expected_at=datetime.fromisoformat(old) if old else None)


def _field(name: str) -> models.Field:
    field = Order._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(f"{name} is no column of an order")
    return field


def _save_rows(proposal: Proposal, *, by: User | None, now: datetime) -> None:
    """Write the milestones of a proposal: new ones, dropped ones, other attributes, and what follows from them."""
    order, rows = proposal.order, proposal.rows
    stored = {m.pk: flow.refreshed_values(m) for m in Milestone.objects.filter(order=order)}
    pauses = {m.pk: list(m.pauses.all()) for m in rows.kept}
    for milestone in rows.dropped:
        milestone.status, milestone.closed_at, milestone.recorded_at = MilestoneStatus.CANCELLED, now, now
        milestone.closed_by, milestone.next_reminder_at, milestone.waiting_on = by, None, ""
        milestone.pauses.running().end(now)
    Milestone.objects.bulk_update(
        rows.dropped, ["status", "closed_at", "recorded_at", "closed_by", "next_reminder_at", "waiting_on"]
    )
    if rows.changed:
        Milestone.objects.bulk_update(rows.changed, WRITTEN_FIELDS)
    for milestone in rows.new:
        milestone.order = order
        milestone.baseline_finish_at = milestone.due_at
    flow.activate(order, rows.planned, pauses, now=now)
    Milestone.objects.bulk_create(rows.new)
    flow.save_moved(order, rows.kept, stored, now=now, is_told=False)
    flow.drop_messages(rows.dropped)


def move_values(move: Move) -> dict[str, Any]:
    """A move as JSON values."""
    milestone = move.milestone
    return {
        "kind": move.kind.value,
        "key": milestone.key,
        "code": milestone.code,
        "name_zh": milestone.name_zh,
        "name_en": milestone.name_en,
        "assignee": milestone.assignee_id,
        "old": move.old.isoformat() if move.old else None,
        "new": move.new.isoformat() if move.new else None,
        "float_before": move.float_before,
        "float_after": move.float_after,
        "binding": constraint_values(move.binding) if move.binding else None,
    }


def constraint_values(constraint: Constraint) -> dict[str, Any]:
    return {
        "kind": constraint.kind,
        "at": constraint.at.isoformat(),
        "step": constraint.step,
        "lag": str(constraint.lag) if constraint.lag else "",
        "name": constraint.name,
    }
