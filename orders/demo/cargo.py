"""How the goods of an order travelled: shipments, their cut-offs and their moves."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from orders.containers import check_digit
from orders.demo.course import Done
from orders.demo.people import holder
from orders.demo.plots import Plot
from orders.demo.story import Act
from orders.demo.world import ZONE
from orders.overlays.terms import SEA
from orders.targets import STEPS_OF_MOVE
from teams.permissions import RoleCode
from teams.worktime import next_opening

_PORTS = {"export1": ["Shanghai", "Ningbo"], "export2": ["Shanghai", "Shenzhen"], "parts": ["苏州", "上海"]}
_VESSELS = ["COSCO Aries", "Ever Grace", "MSC Tomoko", "OOCL Genoa", "CMA CGM Lyra", "ONE Harmony", "HMM Promise"]
# Some minutes between moves that one step proves, such as loading and departure of a truck.
_APART = timedelta(minutes=20)


def stepped_by_cargo(plot: Plot) -> set[str]:
    """Codes of the steps that the moves of the cargo complete."""
    return {step for move, step in plot.move_steps.items() if step in STEPS_OF_MOVE[move]}


def cargo_acts(plot: Plot, number: str, lines: list[dict], terms: dict[str, Any]) -> list[Act]:
    """Plan and move one shipment, or two where the goods went in parts."""
    is_split = plot.template != "SPARE_PARTS" and plot.rng.random() < 0.14
    acts = list(_shipment(plot, f"{number}-S{2 if is_split else 1}", _share(lines, is_split), terms, earlier=None))
    if is_split:
        days = timedelta(days=plot.rng.randrange(5, 11))
        rest = {position: _line["quantity"] - acts[0].data["quantities"].get(position, 0)
                for position, _line in enumerate(lines, start=1)}  # fmt: skip
        rest = {position: quantity for position, quantity in rest.items() if quantity}
        if rest:
            acts += _shipment(plot, f"{number}-S1", rest, terms, earlier=days)
    return acts


def _share(lines: list[dict], is_split: bool) -> dict[int, Decimal]:
    """Quantities by line position: all of it, or the larger half."""
    quantities = {position: line["quantity"] for position, line in enumerate(lines, start=1)}
    if not is_split:
        return quantities
    return {position: quantity - quantity // 3 for position, quantity in quantities.items()}


def _shipment(
    plot: Plot, number: str, quantities: dict[int, Decimal], terms: dict[str, Any], *, earlier: timedelta | None
) -> Iterator[Act]:
    by = holder(RoleCode.LOGISTICS, plot.card.team)
    moves = _moves(plot, earlier)
    first = moves["booked"].recorded_at
    create = max(first - timedelta(hours=1), plot.course.confirmed_at + timedelta(minutes=2))
    yield Act(
        create, "ship", by,
        {"number": number, "values": _cargo_values(plot, number, moves, terms), "quantities": quantities},
    )  # fmt: skip
    for move, done in moves.items():
        completes = [code for code in STEPS_OF_MOVE[move] if code == plot.move_steps[move]]
        data = {"number": number, "to": move, "happened_at": done.finished_at, "completes": completes}
        yield Act(max(done.recorded_at, create + timedelta(minutes=5)), "move", by, data)


def _moves(plot: Plot, earlier: timedelta | None) -> dict[str, Done]:
    """When each move happened and was typed: with the step that it proves, or `earlier` than that."""
    course, steps = plot.course, plot.move_steps
    moves: dict[str, Done] = {}
    for move in reversed(steps):
        done = course.done[steps[move]]
        if earlier:
            typed = next_opening(done.recorded_at - earlier, course.world.office)
            done = Done(min(done.finished_at - earlier, typed), typed)
        if moves:  # walks back: before the move that comes after it
            later = next(reversed(moves.values()))
            done = Done(
                min(done.finished_at, later.finished_at - _APART),
                min(done.recorded_at, later.recorded_at - _APART / 10),
            )
            done = Done(min(done.finished_at, done.recorded_at), done.recorded_at)
        moves[move] = done
    return dict(reversed(moves.items()))


def _cargo_values(plot: Plot, number: str, moves: dict[str, Done], terms: dict[str, Any]) -> dict[str, Any]:
    rng, team = plot.rng, plot.card.team
    by_sea = terms["mode"] in SEA
    departs, arrives = moves["departed"].finished_at, moves["arrived"].finished_at
    etd = (departs - timedelta(hours=rng.choice([0, 0, 0, 20]))).astimezone(ZONE).date()
    forwarders = {True: ["FWD-ZHONGYUAN", "FWD-HAITONG"], False: ["FWD-ANSHUN", "FWD-SUFENG"]}[by_sea]
    values = {
        "team": team,
        "owner": holder(RoleCode.LOGISTICS, team),
        "forwarder": rng.choice(forwarders),
        "mode": terms["mode"],
        "origin": rng.choice(_PORTS[team]),
        "destination": terms["destination"],
        "etd": etd,
        "eta": arrives.astimezone(ZONE).date(),
        "booking_no": f"BK{rng.randrange(10**7, 10**8)}",
        "weight_kg": Decimal(rng.randrange(200, 21000)),
    }
    if by_sea:
        values |= {
            "vessel": rng.choice(_VESSELS),
            "voyage": f"{rng.randrange(10, 99)}{rng.choice('EWNS')}",
            "container_no": _container(rng),
            "bl_release_mode": rng.choice(["original", "telex", "seaway"]),
            "freight_cost": Decimal(rng.randrange(600, 4200)),
            "freight_currency": "USD",
            **_cut_offs(etd),
        }
    return values


def _container(rng: Random) -> str:
    number = f"GDNU{rng.randrange(10**6, 10**7) // 10:06}"
    return f"{number}{check_digit(number)}"


def _cut_offs(etd: date) -> dict[str, datetime]:
    """Usual cut-offs of a sailing, on the days before it."""

    def at(days: int, hour: int) -> datetime:
        day = etd - timedelta(days=days)
        return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)

    return {
        "si_cutoff_at": at(4, 12),
        "vgm_cutoff_at": at(3, 17),
        "cy_cutoff_at": at(2, 22),
        "customs_cutoff_at": at(1, 16),
    }
