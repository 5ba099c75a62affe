"""What was promised to a customer when an order was placed, and the plan that followed from it. Pure over a World."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from orders.basis import Shape
from orders.demo.bargains import Bargain
from orders.demo.laying import first_inputs, forward_plan
from orders.demo.world import ZONE, World, to_minute
from orders.grammar import StepSpec
from orders.network import anchor_of
from orders.planning import Plan
from orders.schedule import Inputs, specs_of
from orders.targets import Dates, on_board_code, step_of_move
from orders.words import PaymentTerms
from orders.workflow import delivery_move
from teams.worktime import add_working_days, next_opening, working_days_between

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


def begin(
    world: World,
    template: str,
    bargain: Bargain,
    rng: Random,
    *,
    code: str,
    due: datetime,
    latest: datetime | None = None,
    attempts: int = 3,
) -> tuple[Deal, datetime]:
    """The deal by which step `code` falls due about `due`, and when the order was confirmed.

    The more `attempts`, the nearer: days without work make a plan longer or shorter.
    """
    minutes, later = timedelta(minutes=rng.randrange(0, 480)), timedelta(minutes=rng.randrange(12, 45))
    wanted = add_working_days(due.astimezone(ZONE).date(), 0, world.office)
    day = wanted - _usual_lead(world, template, code) - timedelta(days=bargain.spare)
    deal = None
    for _attempt in range(attempts):
        deal = agree(world, template, bargain, _morning(world, day) + minutes, like=deal)
        off = wanted - deal.plan[code].due_at.astimezone(ZONE).date()
        if not off:
            break
        day += off
    if deal is None:
        raise ValueError("no attempt to find a day")
    last = (latest or world.now) - timedelta(minutes=30)
    confirmed = deal.ordered_at + later
    if confirmed > last:
        confirmed, ordered = last, last - timedelta(minutes=rng.randrange(12, 300))
        deal = agree(world, template, bargain, to_minute(ordered))
    return deal, to_minute(confirmed)


def _morning(world: World, day: date) -> datetime:
    """Nine o'clock of the first working day from `day` on."""
    opening = next_opening(datetime(day.year, day.month, day.day, tzinfo=ZONE), world.office)
    return opening.astimezone(ZONE).replace(hour=9, minute=0, second=0, microsecond=0).astimezone(UTC)


def _usual_lead(world: World, template: str, code: str) -> timedelta:
    """About how long after the order the step falls due, in whole days: where to begin to look."""
    plan = world.usual_plans[template]
    return timedelta(days=(plan[code].finish_at - world.now).days if code in plan.steps else 30)


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
