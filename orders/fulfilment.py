"""When an order is shipped and delivered: follows from its shipments and the Incoterm's delivery point.

Pure: no queries, no clock. The same facts serve the status, the pages and the KPIs (`full(o)`, `dev(o)` of their
catalogue).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from orders.workflow import SHIPMENT_INSTANTS, OrderStatus, ShipmentStatus, delivery_move


@dataclass(frozen=True)
class LineFacts:
    """An order line: what has to be delivered (ordered less cancelled), and what was promised."""

    line_id: int
    quantity: Decimal
    promised_date: date | None
    current_promised_date: date | None


@dataclass(frozen=True)
class CargoFacts:
    """A shipment: its instants by field name, and the quantity of each order line in it."""

    instants: Mapping[str, datetime | None]
    quantities: dict[int, Decimal]


@dataclass(frozen=True)
class Fulfilment:
    """The derived facts of an order; field names are those of `Order`."""

    promised_date: date | None
    current_promised_date: date | None
    shipped_at: datetime | None
    first_shipped_at: datetime | None
    first_delivered_at: datetime | None
    delivered_at: datetime | None
    is_first_in_full: bool | None
    is_in_full: bool | None
    is_all_shipped: bool  # even where the instant of shipping is not known


def promised_dates(lines: Iterable[LineFacts]) -> tuple[date | None, date | None]:
    """The order's original and current promise: the latest date of the lines that are still wanted (lesson F41)."""
    wanted = [line for line in lines if line.quantity > 0]
    return (
        max((line.promised_date for line in wanted if line.promised_date), default=None),
        max((line.current_promised_date for line in wanted if line.current_promised_date), default=None),
    )


def reached_at(instants: Mapping[str, datetime | None], move: str) -> datetime | None:
    """When the cargo made `move`, at the latest: its own instant, else that of the next later move that is known."""
    moves = list(SHIPMENT_INSTANTS)
    for later in moves[moves.index(move) :]:
        if instants.get(SHIPMENT_INSTANTS[later]):
            return instants[SHIPMENT_INSTANTS[later]]
    return None


def fulfil(
    lines: Sequence[LineFacts],
    shipments: Sequence[CargoFacts],
    *,
    incoterm: str,
    under_tolerance: Decimal = Decimal(0),
    over_tolerance: Decimal = Decimal(0),
) -> Fulfilment:
    """Derive the facts of an order.

    Delivered is the instant at which every line has reached its quantity, less the tolerance agreed, at the Incoterm's
    delivery point.
    """
    wanted = [line for line in lines if line.quantity > 0]
    needed = {line.line_id: line.quantity * (1 - under_tolerance) for line in wanted}
    allowed = {line.line_id: line.quantity * (1 + over_tolerance) for line in wanted}
    move = delivery_move(incoterm)
    deliveries = sorted(
        ((at, cargo.quantities) for cargo in shipments if (at := reached_at(cargo.instants, move))),
        key=lambda delivery: delivery[0],
    )
    departed = [cargo for cargo in shipments if reached_at(cargo.instants, ShipmentStatus.DEPARTED)]
    sailed = [(at, cargo.quantities) for cargo in departed if (at := cargo.instants.get("atd"))]
    first, full, first_full, in_full = _walk(deliveries, needed, allowed)
    # One departure not known, and the instant at which all were shipped is not known either.
    known = sorted(sailed, key=lambda part: part[0]) if len(sailed) == len(departed) else []
    first_shipped, all_shipped, _x, _y = _walk(known, needed, allowed)
    promised_date, current_promised_date = promised_dates(lines)
    return Fulfilment(
        promised_date=promised_date,
        current_promised_date=current_promised_date,
        shipped_at=all_shipped,
        first_shipped_at=first_shipped,
        first_delivered_at=first,
        delivered_at=full,
        is_first_in_full=first_full,
        is_in_full=in_full,
        is_all_shipped=bool(needed) and _covers(_sum(cargo.quantities for cargo in departed), needed),
    )


def status_after(current: str, facts: Fulfilment) -> str:
    """The status that the facts call for; draft, held, closed and cancelled orders keep theirs."""
    if current not in {OrderStatus.CONFIRMED, OrderStatus.SHIPPED, OrderStatus.DELIVERED}:
        return current
    if facts.delivered_at:
        return OrderStatus.DELIVERED
    return OrderStatus.SHIPPED if facts.is_all_shipped else OrderStatus.CONFIRMED


def _walk(
    deliveries: Sequence[tuple[datetime, Mapping[int, Decimal]]],
    needed: Mapping[int, Decimal],
    allowed: Mapping[int, Decimal],
) -> tuple[datetime | None, datetime | None, bool | None, bool | None]:
    """First instant, instant of fullness, and whether the quantities then lay between needed and allowed."""
    if not deliveries or not needed:
        return None, None, None, None
    received: dict[int, Decimal] = {}
    first, full, in_full = deliveries[0][0], None, None
    first_full = False
    for at, quantities in deliveries:
        for line_id, quantity in quantities.items():
            received[line_id] = received.get(line_id, Decimal(0)) + quantity
        if not _covers(received, needed):
            continue
        within = all(received[line_id] <= allowed[line_id] for line_id in needed)
        if full is None:
            full, in_full = at, within
        elif at == full:
            in_full = within  # several shipments at the very same instant are one delivery
        if at == first:
            first_full = within
    return first, full, first_full, in_full


def _covers(received: Mapping[int, Decimal], needed: Mapping[int, Decimal]) -> bool:
    return all(received.get(line_id, Decimal(0)) >= quantity for line_id, quantity in needed.items())


def _sum(parts: Iterable[Mapping[int, Decimal]]) -> dict[int, Decimal]:
    total: dict[int, Decimal] = {}
    for part in parts:
        for line_id, quantity in part.items():
            total[line_id] = total.get(line_id, Decimal(0)) + quantity
    return total
