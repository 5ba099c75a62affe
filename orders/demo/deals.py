"""What was promised to a customer when an order was placed, and the plan that followed from it. Pure over a World."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from orders.basis import Shape
from orders.demo.bargains import Bargain
from orders.demo.laying import first_inputs, forward_plan
from orders.demo.world import ZONE, World
from orders.grammar import StepSpec
from orders.network import anchor_of
from orders.planning import Plan
from orders.schedule import Inputs, specs_of
from orders.targets import Dates, on_board_code, step_of_move
from orders.words import PaymentTerms
from orders.workflow import delivery_move
from teams.worktime import add_working_days, working_days_between

LAST_STEP = {"PRE_SALES": "PO_WON_LOST"}  # the others end with CLOSED
PRESENTATION_DAYS = 21  # Order.lc_presentation_days where nobody says otherwise


@dataclass(frozen=True)
class Deal:
    """An order as it was agreed at `ordered_at`, with the plan that its confirmation makes."""

    ordered_at: datetime
    dates: Dates
    inputs: Inputs
    plan: Plan


def agree(world: World, template: str, bargain: Bargain, ordered_at: datetime, like: Deal | None = None) -> Deal:
    """The deal that `bargain` makes of an order placed at `ordered_at`; with as many working days as `like` has."""
    shape, specs = world.shape(template, bargain.terms), world.specs(template, bargain.terms)
    days = PRESENTATION_DAYS if bargain.terms.payment == PaymentTerms.LC else 0
    target = delivery_step(template, specs, bargain.terms.incoterm)
    if like and like.dates.promised:
        days_given = working_days_between(_day(like.ordered_at), like.dates.promised, world.office)
        promised = add_working_days(_day(ordered_at), days_given, world.office)
    else:
        promised = add_working_days(_day(_earliest(world, shape, target, ordered_at)), bargain.spare, world.office)
    dates = Dates(promised, bargain.terms.incoterm, str(ZONE))
    inputs = first_inputs(shape, ordered_at, dates, world.calendars, days)
    plan = inputs.plan()
    on_board = on_board_code(spec.code for spec in specs)
    if bargain.credit and on_board:
        latest = _day(plan[on_board].due_at) + timedelta(days=bargain.credit[0])
        dates = replace(dates, latest_shipment=latest, expiry=latest + timedelta(days=bargain.credit[1]))
        inputs = first_inputs(shape, ordered_at, dates, world.calendars, days)
        plan = inputs.plan()
    return Deal(ordered_at, dates, inputs, plan)


def delivery_step(template: str, specs: Iterable[StepSpec], incoterm: str) -> str:
    """The step with which the promise is kept: delivery at the Incoterm's point, else the last one."""
    last = LAST_STEP.get(template, "CLOSED")
    return step_of_move((spec.code for spec in specs), delivery_move(incoterm)) or last


def _earliest(world: World, shape: Shape, target: str, ordered_at: datetime) -> datetime:
    """About how early the step `target` can be finished if nobody waits, cut-offs before the anchor included."""
    anchor = anchor_of(specs_of(shape.template, shape.terms))
    if anchor is None:
        return forward_plan(shape, ordered_at, world.calendars)[target].finish_at
    far = ordered_at + timedelta(days=365)
    plan = forward_plan(shape, ordered_at, world.calendars, {anchor.code: far})
    # As long after the anchor, or before it, as there; days without work may make it some days more.
    return plan.earliest_anchors[anchor.code] + (plan[target].due_at - far)


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()
