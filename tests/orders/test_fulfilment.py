from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from orders.fulfilment import CargoFacts, LineFacts, fulfil, reached_at, status_after
from orders.workflow import DELIVERY_MOVE, SHIPMENT_INSTANTS

DAY1, DAY2, DAY3 = (datetime(2026, 3, day, 4, tzinfo=UTC) for day in (2, 3, 4))


def line(line_id=1, quantity=100, promised=date(2026, 3, 31)):
    return LineFacts(line_id, Decimal(quantity), promised, promised)


def cargo(quantities=None, **instants):
    return CargoFacts(instants, {k: Decimal(v) for k, v in (quantities or {1: 100}).items()})


@pytest.mark.parametrize(
    ("incoterm", "instants", "delivered_at"),
    [
        ("EXW", {"loaded_at": DAY1}, DAY1),
        ("FCA", {"loaded_at": DAY1}, DAY1),
        ("CPT", {"loaded_at": DAY1, "atd": DAY2}, DAY1),
        ("FOB", {"loaded_at": DAY1}, None),
        ("FOB", {"loaded_at": DAY1, "atd": DAY2}, DAY2),
        ("CIF", {"loaded_at": DAY1, "atd": DAY2, "delivered_at": DAY3}, DAY2),
        ("DAP", {"atd": DAY1, "ata": DAY2}, None),
        ("DDP", {"atd": DAY1, "delivered_at": DAY3}, DAY3),
        ("DOM", {"atd": DAY1}, None),
        ("", {"delivered_at": DAY3}, DAY3),
        ("EXW", {"delivered_at": DAY3}, DAY3),  # a later move proves the earlier one
    ],
)
def test_delivered_is_the_incoterms_delivery_point(incoterm, instants, delivered_at):
    assert fulfil([line()], [cargo(**instants)], incoterm=incoterm).delivered_at == delivered_at


def test_every_incoterm_has_a_delivery_move_that_shipments_know():
    assert set(DELIVERY_MOVE.values()) <= set(SHIPMENT_INSTANTS)


def test_partial_delivery_does_not_deliver_the_order():
    facts = fulfil([line()], [cargo({1: 60}, delivered_at=DAY1)], incoterm="DAP")

    assert (facts.first_delivered_at, facts.delivered_at, facts.is_first_in_full) == (DAY1, None, False)


def test_order_is_delivered_when_its_last_line_is_full():
    lines = [line(1), line(2, 50)]
    parts = [cargo({1: 100, 2: 20}, delivered_at=DAY1), cargo({2: 30}, delivered_at=DAY3)]

    facts = fulfil(lines, parts, incoterm="DAP")

    assert (facts.first_delivered_at, facts.delivered_at) == (DAY1, DAY3)
    assert (facts.is_first_in_full, facts.is_in_full) == (False, True)


@pytest.mark.parametrize(
    ("delivered", "under", "over", "is_full", "in_full"),
    [
        (95, "0", "0", False, None),
        (95, "0.05", "0", True, True),
        (94, "0.05", "0", False, None),
        (105, "0", "0", True, False),  # more than ordered is not in full
        (105, "0", "0.05", True, True),
    ],
)
def test_tolerances_decide_what_is_full(delivered, under, over, is_full, in_full):
    facts = fulfil(
        [line()],
        [cargo({1: delivered}, delivered_at=DAY1)],
        incoterm="DAP",
        under_tolerance=Decimal(under),
        over_tolerance=Decimal(over),
    )

    assert (facts.delivered_at is not None, facts.is_in_full) == (is_full, in_full)


def test_cancelled_lines_are_neither_waited_for_nor_promised():
    lines = [line(1), line(2, 0, promised=date(2027, 1, 1))]

    facts = fulfil(lines, [cargo(delivered_at=DAY1)], incoterm="DAP")

    assert (facts.delivered_at, facts.promised_date) == (DAY1, date(2026, 3, 31))


def test_promise_of_the_order_is_the_latest_of_its_lines():
    lines = [line(1, promised=date(2026, 4, 1)), line(2, promised=date(2026, 5, 1))]

    assert fulfil(lines, [], incoterm="").promised_date == date(2026, 5, 1)


def test_shipping_instant_stays_unknown_when_only_the_delivery_is_known():
    facts = fulfil([line()], [cargo(delivered_at=DAY2)], incoterm="DAP")

    assert (facts.shipped_at, facts.is_all_shipped) == (None, True)


def test_two_shipments_at_one_instant_are_one_delivery():
    facts = fulfil([line()], [cargo({1: 50}, delivered_at=DAY1), cargo({1: 50}, delivered_at=DAY1)], incoterm="DAP")

    assert facts.is_first_in_full is True


@pytest.mark.parametrize(
    ("current", "expected"),
    [("confirmed", "delivered"), ("shipped", "delivered"), ("on_hold", "on_hold"), ("cancelled", "cancelled")],
)
def test_status_follows_the_facts_only_while_the_order_runs(current, expected):
    facts = fulfil([line()], [cargo(delivered_at=DAY1)], incoterm="DAP")

    assert status_after(current, facts) == expected


def test_shipped_before_delivered():
    facts = fulfil([line()], [cargo(atd=DAY1)], incoterm="DAP")

    assert (status_after("confirmed", facts), facts.shipped_at) == ("shipped", DAY1)


def test_reached_at_takes_the_next_later_known_move():
    assert reached_at({"ata": DAY2, "delivered_at": DAY3}, "departed") == DAY2
    assert reached_at({"booked_at": DAY1}, "departed") is None
