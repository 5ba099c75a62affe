"""What goes with some steps: money received with a payment step, an inspection with the final check of the goods."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from orders.demo.people import holder
from orders.demo.plots import Plot
from orders.demo.story import Act
from orders.demo.world import ZONE
from orders.models.milestones import FIRST_PAYMENT, PAYMENT_STEPS
from teams.permissions import RoleCode

FINAL_CHECKS = ("FINAL_QC", "FINAL_AUDIT")
SHARE = Decimal("0.3")
CENT = Decimal("0.01")
# Every so many orders the first look at the goods sends them back, or releases them by concession.
REWORKED, CONCEDED = 7, 11


def proof_acts(plot: Plot, acts: list[Act]) -> Iterator[Act]:
    """An act beside each completion that money or an inspection stands behind."""
    completed = {act.data["code"]: act for act in acts if act.verb == "complete"}
    owed = [code for code in PAYMENT_STEPS if code in plot.specs]
    for code, act in completed.items():
        if code in owed:
            day = act.data["finished_at"].astimezone(ZONE).date()
            data = {"part": _part(code, owed), "received_on": day}
            yield Act(act.at, "receive", holder(RoleCode.FINANCE, plot.card.team), data)
        if code in FINAL_CHECKS:
            yield from _inspections(plot, act)


def _part(code: str, owed: list[str]) -> str:
    if len(owed) == 1:
        return "all"
    return "first" if code in FIRST_PAYMENT else "rest"


def part_of(amount: Decimal, part: str) -> Decimal:
    """The first part of an order's amount, the rest of it, or all."""
    first = (amount * SHARE).quantize(CENT)
    return {"all": amount, "first": first, "rest": amount - first}[part]


def _inspections(plot: Plot, act: Act) -> Iterator[Act]:
    number, by = plot.card.index, holder(RoleCode.QC, plot.card.team)
    if number % REWORKED == 0:
        yield Act(act.at - timedelta(hours=30), "inspect", by, _lot(act.at - timedelta(hours=30), 14, "rework"))
    is_conceded = number % CONCEDED == 5
    lot = _lot(act.at, 13, "concession") if is_conceded else _lot(act.at, number % 4, "release")
    yield Act(act.at, "inspect", by, lot)


def _lot(at: Any, major: int, disposition: str) -> dict[str, Any]:
    return {
        "kind": "FRI",
        "inspected_on": at.astimezone(ZONE).date(),
        "lot_size": 1200,
        "level": "II",
        "aql_major": "2.5",
        "aql_minor": "4.0",
        "critical": 0,
        "major": major,
        "minor": 2,
        "disposition": disposition,
        "note": "客户同意让步放行" if disposition == "concession" else "",
    }
