"""Goals: refused with what they lack, measured by the figures, expected by working days and ladders."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from kpi.figures import figure
from kpi.goal_forms import GoalForm
from kpi.goals import (
    AHEAD,
    BEHIND,
    MISSED,
    NOT_BEGUN,
    ON_TRACK,
    REACHED,
    UNKNOWN,
    GoalIncomplete,
    attain,
    before_goal,
    set_goal,
)
from kpi.models import Goal
from kpi.periods import Period
from kpi.targets import expected_value
from teams.errors import NotPermitted
from teams.worktime import working_days_between
from tests.factories import make_team, make_user
from tests.kpi.rows import MAY, ask, local, put_order

pytestmark = pytest.mark.django_db
MARCH_DAYS = (date(2026, 3, 1), date(2026, 4, 1))


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def manager(team):
    return make_user("manager", team=team, language="en")


def whole(**changes):
    values = {
        **{"title": "On time", "code": "K01", "baseline": Decimal(80), "target": Decimal(90), "ladder": []},
        **{"first": date(2026, 3, 1), "end": date(2026, 4, 1), "team": None, "owner": None, "parent": None},
        "reason": "A promise kept is the next order.",
    }
    return {**values, **changes}


def put_goal(by, **changes):
    return set_goal(values=whole(**changes), by=by, now=MAY)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": ""}, {"title"}),
        ({"code": "", "target": None}, {"code", "target"}),
        ({"baseline": None}, {"baseline"}),
        ({"end": None}, {"end"}),
        ({"first": None, "reason": ""}, {"first", "reason"}),
        ({"code": "K99"}, {"code"}),
        ({"target": Decimal(80)}, {"target"}),
        ({"target": Decimal(70)}, {"target"}),  # worse
        ({"code": "K11", "target": Decimal(90)}, {"target"}),  # days should become fewer
        ({"target": Decimal(101)}, {"target"}),
        ({"baseline": Decimal(-1)}, {"baseline"}),
        ({"end": date(2026, 3, 1)}, {"end"}),
        ({"ladder": [Decimal(85), Decimal(90)]}, {"ladder"}),  # one quarter only
        ({"end": date(2026, 7, 1), "ladder": [Decimal(92), Decimal(90)]}, {"ladder"}),
        ({"end": date(2026, 7, 1), "ladder": [Decimal(85), Decimal(89)]}, {"ladder"}),
    ],
)
def test_a_goal_is_refused_with_what_it_lacks(manager, changes, fields):
    with pytest.raises(GoalIncomplete) as refusal:
        put_goal(manager, **changes)
    assert set(refusal.value.fields) == fields
    assert not Goal.objects.exists()


def test_a_persons_goal_names_a_team_they_belong_to(team, manager):
    clerk = make_user("clerk", team=team)
    for values, field in (({"owner": clerk}, "team"), ({"owner": clerk, "team": make_team()}, "owner")):
        with pytest.raises(GoalIncomplete) as refusal:
            put_goal(manager, **values)
        assert set(refusal.value.fields) == {field}
    assert put_goal(manager, owner=clerk, team=team).owner == clerk


def test_reminders_belong_to_people_so_no_team_has_a_goal_on_them(team, manager):
    values = {"code": "K24", "baseline": Decimal(8), "target": Decimal(4)}
    with pytest.raises(GoalIncomplete) as refusal:
        put_goal(manager, team=team, **values)
    assert set(refusal.value.fields) == {"code"}
    goals = [put_goal(manager, **values), put_goal(manager, team=team, owner=manager, **values)]
    found = attain(goals, now=MAY, schedule=team.calendar.schedule())
    assert {each.state for each in found.values()} == {UNKNOWN}


def test_a_goal_serves_one_above_it_and_never_itself(team, manager):
    top = put_goal(manager)
    below = put_goal(manager, team=team, parent=top)
    of_person = put_goal(manager, team=team, owner=manager, parent=below)
    other = make_team()
    for values, goal in (
        (whole(parent=of_person), None),
        (whole(team=other, parent=below), None),
        (whole(parent=below), top),
    ):
        with pytest.raises(GoalIncomplete) as refusal:
            set_goal(values=values, by=manager, now=MAY, goal=goal)
        assert set(refusal.value.fields) == {"parent"}


def test_leads_set_goals_of_their_team_only(team, manager):
    lead, clerk = make_user("lead", team=team), make_user("clerk", team=team)
    assert put_goal(lead, team=team).team == team
    for by, values in ((lead, {}), (lead, {"team": make_team()}), (clerk, {"team": team})):
        with pytest.raises(NotPermitted):
            put_goal(by, **values)


def test_whose_goals_one_sees(team, manager):
    lead, clerk, colleague = (make_user(role, team=team) for role in ("lead", "clerk", "clerk"))
    stranger = make_user("lead", team=make_team())
    company, of_team = put_goal(manager), put_goal(manager, team=team)
    of_clerk = put_goal(manager, team=team, owner=clerk)
    assert set(Goal.objects.visible_to(manager)) == set(Goal.objects.visible_to(lead)) == {company, of_team, of_clerk}
    assert set(Goal.objects.visible_to(clerk)) == {company, of_team, of_clerk}
    assert set(Goal.objects.visible_to(colleague)) == {company, of_team}
    assert set(Goal.objects.visible_to(stranger)) == {company}


def test_attainment_is_the_figure_of_company_team_and_person(team, manager, django_assert_max_num_queries):
    """March: the clerk 3 of 4 on time, the rest of the team 0 of 1, another team 5 of 5."""
    clerk, other = make_user("clerk", team=team), make_team()
    for whose, who, on_time in ((team, clerk, True),) * 3 + ((team, clerk, False), (team, None, False)):
        put_order(whose, clerk=who, delivered_at=local(2026, 3, 9) if on_time else None)
    for _ in range(5):
        put_order(other, delivered_at=local(2026, 3, 9))
    goals = [put_goal(manager), put_goal(manager, team=team), put_goal(manager, team=team, owner=clerk)]
    schedule = team.calendar.schedule()

    with django_assert_max_num_queries(9):
        found = attain(goals, now=MAY, schedule=schedule)

    assert [found[goal.pk].value for goal in goals] == [80, 60, 75]
    assert found[goals[0].pk].figure.numerator == figure("K01", ask()).numerator
    assert [found[goal.pk].way for goal in goals] == [0, -2, Decimal("-0.5")]
    assert {found[goal.pk].state for goal in goals} == {MISSED}


@pytest.mark.parametrize(
    ("on_time", "now", "state"),
    [
        (9, MAY, REACHED),
        (8, MAY, MISSED),
        (8, local(2026, 3, 30, 12), BEHIND),
        (9, local(2026, 3, 12, 12), AHEAD),
        (0, local(2026, 2, 20), NOT_BEGUN),
    ],
)
def test_states_compare_the_way_gone_with_that_expected(team, manager, on_time, now, state):
    for number in range(10):
        put_order(team, delivered_at=local(2026, 3, 9) if number < on_time else None)
    goal = put_goal(manager)
    assert attain([goal], now=now, schedule=team.calendar.schedule())[goal.pk].state == state


def test_nothing_counted_is_no_state_of_success(team, manager):
    goal = put_goal(manager)
    found = attain([goal], now=local(2026, 3, 12), schedule=team.calendar.schedule())[goal.pk]
    assert (found.value, found.way, found.state) == (None, None, UNKNOWN)


def test_half_way_is_on_track_in_the_middle(team, manager):
    for number in range(20):
        put_order(team, delivered_at=local(2026, 3, 9) if number < 17 else None)
    goal = put_goal(manager)
    assert attain([goal], now=local(2026, 3, 16, 12), schedule=team.calendar.schedule())[goal.pk].state == ON_TRACK


def test_expected_by_working_days_and_by_the_ladder(team, manager):
    schedule = team.calendar.schedule()
    goal = put_goal(manager, first=date(2026, 1, 1), end=date(2026, 7, 1))
    whole_days = working_days_between(date(2025, 12, 31), date(2026, 6, 30), schedule)
    passed = working_days_between(date(2025, 12, 31), date(2026, 2, 10), schedule)

    def way(day):
        return (expected_value(goal, day, schedule, start=goal.baseline) - goal.baseline) / (
            goal.target - goal.baseline
        )

    assert way(date(2026, 2, 10)) == pytest.approx(Decimal(passed) / whole_days)
    goal.ladder = [Decimal(88), Decimal(90)]
    assert way(date(2026, 3, 31)) == Decimal("0.8")
    assert way(date(2026, 6, 30)) == 1
    assert way(date(2025, 12, 31)) == 0
    assert way(date(2026, 9, 1)) == 1


def test_the_periods_before_tell_whether_it_is_within_reach(team, manager):
    for month in (1, 2, 2):
        put_order(team, promised_date=date(2026, month, 10), delivered_at=local(2026, month, 9))
    found = before_goal(put_goal(manager, team=team), now=MAY)
    assert [each.denominator for each in found] == [0, 0, 1, 2]
    assert found[-1].period == Period(date(2026, 2, 1), date(2026, 3, 1), "Asia/Shanghai")


def test_pages_set_show_review_and_give_up_goals(client, team, manager):
    client.force_login(manager)
    today = timezone.localdate()
    body = {
        **{"title": "Deliver on time", "code": "K01", "baseline": "80", "target": "90", "reason": "Because."},
        **{"first": str(today), "until": str(today + timedelta(days=5))},
    }

    refused = client.post(reverse("goal_new"), {**body, "until": "", "target": "x", "ladder": "90; nine"})
    assert refused.status_code == 422
    text = refused.content.decode()
    assert 'value="Deliver on time"' in text
    assert refused.context["form"].errors.keys() == {"target", "ladder"}
    unfinished = client.post(reverse("goal_new"), {**body, "until": "", "reason": ""})
    assert unfinished.context["form"].errors.keys() == {"until", "reason"}
    assert "timed (T)" in unfinished.content.decode()

    assert "Deliver on time" in client.get(reverse("goals")).content.decode()  # offered
    goal = Goal.objects.get(pk=client.post(reverse("goal_new"), body).headers["Location"].strip("/").split("/")[-1])
    assert goal.end == today + timedelta(days=6)
    page = client.get(reverse("goal", args=[goal.pk]))
    lines = b"".join(client.get(reverse("goal", args=[goal.pk]), {"format": "csv"}).streaming_content).splitlines()
    assert len(lines) - 1 == len(page.context["months"]) >= 1
    assert page.context["row"].state == "nothing counted yet"
    assert client.post(reverse("goal_edit", args=[goal.pk]), {**body, "target": "95,0"}).status_code == 422
    assert client.post(reverse("goal_edit", args=[goal.pk]), {**body, "target": "95"}).status_code == 302
    goal.refresh_from_db()
    assert goal.target == 95
    for query in ({}, {"view": "review"}, {"past": "1"}):
        assert [row.goal for row in client.get(reverse("goals"), query).context["rows"]] == [goal]
    client.post(reverse("goal_drop", args=[goal.pk]))
    assert client.get(reverse("goals")).context["rows"] == []
    assert [row.goal for row in client.get(reverse("goals"), {"past": "1"}).context["rows"]] == [goal]


def test_the_tree_puts_each_goal_below_the_one_it_serves(client, team, manager):
    today = timezone.localdate()
    days = {"first": today, "end": today + timedelta(days=30)}
    top = put_goal(manager, title="z", **days)
    below = put_goal(manager, title="a", team=team, parent=top, **days)
    orphan = put_goal(manager, title="b", team=team, **days)
    client.force_login(manager)

    rows = client.get(reverse("goals")).context["rows"]

    assert [(row.goal, row.depth, row.is_orphan) for row in rows] == [
        (orphan, 0, True),
        (top, 0, False),
        (below, 1, False),
    ]


def put_sold(team, amount, month):
    return put_order(team, amount=Decimal(amount), fx_rate=1, confirmed_at=local(2026, month, 10))


def test_a_goal_on_sales_is_reached_from_nothing(team, manager):
    put_sold(team, 300, 1)
    put_sold(team, 200, 3)
    goal = put_goal(manager, code="K32", baseline=900, target=1000, first=date(2026, 1, 1), end=date(2026, 4, 1))

    found = attain([goal], now=MAY, schedule=team.calendar.schedule())[goal.pk]

    assert (found.value, found.way, found.state) == (500, Decimal("0.5"), MISSED)


@pytest.mark.parametrize(
    ("target", "ladder", "named"),
    [
        (0, [], "target"),
        (-5, [], "target"),
        (1000, [1500, 1000, 1000, 1000], "ladder"),
        (1000, [200, 400, 700, 900], "ladder"),
    ],
)
def test_a_goal_on_sales_needs_a_sum_that_grows(team, manager, target, ladder, named):
    with pytest.raises(GoalIncomplete) as refused:
        put_goal(
            manager,
            code="K32",
            baseline=900,
            target=target,
            ladder=[Decimal(each) for each in ladder],
            first=date(2026, 1, 1),
            end=date(2027, 1, 1),
        )
    assert named in refused.value.fields


def test_a_sales_goal_is_drawn_as_it_grows_and_is_hidden_from_who_sees_no_money(client, team, manager):
    put_sold(team, 300, 1)
    put_sold(team, 200, 3)
    goal = put_goal(manager, code="K32", baseline=900, target=1200, first=date(2026, 1, 1), end=date(2027, 1, 1))
    client.force_login(manager)

    page = client.get(reverse("goal", args=[goal.pk]))

    assert page.context["chart"]["values"][:3] == [300, 300, 500]
    assert page.context["chart"]["target"][-1] == 1200
    # The company's sales are more than the amounts of one's own team.
    client.force_login(make_user("clerk", team=team))
    assert client.get(reverse("goal", args=[goal.pk])).status_code == 404


def test_who_sees_no_amounts_sets_no_goal_on_them(team, manager):
    put_goal(manager, code="K32", baseline=900, target=1200, title="Sales of the company")
    inspector = make_user("qc", team=team)
    assert not inspector.access.sees_any_money
    form = GoalForm(user=inspector)

    assert not {"K32", "K33"} & {code for code, _name in form.fields["code"].choices}
    assert list(form.fields["parent"].queryset) == []
    with pytest.raises(NotPermitted):
        set_goal(values=whole(code="K32"), by=inspector, now=MAY)
