"""What the owner of a step says about its end, without re-planning the order."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.models import DelayReason, Milestone
from orders.models.events import EventKind
from orders.services import flow
from orders.services.milestones import require_on
from orders.workflow import MILESTONE_MOVES, RUNNING_ORDER, MilestoneStatus, OrderStatus
from teams.errors import InvalidInput
from teams.models import User
from teams.permissions import Permission

FARTHEST = timedelta(days=2 * 366)


class ImpossibleExpectation(InvalidInput):
    """The expected finish lies in the past, or years away."""

    code = "expected_at"


@transaction.atomic
def expect_finish(
    *,
    milestone_id: int,
    expected_at: datetime,
    by: User,
    now: datetime,
    delay_reason: DelayReason | None = None,
    note: str = "",
) -> Milestone:
    """Note when a step will be finished and why it is late; due instants and promises stay as they are.

    The next re-planning takes it up. Whoever may complete the step may say so.

    Raises:
        NotPermitted
        TransitionNotAllowed: the step is closed, or the order's steps do not run.
        ImpossibleExpectation, ReasonMissing.
    """
    order = flow.lock_order(Milestone.objects.values_list("order_id", flat=True).get(pk=milestone_id))
    milestone = Milestone.objects.select_for_update(of=("self",)).get(pk=milestone_id)
    milestone.order = order
    require_on(by, Permission.MILESTONE_COMPLETE, milestone)
    if order.status not in RUNNING_ORDER:
        workflow.check_transition({order.status: frozenset()}, order.status, order.status, labels=OrderStatus)
    if not milestone.is_open:
        workflow.check_transition(MILESTONE_MOVES, milestone.status, milestone.status, labels=MilestoneStatus)
    _check_instant(expected_at, now)
    expected_at = expected_at.astimezone(UTC)
    reason = flow.require_reason(note or str(delay_reason or ""))
    old, milestone.expected_at = milestone.expected_at, expected_at
    milestone.delay_reason = delay_reason or milestone.delay_reason
    milestone.save(update_fields=["expected_at", "delay_reason"])
    flow.record(
        order,
        EventKind.EDITED,
        by=by,
        now=now,
        milestone=milestone,
        reason=reason,
        side=delay_reason.side if delay_reason else "",
        data={"fields": {"expected_at": [old.isoformat() if old else None, expected_at.isoformat()]}},
    )
    return milestone


def _check_instant(expected_at: datetime, now: datetime) -> None:
    message = ""
    if expected_at <= now:
        message = _("An expected date lies in the future.")
    elif expected_at > now + FARTHEST:
        message = _("This is too far away.")
    if message:
        raise ImpossibleExpectation(message, fields={"expected_at": message})
