"""The delay reasons that come with the product (an administrator may add to them), and reasons in plain sentences."""

from django.utils.translation import gettext

from orders.models import DelayReason
from orders.words import Side

SHIPPED: list[tuple[str, str, str, Side]] = [
    ("customer_change", "客户变更", "Customer changed the order", Side.CUSTOMER),
    ("customer_approval", "客户确认慢", "Customer approved late", Side.CUSTOMER),
    ("customer_payment", "客户付款晚", "Customer paid late", Side.CUSTOMER),
    ("material_late", "物料晚到", "Material came late", Side.SUPPLIER),
    ("supplier_quality", "供应商质量问题", "Supplier quality", Side.SUPPLIER),
    ("capacity", "产能不足", "Not enough capacity", Side.INTERNAL),
    ("rework", "返工", "Rework", Side.INTERNAL),
    ("paperwork", "单证错误或延误", "Paperwork wrong or late", Side.INTERNAL),
    ("no_space", "舱位不足", "No space with the carrier", Side.CARRIER),
    ("rolled_over", "甩柜", "Rolled to a later sailing", Side.CARRIER),
    ("transit_delay", "运输延误", "Delay in transit", Side.CARRIER),
    ("customs_check", "海关查验", "Customs inspection", Side.AUTHORITY),
    ("weather", "台风等天气", "Typhoon or weather", Side.FORCE_MAJEURE),
]


def load_delay_reasons() -> int:
    """Create the reasons that do not exist yet; returns how many."""
    known = set(DelayReason.objects.values_list("code", flat=True))
    rows = [
        DelayReason(code=code, name_zh=zh, name_en=en, side=side) for code, zh, en, side in SHIPPED if code not in known
    ]
    return len(DelayReason.objects.bulk_create(rows))


def waiting_reason(side: str) -> str:
    """The plain sentence for whom is waited."""
    return gettext("Waiting on: %(side)s") % {"side": Side(side).label}
