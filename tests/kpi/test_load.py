"""K38 workload and K30 repurchase."""

from datetime import date, timedelta

import pytest

from kpi.figures import breakdown, figure
from teams.models import Leave
from tests.factories import make_company, make_team, make_user
from tests.kpi.rows import APRIL, YEAR, ask, local, put_order, put_step

pytestmark = pytest.mark.django_db
# A Monday; ten working days on ends on Monday the 16th.
NOW = local(2026, 3, 2, 9)


def test_load_is_what_is_due_within_ten_working_days_against_the_hours_there_are():
    team = make_team()
    clerk, other = make_user("clerk", team=team), make_user("clerk", team=team)
    order = put_order(team)
    for day in (local(2026, 2, 20, 18), local(2026, 3, 9, 18), local(2026, 3, 16, 18), local(2026, 3, 17, 9)):
        put_step(order, due_at=day, assignee=clerk)
    put_step(order, due_at=local(2026, 3, 3), assignee=None)
    put_step(order, due_at=local(2026, 3, 3), closed_at=local(2026, 3, 1), assignee=other)

    found = figure("K38", ask(now=NOW))

    assert (found.numerator, found.count) == (3, 3)
    assert {each.rule: each.count for each in found.excluded} == {"nobody": 1}
    hours = found.denominator
    assert 75 <= hours <= 90  # eleven days of about eight hours

    Leave.objects.create(user=clerk, from_date=date(2026, 3, 3), to_date=date(2026, 3, 6), deputy=other)
    less = figure("K38", ask(now=NOW)).denominator
    assert float(less) == pytest.approx(float(hours) * 7 / 11, rel=0.05)


def test_load_of_people_sums_to_that_of_all():
    team = make_team()
    people = [make_user("clerk", team=team) for _number in range(3)]
    order = put_order(team)
    for number, person in enumerate(people):
        for _number in range(number + 1):
            put_step(order, due_at=local(2026, 3, 3), assignee=person)

    asked = ask(now=NOW)
    groups = breakdown("K38", asked, "assignee")
    whole = figure("K38", asked)

    assert [group.figure.count for group in groups] == [3, 2, 1]
    assert sum(group.figure.numerator for group in groups) == whole.numerator
    assert sum(group.figure.denominator for group in groups) == whole.denominator


def test_who_bought_again_within_the_year():
    team = make_team()
    loyal, once, gone, late = (make_company(team=team) for _number in range(4))
    put_order(team, customer=loyal, confirmed_at=local(2025, 6, 1))
    put_order(team, customer=loyal, confirmed_at=local(2026, 3, 20))
    put_order(team, customer=once, confirmed_at=local(2026, 3, 1))
    put_order(
        team,
        customer=once,
        confirmed_at=local(2026, 3, 2),
        status="cancelled",
        cancelled_at=local(2026, 3, 9),
        cancelled_side="customer",
    )
    put_order(team, customer=gone, confirmed_at=local(2025, 3, 1))
    put_order(team, customer=late, confirmed_at=local(2026, 4, 1))

    found = figure("K30", ask())

    assert (found.numerator, found.count) == (1, 2)
    # In April the customer who came late counts as well.
    assert figure("K30", ask(APRIL)).count == 3
    assert figure("K30", ask(now=local(2026, 3, 10))).numerator == 0


def test_nothing_is_known_of_a_time_that_has_not_begun():
    put_order(make_team(), confirmed_at=local(2026, 3, 1))

    assert figure("K30", ask(APRIL, now=local(2026, 3, 20))).value is None
    assert figure("K38", ask(APRIL, now=local(2026, 3, 20))).value is None


def test_trend_of_a_year():
    team = make_team()
    customer = make_company(team=team)
    for month in (1, 2, 3):
        put_order(team, customer=customer, confirmed_at=local(2026, month, 10))

    months = breakdown("K30", ask(YEAR, now=local(2026, 4, 1) - timedelta(hours=1)), "month")

    assert [month.figure.value for month in months][:4] == [0, 100, 100, None]
