"""K02, K03, K09, K12, K13 on worked examples, a rule at a time."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kpi.figures import breakdown, excluded_members, figure, members
from kpi.workdays import working_hours
from orders.models import Order
from teams.models import WorkCalendar
from teams.worktime import working_time_between
from tests.factories import make_team, make_user
from tests.kpi.rows import MAY, ask, local, put_line, put_order, put_pause, put_promise_change, put_shipment, put_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


def counts(code, asked=None):
    found = figure(code, asked or ask())
    return found.numerator, found.denominator, {each.rule: each.count for each in found.excluded}


@pytest.mark.parametrize(
    ("wish", "delivered", "expected"),
    [
        (date(2026, 3, 8), local(2026, 3, 8, 23, 59), (1, 1, {})),
        (date(2026, 3, 8), local(2026, 3, 9), (0, 1, {})),  # kept as promised, yet later than wished
        (date(2026, 3, 20), None, (0, 1, {})),
        (date(2026, 4, 2), local(2026, 3, 9), (0, 0, {})),  # wished for another month
        (None, local(2026, 3, 9), (0, 0, {"no_requested_date": 1})),
    ],
)
def test_otd_to_request_judges_by_what_the_customer_wished(team, wish, delivered, expected):
    order = put_order(team, promised_date=date(2026, 3, 10), delivered_at=delivered)
    put_line(order, requested_date=wish)
    assert counts("K02") == expected


def test_an_order_is_wished_for_the_latest_day_of_its_lines_that_are_still_wanted(team):
    order = put_order(team, delivered_at=local(2026, 3, 15))
    put_line(order, requested_date=date(2026, 3, 5))
    put_line(order, requested_date=date(2026, 3, 16))
    put_line(order, requested_date=date(2026, 4, 30), cancelled_quantity=10)
    put_line(order)
    assert counts("K02") == (1, 1, {})
    assert members("K02", ask()).get().wished_date == date(2026, 3, 16)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"atd": local(2026, 3, 10, 23, 59)}, (1, 1, {})),
        ({"atd": local(2026, 3, 11)}, (0, 1, {})),  # rolled over: late, whoever caused it
        ({}, (0, 1, {})),
        ({"status": "cancelled"}, (0, 0, {"R3": 1})),
    ],
)
def test_on_time_shipment_judges_by_the_first_etd(team, facts, expected):
    line = put_line(put_order(team))
    put_shipment(line, etd_original=date(2026, 3, 10), etd=date(2026, 3, 17), **facts)
    assert counts("K03") == expected
    assert counts("K03", ask(now=local(2026, 3, 9)))[1] == 0


def test_shipments_of_test_orders_and_of_other_teams_do_not_count(team):
    put_shipment(put_line(put_order(team, is_test=True)), etd_original=date(2026, 3, 10))
    put_shipment(put_line(put_order(make_team())), etd_original=date(2026, 3, 10))
    assert counts("K03", ask(viewer=make_user("lead", team=team)))[1] == 0
    assert counts("K03")[1] == 1


def test_promise_changes_count_each_order_once_and_leave_the_first_promise_alone(team):
    lead = make_user("lead", team=team)
    lines = [put_line(put_order(team), promised_date_original=date(2026, 3, 10)) for _ in range(4)]
    put_promise_change(lines[0], by=lead, days=3)
    put_promise_change(lines[0], by=lead, days=4, at=local(2026, 2, 20))
    put_promise_change(lines[1], by=lead, side="customer", days=10)
    put_promise_change(lines[2], by=lead, at=local(2026, 2, 2))  # before it was confirmed
    put_promise_change(lines[3], by=lead, at=MAY + timedelta(days=1))  # not yet

    found = figure("K09", ask())

    assert (found.numerator, found.denominator) == (2, 4)
    assert found.statistics == {"changes_mean": 0.75, "wished": 1, "slip_days": {"customer": 10, "supplier": 7}}


def test_a_change_of_many_lines_at_one_instant_is_one(team):
    order, lead = put_order(team), make_user("lead", team=team)
    for _ in range(3):
        put_promise_change(put_line(order, promised_date_original=date(2026, 3, 10)), by=lead)
    assert figure("K09", ask()).statistics["changes_mean"] == 1


def test_orders_withdrawn_by_the_customer_are_left_out_of_promise_changes(team):
    withdrawn = put_order(
        team,
        status="cancelled",
        cancelled_at=local(2026, 3, 5),
        cancelled_side="customer",
        confirmed_at=local(2026, 2, 3),
    )
    assert list(excluded_members("K09", ask(), "R3")) == [withdrawn]


def test_net_cycle_time_takes_off_the_customers_pauses_once(team):
    clerk = make_user("clerk", team=team)
    order = put_order(team, ordered_at=local(2026, 3, 1), delivered_at=local(2026, 3, 21))
    for start, days in ((3, 4), (5, 4)):  # 3 to 7 and 5 to 9: six days in all
        put_pause(put_step(order), by=clerk, from_at=local(2026, 3, start), days=days)
    put_pause(put_step(order), by=clerk, side="supplier", from_at=local(2026, 3, 10), days=3)
    put_pause(put_step(order), by=clerk, from_at=local(2026, 2, 20), days=10)  # one day of it since the order
    put_pause(put_step(order), by=clerk, from_at=local(2026, 3, 20))  # still running when it was delivered

    found = figure("K12", ask())

    assert found.value == pytest.approx(20 - 6 - 1 - 1)
    assert found.statistics["gross_mean"] == pytest.approx(20)
    assert figure("K11", ask()).value == pytest.approx(20)


def test_order_to_confirm_counts_working_hours(team):
    """Ordered on Friday at 17:00, confirmed on Monday at 10:00; open from 9 to 18 with an hour's rest at noon."""
    order = put_order(team, ordered_at=local(2026, 3, 6, 17), confirmed_at=local(2026, 3, 9, 10))
    put_order(team, ordered_at=None, confirmed_at=local(2026, 3, 9, 10))
    expected = working_time_between(order.ordered_at, order.confirmed_at, team.calendar.schedule())

    found = figure("K13", ask())

    assert float(found.value) == pytest.approx(expected.total_seconds() / 3600)
    assert {each.rule: each.count for each in found.excluded} == {"no_order_date": 1}
    assert [float(group.figure.numerator) for group in breakdown("K13", ask(), "team")] == [float(found.numerator)]


def test_working_hours_in_sql_are_those_of_the_engine(team):
    """Instants at night, on holidays, at openings and closings, and the wrong way round."""
    instants = [local(2026, 1, 1) + timedelta(hours=29 * number, minutes=7 * number) for number in range(60)]
    pairs = list(zip(instants, instants[7:] + instants[:7], strict=True))
    for start, end in pairs:
        put_order(team, ordered_at=start, confirmed_at=end)
    put_order(team, ordered_at=local(2026, 3, 2, 9), confirmed_at=local(2026, 3, 2, 18))
    schedule = team.calendar.schedule()

    hours = working_hours(
        "ordered_at",
        "confirmed_at",
        calendar="team__calendar",
        calendars=WorkCalendar.objects.all(),
        since=min(instants),
        now=MAY,
    )

    for order in Order.objects.annotate(hours=hours):
        span = max(working_time_between(order.ordered_at, order.confirmed_at, schedule), timedelta(0))
        assert order.hours == pytest.approx(Decimal(span / timedelta(hours=1)), abs=Decimal("0.000001"))
