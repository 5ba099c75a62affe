"""K16 on worked examples: first replies in working hours, cases still waiting beside, never in the mean."""

import pytest

from kpi.figures import figure, members
from tests.factories import make_team
from tests.kpi.rows import ask, local, put_order, put_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


def case(team, received, replied=None, *, code="INQ_FIRST_REPLY", **facts):
    """An inquiry or claim that came in and was replied to; the office works from 8:30 to 18:00."""
    order = put_order(team, ordered_at=received, confirmed_at=received)
    return put_step(order, code=code, due_at=local(2026, 3, 31, 18), closed_at=replied, **facts)


def test_hours_are_those_of_work_and_begin_with_the_next_opening(team):
    case(team, local(2026, 3, 10, 9), local(2026, 3, 10, 11))  # two hours
    case(team, local(2026, 3, 10, 20), local(2026, 3, 11, 9, 30))  # in the night: one hour after opening
    case(team, local(2026, 3, 13, 17), local(2026, 3, 16, 9, 30), code="FIRST_RESPONSE")  # over a weekend
    found = figure("K16", ask())
    assert (found.count, float(found.numerator)) == (3, 5)
    assert found.statistics["p50"] == pytest.approx(2)


def test_a_reply_belongs_to_the_period_in_which_it_was_given(team):
    case(team, local(2026, 2, 27, 16), local(2026, 3, 2, 9, 30))
    case(team, local(2026, 3, 31, 9), local(2026, 4, 1, 9, 30))
    assert figure("K16", ask()).count == 1


def test_what_waits_stands_beside_and_is_never_in_the_mean(team):
    case(team, local(2026, 3, 10, 9), local(2026, 3, 10, 10))
    case(team, local(2026, 3, 12, 9))
    case(team, local(2026, 3, 12, 9), local(2026, 3, 12, 10), status="skipped")
    found = figure("K16", ask(now=local(2026, 3, 12, 11)))
    assert (found.count, found.value, found.statistics["open_count"]) == (1, 1, 1)
    assert float(found.statistics["open_mean"]) == pytest.approx(2)


def test_other_steps_and_cases_without_a_beginning_do_not_count(team):
    case(team, local(2026, 3, 10, 9), local(2026, 3, 10, 10), code="QUOTE_SENT")
    case(team, None, local(2026, 3, 10, 10))
    found = figure("K16", ask())
    assert (found.count, found.value) == (0, None)
    assert [(each.rule, each.count) for each in found.excluded] == [("no_order_date", 1)]
    assert list(members("K16", ask())) == []


def test_nothing_replied_is_null(team):
    assert figure("K16", ask()).value is None
