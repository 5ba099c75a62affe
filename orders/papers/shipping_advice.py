"""The shipping advice: what the customer is told once the cargo has sailed, so that they can insure and receive it."""

from orders.papers.cargo import Cargo, figure
from orders.papers.layout import both, facts, goods, paper, stacked

HEADS = (
    stacked("Order", "订单"),
    stacked("Your PO", "贵方订单号"),
    stacked("Goods", "品名"),
    stacked("Quantity", "数量"),
)
SHARES = (0.2, 0.2, 0.43, 0.17)


def shipping_advice(cargo: Cargo, *, issued: str) -> bytes:
    """A PDF about the voyage and the goods; `issued` is the day, YYYY-MM-DD. No prices: it goes to many hands."""
    shipment = cargo.shipment
    etd = shipment.etd.isoformat() if shipment.etd else ""
    eta = shipment.eta.isoformat() if shipment.eta else ""
    voyage = facts(
        [
            (both("From", "发货人"), cargo.seller),
            (both("To", "致"), "\n".join(buyer.name_en or buyer.name for buyer in cargo.buyers)),
            (both("Date", "日期"), issued),
            (both("B/L no.", "提单号"), shipment.bl_no),
            (both("Vessel / voyage", "船名航次"), " / ".join(filter(None, [shipment.vessel, shipment.voyage]))),
            (both("Booking", "订舱号"), shipment.booking_no),
            (both("Port of loading", "起运港"), shipment.origin),
            (both("Destination", "目的港"), shipment.destination),
            (both("Departed", "开船"), cargo.day(shipment.atd)) if shipment.atd else (both("ETD", "预计开船"), etd),
            (both("Arrived", "到港"), cargo.day(shipment.ata)) if shipment.ata else (both("ETA", "预计到港"), eta),
            (both("Container", "箱号"), shipment.container_no),
            (both("Seal", "封号"), shipment.seal_no),
            (both("Packages", "件数"), figure(total) if (total := cargo.total("packages")) is not None else ""),
            (
                both("Gross weight, kg", "毛重"),
                figure(weight)
                if (weight := cargo.total("gross_weight_kg") or cargo.shipment.weight_kg) is not None
                else "",
            ),
        ]
    )
    rows = [
        [
            line.order_line.order.number,
            line.order_line.order.customer_po_no,
            " ".join(part for part in (line.order_line.product_code, line.order_line.description) if part),
            f"{figure(line.quantity)} {line.order_line.unit}",
        ]
        for line in cargo.lines
    ]
    parts = [voyage, goods(HEADS, rows, SHARES, numbers=1, has_total=False)]
    return paper(
        both("Shipping advice", "装船通知"), shipment.number, parts, name=f"{shipment.number}  shipping advice"
    )
