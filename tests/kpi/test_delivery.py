"""K01, K04 and K05 on worked examples, a rule at a time."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kpi.figures import excluded_members, figure, members
from kpi.periods import Period
from tests.factories import make_team, make_template
from tests.kpi.rows import MARCH, MAY, ask, local, put_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


def counts(code, asked):
    found = figure(code, asked)
    return found.numerator, found.denominator, {each.rule: each.count for each in found.excluded}


@pytest.mark.parametrize(
    ("delivered_at", "expected"),
    [
        (local(2026, 3, 10, 23, 59, 59), (1, 1, {})),
        (local(2026, 3, 11, 0, 0), (0, 1, {})),  # 24:00 is the next day already (R12)
        (local(2026, 3, 1, 0, 0), (1, 1, {})),  # early counts as on time
    ],
)
def test_otd_ends_with_the_promised_day_in_the_zone_of_the_organisation(team, delivered_at, expected):
    put_order(team, delivered_at=delivered_at)

    assert counts("K01", ask()) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (local(2026, 3, 10, 23, 59, 59), (0, 0, {"R1": 1})),
        (local(2026, 3, 11, 0, 0), (0, 1, {})),  # the due day is over: late, though the period still runs
        (MAY, (0, 1, {})),
    ],
)
def test_undelivered_order_is_late_as_soon_as_its_day_is_over(team, now, expected):
    put_order(team)

    assert counts("K01", ask(now=now)) == expected
    assert counts("K05", ask(now=now)) == expected


def test_delivery_after_the_period_counts_late_in_the_period_of_the_promise(team):
    put_order(team, delivered_at=local(2026, 4, 20, 12))
    april = Period(date(2026, 4, 1), date(2026, 5, 1), "Asia/Shanghai")

    assert counts("K01", ask()) == (0, 1, {})
    assert counts("K01", ask(april)) == (0, 0, {})


def test_period_is_half_open(team):
    for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1)):
        put_order(team, promised_date=day, number=f"ON-{day}")

    assert {order.number for order in members("K01", ask())} == {"ON-2026-03-01", "ON-2026-03-31"}


@pytest.mark.parametrize(
    ("side", "cancelled_at", "expected"),
    [
        ("customer", local(2026, 3, 10, 23, 59), (0, 0, {"R3": 1})),
        ("customer", local(2026, 3, 11, 0, 0), (0, 1, {})),  # withdrawn when it was late already
        ("internal", local(2026, 3, 1, 12), (0, 1, {})),
        ("supplier", local(2026, 3, 1, 12), (0, 1, {})),
    ],
)
def test_cancelled_order_is_left_out_only_if_the_customer_withdrew_in_time(team, side, cancelled_at, expected):
    put_order(team, status="cancelled", cancelled_at=cancelled_at, cancelled_side=side)

    assert counts("K01", ask()) == expected


def test_order_cancelled_before_confirmation_is_out_of_everything(team):
    put_order(
        team, status="cancelled", cancelled_at=local(2026, 3, 1, 12), cancelled_side="internal", confirmed_at=None
    )

    for code in ("K01", "K04", "K05", "K11", "K14"):
        assert counts(code, ask()) == (0, 0, {})


def test_draft_and_test_orders_do_not_count(team):
    put_order(team, status="draft", confirmed_at=None)
    put_order(team, is_test=True, delivered_at=local(2026, 3, 9, 12))

    for code in ("K01", "K04", "K05", "K11", "K14"):
        assert counts(code, ask()) == (0, 0, {})


def test_moved_promise_does_not_improve_otd(team):
    put_order(team, delivered_at=local(2026, 3, 15, 12), current_promised_date=date(2026, 3, 20))

    assert counts("K01", ask()) == (0, 1, {})


def test_nothing_counted_is_no_value(team):
    assert figure("K01", ask()).value is None


def test_value_is_a_percentage_and_few_orders_are_marked(team):
    for hour in (1, 2, 3):
        put_order(team, delivered_at=local(2026, 3, 9, hour))
    put_order(team)

    found = figure("K01", ask())

    assert found.value == Decimal(75)
    assert found.is_small
    put_order(team)
    assert not figure("K01", ask()).is_small


def test_exclusions_name_their_orders(team):
    gone = put_order(team, status="cancelled", cancelled_at=local(2026, 3, 1), cancelled_side="customer")
    waiting = put_order(team, promised_date=date(2026, 3, 31))
    asked = ask(now=local(2026, 3, 20))

    assert list(excluded_members("K01", asked, "R3")) == [gone]
    assert list(excluded_members("K01", asked, "R1")) == [waiting]
    assert not members("K01", asked).exists()


def test_partial_delivery_is_not_delivered(team):
    """Full quantity decides (R4): `delivered_at` is empty until the last line is complete."""
    put_order(team, first_delivered_at=local(2026, 3, 5), is_first_in_full=False)

    assert counts("K01", ask()) == (0, 1, {})
    assert counts("K04", ask()) == (0, 1, {})


def test_in_full_is_attributed_to_the_first_delivery(team):
    put_order(team, delivered_at=local(2026, 3, 31, 23, 59))
    put_order(team, delivered_at=local(2026, 4, 1, 0, 0))  # April on Shanghai's clocks, March in UTC
    put_order(team, delivered_at=local(2026, 3, 9), first_delivered_at=local(2026, 3, 5), is_first_in_full=False)

    assert counts("K04", ask()) == (1, 2, {})


def test_otif_needs_the_day_and_the_quantity(team):
    put_order(team, delivered_at=local(2026, 3, 9))
    put_order(team, delivered_at=local(2026, 3, 9), is_in_full=False)  # more than the tolerance allows
    put_order(team, delivered_at=local(2026, 3, 12))

    assert counts("K05", ask()) == (1, 3, {})
    assert counts("K01", ask()) == (2, 3, {})


def test_figure_of_the_past_is_judged_by_the_instant_asked(team):
    put_order(team, delivered_at=local(2026, 3, 12))
    eve = MARCH.first + timedelta(days=10)

    assert counts("K01", ask(now=local(eve.year, eve.month, eve.day))) == (0, 1, {})
    assert counts("K01", ask(now=local(2026, 3, 9))) == (0, 0, {"R1": 1})


@pytest.mark.parametrize(
    ("template", "expected"), [("EXPORT_FCL", (0, 1, {})), ("CLAIM_8D", (0, 0, {})), ("PRE_SALES", (0, 0, {}))]
)
def test_inquiries_and_claims_deliver_nothing_and_are_never_late(team, template, expected):
    put_order(team, template=make_template(template))

    assert counts("K01", ask()) == expected
