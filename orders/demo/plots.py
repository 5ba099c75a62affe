"""From a card to the course and the fate of an order: what is in the way of it, and how far it has come."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from orders.demo.course import Course, Trouble, begin
from orders.demo.deck import Card, Fate
from orders.demo.world import World
from orders.grammar import StepSpec
from orders.words import CLOCK_STOPPING_SIDES, Side
from teams.worktime import add_working_time, next_opening

# By the Incoterm's delivery move: the step of each template that proves it.
MOVE_STEPS: dict[str, dict[str, str]] = {
    "EXPORT_FCL": {
        "booked": "BOOKING", "loaded": "LOADED", "departed": "ETD", "arrived": "ARRIVED", "delivered": "DELIVERED",
    },
    "GARMENT_TNA": {
        "booked": "BOOKING", "loaded": "EX_FACTORY", "departed": "ETD", "arrived": "DELIVERED",
        "delivered": "DELIVERED",
    },
    "DOMESTIC_MTO": {
        "booked": "CARRIER_BOOKED", "loaded": "DISPATCHED", "departed": "DISPATCHED", "arrived": "DELIVERED",
        "delivered": "DELIVERED",
    },
    "SPARE_PARTS": {
        "booked": "PICKED", "loaded": "DISPATCHED", "departed": "DISPATCHED", "arrived": "DELIVERED",
        "delivered": "DELIVERED",
    },
}  # fmt: skip
SHOWN_CLERK = "clerk"  # whose desk visitors look at
LAST_STEP = {"PRE_SALES": "PO_WON_LOST"}  # the others end with CLOSED
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
# Stages after the goods have left, and those in which orders are put on hold or cancelled.
_FINISHING_STAGES = {"DOCS", "PAY", "DLV", "CARE"}
_EARLY_STAGES = {"CONF", "PREP", "DEV", "FAB", "PROD", "QC"}
# When the step that is up now falls due, in days from now, and how often.
_DUE_IN = [((-7.0, -0.4), 30), ((0.0, 0.0), 16), ((0.5, 7.0), 40), ((7.0, 14.0), 14)]


@dataclass
class Plot:
    """An order with its times; what happens at `ends_at` or while waiting is told by orders.demo.telling."""

    card: Card
    course: Course
    rng: Random
    current: str = ""  # the step that is up now
    waits_for: str = ""  # the side that a running pause of `current` names
    ends_at: datetime | None = None  # the order was cancelled or put on hold then
    waits: dict[str, str] = field(default_factory=dict)  # step: the side that a past pause named

    @property
    def template(self) -> str:
        return self.card.template

    @property
    def until(self) -> datetime:
        """Nothing happens after this instant."""
        return min(self.ends_at or self.course.world.now, self.course.world.now)


def lay_plot(card: Card, world: World, seed: int) -> Plot:
    """The times of the order that the card names; the same seed and world give the same plot."""
    rng = Random(f"{seed}:{card.index}")
    specs = {spec.code: spec for spec in world.specs[card.template]}
    if card.fate is Fate.CLOSED:
        return _past_plot(card, world, rng, specs)
    if card.fate in {Fate.DRAFT, Fate.DRAFT_CANCELLED}:
        return _draft_plot(card, world, rng)
    return _open_plot(card, world, rng, specs)


def _past_plot(card: Card, world: World, rng: Random, specs: dict[str, StepSpec]) -> Plot:
    last = LAST_STEP.get(card.template, "CLOSED")
    due = world.now - timedelta(days=6 + 395 * rng.random() ** 1.15)
    ordered_at, confirmed_at = begin(world, card.template, rng, code=last, due=due)
    course = Course(world, card.template, ordered_at, confirmed_at)
    plot = Plot(card, course, rng)
    if rng.random() < 0.15:
        course.trouble = _trouble(card, rng, days=rng.uniform(4, 12))
    course.run(rng)
    if rng.random() < 0.25:
        _pause_somewhere(plot, specs)
    if course.ends_at > world.now - timedelta(hours=1):  # trouble and pauses have pushed it into the future
        return _past_plot(card, world, rng, specs)
    return plot


def _pause_somewhere(plot: Plot, specs: dict[str, StepSpec]) -> None:
    """Let a step that waits for the customer or a supplier stand still for some days, once or twice."""
    course, rng = plot.course, plot.rng
    waiting = [s for s in specs.values() if ("C" in s.flags or "S" in s.flags) and s.duration.amount >= 2]
    for spec in rng.sample(waiting, min(len(waiting), rng.choice([1, 1, 2]))):
        side = Side.CUSTOMER if "C" in spec.flags else rng.choice([Side.SUPPLIER, Side.FORCE_MAJEURE])
        done = course.done[spec.code]
        begins = [course.done[code].recorded_at for code, _lag in spec.dependencies] or [course.confirmed_at]
        start = max(begins) + timedelta(minutes=rng.randrange(20, 90))
        if start >= done.recorded_at:
            continue
        end = add_working_time(start, timedelta(hours=rng.uniform(6, 36)), course.world.office)
        plot.waits[spec.code] = side
        course.pauses[spec.code] = [(start, end.replace(second=0, microsecond=0))]
        if side in CLOCK_STOPPING_SIDES:
            course.run(rng)


def _open_plot(card: Card, world: World, rng: Random, specs: dict[str, StepSpec]) -> Plot:
    spec = rng.choice([s for s in specs.values() for _once in range(_share(s, card)) if _may_be_current(s, card)])
    (earliest, latest), _weight = rng.choices(_DUE_IN, [weight for _span, weight in _DUE_IN])[0]
    due = world.now + timedelta(days=rng.uniform(earliest, latest))
    begun = begin(world, card.template, rng, code=spec.code, due=due)
    course = Course(world, card.template, *begun)
    if rng.random() < 0.12:
        course.trouble = _trouble(card, rng, days=rng.uniform(1, 5))
    course.stuck[spec.code] = add_working_time(world.now, timedelta(hours=rng.uniform(1, 20)), world.office)
    course.run(rng)
    plot = Plot(card, course, rng, current=spec.code)
    if card.fate in {Fate.HELD, Fate.CUSTOMER_CANCELLED, Fate.WE_CANCELLED}:
        days = rng.uniform(1, 6) if card.fate is Fate.HELD else rng.uniform(2, 300)
        _end(plot, days)
    elif rng.random() < 0.6 and {"C", "S"} & set(spec.flags):
        plot.waits_for = Side.CUSTOMER if "C" in spec.flags else Side.SUPPLIER
    return plot


def _end(plot: Plot, days: float) -> None:
    """Stop the story `days` before now: a cancelled order of long ago is moved back as a whole."""
    course, world = plot.course, plot.course.world
    if plot.card.fate is not Fate.HELD:
        back = timedelta(days=round(days))
        course.ordered_at = next_opening(course.ordered_at - back, world.office)
        course.confirmed_at = course.ordered_at + timedelta(minutes=25)
        course.stuck = {code: at - back for code, at in course.stuck.items()}
        course.run(plot.rng)
    ends_at = next_opening(world.now - timedelta(days=days), world.office) + timedelta(minutes=plot.rng.randrange(300))
    plot.ends_at = min(max(ends_at, course.confirmed_at + timedelta(hours=3)), world.now).replace(
        second=0, microsecond=0
    )


def _draft_plot(card: Card, world: World, rng: Random) -> Plot:
    days = rng.uniform(0.1, 4) if card.fate is Fate.DRAFT else rng.uniform(20, 200)
    ordered_at = (world.now - timedelta(days=days)).replace(second=0, microsecond=0)
    course = Course(world, card.template, ordered_at, ordered_at)
    course.run(rng)
    ends_at = None if card.fate is Fate.DRAFT else next_opening(ordered_at + timedelta(days=3), world.office)
    return Plot(card, course, rng, ends_at=ends_at)


def is_under_way(card: Card) -> bool:
    """Half of the finishing orders: shipped, and not delivered before they reach the customer's door."""
    return card.fate is Fate.FINISHING and card.index % 4 >= 2


def _may_be_current(spec: StepSpec, card: Card) -> bool:
    if not spec.duration.amount:
        return False
    if is_under_way(card):
        return spec.code in {MOVE_STEPS[card.template][move] for move in ("arrived", "delivered")}
    if card.fate is Fate.FINISHING:
        return spec.stage in _FINISHING_STAGES
    if card.fate is Fate.RUNNING:
        return spec.stage not in _FINISHING_STAGES
    return spec.stage in _EARLY_STAGES and spec.stage not in _FINISHING_STAGES


def _share(spec: StepSpec, card: Card) -> int:
    """How likely orders stand at the step: goods are long on their way, and a clerk's desk is never empty."""
    if spec.role == "clerk":
        return 9 if card.clerk == SHOWN_CLERK else 3
    return 3 if spec.stage == "DLV" else 1


def _trouble(card: Card, rng: Random, *, days: float) -> Trouble:
    code = rng.choice(_TROUBLES[card.template])
    reason, side = rng.choice(_REASONS.get(code, _CUSTOMER_REASONS))
    return Trouble(code, days, reason, side)
