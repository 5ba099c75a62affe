"""An order's plan as people read it: the one in force, and what is to be expected as things stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from orders.basis import Basis
from orders.models import Milestone, Order
from orders.network import Node
from orders.plan_words import refusal_of
from orders.planning import Plan, PlanningError
from orders.schedule import Inputs, inputs_of, nodes_of
from orders.services import flow
from orders.services.plans.proposing import pauses_of


@dataclass(frozen=True)
class PlanReading:
    """`plan` is the one in force, `forecast` the same with what has happened by now; both by step key."""

    order: Order
    basis: Basis
    milestones: Sequence[Milestone]
    inputs: Inputs
    plan: Plan
    forecast: Plan

    @property
    def nodes(self) -> Mapping[str, Node]:
        return nodes_of(self.basis.shape)


def read_plan(order: Order, milestones: Sequence[Milestone], *, now: datetime) -> PlanReading | None:
    """The plan of an order in hand; None for an order without one.

    `milestones` come with `calendar` and prefetched `pauses`; nothing is written on them. One query, for the basis.

    Raises:
        NoPlan: a calendar has no working time that far away.
    """
    basis = flow.basis_of(order)
    if basis is None:
        return None
    inputs = inputs_of(milestones, basis, pauses_of(milestones))
    try:
        plan = inputs.plan(verified_until=verified_until(milestones))
        forecast = plan_of_today(inputs, milestones, now=now)
    except PlanningError as error:
        raise refusal_of(error, nodes_of(basis.shape)) from error
    return PlanReading(order, basis, milestones, inputs, plan, forecast)


def plan_of_today(inputs: Inputs, milestones: Sequence[Milestone], *, now: datetime) -> Plan:
    """The plan in force with what has happened by `now`, and with what owners expect.

    Raises:
        PlanningError: a calendar has no working time that far away.
    """
    closed = {m.key: m.closed_at for m in milestones if not m.is_open and m.closed_at}
    expected = {m.key: m.expected_at for m in milestones if m.is_open and m.expected_at}
    today = replace(inputs, basis=replace(inputs.basis, expected=expected))
    return today.plan(actuals=closed, now=now, verified_until=verified_until(milestones))


def verified_until(milestones: Sequence[Milestone]) -> dict[str, date]:
    """Until when the calendars of the steps are final, by calendar key."""
    return {str(m.calendar_id): m.calendar.verified_until for m in milestones if m.calendar.verified_until}
