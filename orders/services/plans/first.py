"""The first plan of an order, made when it is confirmed."""

from datetime import datetime

from orders.models import Milestone, Order, PlanCause, PlanChange
from orders.models.ladders import note_first_plan
from orders.services import flow
from orders.services.plans.proposing import Proposal, work_out
from teams.models import User


def lay_down_plan(order: Order, *, by: User | None, now: datetime, reason: str = "") -> Proposal:
    """Make the locked, just confirmed order's milestones and its first plan; due instants become the baseline.

    Raises:
        NoPlan: the template or a calendar makes no plan; nothing is written by then.
    """
    note_first_plan(order.team_id)
    proposal = work_out(order, [], now=now, is_first=True)
    change = PlanChange.objects.create(
        order=order, cause=PlanCause.CONFIRMED, basis=proposal.basis.to_dict(), reason=reason, by=by, at=now
    )
    order.plan = change
    order.plan_shape = proposal.basis.shape.to_dict()
    order.save(update_fields=["plan", "plan_shape"])
    milestones = proposal.rows.new
    flow.activate(order, milestones, {}, now=now)
    for milestone in milestones:
        milestone.baseline_finish_at = milestone.due_at
    Milestone.objects.bulk_create(milestones)
    return proposal
