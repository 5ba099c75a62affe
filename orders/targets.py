"""From dates that people promise to the instants a plan hangs from: anchors, limits and cut-offs of an order. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orders.cutoffs import CUTOFFS
from orders.grammar import StepSpec
from orders.network import Node, anchor_of, step_key
from orders.planning import Limit, PlanStep, anchor_instant
from orders.workflow import SHIPMENT_INSTANTS, ShipmentStatus, delivery_move
from teams.worktime import WorkSchedule

# The step that is done with each move of the cargo, by template.
STEPS_OF_MOVE: dict[str, tuple[str, ...]] = {
    ShipmentStatus.BOOKED: ("BOOKING", "CARRIER_BOOKED"),
    ShipmentStatus.LOADED: ("LOADED", "EX_FACTORY"),
    ShipmentStatus.DEPARTED: ("ETD", "DISPATCHED"),
    ShipmentStatus.ARRIVED: ("ARRIVED",),
    ShipmentStatus.DELIVERED: ("DELIVERED",),
}
PRESENTED = "DOCS_PRESENTED"
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Sailing:
    """What a plan needs of a shipment; `promised` is the latest promise of the goods aboard."""

    id: int
    etd: date | None
    promised: date | None
    cutoffs: Mapping[str, datetime] = field(default_factory=dict)  # code of orders.cutoffs to instant


@dataclass(frozen=True)
class Dates:
    """The dates that people gave an order. Business dates of `zone`."""

    promised: date | None
    incoterm: str
    zone: str
    latest_shipment: date | None = None  # of the letter of credit
    expiry: date | None = None
    sailings: tuple[Sailing, ...] = ()


@dataclass(frozen=True)
class Targets:
    """Anchors and limits by step key."""

    anchors: dict[str, datetime]
    limits: dict[str, tuple[Limit, ...]]


def targets_of(
    dates: Dates,
    specs: Sequence[StepSpec],
    nodes: Mapping[str, Node],
    steps: Sequence[PlanStep],
    schedules: Mapping[str, WorkSchedule],
    office: WorkSchedule,
) -> Targets:
    """What the plan hangs from.

    A shipment's ETD gives the on-board step its date, else the promise does, at the Incoterm's delivery point; from
    that step the template's anchor follows, forward or backward. A business date is over as the office closes on it.
    """
    anchor, anchors = anchor_of(specs), {}
    limits: dict[str, list[Limit]] = {}
    codes = {spec.code for spec in specs}
    closing = closing_time(office)
    sailings = {sailing.id: sailing for sailing in dates.sailings}
    # Shipments have steps of their own only where there are several; a single one lends the order its dates.
    scopes: list[tuple[int | None, Sailing | None]] = [
        (pk, sailings.get(pk)) for pk in sorted({n.shipment_id for n in nodes.values() if n.shipment_id is not None})
    ] or [(None, dates.sailings[0] if len(dates.sailings) == 1 else None)]
    for scope, sailing in scopes:
        promised = (sailing.promised if sailing else None) or dates.promised
        deliver = step_of_move(codes, delivery_move(dates.incoterm))
        depart = step_of_move(codes, ShipmentStatus.DEPARTED)
        etd = sailing.etd if sailing else None
        target, day = (depart, etd) if etd and depart else (deliver, promised)
        if anchor and target and day:
            key = step_key(anchor.code, scope)
            at = _at(day, closing, dates.zone)
            anchors[key] = at
            if target != anchor.code:
                found = anchor_instant(steps, schedules, key, step_key(target, scope), at)
                anchors[key] = _at(found.astimezone(ZoneInfo(dates.zone)).date(), closing, dates.zone)
        if deliver and promised:
            _add(limits, nodes, deliver, scope, Limit("promise", _at(promised, closing, dates.zone), is_hard=False))
        if sailing and depart and sailing.etd and depart != (anchor.code if anchor else ""):
            _add(limits, nodes, depart, scope, Limit("etd", _at(sailing.etd, closing, dates.zone), is_hard=False))
        for cutoff in CUTOFFS:
            if closes_at := sailing.cutoffs.get(cutoff.code) if sailing else None:
                for code in cutoff.steps:
                    _add(limits, nodes, code, scope, Limit(cutoff.code, closes_at))
        if PRESENTED in codes and depart and dates.latest_shipment:
            _add(limits, nodes, depart, scope, Limit("lc_latest_shipment", end_of(dates.latest_shipment, dates.zone)))
        if PRESENTED in codes and dates.expiry:
            _add(limits, nodes, PRESENTED, scope, Limit("lc_expiry", end_of(dates.expiry, dates.zone)))
    return Targets(anchors, {key: tuple(own) for key, own in limits.items()})


def step_of_move(codes: Iterable[str], move: str) -> str | None:
    """The step that is done with the cargo's `move`, else with the next later one that the template knows."""
    known = set(codes)
    moves = list(SHIPMENT_INSTANTS)
    for later in moves[moves.index(move) :]:
        for code in STEPS_OF_MOVE[later]:
            if code in known:
                return code
    return None


def on_board_code(codes: Iterable[str]) -> str | None:
    """The step at which the goods are on board: the date of the bill of lading."""
    return step_of_move(codes, ShipmentStatus.DEPARTED)


def closing_time(office: WorkSchedule) -> time:
    """When the office closes on the first weekday that it works, as a time of day."""
    second = next((hours[-1][1] for hours in office.week if hours), 18 * 3600)
    return time(second // 3600 % 24, second % 3600 // 60) if second < 24 * 3600 else time(23, 59)


def end_of(day: date, zone: str) -> datetime:
    """The last instant of a calendar day; one of a legal period ends with its day."""
    return datetime.combine(day + timedelta(days=1), time(0), ZoneInfo(zone)) - TICK


def _at(day: date, closing: time, zone: str) -> datetime:
    return datetime.combine(day, closing, ZoneInfo(zone))


def _add(limits: dict[str, list[Limit]], nodes: Mapping[str, Node], code: str, scope: int | None, limit: Limit) -> None:
    key = step_key(code, scope)
    if key in nodes:
        limits.setdefault(key, []).append(limit)
    elif code in nodes:  # the step stands once for all shipments: the earliest of their dates counts
        own = limits.setdefault(code, [])
        earlier = min([limit, *(other for other in own if other.name == limit.name)], key=lambda other: other.at)
        limits[code] = [*(other for other in own if other.name != limit.name), earlier]
