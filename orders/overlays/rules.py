"""The rules of C7: when each applies, and what it does besides adding its rows. Pure: no queries, no clock.

A rule says what it does in names of the full-container template and never asks what other rules do, so their order does
not matter: rows first, then `rewire`, then the removals, then `edits`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.overlays.changes import (
    CARRIER_PAPERS,
    Change,
    airwaybill,
    balance_before_loading,
    consignment_note,
    loaded_on_truck,
    papers,
    release_on_acceptance,
    release_without_payment,
    renamed,
    split_delivery,
    travelling,
    wanted_only,
)
from orders.overlays.terms import AIR, BUYER_BOOKS, CLEARED_BY_BUYER, EU, INSURED, LAND, SEA, Terms
from orders.words import Incoterm, Mode, PaymentTerms

EXPORT = ("ETD",)  # the goods leave the country
DELIVERY = ("ETD", "DELIVERED")
PAID_BY_BANK = ("ETD", "PI_SIGNED", "PROD_NOTICE", "DOCS_READY", "BALANCE_RECEIVED")
CARGO_OF_SEA = ("SI_SUBMITTED", "VGM_SUBMITTED", "GATE_IN")
BOOKED_BY_BUYER = ("BOOKING", "SO_RELEASED", *CARGO_OF_SEA)


@dataclass(frozen=True)
class Rule:
    """`needs`: parts that a template must have for the rule to make sense there."""

    code: str
    condition: Promise
    applies: Callable[[Terms], bool]
    needs: tuple[str, ...] = EXPORT
    removes: tuple[str, ...] = ()
    rewire: Change | None = None
    edits: tuple[Change, ...] = ()


def _pays(term: str) -> Callable[[Terms], bool]:
    return lambda terms: terms.payment == term


def _sold(*incoterms: str) -> Callable[[Terms], bool]:
    return lambda terms: terms.incoterm in incoterms


def _goes(*modes: str) -> Callable[[Terms], bool]:
    return lambda terms: terms.mode in modes


def _we_send(*modes: str) -> Callable[[Terms], bool]:
    """By one of `modes`, and the buyer's forwarder does not do it."""
    return lambda terms: terms.mode in modes and terms.incoterm not in BUYER_BOOKS


def _by_sea_to(*countries: str) -> Callable[[Terms], bool]:
    return lambda terms: terms.country.upper() in countries and _we_send(*SEA)(terms)


DEPOSIT = ("DEPOSIT_RECEIVED",)  # only T/T 30/70 has one (A3)
P, I, M = PaymentTerms, Incoterm, Mode  # noqa: E741  read the table below as a table
RULES = (
    Rule("LC", _("Payment by letter of credit"), _pays(P.LC), needs=PAID_BY_BANK, removes=DEPOSIT),
    Rule("DP", _("Payment by D/P: documents against payment"), _pays(P.DP), needs=PAID_BY_BANK, removes=DEPOSIT),
    Rule(
        "DA",
        _("Payment by D/A: documents against acceptance"),
        _pays(P.DA),
        needs=PAID_BY_BANK,
        removes=DEPOSIT,
        rewire=release_on_acceptance,
    ),
    Rule(
        "OA",
        _("Payment on open account"),
        _pays(P.OA),
        needs=("BALANCE_RECEIVED",),
        removes=DEPOSIT,
        rewire=release_without_payment,
    ),
    Rule(
        "TT_BEFORE",
        _("Balance by T/T before shipment"),
        _pays(P.TT_BEFORE_SHIPMENT),
        needs=("FINAL_QC", "LOADED", "BALANCE_RECEIVED"),
        rewire=balance_before_loading,
    ),
    Rule("ESCROW", _("Payment through escrow or a platform"), _pays(P.ESCROW), needs=()),
    Rule(
        "EXW",
        _("EXW: the buyer books, loads and clears exports"),
        _sold(I.EXW),
        removes=(*BOOKED_BY_BUYER, "LOADED", "CUSTOMS_RELEASED"),
        edits=(papers(wanted_only(*CARRIER_PAPERS, "CUSTOMS")),),
    ),
    Rule(
        "FCA",
        _("FCA: we clear exports and hand over to the buyer's forwarder"),
        _sold(I.FCA),
        removes=BOOKED_BY_BUYER,
        edits=(
            renamed("LOADED", "交付承运人", "handed over to the buyer's carrier"),
            papers(wanted_only(*CARRIER_PAPERS)),
        ),
    ),
    Rule("CFR", _("CFR: we pay the freight"), _sold(I.CFR)),
    Rule("INSURED", _("CIF or CIP: we insure the cargo"), _sold(*INSURED)),
    Rule("IMPORT_OURS", _("DDP: we clear imports"), _sold(I.DDP), needs=DELIVERY, rewire=split_delivery),
    Rule(
        "IMPORT_BUYER",
        _("DAP, DPU or DDU: the buyer clears imports"),
        _sold(*CLEARED_BY_BUYER),
        needs=DELIVERY,
        rewire=split_delivery,
    ),
    Rule("US_SEA", _("By sea to the United States"), _by_sea_to("US")),
    Rule("EU_SEA", _("By sea to the European Union"), _by_sea_to(*EU)),
    Rule(
        "LCL",
        _("Shared container (LCL): the consolidator loads and weighs it"),
        _we_send(M.LCL),
        needs=("ETD", "GATE_IN"),
        removes=("VGM_SUBMITTED",),
        edits=(loaded_on_truck,),
    ),
    Rule(
        "AIR_CARGO",
        _("By air: air waybill and air terminal instead of container papers"),
        _we_send(*AIR),
        needs=("ETD", "GATE_IN"),
        removes=("VGM_SUBMITTED",),
        edits=(loaded_on_truck,),
    ),
    Rule("AIR", _("By air: 4 days under way, air waybill"), _goes(*AIR), edits=(travelling(4, airwaybill),)),
    Rule("LAND", _("By road or rail: no sea cut-offs"), _we_send(*LAND), removes=CARGO_OF_SEA),
    Rule(
        "TRUCK",
        _("By road: 5 days under way, no bill of lading"),
        _goes(M.TRUCK),
        edits=(travelling(5, consignment_note),),
    ),
    Rule(
        "RAIL",
        _("By rail: 18 days under way, no bill of lading"),
        _goes(M.RAIL),
        edits=(travelling(18, consignment_note),),
    ),
    Rule("INSPECTION", _("Inspection by a third party"), lambda terms: terms.third_party_inspection, needs=()),
    Rule("WOOD", _("Wood packaging"), lambda terms: terms.wood_packaging),
    Rule("STATUTORY", _("Goods under statutory inspection"), lambda terms: terms.statutory_inspection),
)
