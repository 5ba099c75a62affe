"""K18, K24, K34 to K37 and K39 on worked examples, a rule at a time."""

from datetime import date, timedelta

import pytest

from kpi.figures import excluded_members, figure, members
from orders.models import DelayReason
from tests.factories import make_team, make_user
from tests.kpi.rows import (
    ask,
    local,
    put_inspection,
    put_order,
    put_pause,
    put_reminder,
    put_sample,
    put_step,
)

pytestmark = pytest.mark.django_db
DUE = local(2026, 3, 10, 18)  # a Tuesday


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def order(team):
    return put_order(team)


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team)


def counts(code, asked=None):
    found = figure(code, asked or ask())
    return found.numerator, found.denominator, {each.rule: each.count for each in found.excluded}


def test_deviation_is_signed_and_taken_from_the_frozen_plan(order):
    for days in (1, 6, -4):  # Wednesday, Monday, Friday before: 1, 4 and -2 working days
        put_step(order, baseline_finish_at=DUE, due_at=DUE + timedelta(days=20), closed_at=DUE + timedelta(days=days))
    put_step(order, closed_at=DUE)

    found = figure("K18", ask())

    assert (found.numerator, found.denominator) == (3, 3)
    assert {each.rule: each.count for each in found.excluded} == {"no_baseline": 1}
    assert found.statistics["sd"] == pytest.approx(6**0.5)
    assert found.statistics["cv"] == pytest.approx(6**0.5)
    assert found.statistics["deviation_p90"] == pytest.approx(3.4)


def test_a_plan_for_a_date_ends_with_that_date(order):
    put_step(order, baseline_finish_at=local(2026, 3, 11), closed_at=local(2026, 3, 10, 9))
    assert figure("K18", ask()).numerator == 0


@pytest.mark.parametrize(
    ("recorded", "hit"),
    [
        (local(2026, 3, 10, 18), 1),
        (local(2026, 3, 11, 23, 59), 1),  # until the next working day is over
        (local(2026, 3, 12), 0),
        (local(2026, 4, 20), 0),
    ],
)
def test_recorded_in_time(order, recorded, hit):
    put_step(order, closed_at=DUE, recorded_at=recorded)
    assert counts("K35") == (hit, 1, {})


def test_a_weekend_does_not_make_a_record_late(order):
    friday = local(2026, 3, 13, 17)
    put_step(order, closed_at=friday, recorded_at=local(2026, 3, 16, 20))
    assert counts("K35") == (1, 1, {})


def test_imported_steps_say_nothing_of_how_soon_they_were_recorded(team):
    imported = put_step(put_order(team, source="scms"), closed_at=DUE)
    put_step(put_order(team, source="demo"), closed_at=DUE)
    assert counts("K35") == (1, 1, {"imported": 1})
    assert list(excluded_members("K35", ask(), "imported")) == [imported]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"closed_at": DUE}, (1, 1, {})),
        ({"closed_at": DUE + timedelta(seconds=1)}, (0, 1, {})),
        ({"due_at": DUE + timedelta(days=30), "closed_at": DUE + timedelta(days=20)}, (0, 1, {})),  # re-planned
        ({}, (0, 1, {})),
        ({"status": "skipped", "closed_at": DUE}, (0, 0, {"R3": 1})),
        ({"flags": "C", "closed_at": DUE}, (0, 0, {})),
    ],
)
def test_suppliers_are_judged_by_the_first_commitment(order, facts, expected):
    put_step(order, **{"flags": "S", "baseline_finish_at": DUE, **facts})
    assert counts("K34") == expected


def test_first_pass_yield_counts_first_rounds(order, clerk):
    put_sample(order, by=clerk, verdicts=["refused", "approved"], on=date(2026, 3, 5))
    put_sample(order, by=clerk, verdicts=["comments"], on=date(2026, 3, 6), kind="fit")
    put_sample(order, by=clerk, verdicts=["waiting"], on=date(2026, 3, 6), kind="top")
    put_inspection(order, by=clerk, on=date(2026, 3, 7), disposition="rework")
    put_inspection(order, by=clerk, on=date(2026, 3, 9))  # the same goods again
    put_inspection(order, by=clerk, on=date(2026, 3, 9), kind="DUPRO", disposition="concession")
    put_inspection(order, by=clerk, on=date(2026, 3, 8), kind="IQC")
    put_inspection(order, by=clerk, on=date(2026, 3, 9), kind="IQC")  # another lot: the first one had been released

    assert counts("K36") == (3, 6, {"later_round": 2})
    missed = {(row.kind, row.verdict) for row in members("K36", ask(), "missed")}
    assert missed == {("pp", "refused"), ("FRI", "refused"), ("DUPRO", "concession")}


def test_checks_of_other_teams_are_not_seen(order, clerk):
    put_inspection(order, by=clerk, on=date(2026, 3, 7))
    assert counts("K36", ask(viewer=make_user("lead", team=make_team())))[1] == 0
    assert counts("K36", ask(check="FRI"))[1] == 1
    assert counts("K36", ask(check="IQC"))[1] == 0


def test_reminders_are_acknowledged_in_working_hours(team, clerk):
    put_reminder(clerk, at=local(2026, 3, 6, 17), acknowledged_at=local(2026, 3, 9, 10))
    put_reminder(clerk, at=local(2026, 3, 10, 9), acknowledged_at=local(2026, 3, 10, 10))
    put_reminder(clerk, at=local(2026, 3, 10, 9))
    put_reminder(clerk, at=local(2026, 3, 10, 9), kind="mention", acknowledged_at=local(2026, 3, 11))
    put_reminder(clerk, at=local(2026, 3, 10, 9), status="failed", shown_at=None)

    found = figure("K24", ask())

    assert found.denominator == 2
    assert found.value < 3
    assert {each.rule: each.count for each in found.excluded} == {"unanswered": 1}
    assert found.statistics["prompt"] == 2
    assert found.statistics["shown"] == 3
    lead, stranger = make_user("lead", team=team), make_user("lead", team=make_team())
    assert figure("K24", ask(viewer=lead)).denominator == 2
    assert figure("K24", ask(viewer=clerk)).denominator == 2
    assert figure("K24", ask(viewer=stranger)).denominator == 0


def test_reasons_and_completion_take_waiting_steps_each_in_its_way(order, clerk):
    """K37 leaves out whose clock stands; K39 leaves out nothing but what is not due or not wanted."""
    reason = DelayReason.objects.create(code="r", name_zh="因", name_en="R", side="carrier")
    put_step(order, closed_at=DUE)
    put_step(order, closed_at=DUE + timedelta(days=1), delay_reason=reason)
    put_step(order, closed_at=DUE + timedelta(days=1))
    put_pause(put_step(order), by=clerk)
    put_step(order, status="cancelled", closed_at=DUE + timedelta(days=9))

    assert counts("K37") == (1, 2, {"R5": 1})
    assert counts("K39") == (1, 4, {"R3": 1})
    assert counts("K20") == (1, 3, {"R3": 1, "R5": 1})
