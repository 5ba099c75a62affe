from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.api import bodies
from orders.models import Order
from orders.services import orders as services
from tests.api import Api, queries_of
from tests.factories import (
    MONDAY,
    make_company,
    make_confirmed_order,
    make_line_values,
    make_order,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(clerk):
    return Api(clerk)


def test_a_number_is_enough_for_a_draft(api, team, clerk):
    response = api.post("orders/", {"number": "GD-9"})

    assert response.status_code == 201
    order = Order.objects.get(number="GD-9")
    assert (order.status, order.team, order.clerk) == ("draft", team, clerk)
    assert abs(order.ordered_at - timezone.now()) < timedelta(minutes=1)
    assert response.json()["number"] == "GD-9"
    assert response.json()["progress"] == {"done": 0, "total": 0}


@pytest.mark.parametrize("by", ["id", "text id", "code"])
def test_a_customer_is_named_by_id_or_code(api, team, by):
    company = make_company(team=team, code="ACME")
    customer = {"id": company.pk, "text id": str(company.pk), "code": "ACME"}[by]

    body = api.post("orders/", {"number": "GD-1", "customer": customer}).json()

    assert (body["customer"], body["customer_code"]) == (company.pk, "ACME")


def test_a_whole_order_comes_back_as_it_was_sent(api, team):
    lines = [
        {"position": 1, "product_code": "P-1", "quantity": "10.5", "unit_price": "2.5000"},
        {"product_code": "P-2", "quantity": 3, "promised_date_original": "2026-06-30", "requested_date": "2026-06-15"},
    ]
    sent = {"number": "GD-1", "incoterm": "FOB", "mode": "FCL", "priority": "high", "template": "SPARE_PARTS"}
    make_order(team=team, by=make_user(team=team))  # loads the templates

    body = api.post("orders/", {**sent, "ordered_at": "2026-03-02T09:00:00+08:00", "lines": lines}).json()

    assert {name: body[name] for name in sent} == sent
    assert body["ordered_at"] == "2026-03-02T01:00:00Z"
    assert [(line["position"], line["quantity"]) for line in body["lines"]] == [(1, "10.500"), (2, "3.000")]
    assert body["lines"][1]["promised_date_current"] == "2026-06-30"
    assert body["amount"] == "26.25"


def test_an_order_goes_from_draft_to_held_and_back(api, team, clerk):
    order = make_order(team=team, by=clerk, now=timezone.now())

    confirmed = api.post(f"orders/{order.number}/confirm/", {"reason": "PO signed"}).json()
    held = api.post(f"orders/{order.number}/hold/", {"side": "customer", "reason": "no deposit"}).json()
    resumed = api.post(f"orders/{order.number}/resume/").json()

    assert [confirmed["status"], held["status"], resumed["status"]] == ["confirmed", "on_hold", "confirmed"]
    assert len(confirmed["milestones"]) == 10
    assert confirmed["next_milestone"]["code"] == "ORDER_RECEIVED"
    assert confirmed["holder"] == {
        "side": "internal",
        "person": {"id": clerk.pk, "username": clerk.username, "name": clerk.name},
    }


def test_a_move_that_the_state_forbids_is_a_conflict(api, order):
    response = api.post(f"orders/{order.number}/confirm/")

    assert response.status_code == 409
    assert response.json()["code"] == "transition_not_allowed"
    assert "status" in response.json()["fields"]


def test_cancelling_needs_a_higher_role(api, team, order):
    body = {"side": "customer", "reason": "withdrawn"}

    assert api.post(f"orders/{order.number}/cancel/", body).status_code == 403
    assert (
        Api(make_user("lead", team=team)).post(f"orders/{order.number}/cancel/", body).json()["status"] == "cancelled"
    )


def test_a_promise_moves_with_a_reason_and_the_first_one_stays(api, order):
    body = {"new_date": "2026-07-10", "side": "supplier", "reason": "mould broke", "lines": [1]}

    line = api.post(f"orders/{order.number}/promise/", body).json()["lines"][0]

    assert (line["promised_date_original"], line["promised_date_current"]) == ("2026-06-30", "2026-07-10")
    assert api.post(f"orders/{order.number}/promise/", {**body, "lines": [7]}).status_code == 422


def test_lines_of_a_draft_are_replaced_and_of_an_order_changed_one_by_one(api, team, clerk):
    order = make_order(team=team, by=clerk)
    new = {"lines": [{"product_code": "P-9", "quantity": "5", "promised_date_original": "2026-06-30"}]}

    assert [line["product_code"] for line in api.post(f"orders/{order.number}/lines/", new).json()["lines"]] == ["P-9"]

    services.confirm_order(order_id=order.pk, by=clerk, now=MONDAY)
    assert api.post(f"orders/{order.number}/lines/", new).status_code == 409
    change = {"cancelled_quantity": "2", "reason": "customer wants less"}
    assert (
        api.post(f"orders/{order.number}/lines/1/change/", change).json()["lines"][0]["cancelled_quantity"] == "2.000"
    )
    assert api.post(f"orders/{order.number}/lines/7/change/", change).status_code == 404


def test_two_people_who_change_different_fields_lose_nothing(api, order):
    first = api.patch(f"orders/{order.number}/", {"priority": "high", "version": 1})
    second = api.patch(f"orders/{order.number}/", {"destination": "Hamburg", "version": 1})

    assert (first.status_code, second.status_code) == (200, 200)
    assert (second.json()["priority"], second.json()["destination"], second.json()["version"]) == ("high", "Hamburg", 3)


def test_the_second_change_of_one_field_is_told_who_and_what(api, team, order, clerk):
    lead = make_user("lead", team=team, name="王芳")
    Api(lead).patch(f"orders/{order.number}/", {"priority": "low", "version": 1})

    response = api.patch(f"orders/{order.number}/", {"priority": "high", "version": 1})

    assert response.status_code == 412
    assert list(response.json()["fields"]) == ["priority"]
    conflict = response.json()["conflicts"]["priority"]
    assert (conflict["theirs"], conflict["yours"], conflict["by"]) == ("low", "high", "王芳")
    assert api.patch(f"orders/{order.number}/", {"priority": "high"}).status_code == 200  # unguarded by choice


def test_a_number_that_exists_is_a_conflict_on_its_field(api, team, clerk, order):
    other = make_order(team=team, by=clerk)

    response = api.patch(f"orders/{other.number}/", {"number": order.number})

    assert (response.status_code, list(response.json()["fields"])) == (409, ["number"])


def test_a_comment_stands_in_the_timeline_beside_events_and_documents(api, order):
    assert api.post(f"orders/{order.number}/comments/", {"text": "请催一下 <b>"}).status_code == 201

    entries = api.get(f"orders/{order.number}/timeline/").json()["results"]

    assert (entries[0]["type"], entries[0]["text"]) == ("comment", "请催一下 <b>")
    assert {entry["kind"] for entry in entries} >= {"created", "confirmed", "comment"}


def test_the_timeline_walks_back_without_gaps(api, order):
    for number in range(7):
        api.post(f"orders/{order.number}/comments/", {"text": f"comment {number}"})
    path = f"orders/{order.number}/timeline/"
    everything = [entry["id"] for entry in api.get(path).json()["results"]]

    walked = [entry["id"] for page in api.walk(path, page_size=2) for entry in page]

    assert walked == everything
    assert len(walked) == len(set(walked)) == order.events.count()


def test_filters_find_what_their_rule_says(api, team, clerk):
    late = make_confirmed_order(team=team, by=clerk, number="GD-LATE")
    draft = make_order(team=team, by=clerk, number="GD-DRAFT", customer_po_no="PO-77")
    found = lambda **query: {row["number"] for row in api.get("orders/", **query).json()["results"]}  # noqa: E731

    assert found(overdue="true") == {late.number}
    assert found(overdue="false") == {draft.number}
    assert found(status="draft") == found(q="po-77") == {draft.number}
    assert found(stage="CONF") == found(waiting_on="internal") == {late.number}
    assert found(clerk=clerk.username) == found(team=team.code) == found() == {late.number, draft.number}
    assert found(promised_before="2026-06-29") == set()
    assert found(promised_before="2026-06-30", promised_after="2026-06-30") == {late.number, draft.number}
    assert found(customer=late.customer.code) == {late.number}
    assert found(made_up="1") == {late.number, draft.number}


@pytest.mark.parametrize(
    "query",
    [
        {"status": "x"},
        {"overdue": "maybe"},
        {"clerk": "nobody"},
        {"stage": "x"},
        {"ordering": "amount"},
        {"template": "x"},
    ],
)
def test_an_unknown_filter_value_is_named(api, query):
    response = api.get("orders/", **query)

    assert response.status_code == 422
    assert list(response.json()["fields"]) == list(query)


def test_money_is_absent_for_roles_without_it(team, clerk, order):
    logistics = Api(make_user("logistics", team=team))
    shown = logistics.get(f"orders/{order.number}/").json()

    assert not {"amount", "fx_rate"} & shown.keys()
    assert not {"unit_price", "amount", "insurance_cost"} & shown["lines"][0].keys()
    assert not {"amount", "fx_rate"} & logistics.get("orders/").json()["results"][0].keys()
    assert {"amount", "fx_rate"} <= Api(clerk).get(f"orders/{order.number}/").json().keys()


def test_money_in_the_timeline_is_absent_too(team, clerk, order):
    Api(clerk).patch(f"orders/{order.number}/", {"fx_rate": "7.19", "priority": "high"})
    edited = lambda person: next(  # noqa: E731
        e for e in Api(person).get(f"orders/{order.number}/timeline/").json()["results"] if e["kind"] == "edited"
    )

    assert set(edited(clerk)["data"]["fields"]) == {"fx_rate", "priority"}
    assert set(edited(make_user("logistics", team=team))["data"]["fields"]) == {"priority"}


def test_every_field_that_is_not_for_writing_is_refused(api, order):
    readable = api.get(f"orders/{order.number}/").json().keys()
    refused = sorted(readable - bodies.OrderPatch().fields.keys())
    before = Order.objects.filter(pk=order.pk).values().get()

    answers = {name: api.patch(f"orders/{order.number}/", {name: "x"}) for name in refused}

    assert "status" in refused
    assert {name: (answer.status_code, list(answer.json()["fields"])) for name, answer in answers.items()} == {
        name: (422, [name]) for name in refused
    }
    assert Order.objects.filter(pk=order.pk).values().get() == before


def test_a_list_costs_as_many_queries_with_three_rows_as_with_one(api, team, clerk):
    make_confirmed_order(team=team, by=clerk)
    one = queries_of(lambda: api.get("orders/"))
    for _ in range(2):
        make_confirmed_order(team=team, by=clerk, lines=[make_line_values(), make_line_values(quantity=Decimal(3))])

    assert queries_of(lambda: api.get("orders/")) == one


def test_further_columns_of_a_sheet_may_be_prices_and_are_absent_with_them(team, order):
    order.lines.update(attributes={"price_per_unit": "2.50"})
    logistics, clerk = make_user("logistics", team=team), order.clerk

    hidden, shown = (Api(person).get(f"orders/{order.number}/").json()["lines"][0] for person in (logistics, clerk))

    assert shown["attributes"] == {"price_per_unit": "2.50"}
    assert not {"attributes", "unit_price"} & hidden.keys()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("day", ["03/04/2026", "2026/03/04", "2026年3月4日", "2026-02-30"])
def test_dates_of_a_filter_are_iso_whatever_the_language(clerk, day, language):
    clerk.language = language
    clerk.save()

    response = Api(clerk).get("orders/", promised_before=day)

    assert response.status_code == 422
    assert list(response.json()["fields"]) == ["promised_before"]
