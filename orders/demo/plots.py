"""From a card to the course and the fate of an order: what is in the way of it, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from random import Random

from orders.demo.bargains import Bargain, is_under_way, strike
from orders.demo.course import Course, Trouble, Wait
from orders.demo.deals import LAST_STEP, agree, begin, delivery_step
from orders.demo.deck import Card, Change, Fate
from orders.demo.world import World, to_minute
from orders.grammar import StepSpec
from orders.targets import STEPS_OF_MOVE, on_board_code, step_of_move
from orders.words import Side, Stage
from orders.workflow import ShipmentStatus
from teams.worktime import add_working_time, next_opening

# Whose goods travel: orders of other templates deliver nothing.
SHIPPING = frozenset({"EXPORT_FCL", "GARMENT_TNA", "DOMESTIC_MTO", "SPARE_PARTS"})
# Where no step is done with a booking, one that tells about when it was made.
_LIKE_BOOKED = ("PICKUP_NOTICE", "PICKED")
SHOWN_CLERK = "clerk"  # whose desk visitors look at
# Delay reasons by the step at which trouble begins.
_TROUBLES = {
    "EXPORT_FCL": ["MATERIAL_IN", "PP_APPROVED", "PROD_DONE", "FINAL_QC", "SO_RELEASED", "CUSTOMS_RELEASED"],
    "GARMENT_TNA": ["BULK_DYED", "FABRIC_TEST", "PP_APPROVED", "SEW_DONE", "FINAL_AUDIT", "TRIM_IN"],
    "DOMESTIC_MTO": ["MATERIAL_IN", "PROD_DONE", "OQC", "DRAWING_CONFIRMED"],
    "SPARE_PARTS": ["PICKED", "DELIVERED", "FUNDS_OK"],
    "CLAIM_8D": ["ROOT_CAUSE", "CORRECTIVE", "SETTLEMENT"],
    "PRE_SALES": ["FACTORY_QUOTE", "SAMPLE_MADE"],
}
_REASONS = {
    "MATERIAL_IN": [("material_late", Side.SUPPLIER), ("supplier_quality", Side.SUPPLIER)],
    "BULK_DYED": [("material_late", Side.SUPPLIER), ("capacity", Side.INTERNAL)],
    "TRIM_IN": [("material_late", Side.SUPPLIER)],
    "FABRIC_TEST": [("supplier_quality", Side.SUPPLIER)],
    "PROD_DONE": [("capacity", Side.INTERNAL), ("rework", Side.INTERNAL)],
    "SEW_DONE": [("capacity", Side.INTERNAL), ("rework", Side.INTERNAL)],
    "FINAL_QC": [("rework", Side.INTERNAL)],
    "FINAL_AUDIT": [("rework", Side.INTERNAL)],
    "OQC": [("rework", Side.INTERNAL)],
    "SO_RELEASED": [("no_space", Side.CARRIER), ("rolled_over", Side.CARRIER)],
    "CUSTOMS_RELEASED": [("customs_check", Side.AUTHORITY), ("paperwork", Side.INTERNAL)],
    "DELIVERED": [("transit_delay", Side.CARRIER), ("weather", Side.FORCE_MAJEURE)],
    "FUNDS_OK": [("customer_payment", Side.CUSTOMER)],
}
_CUSTOMER_REASONS = [("customer_approval", Side.CUSTOMER), ("customer_change", Side.CUSTOMER)]
# Working days that trouble takes, from and to; spare parts are out within the day.
_TROUBLE_DAYS = {"SPARE_PARTS": (1, 4), "DOMESTIC_MTO": (3, 10)}
# Stages in which orders are put on hold or cancelled.
_EARLY_STAGES = {"CONF", "PREP", "DEV", "FAB", "PROD", "QC"}
# Those in which every fourth running order is: people of the cargo have desks as well.
_CARGO_STAGES = {"QC", "SHIP"}
# Those in which a plan that has changed is worth a look: much lies ahead.
_CHANGED_STAGES = {Change.PARTS: {"PREP"}, Change.SLIP: {"FAB"}}
# When the step that is up now falls due, in days from now, and how often.
_DUE_IN = [((-7.0, -0.4), 22), ((0.0, 0.0), 18), ((0.5, 7.0), 44), ((7.0, 14.0), 16)]


@dataclass
class Plot:
    """An order with its times; what happens at `ends_at` or while waiting is told by orders.demo.telling."""

    card: Card
    bargain: Bargain
    course: Course
    rng: Random
    current: str = ""  # the step that is up now
    waits_for: str = ""  # the side that a running pause of `current` names
    ends_at: datetime | None = None  # the order was cancelled or put on hold then

    @property
    def template(self) -> str:
        return self.card.template

    @property
    def until(self) -> datetime:
        """Nothing happens after this instant."""
        return min(self.ends_at or self.course.world.now, self.course.world.now)

    @property
    def specs(self) -> Mapping[str, StepSpec]:
        return self.course.specs

    @cached_property
    def move_steps(self) -> dict[str, str]:
        """By the move of the cargo: the step that tells when it was made; none where nothing is shipped."""
        return move_steps(self.template, self.specs)

    @property
    def delivery(self) -> str:
        """The step with which the promise is kept."""
        return delivery_step(self.template, self.specs.values(), self.course.terms.incoterm)


def move_steps(template: str, specs: Mapping[str, StepSpec]) -> dict[str, str]:
    """See `Plot.move_steps`."""
    if template not in SHIPPING:
        return {}
    steps = {move: step_of_move(specs, move) or "" for move in STEPS_OF_MOVE}
    if steps[ShipmentStatus.BOOKED] not in STEPS_OF_MOVE[ShipmentStatus.BOOKED]:
        found = next((code for code in _LIKE_BOOKED if code in specs), steps[ShipmentStatus.BOOKED])
        steps[ShipmentStatus.BOOKED] = found
    return steps


def lay_plot(card: Card, world: World, seed: int) -> Plot:
    """The times of the order that the card names; the same seed and world give the same plot."""
    rng = Random(f"{seed}:{card.index}")
    bargain = strike(card, rng)
    if card.fate is Fate.CLOSED:
        return _past_plot(card, bargain, world, rng)
    if card.fate in {Fate.DRAFT, Fate.DRAFT_CANCELLED}:
        return _draft_plot(card, bargain, world, rng)
    return _open_plot(card, bargain, world, rng)


def _past_plot(card: Card, bargain: Bargain, world: World, rng: Random) -> Plot:
    last = LAST_STEP.get(card.template, "CLOSED")
    due = world.now - timedelta(days=6 + 395 * rng.random() ** 1.15)
    begun = begin(world, card.template, bargain, rng, code=last, due=due, attempts=1)
    course = Course(world, card.template, *begun, seed=rng.random(), haste=rng.uniform(0.4, 1))
    plot = Plot(card, bargain, course, rng)
    if rng.random() < 0.2:
        course.trouble = _trouble(plot, *_TROUBLE_DAYS.get(card.template, (4, 16)))
    course.run()
    if rng.random() < 0.25:
        _pause_somewhere(plot)
    if course.ends_at > world.now - timedelta(hours=1):  # trouble and pauses have pushed it into the future
        return _past_plot(card, bargain, world, rng)
    return plot


def _pause_somewhere(plot: Plot) -> None:
    """Let a step that waits for the customer or a supplier stand still for some days, once or twice."""
    course, rng = plot.course, plot.rng
    waiting = [s for s in plot.specs.values() if ("C" in s.flags or "S" in s.flags) and s.duration.amount >= 2]
    for spec in rng.sample(waiting, min(len(waiting), rng.choice([1, 1, 2]))):
        side = Side.CUSTOMER if "C" in spec.flags else rng.choice([Side.SUPPLIER, Side.FORCE_MAJEURE])
        start = course.begins_at(spec.code) + timedelta(minutes=rng.randrange(20, 90))
        if start >= course.done[spec.code].recorded_at:
            continue
        end = add_working_time(start, timedelta(hours=rng.uniform(6, 36)), course.world.office)
        course.waits[spec.code] = Wait(side, start, to_minute(end))
        course.run()


def _open_plot(card: Card, bargain: Bargain, world: World, rng: Random) -> Plot:
    # A cancelled order's story ended long ago.
    is_cancelled = card.fate in {Fate.CUSTOMER_CANCELLED, Fate.WE_CANCELLED}
    at = world.now - timedelta(days=round(rng.uniform(2, 300))) if is_cancelled else world.now
    spec = _current(card, bargain, world, rng)
    (earliest, latest), _weight = rng.choices(_DUE_IN, [weight for _span, weight in _DUE_IN])[0]
    due = at + timedelta(days=rng.uniform(earliest, latest))
    begun = begin(world, card.template, bargain, rng, code=spec.code, due=due, latest=at)
    course = Course(world, card.template, *begun, seed=rng.random(), haste=rng.uniform(0.4, 1))
    plot = Plot(card, bargain, course, rng, current=spec.code)
    if rng.random() < 0.12:
        course.trouble = _trouble(plot, 1, 5)
    course.stuck[spec.code] = add_working_time(at, timedelta(hours=rng.uniform(1, 20)), world.office)
    course.run()
    if is_cancelled or card.fate is Fate.HELD:
        _end(plot, at if is_cancelled else world.now - timedelta(days=rng.uniform(1, 6)))
    elif card.change is None and rng.random() < 0.6 and {"C", "S"} & set(spec.flags):
        plot.waits_for = Side.CUSTOMER if "C" in spec.flags else Side.SUPPLIER
    return plot


def _current(card: Card, bargain: Bargain, world: World, rng: Random) -> StepSpec:
    """The step that the order stands at."""
    specs = {spec.code: spec for spec in world.specs(card.template, bargain.terms)}
    shipped = _after_departure(specs)
    likely = [spec for spec in specs.values() if _may_be_current(spec, card, specs, shipped)]
    return rng.choice([spec for spec in likely for _once in range(_share(spec, card))])


def _end(plot: Plot, at: datetime) -> None:
    """Stop the story about `at`."""
    course = plot.course
    ends_at = next_opening(at, course.world.office) + timedelta(minutes=plot.rng.randrange(300))
    ends_at = min(max(ends_at, course.confirmed_at + timedelta(hours=3)), course.world.now)
    plot.ends_at = to_minute(ends_at)


def _draft_plot(card: Card, bargain: Bargain, world: World, rng: Random) -> Plot:
    days = rng.uniform(0.1, 4) if card.fate is Fate.DRAFT else rng.uniform(20, 200)
    ordered_at = to_minute(world.now - timedelta(days=days))
    course = Course(world, card.template, agree(world, card.template, bargain, ordered_at), ordered_at, rng.random())
    course.run()
    ends_at = None if card.fate is Fate.DRAFT else next_opening(ordered_at + timedelta(days=3), world.office)
    return Plot(card, bargain, course, rng, ends_at=ends_at)


def _after_departure(specs: Mapping[str, StepSpec]) -> set[str]:
    """The steps that go on when the goods have left."""
    departure = on_board_code(specs)
    found: set[str] = set()
    for _round in specs:
        ahead = {departure, *found}
        found |= {code for code, spec in specs.items() if any(other in ahead for other, _lag in spec.dependencies)}
    return found


def _may_be_current(spec: StepSpec, card: Card, specs: Mapping[str, StepSpec], shipped: set[str]) -> bool:
    if not spec.duration.amount:
        return False
    if is_under_way(card):
        steps = move_steps(card.template, specs)
        return spec.code in {steps[ShipmentStatus.ARRIVED], steps[ShipmentStatus.DELIVERED]}
    if card.fate is Fate.FINISHING:
        return spec.code in shipped
    if spec.code in shipped:
        return False
    if card.change:
        return spec.stage in _CHANGED_STAGES.get(card.change, _EARLY_STAGES)
    if card.fate is not Fate.RUNNING:
        return spec.stage in _EARLY_STAGES
    return card.turn % 4 != 2 or card.template not in SHIPPING or spec.stage in _CARGO_STAGES


def _share(spec: StepSpec, card: Card) -> int:
    """How likely orders stand at the step: goods travel for weeks, and a clerk's desk is never empty."""
    if spec.role == "clerk":
        return 9 if card.clerk == SHOWN_CLERK else 3
    return 3 if spec.stage in {Stage.SHIP, Stage.DLV} else 1


def _trouble(plot: Plot, least: float, most: float) -> Trouble:
    code = plot.rng.choice([code for code in _TROUBLES[plot.template] if code in plot.specs])
    reason, side = plot.rng.choice(_REASONS.get(code, _CUSTOMER_REASONS))
    return Trouble(code, plot.rng.uniform(least, most), reason, side)
