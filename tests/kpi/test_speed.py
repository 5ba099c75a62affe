"""K11 and K14 on worked examples."""

from datetime import date
from decimal import Decimal

import pytest

from kpi.figures import excluded_members, figure
from kpi.periods import Period
from kpi.workdays import working_days
from orders.models import Order
from teams.models import CalendarException, WorkCalendar
from teams.worktime import working_days_between
from tests.factories import make_team
from tests.kpi.rows import MAY, SHANGHAI, ask, local, put_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


def rules(code, asked):
    return {each.rule: each.count for each in figure(code, asked).excluded}


def test_cycle_time_is_the_mean_of_calendar_days(team):
    put_order(team, ordered_at=local(2026, 3, 1, 9), delivered_at=local(2026, 3, 11, 9))
    put_order(team, ordered_at=local(2026, 3, 1, 9), delivered_at=local(2026, 3, 21, 21))

    found = figure("K11", ask())

    assert (found.numerator, found.denominator) == (Decimal("30.5"), 2)
    assert found.value == Decimal("15.25")
    assert found.statistics["p50"] == 15.25
    assert found.statistics["p90"] == pytest.approx(10 + 0.9 * 10.5)  # linear interpolation


def test_cycle_time_belongs_to_the_period_of_the_finish(team):
    put_order(team, ordered_at=local(2025, 1, 1), delivered_at=local(2026, 3, 31, 23, 59), promised_date=None)
    put_order(team, ordered_at=local(2026, 3, 1), delivered_at=local(2026, 4, 1), promised_date=date(2026, 3, 5))

    assert figure("K11", ask()).denominator == 1


def test_work_in_progress_stands_beside_and_never_in_the_mean(team):
    put_order(team, ordered_at=local(2026, 3, 2), delivered_at=local(2026, 3, 12))
    put_order(team, ordered_at=local(2026, 3, 12))
    put_order(team, ordered_at=local(2026, 2, 10), delivered_at=local(2026, 4, 2))  # open at the end of March
    put_order(team, ordered_at=local(2026, 4, 2))  # not ordered yet

    found = figure("K11", ask())

    assert (found.numerator, found.denominator) == (10, 1)
    assert found.statistics["open_count"] == 2
    assert found.statistics["open_mean"] == Decimal((20 + 50) / 2)


def test_missing_dates_are_left_out_by_name(team):
    unknown = put_order(team, ordered_at=None, delivered_at=local(2026, 3, 12))

    for code in ("K11", "K14"):
        assert rules(code, ask()) == {"no_order_date": 1}
        assert list(excluded_members(code, ask(), "no_order_date")) == [unknown]
        assert figure(code, ask()).value is None


def test_a_date_typed_wrong_counts_as_it_stands(team):
    """The formula knows no such exclusion: the member list shows the row for somebody to correct."""
    put_order(team, ordered_at=local(2026, 3, 13), delivered_at=local(2026, 3, 12))

    assert (figure("K11", ask()).numerator, figure("K11", ask()).denominator) == (-1, 1)


def test_order_to_ship_counts_working_days_of_the_team(team):
    # Friday evening to the next Tuesday: Monday and Tuesday.
    put_order(team, ordered_at=local(2026, 3, 6, 19), delivered_at=local(2026, 3, 10, 9))
    # Qingming 2026: Saturday 4 April to Monday 6 April are off.
    put_order(team, ordered_at=local(2026, 3, 20, 9), delivered_at=local(2026, 3, 20, 18))
    april = Period(date(2026, 4, 1), date(2026, 5, 1), "Asia/Shanghai")
    put_order(team, ordered_at=local(2026, 4, 3, 9), delivered_at=local(2026, 4, 7, 9))

    assert figure("K14", ask()).numerator == 2
    assert figure("K14", ask()).denominator == 2
    assert figure("K14", ask(april)).numerator == 1


def test_order_to_ship_shows_the_first_shipment_beside_the_last(team):
    put_order(
        team,
        ordered_at=local(2026, 3, 2, 9),
        first_shipped_at=local(2026, 3, 4, 9),
        shipped_at=local(2026, 3, 9, 9),
        first_delivered_at=local(2026, 3, 5),
    )

    found = figure("K14", ask())

    assert found.value == 5
    assert found.statistics["first_shipment_mean"] == 2


def test_delivered_without_a_departure_is_listed_in_the_period_of_delivery(team):
    order = put_order(team, delivered_at=local(2026, 3, 12), shipped_at=None, first_shipped_at=None)

    assert rules("K14", ask()) == {"no_ship_date": 1}
    assert list(excluded_members("K14", ask(), "no_ship_date")) == [order]


@pytest.mark.parametrize("code", ["CN_OFFICE", "CN_FACTORY", "CARRIER"])
def test_working_days_in_sql_are_those_of_the_engine(team, code):
    calendar = WorkCalendar.objects.get(code=code)
    team.calendar = calendar
    team.save()
    day = 24 * 60 * 60
    for number in range(60):
        start = local(2025, 9, 20, 7, 30).timestamp() + number * 5.3 * day
        put_order(
            team,
            ordered_at=local(2025, 9, 20).fromtimestamp(start, SHANGHAI),
            shipped_at=local(2025, 9, 20).fromtimestamp(start + number * number * 3_011, SHANGHAI),
        )

    days = working_days(
        "ordered_at", "shipped_at", calendar="team__calendar", calendars=WorkCalendar.objects.all(), now=MAY
    )

    for order in Order.objects.annotate(days=days):
        ordered, shipped = (at.astimezone(SHANGHAI).date() for at in (order.ordered_at, order.shipped_at))
        assert order.days == working_days_between(ordered, shipped, calendar.schedule()), (ordered, shipped)


def test_working_days_follow_an_edit_of_the_calendar(team):
    put_order(team, ordered_at=local(2026, 3, 9, 9), delivered_at=local(2026, 3, 11, 9))
    assert figure("K14", ask()).value == 2
    CalendarException.objects.create(calendar=team.calendar, date=date(2026, 3, 10), kind="off")
    WorkCalendar.objects.filter(pk=team.calendar_id).update(version=team.calendar.version + 1)

    assert figure("K14", ask()).value == 1
