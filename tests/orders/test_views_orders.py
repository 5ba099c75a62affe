from datetime import date, timedelta

import pytest
from django.utils import timezone

from orders.models import Order
from orders.pages import register
from orders.services.orders import cancel_order
from tests.factories import (
    MONDAY,
    make_company,
    make_confirmed_order,
    make_line_values,
    make_order,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


def numbers(response):
    return [row.order.number for row in response.context["rows"]]


def test_list_holds_only_what_the_viewer_may_see(client, team, clerk, order):
    colleague = make_user("clerk", team=team)
    theirs = make_order(team=team, by=colleague)
    foreign_team = make_team()
    make_order(team=foreign_team, by=make_user("clerk", team=foreign_team))
    client.force_login(clerk)
    own = numbers(client.get("/orders/"))
    client.force_login(make_user("lead", team=team))
    of_team = numbers(client.get("/orders/"))

    assert own == [order.number]
    assert set(of_team) == {order.number, theirs.number}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=open", {"A", "B", "D"}),
        ("status=draft", {"D"}),
        ("status=draft&status=cancelled", {"C", "D"}),
        ("q=PUMP", {"A", "B", "C", "D"}),
        ("q=po-77", {"B"}),
        ("q=海天", {"B"}),
        ("q=nothing-like-this", set()),
        ("promised_before=2026-06-30", {"A", "C", "D"}),
        ("promised_after=2026-07-01", {"B"}),
        ("template=SPARE_PARTS", {"A", "B", "C", "D"}),
        ("overdue=true", {"A"}),
        ("overdue=false", {"B", "C", "D"}),
        ("waiting_on=internal", {"A", "B"}),
        ("stage=CONF&status=confirmed", {"A", "B"}),
    ],
)
def test_filters(client, team, clerk, query, expected):
    now = timezone.now()
    make_confirmed_order(team=team, by=clerk, number="A", now=MONDAY)
    b = make_confirmed_order(
        team=team,
        by=clerk,
        number="B",
        customer_po_no="PO-77",
        customer=make_company(team=team, name="宁波海天"),
        lines=[make_line_values(promised_date_original=date(2026, 8, 1))],
        now=MONDAY,
    )
    b.milestones.update(due_at=now + timedelta(days=3))
    cancelled = make_confirmed_order(team=team, by=clerk, number="C", now=MONDAY)
    cancel_order(order_id=cancelled.pk, side="customer", reason="x", by=clerk, now=now)
    make_order(team=team, by=clerk, number="D")
    client.force_login(clerk)

    assert set(numbers(client.get(f"/orders/?{query}"))) == expected


@pytest.mark.parametrize(
    "query", ["status=xx", "overdue=maybe", "promised_before=2026-02-30", "clerk=nobody", "ordering=zz"]
)
def test_filter_that_cannot_be_read_is_named(client, clerk, order, query):
    client.force_login(clerk)

    response = client.get(f"/orders/?{query}")

    assert response.status_code == 422
    assert len(response.context["filter_errors"]) == 1
    assert numbers(response) == []


def test_team_filter_offers_and_takes_no_foreign_team(client, clerk, order):
    foreign = make_team("foreign")
    client.force_login(clerk)

    page = client.get("/orders/")

    assert foreign.code not in page.content.decode()
    assert client.get("/orders/?team=foreign").status_code == 422


@pytest.mark.parametrize(
    "ordering", ["", "number", "-number", "ordered_at", "current_promised_date", "-current_promised_date", "status"]
)
def test_show_more_walks_through_every_order_once(client, team, clerk, monkeypatch, ordering):
    monkeypatch.setattr(register, "PAGE_SIZE", 3)
    for index in range(8):
        order = make_order(team=team, by=clerk, now=MONDAY + timedelta(hours=index // 3))
        if index % 3 == 0:
            Order.objects.filter(pk=order.pk).update(ordered_at=None, current_promised_date=None)
    client.force_login(clerk)

    page = client.get("/orders/", {"ordering": ordering} if ordering else {})
    seen = numbers(page)
    while page.context["after"]:
        query = {"after": page.context["after"], **({"ordering": ordering} if ordering else {})}
        page = client.get("/orders/", query, headers={"hx-request": "true"})
        seen += numbers(page)

    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "WzEsIDJd", "WyJ4IiwgMV0=", "é"])
def test_broken_cursor_is_400(client, clerk, order, cursor):
    client.force_login(clerk)

    assert client.get("/orders/", {"after": cursor}).status_code == 400


def test_list_takes_a_constant_number_of_queries(client, team, clerk, order, django_assert_max_num_queries):
    client.force_login(clerk)
    client.get("/orders/")
    with django_assert_max_num_queries(15) as one:
        client.get("/orders/?status=open")
    for _more in range(5):
        make_confirmed_order(team=team, by=clerk)
    with django_assert_max_num_queries(15) as many:
        client.get("/orders/?status=open")

    assert len(many) == len(one)


def test_row_shows_next_step_and_the_range_of_promises(client, team, clerk):
    lines = [
        make_line_values(promised_date_original=date(2026, 6, 30)),
        make_line_values(promised_date_original=date(2026, 7, 31)),
    ]
    make_confirmed_order(team=team, by=clerk, lines=lines)
    client.force_login(clerk)

    row = client.get("/orders/").context["rows"][0]

    assert row.next_step is row.steps[0]
    assert row.next_step.name_en == "order received"
    assert (row.promised_first, row.promised_last) == (date(2026, 6, 30), date(2026, 7, 31))
    assert row.late_count > 0


def test_count_stops_at_its_limit(team, clerk):
    for _order in range(4):
        make_order(team=team, by=clerk)

    assert register.count_up_to(Order.objects.all(), limit=3) == (3, True)
    assert register.count_up_to(Order.objects.all(), limit=4) == (4, False)
