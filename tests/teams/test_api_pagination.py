from datetime import timedelta

import pytest

from orders.models import Order
from tests.api import Api
from tests.factories import MONDAY, make_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    team = make_team()
    clerk = make_user("clerk", team=team)
    for day in (0, 1, 1, 2, 3, 3, 3):
        make_order(team=team, by=clerk, ordered_at=MONDAY + timedelta(days=day))
    # Orders that an import brought without an instant stand first when newest is first.
    Order.objects.filter(pk__in=Order.objects.order_by("pk").values("pk")[:2]).update(ordered_at=None)
    return Api(clerk)


@pytest.mark.parametrize("ordering", ["", "ordered_at", "-ordered_at", "number", "-current_promised_date"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_hold_every_row_once_in_the_order_of_the_whole(api, ordering, size):
    query = {"ordering": ordering} if ordering else {}
    whole = [row["id"] for row in api.get("orders/", **query).json()["results"]]

    pages = api.walk("orders/", page_size=size, **query)

    assert [row["id"] for page in pages for row in page] == whole
    assert len(whole) == 7
    assert [len(page) for page in pages] == [size] * (7 // size) + ([7 % size] if 7 % size else [])


def test_previous_leads_back_by_the_same_pages(api):
    first = api.get("orders/", page_size=3).json()
    second = api.get(first["next"]).json()
    third = api.get(second["next"]).json()

    assert first["previous"] is None
    assert third["next"] is None
    assert api.get(third["previous"]).json()["results"] == second["results"]
    assert api.get(second["previous"]).json()["results"] == first["results"]
    assert api.get(second["previous"]).json()["previous"] is None


def test_a_row_added_meanwhile_shifts_nothing(api):
    first = api.get("orders/", page_size=3).json()
    order = Order.objects.first()
    make_order(team=order.team, by=order.clerk, ordered_at=MONDAY + timedelta(days=9))
    rest = [row["id"] for page in api.walk(first["next"]) for row in page]

    assert len(set(rest) | {row["id"] for row in first["results"]}) == 7


def test_count_only_on_request(api):
    assert "count" not in api.get("orders/").json()
    assert api.get("orders/", count="1", page_size=2).json()["count"] == 7


@pytest.mark.parametrize("cursor", ["x", "", "W10=", "WzFd", "bnVsbA==", "ünsinn", "e30="])
def test_a_made_up_cursor_is_named(api, cursor):
    response = api.get("orders/", cursor=cursor)

    assert (response.status_code, list(response.json()["fields"])) == (422, ["cursor"])


def test_a_cursor_of_another_order_of_rows_is_refused(api):
    cursor = api.get("orders/", page_size=2).json()["next"].partition("cursor=")[2].partition("&")[0]

    assert api.get("orders/", cursor=cursor.replace("%3D", "="), ordering="number").status_code == 422
