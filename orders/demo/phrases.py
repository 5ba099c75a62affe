"""What people write: reasons and comments."""

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from orders.demo.story import Act
from orders.words import Side

if TYPE_CHECKING:
    from orders.demo.plots import Plot

_WAITING = {
    Side.CUSTOMER: ["等客户确认样品", "客户内部审批中，已催两次", "等客户付款水单", "客户要求修改唛头，等新稿",
                    "Waiting for the buyer's approval"],
    Side.SUPPLIER: ["供应商排期推后，等回复", "面料厂染缸排队", "工厂停电检修", "Supplier waits for raw material"],
    Side.FORCE_MAJEURE: ["台风停工"],
    Side.AUTHORITY: ["海关查验中"],
}  # fmt: skip
_PROMISE = {
    Side.SUPPLIER: "供应商交料延迟，已与客户沟通新交期",
    Side.INTERNAL: "产能不足，重新排产后的交期",
    Side.CARRIER: "舱位甩柜，改下一水船",
    Side.AUTHORITY: "海关查验，顺延",
    Side.CUSTOMER: "客户确认晚，交期顺延",
    Side.FORCE_MAJEURE: "台风影响，交期顺延",
}
_HOLDING = {Side.CUSTOMER: "客户资金未到位，通知暂停生产", Side.FORCE_MAJEURE: "港口罢工，暂缓出运"}
_CANCELLING = {
    Side.CUSTOMER: "客户市场变化，取消订单",
    Side.INTERNAL: "报价核算错误，无法履约，与客户协商取消",
    Side.SUPPLIER: "供应商停产，找不到替代",
}
_COMMENTS = [
    "已电话催过工厂，答复明天给照片。",
    "客户问进度，已回复当前节点和预计时间。",
    "包装尺寸改了，装柜前再核一次体积。",
    "请船务留意截关时间，这票比较赶。",
    "样品已用顺丰寄出，单号发在群里。",
    "单价按新合同执行，PI 已更新。",
    "Buyer asked for photos of the cartons, will send today.",
    "Please check the HS code before customs.",
    "这家客户对唛头要求严，出货前拍照确认。",
    "尾款客户说周四付，周五看水单。",
    "验货发现两箱色差，工厂已换货。",
    "和工厂确认了人手，不影响交期。",
]


def waiting(side: str, rng: Random) -> str:
    return rng.choice(_WAITING[Side(side)])


def promise(side: str, rng: Random) -> str:
    return _PROMISE[Side(side)]


def holding(side: str) -> str:
    return _HOLDING[Side(side)]


def cancelling(side: str) -> str:
    return _CANCELLING[Side(side)]


def comment_acts(plot: "Plot", acts: list[Act], clerk: str) -> list[Act]:
    """A few comments shortly after something else was done."""
    rng = plot.rng
    after = [act for act in acts if act.verb in {"complete", "pause", "move"}]
    chosen = rng.sample(after, min(len(after), rng.choice([0, 0, 1, 1, 2, 3])))
    return [
        Act(act.at + timedelta(minutes=1), "comment", rng.choice([clerk, act.by]), {"text": rng.choice(_COMMENTS)})
        for act in chosen
    ]
