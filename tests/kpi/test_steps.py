"""K20 to K23 on worked examples, a rule at a time."""

from datetime import date

import pytest

from kpi.figures import breakdown, excluded_members, figure, members
from kpi.periods import Period
from orders.models import Milestone
from tests.factories import make_team, make_user
from tests.kpi.rows import MARCH, MAY, ask, local, put_order, put_pause, put_step

pytestmark = pytest.mark.django_db
DUE = local(2026, 3, 10, 18)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def order(team):
    return put_order(team)


def counts(code, asked):
    found = figure(code, asked)
    return found.numerator, found.denominator, {each.rule: each.count for each in found.excluded}


@pytest.mark.parametrize(
    ("facts", "now", "expected"),
    [
        ({"closed_at": DUE}, MAY, (1, 1, {})),  # exactly at the due instant is on time
        ({"closed_at": local(2026, 3, 10, 18, 0, 1)}, MAY, (0, 1, {})),
        ({}, DUE, (0, 0, {"R1": 1})),
        ({}, local(2026, 3, 10, 18, 0, 1), (0, 1, {})),  # running and past its target
        ({"status": "pending"}, MAY, (0, 1, {})),
        ({"status": "skipped", "closed_at": local(2026, 3, 12)}, MAY, (0, 0, {"R3": 1})),
        ({"status": "cancelled", "closed_at": local(2026, 3, 9)}, MAY, (0, 0, {"R3": 1})),
        ({"closed_at": local(2026, 3, 9)}, local(2026, 3, 9, 12), (1, 1, {})),  # met before it was due
    ],
)
def test_sla_attainment_and_incidence_are_two_sides(order, facts, now, expected):
    put_step(order, **facts)

    met, total, excluded = expected
    assert counts("K20", ask(now=now)) == expected
    assert counts("K22", ask(now=now)) == (total - met, total, excluded)


def test_step_whose_clock_is_stopped_is_late_but_not_ours(order, team):
    clerk = make_user(team=team)
    stopped = put_step(order)
    put_pause(stopped, by=clerk)
    ours = put_step(order)
    put_pause(ours, by=clerk, side="internal")  # waiting on ourselves stops no clock

    for code in ("K20", "K22", "K23"):
        found = {each.rule: each.count for each in figure(code, ask()).excluded}
        assert found == {"R5": 1}
        assert list(excluded_members(code, ask(), "R5")) == [stopped]
        assert list(members(code, ask())) == [ours]


def test_deadline_belongs_to_the_day_that_it_ends(order):
    """A date's deadline is 24:00 in the zone (R12), so that of 31 March is March's."""
    put_step(order, due_at=local(2026, 3, 1), closed_at=local(2026, 4, 2))
    put_step(order, due_at=local(2026, 3, 1, 0, 1), closed_at=local(2026, 4, 2))
    put_step(order, due_at=local(2026, 4, 1), closed_at=local(2026, 4, 2))
    put_step(order, due_at=local(2026, 4, 1, 0, 1), closed_at=local(2026, 4, 2))

    assert counts("K22", ask()) == (2, 2, {})
    assert [group.figure.denominator for group in breakdown("K22", ask(), "month")] == [2]


def test_day_after_the_deadline_of_a_date_is_one_day_late(order):
    put_step(order, due_at=local(2026, 3, 11), closed_at=local(2026, 3, 11, 9))

    assert figure("K23", ask()).numerator == 1


def test_steps_of_test_orders_do_not_count(team):
    put_step(put_order(team, is_test=True))

    for code in ("K20", "K21", "K22", "K23"):
        assert counts(code, ask()) == (0, 0, {})


def test_stock_is_taken_at_the_end_of_the_period(order):
    put_step(order)  # open and overdue
    put_step(order, due_at=local(2026, 4, 2))  # open, due later
    put_step(order, due_at=None)  # open, without a deadline
    put_step(order, closed_at=local(2026, 4, 3))  # was open and overdue then
    put_step(order, due_at=local(2026, 4, 2), closed_at=local(2026, 4, 9))  # open then, not yet due, late since
    put_step(order, closed_at=local(2026, 3, 31, 23, 59))  # finished by then

    assert counts("K21", ask()) == (2, 5, {})


def test_stock_of_a_running_period_is_taken_now(order):
    put_step(order)

    assert counts("K21", ask(now=DUE)) == (0, 1, {})
    assert counts("K21", ask(now=local(2026, 3, 10, 18, 1))) == (1, 1, {})
    assert counts("K21", ask(now=local(2026, 2, 20))) == (0, 0, {})  # of the future nothing is known


def test_stock_leaves_out_orders_that_began_later(team):
    put_step(put_order(team, confirmed_at=local(2026, 4, 2)))

    assert counts("K21", ask()) == (0, 0, {})


def test_stock_lists_what_waits_on_others_beside_the_overdue(order, team):
    put_pause(put_step(order), by=make_user(team=team))
    put_step(order)
    put_step(put_order(team), due_at=local(2026, 4, 9))

    found = figure("K21", ask())

    assert (found.numerator, found.denominator) == (1, 3)
    assert found.statistics["late_waiting"] == 1
    assert (found.statistics["overdue_orders"], found.statistics["open_orders"]) == (1, 2)


def test_stock_over_time_is_the_figure_of_each_part(order):
    put_step(order)
    put_step(order, due_at=local(2026, 3, 20), closed_at=local(2026, 3, 25))

    groups = breakdown("K21", ask(), "week")

    assert [group.key for group in groups] == ["2026-W09", "2026-W10", "2026-W11", "2026-W12", "2026-W13", "2026-W14"]
    for group in groups:
        alone = figure("K21", ask(group.figure.period))
        assert (group.figure.numerator, group.figure.denominator) == (alone.numerator, alone.denominator)


def test_numerator_of_the_stock_is_the_one_rule_of_overdue(order, team):
    put_pause(put_step(order), by=make_user(team=team))
    for hour in range(17, 20):
        put_step(order, due_at=local(2026, 3, 10, hour))
        put_step(order, due_at=local(2026, 3, 10, hour), closed_at=local(2026, 3, 11))

    at = local(2026, 3, 10, 18, 30)

    assert set(members("K21", ask(now=at), "numerator")) == set(Milestone.objects.overdue(at))
    assert set(Milestone.objects.judged(at).filter(punctuality="waiting")) == set(Milestone.objects.late_waiting(at))


def test_days_overdue_are_working_days_of_the_calendar(order):
    put_step(order, closed_at=local(2026, 3, 10, 19))  # the same day: 0
    put_step(order, closed_at=local(2026, 3, 12, 9))  # 2
    put_step(order, closed_at=local(2026, 3, 17, 9))  # Saturday and Sunday between: 5
    put_step(order)  # still open, 20 working days by 8 April: Qingming's Monday is off
    put_step(order, closed_at=DUE)  # on time

    found = figure("K23", ask(now=local(2026, 4, 8, 12)))

    assert (found.numerator, found.denominator) == (0 + 2 + 5 + 20, 4)
    assert found.statistics["ages"] == {"0": 1, "1-2": 1, "3-5": 1, "6-10": 0, ">10": 1}
    assert members("K23", ask()).count() == 4


def test_deadline_moved_by_a_pause_is_judged_as_moved(order):
    put_step(order, baseline_finish_at=DUE, due_at=local(2026, 3, 12, 18), closed_at=local(2026, 3, 12, 9))

    assert counts("K20", ask()) == (1, 1, {})


def test_person_who_carries_the_step_is_a_dimension(order, team):
    first, second = make_user(team=team), make_user(team=team)
    put_step(order, assignee=first, closed_at=DUE)
    put_step(order, assignee=second)
    put_step(order)

    groups = {group.key: group.figure for group in breakdown("K20", ask(), "assignee")}

    assert {key: (each.numerator, each.denominator) for key, each in groups.items()} == {
        first.username: (1, 1),
        second.username: (0, 1),
        "none": (0, 1),
    }


def test_rates_of_groups_are_not_averaged(order):
    """The whole is Σ numerators over Σ denominators (R13)."""
    for day in range(3, 7):
        put_step(order, due_at=local(2026, 3, day, 18), closed_at=local(2026, 3, day, 9))
    put_step(order)

    weeks = breakdown("K20", ask(), "week")

    assert [week.figure.value for week in weeks[1:3]] == [100, 0]
    assert figure("K20", ask()).value == 80


def test_year_of_days_is_cut_in_the_zone_of_the_organisation(order):
    put_step(order, due_at=local(2026, 3, 1, 0, 30), closed_at=local(2026, 3, 1))
    two_days = Period(date(2026, 2, 28), date(2026, 3, 2), MARCH.zone)

    assert [group.figure.denominator for group in breakdown("K20", ask(two_days), "day")] == [0, 1]
