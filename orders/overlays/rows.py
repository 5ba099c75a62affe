"""The rows that terms of an order add (domain table C7), and which step of a template plays the part of another.

The rows are written like those of a template, in the grammar of C0, with two columns more: `before`, the step that
waits for the new one, and `replaces`, the step in whose place it stands. They name steps of the full-container
template; STAND_INS says what plays their part elsewhere.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from orders.grammar import COLUMNS, StepSpec, parse_step

HEADER = (*COLUMNS[:7], "before", "replaces", *COLUMNS[7:])
TABLE = """
[LC]
LC_RECEIVED    |收到信用证|L/C received|CONF|finance|5w|PI_SIGNED|PROD_NOTICE||-|2w/1w/3w|-|CG
LC_CHECKED     |审证|L/C checked (soft clauses, dates)|CONF|documents|1w|LC_RECEIVED|PROD_NOTICE||-|4h/4h/1w|REVIEW|GT
LC_AMENDED     |改证|L/C amended|CONF|documents|5w|LC_CHECKED|||-|2w/1w/3w|-|OC
DOCS_PRESENTED |交单|documents presented to the bank|DOCS|documents|5w|DOCS_READY|||-|1w/4h/1w|CI!,PL!,BL!|H
LC_PAID        |信用证收汇|L/C paid|PAY|finance|10w|DOCS_PRESENTED||BALANCE_RECEIVED|-|3w/1w/5w|BANK_SLIP!|CG
[DP]
COLLECTION_SENT|托收寄单|documents sent for collection|DOCS|documents|3w|DOCS_READY|||-|1w/1w/2w|CI!,BL!|T
DP_PAID        |付款交单收款|paid against documents|PAY|finance|10w|COLLECTION_SENT||BALANCE_RECEIVED|-|3w/1w/5w|BANK_SLIP!|CG
[DA]
DA_APPROVED    |承兑交单审批|D/A approved by the manager|CONF|manager|1w|PO_RECEIVED|PROD_NOTICE||-|4h/4h/1w|REVIEW|G
COLLECTION_SENT|托收寄单|documents sent for collection|DOCS|documents|3w|DOCS_READY|||-|1w/1w/2w|CI!,BL!|T
DA_ACCEPTED    |承兑|draft accepted|PAY|finance|10w|COLLECTION_SENT|||-|3w/1w/5w|-|CG
DA_PAID        |承兑到期收款|draft paid at maturity|PAY|finance|10w|DA_ACCEPTED||BALANCE_RECEIVED|-|3w/1w/5w|BANK_SLIP!|C
[OA]
CREDIT_CHECK   |信用核查|credit check|CONF|finance|1w|PO_RECEIVED|PROD_NOTICE||-|4h/4h/1w|REVIEW|G
[ESCROW]
FUNDS_SECURED  |资金托管|funds secured in escrow|CONF|finance|3w|PI_SIGNED|PROD_NOTICE|DEPOSIT_RECEIVED|-|1w/1w/3w|BANK_SLIP!|CG
[EXW]
PICKUP_NOTICE  |提货通知|pick-up notice to the buyer|SHIP|logistics|1w|FINAL_QC|LOADED||-|4h/4h/1w|-|TV
[FCA]
PICKUP_NOTICE  |提货通知|pick-up notice to the buyer|SHIP|logistics|1w|FINAL_QC|LOADED||-|4h/4h/1w|-|TV
[CFR]
FREIGHT_PAID   |支付运费|freight paid|SHIP|finance|2w|SO_RELEASED|BL_RELEASED||-|1w/1w/2w|BANK_SLIP!|G
[INSURED]
INSURANCE_ISSUED|投保|cargo insured|SHIP|documents|1w|SO_RELEASED|ETD||ETD-1w|1w/4h/4h|INS!|H
[IMPORT_OURS]
ARRIVED        |到港|arrived at destination port|DLV|logistics|20c|ETD|DELIVERED||-|3c/1c/3c|-|SV
IMPORT_CLEARED |进口清关|import customs cleared|DLV|logistics|3w|ARRIVED|DELIVERED||-|1w/1w/2w|-|SV
[IMPORT_BUYER]
ARRIVED        |到港|arrived at destination port|DLV|logistics|20c|ETD|DELIVERED||-|3c/1c/3c|-|SV
IMPORT_CLEARED |进口清关|import customs cleared by the buyer|DLV|logistics|3w|ARRIVED|DELIVERED||-|1w/1w/2w|-|CV
[US_SEA]
AMS_ISF_FILED  |AMS/ISF 申报|AMS/ISF filed|SHIP|logistics|1w|SI_SUBMITTED|ETD||ETD-1w|1w/4h/4h|-|H
[EU_SEA]
ENS_FILED      |ENS 申报|ENS filed|SHIP|logistics|1w|SI_SUBMITTED|ETD||ETD-1w|1w/4h/4h|-|H
[LCL]
CFS_IN         |进仓(CFS)|delivered to the CFS warehouse|SHIP|logistics|1w|LOADED||GATE_IN|ETD-5w|1w/4h/4h|-|HS
[AIR_CARGO]
AWB_CUT        |截空运单|AWB data sent before cut-off|SHIP|documents|1w|SO_RELEASED,PROD_DONE||SI_SUBMITTED|ETD-1w|1w/4h/4h|AWB|H
AIR_HANDOVER   |交机场货站|handed over to the air terminal|SHIP|logistics|1w|LOADED||GATE_IN|ETD-1w|1w/4h/4h|-|HS
[INSPECTION]
INSPECTION_BOOKED|第三方验货预约|third-party inspection booked|QC|qc|1w|PROD_START|||FINAL_QC-10w|1w/1w/2w|-|-
[STATUTORY]
CIQ_CLEARED    |商检|statutory inspection passed|SHIP|logistics|3w|FINAL_QC|CUSTOMS_RELEASED||-|1w/1w/2w|-|S
[WOOD]
FUMIGATED      |熏蒸|wood packaging fumigated (ISPM 15)|SHIP|logistics|2w|PACKED|LOADED||-|1w/1w/2w|FUMI!|S
"""  # noqa: E501  the table reads as one only if a row stays on its line

# Which step plays the part of a step of the full-container template where that is not there, first choice first.
STAND_INS: dict[str, tuple[tuple[str, ...], ...]] = {
    # The order is in the house. A garment template starts with the confirmed order.
    "PO_RECEIVED": (("ORDER_RECEIVED",), ("ORDER_CONFIRMED",)),
    # The customer is bound: whatever it owes us before production is asked for now.
    "PI_SIGNED": (("CONTRACT_SIGNED",), ("ORDER_CONFIRMED",)),
    "DEPOSIT_RECEIVED": (("PREPAY_RECEIVED",),),
    # The first money spent on the order. Garments: yarn and trims are bought; lab dips and fit samples, which cost
    # little and take weeks, go on before, and no step waits for the published T&A calendar.
    "PROD_NOTICE": (("WORK_ORDER",), ("YARN_BOOKED", "TRIM_IN")),
    "PROD_START": (("SEW_START",),),
    "PACKED": (("FINISHED_PACKED",),),
    "FINAL_QC": (("FINAL_AUDIT",), ("OQC",)),
    # Space is certain, hence vessel and date; where only the booking is followed, its shipping order is the proof.
    "SO_RELEASED": (("BOOKING",),),
    "SI_SUBMITTED": (("BOOKING",),),
    # The goods leave our hands.
    "LOADED": (("EX_FACTORY",), ("DISPATCHED",)),
    # The complete set, B/L included; on a garment order both are proved by the documents that went out.
    "DOCS_READY": (("DOCS_SENT",),),
    "BL_RELEASED": (("DOCS_SENT",),),
    "BALANCE_RECEIVED": (("PAYMENT_RECEIVED",),),
}
# Steps of money are replaced and removed under any name; those of cargo only under their own, since a stand-in such
# as BOOKING has other work to do.
MONEY = frozenset({"DEPOSIT_RECEIVED", "BALANCE_RECEIVED"})


@dataclass(frozen=True)
class Row:
    """A row that a rule adds: the step, the steps that wait for it, and the one that it replaces or ""."""

    step: StepSpec
    before: tuple[str, ...]
    replaces: str


def stand_ins(code: str, present: Container[str]) -> tuple[str, ...]:
    """The steps of a template that play the part of `code`; none if it has no such part."""
    choices = ((code,), *STAND_INS.get(code, ()))
    found = (tuple(name for name in choice if name in present) for choice in choices)
    return next((names for names in found if names), ())


def same_work(code: str, present: Container[str]) -> tuple[str, ...]:
    """The steps that do the same work as `code` and nothing else, so that they may be replaced or removed."""
    return stand_ins(code, present) if code in MONEY else ((code,) if code in present else ())


def _read(table: str) -> dict[str, tuple[Row, ...]]:
    found: dict[str, list[Row]] = {}
    for line in table.strip().splitlines():
        if line.startswith("["):
            rows = found.setdefault(line.strip("[]"), [])
            continue
        cell = dict(zip(HEADER, (text.strip() for text in line.split("|")), strict=True))
        before = tuple(code for code in cell["before"].split(",") if code)
        rows.append(Row(parse_step(cell), before, cell["replaces"]))
    return {rule: tuple(rows) for rule, rows in found.items()}


ROWS = _read(TABLE)  # by code of the rule
