"""Goals by REST: set, read with how far they are, set anew, given up; refused by field and by right."""

import pytest
from rest_framework.test import APIClient

from kpi.models import Goal
from tests.factories import make_team, make_user
from tests.kpi.rows import local, put_order

pytestmark = pytest.mark.django_db
WHOLE = {
    **{"title": "On time", "code": "K01", "baseline": "80", "target": "90.5", "first": "2026-03-01"},
    **{"end": "2026-04-01", "reason": "A promise kept is the next order."},
}


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def client(team):
    return client_of(make_user("manager", team=team, language="en"))


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def post(client, **changes):
    return client.post("/api/v1/goals/", {**WHOLE, **changes}, format="json")


def test_a_goal_is_set_and_measured(client, team):
    put_order(team, delivered_at=local(2026, 3, 9))
    put_order(team, delivered_at=local(2026, 3, 12))  # late

    answer = post(client, team=team.code)

    assert answer.status_code == 201
    goal = client.get(f"/api/v1/goals/{answer.json()['id']}/").json()
    assert (goal["title"], goal["baseline"], goal["target"]) == ("On time", 80, 90.5)
    assert (goal["team_code"], goal["owner"], goal["ladder"]) == (team.code, None, [])
    assert (goal["attainment"]["state"], goal["attainment"]["value"]) == ("missed", 50)
    assert client.get("/api/v1/goals/?count=1").json()["count"] == 1


def test_what_is_missing_is_named_by_field(client, team):
    answer = client.post("/api/v1/goals/", {"code": "K01", "baseline": 80, "target": 80}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, "goal_incomplete")
    assert set(answer.json()["fields"]) == {"title", "target", "first", "end", "reason"}
    assert not Goal.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"baseline": "much"}, "baseline"),
        ({"target": "NaN"}, "target"),
        ({"first": "1 March"}, "first"),
        ({"ladder": "85, 90"}, "ladder"),
        ({"ladder": ["85.5", "x"]}, "ladder.1"),
        ({"owner": "nobody"}, "owner"),
        ({"parent": 999}, "parent"),
        ({"attainment": 100}, "attainment"),  # never typed
    ],
)
def test_a_value_of_another_shape_is_refused_at_its_field(client, changes, field):
    answer = post(client, **changes)

    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {field}


def test_set_anew_keeps_what_is_not_sent(client, team):
    goal = post(client).json()

    changed = client.patch(f"/api/v1/goals/{goal['id']}/", {"target": 95}, format="json")
    worse = client.patch(f"/api/v1/goals/{goal['id']}/", {"target": 70}, format="json")

    assert changed.json() == {**goal, "target": 95, "attainment": changed.json()["attainment"]}
    assert (worse.status_code, set(worse.json()["fields"])) == (422, {"target"})
    assert Goal.objects.get().target == 95


def test_given_up_it_is_still_read(client):
    goal = post(client).json()

    dropped = client.post(f"/api/v1/goals/{goal['id']}/drop/")

    assert dropped.json()["dropped_at"]
    assert [each["id"] for each in client.get("/api/v1/goals/?dropped=true").json()["results"]] == [goal["id"]]
    assert client.get("/api/v1/goals/?dropped=false").json()["results"] == []


def test_a_lead_sets_goals_of_the_team_and_no_others(team):
    lead = client_of(make_user("lead", team=team))
    foreign = make_team()

    assert post(lead).json()["team_code"] == team.code
    assert post(lead, team=None).status_code == 403
    assert post(lead, team=foreign.code).status_code == 422
    assert post(client_of(make_user("clerk", team=team))).status_code == 403
    assert Goal.objects.count() == 1


def test_many_goals_cost_as_many_statements_as_one(client, team, django_assert_max_num_queries):
    for number in range(6):
        owner = make_user("clerk", team=team, username=f"clerk{number}")
        post(client, team=team.code, owner=owner.username)

    with django_assert_max_num_queries(12):
        found = client.get("/api/v1/goals/").json()["results"]

    assert len(found) == 6
