"""The packing list (glossary A4, PL): what travels, in how many packages, how heavy and how large."""

from orders.papers.cargo import Cargo, figure
from orders.papers.layout import both, facts, goods, paper, stacked

HEADS = (
    stacked("Order / PO", "订单"),
    stacked("Goods", "品名"),
    stacked("Quantity", "数量"),
    stacked("Packages", "件数"),
    stacked("N.W. kg", "净重"),
    stacked("G.W. kg", "毛重"),
    stacked("m³", "体积"),
)
SHARES = (0.2, 0.28, 0.13, 0.1, 0.1, 0.1, 0.09)


def packing_list(cargo: Cargo, *, issued: str) -> bytes:
    """A PDF of the goods aboard; `issued` is the day, YYYY-MM-DD."""
    shipment = cargo.shipment
    rows = [
        [
            "\n".join(part for part in (line.order_line.order.number, line.order_line.order.customer_po_no) if part),
            "\n".join(part for part in (line.order_line.product_code, line.order_line.description) if part),
            f"{figure(line.quantity)} {line.order_line.unit}",
            *(figure(getattr(line, name)) for name in ("packages", "net_weight_kg", "gross_weight_kg", "volume_m3")),
        ]
        for line in cargo.lines
    ]
    totals = [figure(cargo.total(n)) for n in ("packages", "net_weight_kg", "gross_weight_kg", "volume_m3")]
    rows.append([both("Total", "合计"), "", _quantities(cargo), *totals])
    head = facts(
        [
            (both("Shipper", "发货人"), cargo.seller),
            (both("Consignee", "收货人"), "\n".join(buyer.name_en or buyer.name for buyer in cargo.buyers)),
            (both("Vessel / voyage", "船名航次"), " / ".join(filter(None, [shipment.vessel, shipment.voyage]))),
            (both("From - to", "起运港 - 目的港"), " - ".join(filter(None, [shipment.origin, shipment.destination]))),
            (both("Container", "箱号"), shipment.container_no),
            (both("Seal", "封号"), shipment.seal_no),
            (both("Date", "日期"), issued),
        ]
    )
    parts = [head, goods(HEADS, rows, SHARES, numbers=5, has_total=True)]
    return paper(both("Packing list", "装箱单"), shipment.number, parts, name=f"{shipment.number}  packing list")


def _quantities(cargo: Cargo) -> str:
    """The sum for each unit: pieces and metres are not added up."""
    sums: dict[str, object] = {}
    for line in cargo.lines:
        sums[line.order_line.unit] = sums.get(line.order_line.unit, 0) + line.quantity  # type: ignore[operator]
    return "\n".join(f"{figure(total)} {unit}" for unit, total in sums.items())  # type: ignore[arg-type]
