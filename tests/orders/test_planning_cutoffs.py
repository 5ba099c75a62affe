"""Letters of credit and cut-offs, worked by hand: what is due when, and by how many days a date is missed.

The orders are full-container exports with the terms of their row, planned on China's calendars of 2026: 春节 is off
from 02-15 to 02-23 (补班 02-14 and 02-28), 中秋 from 09-25 to 09-27, 国庆 from 10-01 to 10-07 (补班 09-20 and
10-10). Banks are closed on every Saturday and Sunday. ETD is the anchor; a ship date "on the day" is by 18:00.

- UCP 600 art. 14c: documents are presented within 21 calendar days after shipment, or the period that the credit gives,
  and never after its expiry. Art. 29a would extend an expiry that falls on a day when the bank is closed to the next
  banking day; a plan does not count on it. Art. 29c: latest shipment is never extended.
- Cut-offs of carrier and customs are instants. Whatever the calendar says, they stay; the plan goes before them.
"""

import csv
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest

from orders.basis import Basis, Shape
from orders.calendars import kind_of
from orders.grammar import parse_template
from orders.network import lay_nodes
from orders.overlays import Terms, with_overlays
from orders.planning import START, Plan, clock_for, plan
from orders.process import FOLDER
from orders.schedule import plan_steps
from orders.targets import Dates, Sailing, targets_of
from tests.orders.planning_kit import SCHEDULES, SHANGHAI, china

ZONE = "Asia/Shanghai"
with (FOLDER / "export_fcl.csv").open(encoding="utf-8-sig", newline="") as file:
    FCL = parse_template(csv.DictReader(file))


@dataclass(frozen=True)
class Order:
    """What of an order matters here; dates as people write them."""

    etd: str
    ordered: str = "2025-06-02"  # long before, so that only the cut-off is short
    latest_shipment: str = ""
    expiry: str = ""
    period: int = 21
    cutoffs: dict[str, str] = field(default_factory=dict)
    terms: dict[str, str] = field(default_factory=dict)


def credit(etd: str, expiry: str = "2026-12-31", *, latest: str = "2026-12-15", period: int = 21) -> Order:
    return Order(etd, latest_shipment=latest, expiry=expiry, period=period)


def sailing(etd: str, ordered: str = "2025-06-02", cutoffs: str = "", **terms: str) -> Order:
    """`cutoffs` reads "cy 2026-10-05 18:00, si 2026-09-30 12:00"."""
    given = dict(part.strip().split(" ", 1) for part in cutoffs.split(",") if part)
    return Order(etd, ordered, cutoffs=given, terms=terms)


def laid_out(order: Order) -> Plan:
    payment = "LC" if order.expiry else "TT_COPY_BL"
    terms = Terms(**{"incoterm": "FOB", "mode": "FCL", "payment": payment, **order.terms})
    specs = with_overlays(FCL, terms)
    nodes = lay_nodes(specs)
    kinds = {key: kind_of(node.spec) for key, node in nodes.items()}
    calendars = {key: "office" if kind == "customer" else kind for key, kind in kinds.items()}
    cutoffs = {code: china(text) for code, text in order.cutoffs.items()}
    dates = Dates(
        promised=None,
        incoterm=terms.incoterm,
        zone=ZONE,
        latest_shipment=_day(order.latest_shipment),
        expiry=_day(order.expiry),
        sailings=(Sailing(1, _day(order.etd), None, cutoffs),),
    )
    bare = plan_steps(nodes, calendars)
    targets = targets_of(dates, specs, nodes, bare, SCHEDULES, SCHEDULES["office"])
    start = china(f"{order.ordered} 09:00")
    period = order.period if payment == "LC" else 0
    basis = Basis(Shape(0, terms), start, start, targets.anchors, targets.limits, period)
    steps = plan_steps(nodes, calendars, basis)
    return plan(steps, {START: start, **targets.anchors}, SCHEDULES, {}, {}, start)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


PRESENT, SI, VGM, GATE, CUSTOMS = "DOCS_PRESENTED", "SI_SUBMITTED", "VGM_SUBMITTED", "GATE_IN", "CUSTOMS_RELEASED"
CASES = [
    # why, the order, the step, when it is due, what is missed by how many days
    #
    # Presentation: documents take ten days of work, the last five of them at the bank's counter.
    ("Shipped on the last of August, ten days of work end before the 21 days do: the work decides, not the credit.",
     credit("2026-08-31"), PRESENT, "2026-09-14 17:00", {}),
    ("The credit allows 10 days only: from 31 August that is 10 September, two banking days before we are ready.",
     credit("2026-08-31", period=10), PRESENT, "2026-09-10 17:00", {"within": 2}),
    ("15 days after 11 September is the 26th, a Saturday in 中秋: the bank last opens on Thursday the 24th.",
     credit("2026-09-11", period=15), PRESENT, "2026-09-24 17:00", {"within": 1}),
    ("15 days after 18 September is 3 October: all of 国庆 the bank is closed, so 30 September is the last day.",
     credit("2026-09-18", period=15), PRESENT, "2026-09-30 17:00", {"within": 2}),
    ("21 days after 18 September is 9 October, when the bank is open again: just enough.",
     credit("2026-09-18"), PRESENT, "2026-10-09 17:00", {}),
    ("21 days after 21 September is 12 October: 国庆 has eaten the days, one is missing.",
     credit("2026-09-21"), PRESENT, "2026-10-12 17:00", {"within": 1}),
    ("10 days after 30 September is Saturday 10 October, 补班 for us but not for the bank: Friday the 9th.",
     credit("2026-09-30", period=10), PRESENT, "2026-10-09 17:00", {"within": 7}),
    ("21 days after 2 February is the 23rd, the last day of 春节: the bank last opens on Friday the 13th.",
     credit("2026-02-02"), PRESENT, "2026-02-13 17:00", {"within": 1}),
    ("Shipped on the 30th of January, all is presented on the last banking day before 春节.",
     credit("2026-01-30"), PRESENT, "2026-02-13 17:00", {}),
    ("10 days after 14 February is the 24th, the first banking day after 春节, and nobody has worked on the papers.",
     credit("2026-02-14", period=10), PRESENT, "2026-02-24 17:00", {"within": 8}),
    ("15 days after 13 February is Saturday the 28th: 补班 for the office, but banks keep their weekend: Friday.",
     credit("2026-02-13", period=15), PRESENT, "2026-02-27 17:00", {"within": 5}),
    #
    # Expiry: the earlier of both, and the bank's closed days before it, never after it.
    ("The credit expires on 30 September, before the 21 days are over: the expiry decides, and we are ready before.",
     credit("2026-09-11", "2026-09-30"), PRESENT, "2026-09-28 17:00", {}),
    ("It expires on 4 October: art. 29a would give us until the 8th, but who plans on that? 30 September.",
     credit("2026-09-18", "2026-10-04"), PRESENT, "2026-09-30 17:00", {"lc_expiry": 2}),
    ("It expires on 10 October, 补班, a Saturday to the bank: Friday the 9th is the day, and enough.",
     credit("2026-09-18", "2026-10-10"), PRESENT, "2026-10-09 17:00", {}),
    ("It expires on the first day of 春节: presented on Friday the 13th, since the bank is closed on 补班 the 14th.",
     credit("2026-02-02", "2026-02-15"), PRESENT, "2026-02-13 17:00", {"within": 1, "lc_expiry": 1}),
    ("Expiry on Saturday 28 February and 21 days until the 27th come to the same Friday; we are a banking day late.",
     credit("2026-02-06", "2026-02-28"), PRESENT, "2026-02-27 17:00", {"within": 1, "lc_expiry": 1}),
    ("It expires on Sunday 31 May, the month's last day: Friday the 29th.",
     credit("2026-05-18", "2026-05-31"), PRESENT, "2026-05-29 17:00", {"lc_expiry": 1}),
    #
    # Latest shipment: the bill of lading's date, weekends and holidays or not.
    ("Latest shipment 30 September and the vessel sails that day: in order.",
     credit("2026-09-30", latest="2026-09-30"), "ETD", "2026-09-30 18:00", {}),
    ("It sails on 2 October: 国庆 does not extend a latest shipment of 30 September (art. 29c). Ask for an amendment.",
     credit("2026-10-02", latest="2026-09-30"), "ETD", "2026-10-02 18:00", {"lc_latest_shipment": 2}),
    ("Latest shipment Sunday 31 May, and vessels sail on Sundays: in order.",
     credit("2026-05-31", latest="2026-05-31"), "ETD", "2026-05-31 18:00", {}),
    ("One day into September is one day too late for 31 August.",
     credit("2026-09-01", latest="2026-08-31"), "ETD", "2026-09-01 18:00", {"lc_latest_shipment": 1}),
    #
    # SI, VGM, CY, customs: by the template's distance from ETD, or the carrier's own instant if that is earlier.
    ("Sailing on 12 October: four working days before are 10, 9 and 8 October and 30 September, so SI is in by then.",
     sailing("2026-10-12"), SI, "2026-09-30 18:00", {}),
    ("The carrier closes SI on 3 October: we send it on 30 September, before the holiday.",
     sailing("2026-10-12", cutoffs="si 2026-10-03 12:00"), SI, "2026-09-30 18:00", {}),
    ("SI closes on Tuesday at 11: due at 11, not in the evening.",
     sailing("2026-08-31", cutoffs="si 2026-08-25 11:00"), SI, "2026-08-25 11:00", {}),
    ("The terminal closes on 5 October: the container is in on 30 September, loaded on the 29th.",
     sailing("2026-10-12", cutoffs="cy 2026-10-05 18:00"), GATE, "2026-09-30 18:00", {}),
    ("The terminal closes in our lunch break: what is to be in by then is in before lunch.",
     sailing("2026-08-31", cutoffs="cy 2026-08-26 12:30"), GATE, "2026-08-26 12:00", {}),
    ("Production will keep us until after 国庆: the box misses the terminal's 5 October by one working day, the 8th.",
     sailing("2026-10-12", "2026-08-11", "cy 2026-10-05 18:00"), GATE, "2026-09-30 18:00", {"cy": 1}),
    ("VGM closes on the first morning after 国庆: due at ten that day.",
     sailing("2026-10-12", cutoffs="vgm 2026-10-08 10:00"), VGM, "2026-10-08 10:00", {}),
    ("Customs closes at noon on 7 October, when no broker of ours works: released on 30 September.",
     sailing("2026-10-09", cutoffs="customs 2026-10-07 12:00"), CUSTOMS, "2026-09-30 18:00", {}),
    ("Ordered on 10 August, customs can release on 8 October at the earliest, one working day after that closing.",
     sailing("2026-10-09", "2026-08-10", "customs 2026-10-07 12:00"), CUSTOMS, "2026-09-30 18:00", {"customs": 1}),
    ("Sailing on Monday 21 September: Sunday the 20th is 补班, so customs may still release on it.",
     sailing("2026-09-21"), CUSTOMS, "2026-09-20 18:00", {}),
    ("Sailing on Sunday 1 March: a working day before is Saturday 28 February, 补班; released by the 27th.",
     sailing("2026-03-01"), CUSTOMS, "2026-02-27 18:00", {}),
    #
    # Shared containers, air, filings abroad, insurance.
    ("LCL: the warehouse takes goods until five working days before ETD; over 国庆 that is 29 September.",
     sailing("2026-10-12", mode="LCL"), "CFS_IN", "2026-09-29 18:00", {}),
    ("LCL before 春节: sailing on 27 February, five working days back end on Friday the 13th.",
     sailing("2026-02-27", mode="LCL"), "CFS_IN", "2026-02-13 18:00", {}),
    ("The forwarder's own closing at 16:00 on the 29th counts, for it is earlier.",
     sailing("2026-10-12", cutoffs="cy 2026-09-29 16:00", mode="LCL"), "CFS_IN", "2026-09-29 16:00", {}),
    ("Air: flown on 9 October, the goods are at the terminal a day before customs releases on the 8th: 30 September.",
     sailing("2026-10-09", mode="AIR"), "AIR_HANDOVER", "2026-09-30 18:00", {}),
    ("The airline wants the waybill's data by 15:00 on the last day before 国庆.",
     sailing("2026-10-09", cutoffs="si 2026-09-30 15:00", mode="AIR"), "AWB_CUT", "2026-09-30 15:00", {}),
    ("To the US: AMS is filed 24 hours before loading, a working day before ETD; for Friday the 9th that is the 8th.",
     sailing("2026-10-09", country="US"), "AMS_ISF_FILED", "2026-10-08 18:00", {}),
    ("To the EU, sailing on the first day after 春节: filed on 补班 the 14th, ten days before.",
     sailing("2026-02-24", country="DE"), "ENS_FILED", "2026-02-14 18:00", {}),
    ("CIF: insured before the goods are on board; sailing on 8 October, before 国庆.",
     sailing("2026-10-08", incoterm="CIF"), "INSURANCE_ISSUED", "2026-09-30 18:00", {}),
    #
    # The ship date itself.
    ("Ordered on 10 August, the vessel of 5 October is two working days too early: the 8th and the 9th are missing.",
     sailing("2026-10-05", "2026-08-10"), "ETD", "2026-10-05 18:00", {"anchor": 2}),
    ("The vessel of 9 October is the first that can be reached.",
     sailing("2026-10-09", "2026-08-10"), "ETD", "2026-10-09 18:00", {}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "order", "code", "due", "missed"), CASES, ids=[f"{c[1].etd}-{c[2]}" for c in CASES])
def test_cutoff_is_met_or_told(why, order, code, due, missed):
    plan = laid_out(order)

    assert plan[code].due_at.astimezone(SHANGHAI) == china(due), why
    assert {each.name: each.days for each in plan.shortfalls if each.step == code} == missed, why


@pytest.mark.parametrize("order", [case[1] for case in CASES])
def test_no_cutoff_of_the_cases_is_moved(order):
    plan = laid_out(order)

    for code, texts in {SI: "si", "AWB_CUT": "si", VGM: "vgm", GATE: "cy", "CFS_IN": "cy", CUSTOMS: "customs"}.items():
        if code in plan.steps and texts in order.cutoffs:
            assert plan[code].due_at <= china(order.cutoffs[texts])
    if order.expiry:
        presented = plan[PRESENT].due_at.astimezone(SHANGHAI)
        assert presented.date() <= date.fromisoformat(order.expiry)
        assert (presented.date() - date.fromisoformat(order.etd)).days <= order.period
        assert is_banking_time(presented)
    assert plan["ETD"].due_at.astimezone(SHANGHAI) == china(f"{order.etd} 18:00")


def is_banking_time(at: datetime) -> bool:
    clock = clock_for(SCHEDULES["bank"])
    return clock.settle(at) == at and at.weekday() < 5


def test_each_case_says_why():
    reasons = [case[0] for case in CASES]

    assert len(CASES) >= 30
    assert len(set(reasons)) == len(reasons)
    assert all(reason.endswith((".", "?")) and len(reason) > 30 for reason in reasons)
