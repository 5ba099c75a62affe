"""The figures by REST: contract, errors, rights."""

from datetime import date
from urllib.parse import urlsplit

import pytest
from rest_framework.test import APIClient

from kpi.registry import METRICS
from teams.permissions import RoleCode
from tests.factories import make_team, make_user
from tests.kpi.rows import local, put_order, put_step

pytestmark = pytest.mark.django_db
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def client(team):
    return client_of(make_user("manager", team=team))


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def follow(client, url):
    parts = urlsplit(url)
    return client.get(f"{parts.path}?{parts.query}&count=1").json()


def test_list_holds_every_definition(client):
    found = client.get("/api/v1/kpi/").json()["results"]

    assert [each["code"] for each in found] == list(METRICS)
    assert found[0]["unit"] == "%"
    assert found[0]["url"].endswith("/api/v1/kpi/K01/")


def test_figure_answers_the_contract(client, team):
    put_order(team, delivered_at=local(2026, 3, 9))
    put_order(team, delivered_at=local(2026, 3, 12))
    put_order(team, status="cancelled", cancelled_at=local(2026, 3, 1), cancelled_side="customer")

    found = client.get("/api/v1/kpi/K01/", MARCH).json()

    assert found["code"] == "K01"
    assert (found["value"], found["numerator"], found["denominator"], found["unit"]) == (50, 1, 2, "%")
    assert found["formula_version"] == 1
    assert found["is_small"] is True
    assert [(each["rule"], each["count"]) for each in found["excluded"]] == [("R3", 1)]
    assert found["period"] == {**MARCH, "timezone": "Asia/Shanghai"}
    assert follow(client, found["members_url"])["count"] == 2
    assert follow(client, found["members_url"] + "&part=numerator")["count"] == 1
    assert follow(client, found["excluded"][0]["members_url"])["count"] == 1


def test_empty_figure_is_null(client):
    found = client.get("/api/v1/kpi/K11/", MARCH).json()

    assert found["value"] is None
    assert (found["numerator"], found["denominator"]) == (0, 0)


@pytest.mark.parametrize("by", ["day", "week", "month", "quarter", "year", "team", "clerk", "customer", "country"])
def test_groups_add_up_and_open_their_members(client, team, by):
    clerk = make_user(team=team)
    put_order(team, delivered_at=local(2026, 3, 9), clerk=clerk, country="DE")
    put_order(team, promised_date=date(2026, 3, 31), country="FR")
    put_order(team, promised_date=date(2026, 3, 1))

    found = client.get("/api/v1/kpi/K01/", {**MARCH, "by": by}).json()

    assert found["by"] == by
    assert sum(group["denominator"] for group in found["groups"]) == found["denominator"] == 3
    assert sum(group["numerator"] for group in found["groups"]) == found["numerator"] == 1
    for group in found["groups"]:
        assert follow(client, group["members_url"])["count"] == group["denominator"]


def test_members_name_their_orders_without_money(client, team):
    order = put_order(team, delivered_at=local(2026, 3, 9, 12))

    (row,) = client.get("/api/v1/kpi/K01/members/", MARCH).json()["results"]

    assert row["number"] == order.number
    assert row["customer"] == order.customer.code
    assert row["outcome"] == "on_time"
    assert row["promised_date"] == "2026-03-10"
    assert row["delivered_at"] == "2026-03-09T04:00:00Z"
    assert not {"amount", "unit_price", "fx_rate"} & set(row)


def test_members_come_in_pages(client, team):
    for hour in range(3):
        put_step(put_order(team), closed_at=local(2026, 3, 9, hour))

    first = client.get("/api/v1/kpi/K20/members/", {**MARCH, "page_size": 2}).json()
    second = client.get(first["next"]).json()

    assert [len(first["results"]), len(second["results"])] == [2, 1]
    assert second["next"] is None
    assert len({row["id"] for row in first["results"] + second["results"]}) == 3


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "2026-02-30", "to": "2026-04-01"}, "from"),
        ({"from": "2026-03-01", "to": "soon"}, "to"),
        ({"from": "2026-03-01", "to": "2026-03-01"}, "to"),
        ({"from": "2026-04-01", "to": "2026-03-01"}, "to"),
        ({"from": "0001-01-01", "to": "2026-03-01"}, "from"),
        ({"from": "2026-03-01", "to": "9999-12-31"}, "to"),
        ({"from": "2026-W01-1", "to": "2026-04-01"}, "from"),
        ({**MARCH, "by": "weather"}, "by"),
        ({**MARCH, "by": "assignee"}, "by"),  # of steps, while K01 counts orders
        ({"from": "2000-01-01", "to": "2026-01-01", "by": "day"}, "by"),
        ({**MARCH, "team": "nobody"}, "team"),
        ({**MARCH, "customer": "9" * 400}, "customer"),
        ({**MARCH, "country": "Germany"}, "country"),
        ({**MARCH, "mode": "SLEDGE"}, "mode"),
        ({**MARCH, "role": "clerk"}, "role"),
    ],
)
def test_bad_question_names_the_parameter(client, params, field):
    response = client.get("/api/v1/kpi/K01/", params)

    assert response.status_code == 422
    assert list(response.json()["fields"]) == [field]


@pytest.mark.parametrize("params", [{"part": "half"}, {"rule": "R99"}, {"cursor": "x"}, {"page_size": "0"}])
def test_bad_drill_down_names_the_parameter(client, params):
    response = client.get("/api/v1/kpi/K01/members/", {**MARCH, **params})

    assert response.status_code == 422
    assert list(response.json()["fields"]) == list(params)


@pytest.mark.parametrize("path", ["K99/", "K99/members/", "k01/", "K01%20/"])
def test_unknown_figure_is_missing(client, path):
    assert client.get(f"/api/v1/kpi/{path}").status_code == 404


def test_this_month_is_the_default(client):
    period = client.get("/api/v1/kpi/K01/").json()["period"]

    assert period["from"].endswith("-01")
    assert period["to"].endswith("-01")


@pytest.mark.parametrize("role", RoleCode.values)
@pytest.mark.parametrize("path", ["", "K01/", "K01/members/"])
def test_figures_need_the_right_in_some_team(team, role, path):
    allowed = {"clerk", "sales_rep", "sales_manager", "logistics", "finance", "lead", "manager", "admin"}

    assert client_of(make_user(role, team=team)).get(f"/api/v1/kpi/{path}").status_code == (
        200 if role in allowed else 403
    )


def test_stranger_is_asked_to_log_in():
    assert APIClient().get("/api/v1/kpi/K01/").status_code == 401


def test_other_teams_do_not_exist(team):
    lead = make_user("lead", team=team)
    other = make_team()
    hidden = put_order(other, delivered_at=local(2026, 3, 9))
    client = client_of(lead)

    assert client.get("/api/v1/kpi/K01/", MARCH).json()["denominator"] == 0
    foreign = client.get("/api/v1/kpi/K01/", {**MARCH, "customer": hidden.customer.code})
    missing = client.get("/api/v1/kpi/K01/", {**MARCH, "customer": hidden.customer.code[:-1] + "x"})
    assert foreign.status_code == missing.status_code == 422


def test_only_reading_is_possible(client):
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(client, method)("/api/v1/kpi/K01/").status_code == 405
