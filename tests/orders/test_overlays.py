import csv
from dataclasses import replace
from itertools import cycle, product
from random import Random

import pytest
from django.utils import translation

from orders.grammar import in_order, parse_step, parse_template
from orders.overlays import Terms, overlay_notes, with_overlays
from orders.overlays.composing import compose
from orders.overlays.rows import ROWS, STAND_INS
from orders.overlays.rules import RULES
from orders.process import FOLDER, SHIPPED
from orders.words import Incoterm, Mode, PaymentTerms
from teams.permissions import ROLES


def template(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return parse_template(list(csv.DictReader(file)))


TEMPLATES = {code: template(name) for name, code, *_rest in SHIPPED}
FCL, TNA, MTO, PARTS = (TEMPLATES[code] for code in ("EXPORT_FCL", "GARMENT_TNA", "DOMESTIC_MTO", "SPARE_PARTS"))
FLAGS_OF_GOODS = ("third_party_inspection", "wood_packaging", "statutory_inspection")


def waits_of(step):
    return ",".join(f"{code}+{lag}" if lag else code for code, lag in step.dependencies)


def by_code(specs):
    return {step.code: step for step in specs}


def rewired(specs, terms):
    """The rows whose predecessors are not the template's: code to predecessors, None for a row that is gone."""
    old, new = by_code(specs), by_code(with_overlays(specs, terms))
    changed = {c: waits_of(step) for c, step in new.items() if c not in old or waits_of(old[c]) != waits_of(step)}
    return changed | {code: None for code in old if code not in new}


def as_row(step):
    """A step in the grammar of C0, without its names."""
    documents = ",".join(code + "!" * is_required for code, is_required in step.documents)
    latest = f"{step.latest[0]}-{step.latest[1]}" if step.latest else "-"
    return f"{step.stage} {step.role} {step.duration} {waits_of(step)} {latest} {documents or '-'} {step.flags or '-'}"


def assert_valid(steps):
    codes = [step.code for step in steps]
    assert len(set(codes)) == len(codes)
    assert {dep for step in steps for dep, _lag in step.dependencies} <= set(codes)
    assert {step.latest[0] for step in steps if step.latest} <= set(codes)
    assert len(in_order(steps)) == len(steps)
    assert sum("A" in step.flags for step in steps) == 1
    assert {step.role for step in steps} <= set(ROLES)


# --- payment

LC_CONF = {"LC_CHECKED": "LC_RECEIVED", "LC_AMENDED": "LC_CHECKED"}


@pytest.mark.parametrize(
    ("specs", "payment", "expected"),
    [
        (
            FCL,
            "LC",
            LC_CONF
            | {
                "LC_RECEIVED": "PI_SIGNED",
                "DEPOSIT_RECEIVED": None,
                "PROD_NOTICE": "LC_RECEIVED,LC_CHECKED",
                "DOCS_PRESENTED": "DOCS_READY",
                "BALANCE_RECEIVED": None,
                "LC_PAID": "DOCS_PRESENTED",
                "BL_RELEASED": "LC_PAID",
                "CLOSED": "DELIVERED,LC_PAID",
            },
        ),
        (
            TNA,
            "LC",
            LC_CONF
            | {
                "LC_RECEIVED": "ORDER_CONFIRMED",
                "YARN_BOOKED": "TECHPACK,LC_RECEIVED,LC_CHECKED",
                "TRIM_IN": "TRIM_APPROVED,LC_RECEIVED,LC_CHECKED",
                "DOCS_PRESENTED": "DOCS_SENT",
                "PAYMENT_RECEIVED": None,
                "LC_PAID": "DOCS_PRESENTED",
                "CLOSED": "DELIVERED,LC_PAID",
            },
        ),
        (
            FCL,
            "DP",
            {
                "DEPOSIT_RECEIVED": None,
                "PROD_NOTICE": "PI_SIGNED",
                "COLLECTION_SENT": "DOCS_READY",
                "BALANCE_RECEIVED": None,
                "DP_PAID": "COLLECTION_SENT",
                "BL_RELEASED": "DP_PAID",
                "CLOSED": "DELIVERED,DP_PAID",
            },
        ),
        (
            TNA,
            "DP",
            {
                "COLLECTION_SENT": "DOCS_SENT",
                "PAYMENT_RECEIVED": None,
                "DP_PAID": "COLLECTION_SENT",
                "CLOSED": "DELIVERED,DP_PAID",
            },
        ),
        (
            FCL,
            "DA",
            {
                "DA_APPROVED": "PO_RECEIVED",
                "DEPOSIT_RECEIVED": None,
                "PROD_NOTICE": "PI_SIGNED,DA_APPROVED",
                "COLLECTION_SENT": "DOCS_READY",
                "DA_ACCEPTED": "COLLECTION_SENT",
                "BALANCE_RECEIVED": None,
                "DA_PAID": "DA_ACCEPTED",
                "BL_RELEASED": "DA_ACCEPTED",  # against acceptance, not against payment
                "CLOSED": "DELIVERED,DA_PAID",
            },
        ),
        (
            TNA,
            "DA",
            {
                "DA_APPROVED": "ORDER_CONFIRMED",
                "YARN_BOOKED": "TECHPACK,DA_APPROVED",
                "TRIM_IN": "TRIM_APPROVED,DA_APPROVED",
                "COLLECTION_SENT": "DOCS_SENT",
                "DA_ACCEPTED": "COLLECTION_SENT",
                "PAYMENT_RECEIVED": None,
                "DA_PAID": "DA_ACCEPTED",
                "CLOSED": "DELIVERED,DA_PAID",
            },
        ),
        (
            FCL,
            "OA",
            {
                "CREDIT_CHECK": "PO_RECEIVED",
                "DEPOSIT_RECEIVED": None,
                "PROD_NOTICE": "PI_SIGNED,CREDIT_CHECK",
                "BL_RELEASED": "DOCS_READY",
            },
        ),
        (
            TNA,
            "OA",
            {
                "CREDIT_CHECK": "ORDER_CONFIRMED",
                "YARN_BOOKED": "TECHPACK,CREDIT_CHECK",
                "TRIM_IN": "TRIM_APPROVED,CREDIT_CHECK",
            },
        ),
        (MTO, "OA", {"PREPAY_RECEIVED": None, "WORK_ORDER": "DRAWING_CONFIRMED"}),  # it has a credit check
        (
            FCL,
            "TT_BEFORE",
            {
                "BALANCE_RECEIVED": "FINAL_QC",
                "LOADED": "FINAL_QC,SO_RELEASED,BALANCE_RECEIVED",
                "BL_RELEASED": "BALANCE_RECEIVED,DOCS_READY",
            },
        ),
        (
            TNA,
            "TT_BEFORE",
            {
                "PAYMENT_RECEIVED": "FINAL_AUDIT",
                "EX_FACTORY": "FINAL_AUDIT,BOOKING,PAYMENT_RECEIVED",
                "CLOSED": "DELIVERED,PAYMENT_RECEIVED,DOCS_SENT",
            },
        ),
        (
            MTO,
            "TT_BEFORE",
            {
                "PAYMENT_RECEIVED": "OQC",
                "DISPATCHED": "PACKED,CARRIER_BOOKED,PAYMENT_RECEIVED",
                "CLOSED": "PAYMENT_RECEIVED,ACCEPTED,INVOICED",
            },
        ),
        (
            FCL,
            "ESCROW",
            {"FUNDS_SECURED": "PI_SIGNED", "DEPOSIT_RECEIVED": None, "PROD_NOTICE": "FUNDS_SECURED"},
        ),
        (
            TNA,
            "ESCROW",
            {
                "FUNDS_SECURED": "ORDER_CONFIRMED",
                "YARN_BOOKED": "TECHPACK,FUNDS_SECURED",
                "TRIM_IN": "TRIM_APPROVED,FUNDS_SECURED",
            },
        ),
        (
            MTO,
            "ESCROW",
            {
                "FUNDS_SECURED": "CONTRACT_SIGNED",
                "PREPAY_RECEIVED": None,
                "WORK_ORDER": "DRAWING_CONFIRMED,FUNDS_SECURED",
            },
        ),
        *[(specs, "TT_COPY_BL", {}) for specs in (FCL, TNA, MTO, PARTS)],
        *[(MTO, payment, {}) for payment in ("LC", "DP", "DA")],  # banks' collections belong to exports
        *[(PARTS, payment, {}) for payment in PaymentTerms.values],  # paid or within credit before picking
    ],
)
def test_payment_terms_rewire_the_template(specs, payment, expected):
    assert rewired(specs, Terms(payment=payment)) == expected


def test_an_unpaid_balance_before_dispatch_is_a_gate_and_has_no_account_days():
    paid = by_code(with_overlays(MTO, Terms(payment="TT_BEFORE")))["PAYMENT_RECEIVED"]

    assert as_row(paid) == "PAY finance 7w OQC - BANK_SLIP! CG"


# --- Incoterms

EXW_FCL = ("BOOKING", "SO_RELEASED", "SI_SUBMITTED", "LOADED", "VGM_SUBMITTED", "GATE_IN", "CUSTOMS_RELEASED")
FCA_FCL = ("BOOKING", "SO_RELEASED", "SI_SUBMITTED", "VGM_SUBMITTED", "GATE_IN")
IMPORT_FCL = {"IMPORT_CLEARED": "ARRIVED", "DELIVERED": "ARRIVED,BL_RELEASED,IMPORT_CLEARED"}
IMPORT_TNA = {"ARRIVED": "ETD", "IMPORT_CLEARED": "ARRIVED", "DELIVERED": "ARRIVED,IMPORT_CLEARED"}


@pytest.mark.parametrize(
    ("specs", "incoterm", "expected"),
    [
        (FCL, "EXW", dict.fromkeys(EXW_FCL) | {"PICKUP_NOTICE": "FINAL_QC", "ETD": "PICKUP_NOTICE"}),
        (
            TNA,
            "EXW",
            {
                "BOOKING": None,
                "CUSTOMS_RELEASED": None,
                "PICKUP_NOTICE": "FINAL_AUDIT",
                "EX_FACTORY": "FINAL_AUDIT,PICKUP_NOTICE",
                "ETD": "EX_FACTORY",
            },
        ),
        (
            FCL,
            "FCA",
            dict.fromkeys(FCA_FCL)
            | {
                "PICKUP_NOTICE": "FINAL_QC",
                "LOADED": "FINAL_QC,PICKUP_NOTICE",
                "CUSTOMS_RELEASED": "LOADED",
                "ETD": "CUSTOMS_RELEASED",
            },
        ),
        (
            TNA,
            "FCA",
            {"BOOKING": None, "PICKUP_NOTICE": "FINAL_AUDIT", "EX_FACTORY": "FINAL_AUDIT,PICKUP_NOTICE"},
        ),
        (FCL, "CFR", {"FREIGHT_PAID": "SO_RELEASED", "BL_RELEASED": "BALANCE_RECEIVED,FREIGHT_PAID"}),
        (TNA, "CFR", {"FREIGHT_PAID": "BOOKING", "DOCS_SENT": "ETD,FREIGHT_PAID"}),
        *[
            case
            for incoterm in ("CIF", "CIP")
            for case in (
                (
                    FCL,
                    incoterm,
                    {"INSURANCE_ISSUED": "SO_RELEASED", "ETD": "CUSTOMS_RELEASED,SI_SUBMITTED,INSURANCE_ISSUED"},
                ),
                (TNA, incoterm, {"INSURANCE_ISSUED": "BOOKING", "ETD": "CUSTOMS_RELEASED,INSURANCE_ISSUED"}),
            )
        ],
        *[(FCL, incoterm, IMPORT_FCL) for incoterm in ("DDP", "DAP", "DPU", "DDU")],
        *[(TNA, incoterm, IMPORT_TNA) for incoterm in ("DDP", "DAP", "DPU", "DDU")],
        *[(specs, incoterm, {}) for specs in (FCL, TNA) for incoterm in ("FOB", "FAS", "CPT", "DOM")],
        *[(specs, incoterm, {}) for specs in (MTO, PARTS) for incoterm in Incoterm.values],  # nothing goes on board
    ],
)
def test_incoterms_rewire_the_template(specs, incoterm, expected):
    assert rewired(specs, Terms(incoterm=incoterm)) == expected


@pytest.mark.parametrize(("incoterm", "flags"), [("DDP", "SV"), ("DAP", "CV"), ("DPU", "CV"), ("DDU", "CV")])
def test_only_under_ddp_does_import_clearance_not_wait_for_the_customer(incoterm, flags):
    cleared = by_code(with_overlays(FCL, Terms(incoterm=incoterm)))["IMPORT_CLEARED"]

    assert as_row(cleared) == f"DLV logistics 3w ARRIVED - - {flags}"


def test_a_delivery_in_one_span_is_split_at_the_port_for_import_clearance():
    steps = by_code(with_overlays(TNA, Terms(incoterm="DDP", mode="AIR")))

    assert as_row(steps["ARRIVED"]) == "DLV logistics 4c ETD - - SV"
    assert str(steps["DELIVERED"].duration) == "5w"


def test_an_arrival_of_the_template_is_not_split_again():
    steps = by_code(with_overlays(FCL, Terms(incoterm="DDP")))

    assert str(steps["ARRIVED"].duration) == "20c"
    assert steps["DELIVERED"].duration == by_code(FCL)["DELIVERED"].duration


@pytest.mark.parametrize(
    ("incoterm", "documents"),
    [("FOB", ["BL", "CUSTOMS"]), ("FCA", ["CUSTOMS"]), ("EXW", [])],
)
def test_papers_that_only_the_buyer_gets_do_not_block_a_step(incoterm, documents):
    steps = with_overlays(FCL, Terms(incoterm=incoterm))

    required = {code for step in steps for code in step.required_documents}
    assert sorted(required & {"BL", "CUSTOMS"}) == documents
    assert ("BL", False) in by_code(steps)["ETD"].documents


def test_goods_handed_to_the_buyers_carrier_are_called_so():
    loaded = by_code(with_overlays(FCL, Terms(incoterm="FCA", mode="LCL")))["LOADED"]

    assert (loaded.name_zh, loaded.name_en) == ("交付承运人", "handed over to the buyer's carrier")


# --- mode and destination

NO_SEA = dict.fromkeys(("SI_SUBMITTED", "VGM_SUBMITTED", "GATE_IN"))
AIR_FCL = NO_SEA | {
    "AWB_CUT": "SO_RELEASED,PROD_DONE",
    "AIR_HANDOVER": "LOADED",
    "CUSTOMS_RELEASED": "AIR_HANDOVER",
    "ETD": "CUSTOMS_RELEASED,AWB_CUT",
}
LAND_FCL = NO_SEA | {"CUSTOMS_RELEASED": "LOADED", "ETD": "CUSTOMS_RELEASED"}
LCL_FCL = {"VGM_SUBMITTED": None, "GATE_IN": None, "CFS_IN": "LOADED", "CUSTOMS_RELEASED": "CFS_IN"}


@pytest.mark.parametrize(
    ("specs", "mode", "expected", "voyage"),
    [
        (FCL, "FCL", {}, "20c"),
        (FCL, "SEA", {}, "20c"),
        (FCL, "", {}, "20c"),
        (FCL, "LCL", LCL_FCL, "20c"),
        (FCL, "AIR", AIR_FCL, "4c"),
        (FCL, "AIR_CHARTER", AIR_FCL, "4c"),
        (FCL, "EXPRESS", AIR_FCL, "4c"),
        (FCL, "TRUCK", LAND_FCL, "5c"),
        (FCL, "RAIL", LAND_FCL, "18c"),
        (TNA, "FCL", {}, "28c"),
        (TNA, "LCL", {}, "28c"),  # its template follows no cut-offs
        (TNA, "AIR", {}, "4c"),
        (TNA, "TRUCK", {}, "5c"),
        (TNA, "RAIL", {}, "18c"),
        *[(specs, mode, {}, "3c") for specs in (MTO, PARTS) for mode in Mode.values],
    ],
)
def test_the_mode_decides_cut_offs_and_days_under_way(specs, mode, expected, voyage):
    steps = by_code(with_overlays(specs, Terms(mode=mode)))

    assert rewired(specs, Terms(mode=mode)) == expected
    assert str(steps["ARRIVED" if specs is FCL else "DELIVERED"].duration) == voyage


@pytest.mark.parametrize("mode", ["AIR", "AIR_CHARTER", "EXPRESS"])
def test_by_air_every_bill_of_lading_becomes_an_air_waybill(mode):
    steps = with_overlays(FCL, Terms(payment="LC", mode=mode))

    documents = {step.code: dict(step.documents) for step in steps}
    assert not any("BL" in papers for papers in documents.values())
    assert documents["DOCS_READY"] == {"CI": True, "PL": True, "AWB": True, "CO": False}
    assert documents["DOCS_PRESENTED"] == {"CI": True, "PL": True, "AWB": True}


@pytest.mark.parametrize("mode", ["TRUCK", "RAIL"])
def test_by_road_or_rail_no_bill_of_lading_is_required(mode):
    documents = {step.code: dict(step.documents) for step in with_overlays(FCL, Terms(payment="DP", mode=mode))}

    assert documents["DOCS_READY"] == {"CI": True, "PL": True, "BL": False, "CO": False}
    assert documents["COLLECTION_SENT"] == {"CI": True, "BL": False}


@pytest.mark.parametrize(
    ("mode", "name_en"),
    [("FCL", "container loaded and sealed"), ("LCL", "loaded on the truck"), ("AIR", "loaded on the truck")],
)
def test_only_a_full_container_is_sealed_at_our_door(mode, name_en):
    assert by_code(with_overlays(FCL, Terms(mode=mode)))["LOADED"].name_en == name_en


@pytest.mark.parametrize("incoterm", ["EXW", "FCA"])
@pytest.mark.parametrize("mode", Mode.values)
def test_cut_offs_of_the_buyers_forwarder_are_not_ours(incoterm, mode):
    codes = {step.code for step in with_overlays(FCL, Terms(incoterm=incoterm, mode=mode, country="US"))}

    assert codes.isdisjoint({"CFS_IN", "AWB_CUT", "AIR_HANDOVER", "GATE_IN", "VGM_SUBMITTED", "AMS_ISF_FILED"})


@pytest.mark.parametrize("mode", ["FCL", "LCL", "SEA"])
@pytest.mark.parametrize(
    ("country", "code"),
    [("US", "AMS_ISF_FILED"), ("us", "AMS_ISF_FILED"), ("DE", "ENS_FILED"), ("GR", "ENS_FILED"), ("HR", "ENS_FILED")],
)
def test_by_sea_the_destination_wants_its_filing_before_the_vessel_is_loaded(mode, country, code):
    terms = Terms(mode=mode, country=country)
    fcl, tna = by_code(with_overlays(FCL, terms)), by_code(with_overlays(TNA, terms))

    assert as_row(fcl[code]) == "SHIP logistics 1w SI_SUBMITTED ETD-1w - H"
    assert waits_of(fcl["ETD"]) == f"CUSTOMS_RELEASED,SI_SUBMITTED,{code}"
    assert as_row(tna[code]) == "SHIP logistics 1w BOOKING ETD-1w - H"
    assert waits_of(tna["ETD"]) == f"CUSTOMS_RELEASED,{code}"


@pytest.mark.parametrize(
    ("mode", "country"),
    [("", "US"), ("AIR", "US"), ("TRUCK", "DE"), ("RAIL", "PL"), ("FCL", "GB"), ("FCL", "CN"), ("FCL", "")],
)
def test_no_filing_without_a_vessel_or_elsewhere(mode, country):
    for specs in (FCL, TNA):
        codes = {step.code for step in with_overlays(specs, Terms(mode=mode, country=country))}
        assert codes.isdisjoint({"AMS_ISF_FILED", "ENS_FILED"})


@pytest.mark.parametrize("specs", [MTO, PARTS])
def test_no_filing_for_goods_that_never_go_on_board(specs):
    assert with_overlays(specs, Terms(mode="FCL", country="US")) == specs


# --- the goods


@pytest.mark.parametrize(
    ("specs", "goods", "expected"),
    [
        (FCL, "third_party_inspection", {"INSPECTION_BOOKED": "PROD_START"}),
        (TNA, "third_party_inspection", {"INSPECTION_BOOKED": "SEW_START"}),
        (MTO, "third_party_inspection", {"INSPECTION_BOOKED": "PROD_START"}),
        (FCL, "wood_packaging", {"FUMIGATED": "PACKED", "LOADED": "FINAL_QC,SO_RELEASED,FUMIGATED"}),
        (TNA, "wood_packaging", {"FUMIGATED": "FINISHED_PACKED", "EX_FACTORY": "FINAL_AUDIT,BOOKING,FUMIGATED"}),
        (MTO, "wood_packaging", {}),  # ISPM 15 is a rule for crossing borders
        (
            FCL,
            "statutory_inspection",
            {"CIQ_CLEARED": "FINAL_QC", "CUSTOMS_RELEASED": "GATE_IN,VGM_SUBMITTED,CIQ_CLEARED"},
        ),
        (TNA, "statutory_inspection", {"CIQ_CLEARED": "FINAL_AUDIT", "CUSTOMS_RELEASED": "EX_FACTORY,CIQ_CLEARED"}),
        (MTO, "statutory_inspection", {}),
        *[(PARTS, goods, {}) for goods in FLAGS_OF_GOODS],
    ],
)
def test_the_goods_add_their_rows(specs, goods, expected):
    assert rewired(specs, Terms(**{goods: True})) == expected


@pytest.mark.parametrize(("specs", "limit"), [(FCL, "FINAL_QC-10w"), (TNA, "FINAL_AUDIT-10w"), (MTO, "OQC-10w")])
def test_a_third_party_is_booked_ten_days_before_the_inspection(specs, limit):
    booked = by_code(with_overlays(specs, Terms(third_party_inspection=True)))["INSPECTION_BOOKED"]

    assert f"{booked.latest[0]}-{booked.latest[1]}" == limit


# --- rows as such


@pytest.mark.parametrize(
    ("terms", "code", "expected"),
    [
        (Terms(payment="LC"), "LC_RECEIVED", "CONF finance 5w PI_SIGNED - - CG"),
        (Terms(payment="LC"), "LC_CHECKED", "CONF documents 1w LC_RECEIVED - REVIEW GT"),
        (Terms(payment="LC"), "LC_AMENDED", "CONF documents 5w LC_CHECKED - - OC"),
        (Terms(payment="LC"), "DOCS_PRESENTED", "DOCS documents 5w DOCS_READY - CI!,PL!,BL! H"),
        (Terms(payment="LC"), "LC_PAID", "PAY finance 10w DOCS_PRESENTED - BANK_SLIP! CG"),
        (Terms(payment="DP"), "COLLECTION_SENT", "DOCS documents 3w DOCS_READY - CI!,BL! T"),
        (Terms(payment="DP"), "DP_PAID", "PAY finance 10w COLLECTION_SENT - BANK_SLIP! CG"),
        (Terms(payment="DA"), "DA_APPROVED", "CONF manager 1w PO_RECEIVED - REVIEW G"),
        (Terms(payment="DA"), "COLLECTION_SENT", "DOCS documents 3w DOCS_READY - CI!,BL! T"),
        (Terms(payment="DA"), "DA_ACCEPTED", "PAY finance 10w COLLECTION_SENT - - CG"),
        (Terms(payment="DA"), "DA_PAID", "PAY finance 10w DA_ACCEPTED - BANK_SLIP! C"),
        (Terms(payment="OA"), "CREDIT_CHECK", "CONF finance 1w PO_RECEIVED - REVIEW G"),
        (Terms(payment="ESCROW"), "FUNDS_SECURED", "CONF finance 3w PI_SIGNED - BANK_SLIP! CG"),
        (Terms(incoterm="EXW"), "PICKUP_NOTICE", "SHIP logistics 1w FINAL_QC - - TV"),
        (Terms(incoterm="FCA"), "PICKUP_NOTICE", "SHIP logistics 1w FINAL_QC - - TV"),
        (Terms(incoterm="CFR"), "FREIGHT_PAID", "SHIP finance 2w SO_RELEASED - BANK_SLIP! G"),
        (Terms(incoterm="CIF"), "INSURANCE_ISSUED", "SHIP documents 1w SO_RELEASED ETD-1w INS! H"),
        (Terms(mode="LCL"), "CFS_IN", "SHIP logistics 1w LOADED ETD-5w - HS"),
        (Terms(mode="AIR"), "AWB_CUT", "SHIP documents 1w SO_RELEASED,PROD_DONE ETD-1w AWB H"),
        (Terms(mode="AIR"), "AIR_HANDOVER", "SHIP logistics 1w LOADED ETD-1w - HS"),
        (Terms(wood_packaging=True), "FUMIGATED", "SHIP logistics 2w PACKED - FUMI! S"),
        (Terms(statutory_inspection=True), "CIQ_CLEARED", "SHIP logistics 3w FINAL_QC - - S"),
        (Terms(third_party_inspection=True), "INSPECTION_BOOKED", "QC qc 1w PROD_START FINAL_QC-10w - -"),
    ],
)
def test_rows_of_c7(terms, code, expected):
    assert as_row(by_code(with_overlays(FCL, terms))[code]) == expected


def test_every_row_has_both_names_and_a_ladder():
    rows = [row.step for rows in ROWS.values() for row in rows]

    assert all(step.name_zh and step.name_en and step.ladder and step.ladder.soon for step in rows)
    assert set(ROWS) <= {rule.code for rule in RULES}


@pytest.mark.parametrize(
    ("specs", "terms", "expected"),
    [
        (FCL, Terms(payment="LC"), "PI_SIGNED LC_RECEIVED LC_CHECKED LC_AMENDED PROD_NOTICE"),
        (FCL, Terms(payment="LC"), "DOCS_READY DOCS_PRESENTED LC_PAID BL_RELEASED"),
        (FCL, Terms(payment="DA"), "DOCS_READY COLLECTION_SENT DA_ACCEPTED DA_PAID BL_RELEASED"),
        (FCL, Terms(payment="ESCROW"), "PI_SIGNED FUNDS_SECURED PROD_NOTICE"),
        (TNA, Terms(payment="LC"), "ORDER_CONFIRMED LC_RECEIVED LC_CHECKED LC_AMENDED TECHPACK"),
        (FCL, Terms(mode="LCL"), "LOADED CFS_IN CUSTOMS_RELEASED"),
        (FCL, Terms(mode="AIR"), "SO_RELEASED AWB_CUT LOADED AIR_HANDOVER CUSTOMS_RELEASED"),
        (FCL, Terms(mode="SEA", country="US"), "SI_SUBMITTED AMS_ISF_FILED LOADED"),
        (FCL, Terms(third_party_inspection=True), "PACKED INSPECTION_BOOKED FINAL_QC"),  # at the head of its stage
        (FCL, Terms(incoterm="EXW"), "FINAL_QC PICKUP_NOTICE ETD"),
        (TNA, Terms(incoterm="DDP"), "PAYMENT_RECEIVED ARRIVED IMPORT_CLEARED DELIVERED"),
    ],
)
def test_rows_stand_where_a_reader_looks_for_them(specs, terms, expected):
    codes = " ".join(step.code for step in with_overlays(specs, terms))

    assert f" {expected} " in f" {codes} "


# --- terms together


def test_the_balance_before_shipment_gates_what_is_left_of_loading():
    terms = Terms(payment="TT_BEFORE", incoterm="EXW", wood_packaging=True, statutory_inspection=True)

    etd = by_code(with_overlays(FCL, terms))["ETD"]

    assert set(waits_of(etd).split(",")) == {"PICKUP_NOTICE", "FUMIGATED", "CIQ_CLEARED", "BALANCE_RECEIVED"}


def test_an_inquiry_and_a_claim_stay_as_they_are():
    terms = Terms("LC", "EXW", "AIR", "US", True, True, True)

    for code in ("PRE_SALES", "CLAIM_8D"):
        assert with_overlays(TEMPLATES[code], terms) is TEMPLATES[code]
        assert overlay_notes(TEMPLATES[code], terms) == []


def test_unknown_terms_leave_the_template_as_it_is():
    for specs in TEMPLATES.values():
        assert with_overlays(specs, Terms()) == specs
        assert with_overlays(specs, Terms("BARTER", "XYZ", "SLEDGE", "??")) == specs


def all_terms():
    goods = cycle(product([False, True], repeat=3))
    payments, incoterms, modes = (("", *words.values) for words in (PaymentTerms, Incoterm, Mode))
    for terms in product(payments, incoterms, modes, ("US", "DE", "CN", "")):
        yield Terms(*terms, *next(goods))


@pytest.mark.parametrize("code", TEMPLATES)
def test_every_combination_of_terms_gives_a_valid_network_and_notes_that_name_its_codes(code):
    specs, count = TEMPLATES[code], 0
    old, anchors = {step.code for step in specs}, [step.code for step in specs if "A" in step.flags]
    for terms in all_terms():
        steps, notes = compose(specs, terms, RULES)
        assert_valid(steps)
        new = {step.code for step in steps}
        added = [code for note in notes for code in (*note.added, *(heir for _old, heir in note.replaced))]
        gone = [code for note in notes for code in (*note.removed, *(code for code, _heir in note.replaced))]
        assert sorted(added) == sorted(new - old)
        assert sorted(gone) == sorted(old - new)
        assert {code for note in notes for code in note.changed} <= old & new
        assert [step.code for step in steps if "A" in step.flags] == anchors
        count += 1
    assert count == 8 * 14 * 9 * 4


def test_every_row_that_changed_is_a_row_of_a_note():
    before, after = by_code(FCL), by_code(with_overlays(FCL, Terms(incoterm="FCA", mode="RAIL", payment="OA")))
    notes = overlay_notes(FCL, Terms(incoterm="FCA", mode="RAIL", payment="OA"))

    other = {
        code
        for code in before.keys() & after.keys()
        if replace(before[code], dependencies=()) != replace(after[code], dependencies=())
    }
    assert other <= {code for note in notes for code in note.changed}
    assert other == {"LOADED", "BL_DRAFT_OK", "DOCS_READY", "BL_RELEASED", "ARRIVED"}


def test_the_order_of_the_rules_does_not_matter():
    random, checked = Random(3), 0
    for terms in Random(1).sample(list(all_terms()), 150):
        rules = list(RULES)
        random.shuffle(rules)
        for specs in (FCL, TNA, MTO, PARTS):
            steps, notes = compose(specs, terms, RULES)
            shuffled_steps, shuffled_notes = compose(specs, terms, rules)
            assert shuffled_steps == steps
            assert {(n.rule, n.added, n.removed, n.replaced) for n in shuffled_notes if n.added or n.removed} == {
                (n.rule, n.added, n.removed, n.replaced) for n in notes if n.added or n.removed
            }
            checked += 1
    assert checked == 600


def test_notes_say_in_words_which_terms_did_what():
    notes = overlay_notes(FCL, Terms(payment="LC", incoterm="CIF", mode="LCL"))

    with translation.override("en"):
        assert [(note.rule, str(note.condition)) for note in notes] == [
            ("LC", "Payment by letter of credit"),
            ("INSURED", "CIF or CIP: we insure the cargo"),
            ("LCL", "Shared container (LCL): the consolidator loads and weighs it"),
        ]
    assert notes[0].added == ("LC_RECEIVED", "LC_CHECKED", "LC_AMENDED", "DOCS_PRESENTED")
    assert notes[0].removed == ("DEPOSIT_RECEIVED",)
    assert notes[0].replaced == (("BALANCE_RECEIVED", "LC_PAID"),)
    assert notes[2].changed == ("LOADED",)


# --- templates of one's own


def rows(*lines):
    names = ("code", "stage", "depends_on", "duration", "latest", "flags")
    cells = [dict(zip(names, line.split("|"), strict=False)) | {"role": "clerk"} for line in lines]
    return tuple(parse_step({"duration": "1w"} | cell) for cell in cells)


OWN = rows(
    "PI_SIGNED|CONF",
    "DEPOSIT_RECEIVED|CONF|PI_SIGNED+2w",
    "PROD_NOTICE|PREP|DEPOSIT_RECEIVED+3w",
    "FINAL_QC|QC|PROD_NOTICE",
    "LOADED|SHIP|FINAL_QC",
    "GATE_IN|SHIP|LOADED+1c",
    "ETD|SHIP|GATE_IN|0||A",
    "DOCS_READY|DOCS|ETD",
    "BALANCE_RECEIVED|PAY|DOCS_READY",
    "REMINDED|PAY|DOCS_READY|1w|BALANCE_RECEIVED-3w",
    "SEALED|SHIP|FINAL_QC|1w|GATE_IN-1w",
)


def test_the_cargo_keeps_its_lag_over_a_removed_step():
    steps = by_code(with_overlays(OWN, Terms(payment="OA", incoterm="FCA")))

    assert waits_of(steps["PROD_NOTICE"]) == "PI_SIGNED+5w"
    assert waits_of(steps["ETD"]) == "LOADED+1c"


@pytest.mark.parametrize(
    ("own_lag", "lag", "there", "expected"),
    [
        ("+2w", "+3w", "", "PI_SIGNED+5w"),
        ("+2w", "", "", "PI_SIGNED+2w"),
        ("+2c", "+3w", "", "PI_SIGNED+3w"),  # unlike units do not add up
        ("+2w", "+3w", "PI_SIGNED+1w,", "PI_SIGNED+5w"),  # the longer of two holds
        ("+2w", "+3w", "PI_SIGNED+9w,", "PI_SIGNED+9w"),
        ("", "", "PI_SIGNED+9w,", "PI_SIGNED+9w"),
    ],
)
def test_lags_over_a_removed_step(own_lag, lag, there, expected):
    own = rows(
        "PI_SIGNED|CONF",
        f"DEPOSIT_RECEIVED|CONF|PI_SIGNED{own_lag}",
        f"PROD_NOTICE|PREP|{there}DEPOSIT_RECEIVED{lag}",
        "DELIVERED|DLV|PROD_NOTICE|0||A",
        "BALANCE_RECEIVED|PAY|DELIVERED",
    )

    assert waits_of(by_code(with_overlays(own, Terms(payment="OA")))["PROD_NOTICE"]) == expected


def test_a_latest_follows_the_replacement_and_falls_with_a_removal():
    by_lc = by_code(with_overlays(OWN, Terms(payment="LC")))
    by_fca = by_code(with_overlays(OWN, Terms(incoterm="FCA")))

    assert (by_lc["REMINDED"].latest[0], str(by_lc["REMINDED"].latest[1])) == ("LC_PAID", "3w")
    assert by_fca["SEALED"].latest is None


def test_a_row_of_the_template_wins_over_one_of_an_overlay():
    own = rows(
        "PI_SIGNED|CONF",
        "CREDIT_CHECK|CONF|PI_SIGNED|4w",
        "PROD_NOTICE|PREP|CREDIT_CHECK",
        "DELIVERED|DLV|PROD_NOTICE|0||A",
    )
    with_payment = (*own, *rows("BALANCE_RECEIVED|PAY|DELIVERED"))

    assert with_overlays(with_payment, Terms(payment="OA")) == with_payment
    assert overlay_notes(with_payment, Terms(payment="OA")) == []


@pytest.mark.parametrize("anchor", ["BALANCE_RECEIVED", "GATE_IN", "LOADED", "DEPOSIT_RECEIVED"])
@pytest.mark.parametrize(
    "terms",
    [Terms(payment="LC"), Terms(payment="OA"), Terms(payment="ESCROW"), Terms(incoterm="EXW"), Terms(mode="LCL")],
)
def test_the_anchor_always_stays(anchor, terms):
    own = tuple(replace(step, flags="A" if step.code == anchor else "") for step in OWN)

    steps = with_overlays(own, terms)

    assert_valid(steps)
    assert [step.code for step in steps if "A" in step.flags] == [anchor]


def test_a_template_in_an_unusual_order_never_gets_a_circle():
    own = rows(
        "PROD_NOTICE|PREP",
        "BALANCE_RECEIVED|PAY|PROD_NOTICE",
        "LOADED|SHIP|BALANCE_RECEIVED",
        "FINAL_QC|QC|LOADED",
        "PI_SIGNED|CONF|FINAL_QC",
        "PO_RECEIVED|CONF|PI_SIGNED",
        "DOCS_READY|DOCS|PROD_NOTICE",
        "ETD|SHIP|DOCS_READY|0||A",
        "BL_RELEASED|DOCS|DOCS_READY",
        "SO_RELEASED|SHIP|BL_RELEASED,ETD",
        "PACKED|PROD|SO_RELEASED",
        "GATE_IN|SHIP|PACKED",
        "CUSTOMS_RELEASED|SHIP|PROD_NOTICE",
        "DELIVERED|DLV|PROD_NOTICE",
        "SI_SUBMITTED|SHIP|DELIVERED",
    )
    for terms in Random(2).sample(list(all_terms()), 500):
        assert_valid(with_overlays(own, terms))


def test_random_cuts_of_the_templates_stay_valid():
    """Whatever steps somebody has taken out of a template, overlays keep it a network."""
    random = Random(5)
    choices = list(all_terms())
    for _round in range(400):
        specs = random.choice((FCL, TNA, MTO))
        kept = [step for step in specs if "A" in step.flags or random.random() < 0.8]
        codes = {step.code for step in kept}
        own = tuple(
            replace(
                step,
                dependencies=tuple(pair for pair in step.dependencies if pair[0] in codes),
                latest=step.latest if step.latest and step.latest[0] in codes else None,
            )
            for step in kept
        )
        assert_valid(with_overlays(own, random.choice(choices)))


def test_stand_ins_are_steps_of_a_shipped_template():
    codes = {step.code for specs in TEMPLATES.values() for step in specs}

    assert set(STAND_INS) <= {step.code for step in FCL}
    assert {name for choices in STAND_INS.values() for choice in choices for name in choice} <= codes


# --- the value itself


def test_terms_travel_as_plain_values():
    terms = Terms(PaymentTerms.LC, Incoterm.CIF, Mode.FCL, "US", wood_packaging=True)

    told = terms.to_dict()

    assert told == {
        "payment": "LC",
        "incoterm": "CIF",
        "mode": "FCL",
        "country": "US",
        "third_party_inspection": False,
        "wood_packaging": True,
        "statutory_inspection": False,
    }
    assert {type(value) for value in told.values()} == {str, bool}
    assert Terms.from_dict(told) == terms


def test_terms_of_another_version_are_read():
    assert Terms.from_dict({}) == Terms()
    assert Terms.from_dict({"payment": "OA", "mode": None, "moon": "full"}) == Terms(payment="OA")
