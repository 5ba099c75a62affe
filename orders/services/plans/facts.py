"""What a plan needs to know of an order, read from its rows."""

from collections.abc import Sequence
from datetime import date

from orders.cutoffs import CUTOFFS
from orders.models import Order, ShipmentLine
from orders.overlays import Terms
from orders.targets import Dates, Sailing
from orders.workflow import ShipmentStatus
from teams.models import Organization


def terms_of(order: Order) -> Terms:
    """The order's terms as they stand now."""
    return Terms(
        payment=order.payment_terms,
        incoterm=order.incoterm,
        mode=order.mode,
        country=order.country,
        third_party_inspection=order.third_party_inspection,
        wood_packaging=order.wood_packaging,
        statutory_inspection=order.statutory_inspection,
    )


def sailings_of(order: Order) -> list[Sailing]:
    """The order's shipments, by id, without cancelled ones; one query."""
    rows = (
        ShipmentLine.objects.filter(order_line__order=order)
        .exclude(shipment__status=ShipmentStatus.CANCELLED)
        .select_related("shipment", "order_line")
        .order_by("shipment_id", "pk")
    )
    found: dict[int, Sailing] = {}
    for row in rows:
        shipment, promised = row.shipment, row.order_line.promised_date_current
        earlier = found.get(shipment.pk)
        cutoffs = {c.code: at for c in CUTOFFS if (at := getattr(shipment, c.field)) is not None}
        known = [day for day in (earlier.promised if earlier else None, promised) if day]
        found[shipment.pk] = Sailing(shipment.pk, shipment.etd, max(known, default=None), cutoffs)
    return list(found.values())


def dates_of(order: Order, sailings: Sequence[Sailing], promised: date | None = None) -> Dates:
    """The dates people gave the order; `promised` stands in for every promise of it."""
    if promised:
        sailings = [Sailing(s.id, s.etd, promised, s.cutoffs) for s in sailings]
    return Dates(
        promised=promised or order.current_promised_date,
        incoterm=order.incoterm,
        zone=Organization.current().timezone,
        latest_shipment=order.lc_latest_shipment,
        expiry=order.lc_expiry,
        sailings=tuple(sailings),
    )


def shipments_apart(sailings: Sequence[Sailing], before: Sequence[int]) -> tuple[int, ...]:
    """The shipments whose steps stand for themselves: from the second one on, and ever after."""
    return tuple(sailing.id for sailing in sailings) if len(sailings) > 1 or before else ()
