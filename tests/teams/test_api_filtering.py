"""The filters of a list are built only where the address names one."""

import pytest

from tests.api import Api, queries_of
from tests.factories import make_order, make_team, make_user

pytestmark = pytest.mark.django_db


def test_filters_work_whether_others_are_named_or_none():
    team = make_team()
    clerk = make_user("clerk", team=team)
    for _number in range(3):
        make_order(team=team, by=clerk)
    api = Api(clerk)
    assert len(api.get("orders/").json()["results"]) == 3
    assert len(api.get("orders/", page_size=2).json()["results"]) == 2
    assert api.get("orders/", status="closed").json()["results"] == []
    assert len(api.get("orders/", nonsense="1").json()["results"]) == 3
    assert api.get("orders/", status="nonsense").status_code == 422


def test_a_page_costs_seven_queries_however_many_orders_it_has():
    team = make_team()
    clerk = make_user("clerk", team=team)
    api = Api(clerk)
    costs = []
    for _number in range(3):
        make_order(team=team, by=clerk)
        costs.append(queries_of(lambda: api.get("orders/")))
    assert len(set(costs)) == 1
    assert costs[0] <= 7
