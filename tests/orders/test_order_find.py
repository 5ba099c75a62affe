"""The search box of every page: orders while one types, and the order itself for its full number."""

import pytest

from tests.factories import make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db


def found(client, text):
    return [order.number for order in client.get("/orders/find/", {"q": text}).context["found"]]


def test_typing_finds_a_few_of_the_orders_that_one_sees(client, team, clerk):
    numbers = [make_confirmed_order(team=team, by=clerk, number=f"GD-77{n:02}").number for n in range(10)]
    strangers = make_team()
    make_confirmed_order(team=strangers, by=make_user("clerk", team=strangers), number="GD-7799")
    client.force_login(clerk)

    assert set(found(client, "gd-77")) < set(numbers)
    assert len(found(client, "gd-77")) == 8
    assert found(client, "7703") == ["GD-7703"]
    assert found(client, "") == found(client, "%") == []


def test_a_full_number_leads_to_its_order(client, team, clerk):
    make_confirmed_order(team=team, by=clerk, number="GD-1")
    make_confirmed_order(team=team, by=clerk, number="GD-12")
    client.force_login(clerk)

    assert client.get("/orders/", {"q": "gd-1", "jump": "1"}).headers["Location"] == "/orders/GD-1/"
    assert client.get("/orders/", {"q": "GD", "jump": "1"}).status_code == 200
    # A link to a filtered list stays a list.
    assert client.get("/orders/", {"q": "GD-1"}).status_code == 200


def test_a_number_of_another_team_leads_nowhere(client, team, clerk):
    strangers = make_team()
    make_confirmed_order(team=strangers, by=make_user("clerk", team=strangers), number="GD-7799")
    client.force_login(clerk)

    assert client.get("/orders/", {"q": "GD-7799", "jump": "1"}).status_code == 200


def test_the_list_offers_what_the_role_may_do(client, team, order):
    def offered(role):
        client.force_login(make_user(role, team=team))
        return [code for code, _icon, _words in client.get("/orders/").context["bulk_acts"]]

    assert "order-cancel" in offered("lead")
    assert offered("qc") == []
    assert "order-cancel" not in offered("sales_rep")
