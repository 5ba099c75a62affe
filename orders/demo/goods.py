"""What the demo trades in, by process template."""

from decimal import Decimal
from random import Random

# Code, description, unit, price, and the quantities an order line may have: from, to, step.
Product = tuple[str, str, str, str, int, int, int]

_EXPORT: list[Product] = [
    ("LMP-2041", "LED 落地灯 LED floor lamp, brushed brass", "pcs", "18.60", 600, 4000, 100),
    ("LMP-3310", "吸顶灯 Ceiling light 48 W, IP44", "pcs", "11.25", 1000, 8000, 200),
    ("CHR-118", "折叠椅 Folding chair, powder-coated steel", "pcs", "7.80", 1200, 9600, 240),
    ("TBL-072", "户外桌 Outdoor table, acacia top", "pcs", "42.00", 200, 1200, 50),
    ("HNG-550", "门铰链 Door hinge set, stainless", "set", "1.35", 10000, 60000, 1000),
    ("TLS-906", "棘轮扳手套装 Ratchet wrench set, 24 pieces", "set", "14.90", 800, 6000, 100),
    ("TNT-204", "双人帐篷 Two-person tent, 3000 mm", "pcs", "31.50", 300, 2400, 60),
    ("CKW-631", "不粘锅 Non-stick pan 28 cm, induction", "pcs", "6.40", 2000, 12000, 400),
]
_GARMENT: list[Product] = [
    ("TSH-8801", "针织圆领衫 Jersey tee, 180 g, combed cotton", "pcs", "3.15", 6000, 36000, 600),
    ("HDY-4420", "连帽卫衣 Fleece hoodie, 320 g", "pcs", "8.70", 3000, 18000, 300),
    ("PLO-1207", "珠地 Polo 衫 Piqué polo, dyed to order", "pcs", "5.05", 4000, 24000, 400),
    ("LEG-3009", "打底裤 Leggings, cotton elastane", "pcs", "3.90", 5000, 30000, 500),
    ("PJM-7702", "儿童睡衣套装 Kids pyjama set", "set", "6.20", 4000, 20000, 400),
]
_MADE_TO_ORDER: list[Product] = [
    ("CVB-1200", "输送带 6 m，变频 Belt conveyor, 6 m", "台", "28600.00", 1, 6, 1),
    ("HPU-37", "液压站 37 kW Hydraulic power unit", "台", "46800.00", 1, 4, 1),
    ("GBX-210", "减速机 Gearbox, ratio 31.5", "台", "8350.00", 2, 20, 1),
    ("FRM-88", "焊接机架 Welded frame, galvanised", "件", "5400.00", 2, 30, 2),
    ("CTL-16", "控制柜 PLC control cabinet", "套", "17900.00", 1, 8, 1),
]
_SPARES: list[Product] = [
    ("BRG-6205", "深沟球轴承 6205 Ball bearing", "件", "18.50", 20, 400, 10),
    ("SEL-045", "骨架油封 45×62×8 Oil seal", "件", "6.80", 50, 600, 10),
    ("FLT-330", "液压滤芯 Hydraulic filter element", "件", "86.00", 5, 80, 5),
    ("BLT-B68", "三角带 B68 V-belt", "条", "24.00", 10, 200, 5),
    ("SNS-M12", "接近开关 M12 Proximity sensor", "只", "65.00", 5, 60, 5),
    ("VLV-4WE", "电磁换向阀 Solenoid valve", "件", "420.00", 1, 24, 1),
]
PRODUCTS: dict[str, list[Product]] = {
    "EXPORT_FCL": _EXPORT,
    "PRE_SALES": _EXPORT,
    "CLAIM_8D": _EXPORT,
    "GARMENT_TNA": _GARMENT,
    "DOMESTIC_MTO": _MADE_TO_ORDER,
    "SPARE_PARTS": _SPARES,
}


def choose_goods(template: str, team: str, rng: Random) -> list[dict]:
    """Values of one to four order lines; the same product never twice."""
    products = _SPARES if template == "CLAIM_8D" and team == "parts" else PRODUCTS[template]
    chosen = rng.sample(products, rng.choice([1, 1, 2, 2, 3, 4]))
    return [
        {
            "product_code": code,
            "description": description,
            "unit": unit,
            "unit_price": (Decimal(price) * rng.randrange(94, 107) / 100).quantize(Decimal("0.0001")),
            "quantity": Decimal(rng.randrange(low, high + 1, step)),
        }
        for code, description, unit, price, low, high, step in chosen
    ]
