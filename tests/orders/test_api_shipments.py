from decimal import Decimal

import pytest

from orders.models import Shipment
from orders.services import shipments
from tests.api import Api, queries_of
from tests.factories import MONDAY, first_line, make_confirmed_order, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(team, clerk):
    return make_confirmed_order(team=team, by=clerk, incoterm="FOB", mode="FCL")


@pytest.fixture
def api(team):
    return Api(make_user("logistics", team=team))


def plan(api, order, quantity="40", number="S-1", **more):
    lines = [{"order_line": first_line(order).pk, "quantity": quantity}]
    return api.post("shipments/", {"number": number, "lines": lines, **more})


def test_goods_are_planned_and_travel(api, order):
    created = plan(
        api, order, quantity="100", vessel="COSCO 海", etd="2026-04-01", si_cutoff_at="2026-03-28T12:00:00+08:00"
    )

    assert created.status_code == 201
    shown = created.json()
    assert (shown["status"], shown["team"], shown["etd_original"]) == ("planned", order.team_id, "2026-04-01")
    assert shown["lines"][0]["order"] == order.number
    assert shown["lines"][0]["quantity"] == "100.000"

    at = "2026-04-0{}T10:00:00+08:00"
    moves = ["book", "load", "depart", "arrive", "deliver"]
    statuses = [
        api.post(f"shipments/S-1/{move}/", {"at": at.format(day)}).json()["status"] for day, move in enumerate(moves, 1)
    ]

    assert statuses == ["booked", "loaded", "departed", "arrived", "delivered"]
    order.refresh_from_db()
    assert order.status == "delivered"
    assert order.delivered_at.isoformat() == "2026-04-03T02:00:00+00:00"  # FOB: on board


def test_moves_keep_their_order_and_lie_in_the_past(api, order):
    plan(api, order)

    assert api.post("shipments/S-1/depart/").status_code == 409
    future = api.post("shipments/S-1/book/", {"at": "2099-01-01T00:00:00Z"})
    assert (future.status_code, list(future.json()["fields"])) == (422, ["at"])


def test_more_than_is_left_is_refused_and_named(api, order):
    plan(api, order, quantity="70")

    response = plan(api, order, quantity="40", number="S-2")

    assert response.status_code == 422
    assert list(response.json()["fields"]) == [f"lines.{first_line(order).pk}.quantity"]
    assert Shipment.objects.count() == 1


def test_quantities_and_fields_change_under_one_version(api, order):
    shipment = plan(api, order).json()
    lines = [{"order_line": first_line(order).pk, "quantity": "55"}]

    changed = api.patch(f"shipments/{shipment['id']}/", {"lines": lines, "vessel": "MSC", "version": 1}).json()

    assert (changed["lines"][0]["quantity"], changed["vessel"]) == ("55.000", "MSC")
    stale = api.patch("shipments/S-1/", {"lines": [{**lines[0], "quantity": "60"}], "version": 1})
    assert (stale.status_code, list(stale.json()["fields"])) == (412, ["lines"])
    assert api.patch("shipments/S-1/", {"voyage": "071W", "version": 1}).status_code == 200


def test_a_cancelled_shipment_frees_its_goods(api, order):
    plan(api, order, quantity="100")

    assert api.post("shipments/S-1/cancel/", {"reason": "no space"}).json()["status"] == "cancelled"
    assert plan(api, order, quantity="100", number="S-2").status_code == 201


def test_who_sees_only_part_of_the_goods_neither_sees_nor_loses_the_rest(team, clerk, order):
    other = make_confirmed_order(team=team, by=make_user("clerk", team=team), incoterm="FOB")
    lines = {first_line(order).pk: Decimal(10), first_line(other).pk: Decimal(20)}
    shipments.create_shipment(values={"number": "S-1", "team": team}, lines=lines, by=clerk, now=MONDAY)
    mine = Api(clerk)

    assert [line["order"] for line in mine.get("shipments/S-1/").json()["lines"]] == [order.number]
    mine.patch("shipments/S-1/", {"lines": [{"order_line": first_line(order).pk, "quantity": "12"}]})

    kept = dict(Shipment.objects.get().lines.values_list("order_line_id", "quantity"))
    assert kept == {first_line(order).pk: 12, first_line(other).pk: 20}


def test_freight_is_absent_and_refused_without_money_rights(team, clerk, api, order):
    refused = plan(api, order, freight_cost="1200.00")

    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["freight_cost"])
    assert plan(Api(clerk), order, freight_cost="1200.00", freight_currency="USD").json()["freight_cost"] == "1200.00"
    assert not {"freight_cost", "freight_currency"} & api.get("shipments/S-1/").json().keys()


def test_a_list_costs_as_many_queries_with_three_rows_as_with_one(api, order):
    plan(api, order, quantity="1", number="S-1")
    one = queries_of(lambda: api.get("shipments/"))
    plan(api, order, quantity="1", number="S-2")
    plan(api, order, quantity="1", number="S-3")

    assert queries_of(lambda: api.get("shipments/")) == one
    assert [row["number"] for row in api.get("shipments/", order=order.number).json()["results"]] == [
        "S-1",
        "S-2",
        "S-3",
    ]
