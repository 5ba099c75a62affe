"""The golden values of the shipped templates (domain table C8), planned as the product plans them."""

import csv
from datetime import timedelta

import pytest

from orders.grammar import parse_template
from orders.network import anchor_of, lay_nodes
from orders.planning import START, Plan, plan
from orders.process import FOLDER, SHIPPED
from orders.schedule import plan_steps
from teams.worktime import WorkSchedule, working_days_between, working_time_between
from tests.orders.planning_kit import DAY, HOUR, MON_FRI, OFFICE_HOURS, SCHEDULES, SHANGHAI, china

# The table counts Mondays to Fridays, and calendar days through all of them.
EVERY_WEEKDAY = WorkSchedule.from_dict({"timezone": "Asia/Shanghai", "hours": dict.fromkeys(MON_FRI, OFFICE_HOURS)})
CALENDARS = {"weekdays": EVERY_WEEKDAY, "carrier": SCHEDULES["carrier"]}
MONDAY = china("2026-03-02 09:00")
FAR = 400 * DAY


def read_template(name):
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as file:
        return parse_template(csv.DictReader(file))


TEMPLATES = {code: read_template(name) for name, code, *_rest in SHIPPED}


def golden_plan(template: str, start=MONDAY, anchor_at=None) -> Plan:
    nodes = lay_nodes(TEMPLATES[template])
    calendars = {key: "carrier" if node.spec.duration.unit == "c" else "weekdays" for key, node in nodes.items()}
    anchor = anchor_of(TEMPLATES[template])
    anchors = {START: start} | ({anchor.code: anchor_at} if anchor and anchor_at else {})
    return plan(plan_steps(nodes, calendars), anchors, CALENDARS, {}, {}, start)


def days(start, end):
    """Working days from order to finish, as people count them: the order's own day is day 0."""
    return working_days_between(start.date(), end.astimezone(SHANGHAI).date(), EVERY_WEEKDAY)


def least(template, anchor, start=MONDAY):
    return days(start, golden_plan(template, start, start + FAR).earliest_anchors[anchor])


@pytest.mark.parametrize(
    ("template", "count"),
    [
        *(("PRE_SALES", 12), ("EXPORT_FCL", 35), ("GARMENT_TNA", 35)),
        *(("DOMESTIC_MTO", 21), ("SPARE_PARTS", 10), ("CLAIM_8D", 9)),
    ],
)
def test_templates_have_as_many_milestones_as_the_table_says(template, count):
    assert len(lay_nodes(TEMPLATES[template])) == count


@pytest.mark.parametrize("weekday", range(5))
@pytest.mark.parametrize(
    ("template", "anchor", "expected"), [("EXPORT_FCL", "ETD", 43), ("GARMENT_TNA", "EX_FACTORY", 60)]
)
def test_least_working_days_from_order_to_anchor(template, anchor, expected, weekday):
    assert least(template, anchor, MONDAY + weekday * DAY) == expected


def test_domestic_order_takes_31_working_days_on_the_mean_of_the_week():
    """29 working days to the dispatch, then three calendar days, which are one to three working days."""
    starts = [MONDAY + weekday * DAY for weekday in range(5)]
    dispatched = [days(start, golden_plan("DOMESTIC_MTO", start)["DISPATCHED"].earliest_finish_at) for start in starts]
    delivered = [least("DOMESTIC_MTO", "DELIVERED", start) for start in starts]

    assert dispatched == [29] * 5
    assert delivered == [30, 32, 32, 31, 30]
    assert sum(delivered) / 5 == 31


CRITICAL = {
    "EXPORT_FCL": (
        "PO_RECEIVED CONTRACT_REVIEW PI_ISSUED PI_SIGNED DEPOSIT_RECEIVED PROD_NOTICE MATERIAL_PO MATERIAL_IN IQC_DONE "
        "PROD_START PROD_DONE PACKED FINAL_QC LOADED GATE_IN CUSTOMS_RELEASED"
    ),
    "GARMENT_TNA": (
        "ORDER_CONFIRMED TECHPACK YARN_BOOKED GREIGE_READY BULK_DYED FABRIC_TEST FABRIC_IN PP_SUBMIT PP_APPROVED "
        "PP_MEETING CUT_START SEW_START SEW_DONE FINISHED_PACKED FINAL_AUDIT EX_FACTORY"
    ),
    "DOMESTIC_MTO": (
        "ORDER_RECEIVED CONTRACT_REVIEW CREDIT_CHECK CONTRACT_SIGNED DRAWING_CONFIRMED WORK_ORDER MATERIAL_IN "
        "PROD_START PROD_DONE OQC PACKED DISPATCHED DELIVERED"
    ),
}
FLOATS = {
    "EXPORT_FCL": {"ARTWORK_APPROVED": 16, "BOOKING": 8, "INLINE_QC": 7, "PP_SUBMIT": 6, "SI_SUBMITTED": 2, "ETD": 1},
    "GARMENT_TNA": {
        **{"TRIM_APPROVED": 21, "TRIM_IN": 21, "INLINE_QC": 10, "TOP_APPROVED": 6, "BOOKING": 3},
        **{"FIT_SUBMIT": 7, "FIT_APPROVED": 7, "SIZESET_SUBMIT": 7, "SIZESET_APPROVED": 7},
        **{"LABDIP_SUBMIT": 4, "LABDIP_APPROVED": 4},
    },
    "DOMESTIC_MTO": {"IPQC": 5, "PREPAY_RECEIVED": 1, "CARRIER_BOOKED": 1},
}


def tight_plan(template):
    """The plan with the anchor as early as it can be."""
    anchor = anchor_of(TEMPLATES[template])
    assert anchor
    return golden_plan(template, MONDAY, golden_plan(template, MONDAY, MONDAY + FAR).earliest_anchors[anchor.code])


@pytest.mark.parametrize("template", CRITICAL)
def test_critical_path_to_the_anchor(template):
    planned = tight_plan(template)

    assert [code for code in planned.critical if planned[code].is_backward] == CRITICAL[template].split()
    assert all(planned[code].float_days == 0 for code in CRITICAL[template].split())
    assert planned.is_feasible


@pytest.mark.parametrize("template", CRITICAL)
def test_critical_path_is_the_same_however_late_the_anchor_is(template):
    planned = golden_plan(template, MONDAY, MONDAY + FAR)

    assert [code for code in planned.critical if planned[code].is_backward] == CRITICAL[template].split()


@pytest.mark.parametrize("template", FLOATS)
def test_floats_in_working_days(template):
    planned = tight_plan(template)

    assert {code: planned[code].float_days for code in FLOATS[template]} == FLOATS[template]


def test_one_working_day_less_to_the_anchor_is_one_day_short():
    planned = golden_plan("EXPORT_FCL", MONDAY, tight_plan("EXPORT_FCL").anchors["ETD"] - DAY)

    [shortfall] = [each for each in planned.shortfalls if each.name == "anchor"]
    assert (shortfall.step, shortfall.days) == ("ETD", 1)
    assert list(shortfall.chain) == [*CRITICAL["EXPORT_FCL"].split(), "ETD"]
    assert shortfall.helps[:2] == (("MATERIAL_IN", 12), ("PROD_DONE", 12))


def test_sample_is_decided_within_32_working_days_of_an_inquiry():
    """28 working days, four hours, and five calendar days in the post: 31 of a morning's inquiry, 32 of an afternoon's,
    one more where the parcel is under way over two weekends."""
    mornings = [MONDAY + weekday * DAY for weekday in range(5)]

    won = [days(start, golden_plan("PRE_SALES", start)["PO_WON_LOST"].earliest_finish_at) for start in mornings]
    later = golden_plan("PRE_SALES", MONDAY + 6 * HOUR)["PO_WON_LOST"].earliest_finish_at

    assert won == [31, 31, 31, 31, 32]
    assert days(MONDAY, later) == 32


def test_spare_part_is_dispatched_within_11_working_hours_and_delivered_in_three_days():
    planned = golden_plan("SPARE_PARTS")
    dispatched = planned["DISPATCHED"].earliest_finish_at

    assert working_time_between(MONDAY, dispatched, EVERY_WEEKDAY) == 11 * HOUR
    assert planned["DELIVERED"].earliest_finish_at - dispatched == timedelta(days=3)


def test_claim_is_answered_in_four_hours_contained_in_a_day_and_closed_in_23():
    planned = golden_plan("CLAIM_8D")

    assert working_time_between(MONDAY, planned["FIRST_RESPONSE"].earliest_finish_at, EVERY_WEEKDAY) == 4 * HOUR
    assert days(MONDAY, planned["CONTAINMENT"].earliest_finish_at) == 1
    assert days(MONDAY, planned["CLOSED"].earliest_finish_at) == 23
