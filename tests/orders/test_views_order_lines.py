from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from orders.models import OrderEvent, OrderLine
from orders.pages.steps import StepRow
from orders.services import orders as services
from orders.templatetags.order_tags import time_left
from tests.factories import MONDAY, first_line, make_line_values, make_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(team, clerk):
    """Two lines, the second with what only an import knows."""
    lines = [
        make_line_values(),
        make_line_values(
            product_code="P-2", quantity=Decimal(10), unit_price=Decimal(4), amount=Decimal(39), source_ref="row 7"
        ),
    ]
    return make_order(team=team, by=clerk, lines=lines)


def edit_url(order):
    return reverse("order_edit", args=[order.number])


def shown(form):
    """What the browser would send of a form: every field as shown, and its hidden first value."""
    data = {}
    for name, field in form.fields.items():
        bound = form[name]
        value = field.prepare_value(bound.initial)
        value = "" if value is None or value is False else str(value)
        data[bound.html_name] = value
        if field.show_hidden_initial:
            data[bound.html_initial_name] = value
    return data


def edit_values(client, order, **changes):
    context = client.get(edit_url(order)).context
    lines = context["lines"]
    data = shown(context["form"]) | shown(lines.management_form)
    for form in lines.forms:
        data |= {name: value for name, value in shown(form).items() if not name.endswith("DELETE")}
    return {**data, "version": str(context["order"].version), **changes}


def stored(order):
    return [(line.position, line.product_code, line.quantity) for line in order.lines.order_by("position")]


def test_lines_of_a_draft_are_changed_added_and_removed_together(client, clerk, draft):
    client.force_login(clerk)
    changes = {
        "lines-0-DELETE": "on",
        "lines-1-quantity": "20",
        "lines-2-product_code": "P-3",
        "lines-2-quantity": "5",
        "lines-2-unit_price": "3",
        "customer_po_no": "PO-77",
    }

    response = client.post(edit_url(draft), edit_values(client, draft, **changes))

    assert response.status_code == 302
    draft.refresh_from_db()
    assert stored(draft) == [(2, "P-2", Decimal(20)), (3, "P-3", Decimal(5))]
    assert draft.customer_po_no == "PO-77"
    assert draft.amount == Decimal("95.00")
    assert draft.lines.get(position=2).source_ref == "row 7"


def test_untouched_line_keeps_the_amount_that_it_came_with(client, clerk, draft):
    client.force_login(clerk)

    client.post(edit_url(draft), edit_values(client, draft, **{"lines-0-description": "new words"}))

    assert draft.lines.get(position=1).description == "new words"
    assert draft.lines.get(position=2).amount == Decimal(39)


@pytest.mark.parametrize(
    "changes",
    [
        {"lines-0-quantity": "0"},
        {"lines-0-quantity": "-1"},
        {"lines-0-quantity": "NaN"},
        {"lines-0-product_code": "", "lines-0-description": ""},
        {"lines-0-requested_date": "2026-02-30"},
        {"lines-0-DELETE": "on", "lines-1-DELETE": "on"},
        {"lines-1-position": "1", "lines-1-quantity": "7"},
        {"lines-TOTAL_FORMS": "x"},
    ],
)
def test_refused_line_saves_neither_lines_nor_fields(client, clerk, draft, changes):
    client.force_login(clerk)
    before = stored(draft)

    response = client.post(edit_url(draft), edit_values(client, draft, customer_po_no="PO-77", **changes))

    assert response.status_code == 422
    draft.refresh_from_db()
    assert stored(draft) == before
    assert draft.customer_po_no != "PO-77"


def test_fault_is_told_at_the_field_of_its_line(client, clerk, draft):
    client.force_login(clerk)

    response = client.post(edit_url(draft), edit_values(client, draft, **{"lines-1-quantity": "0"}))

    assert "quantity" in response.context["lines"].forms[1].errors
    assert not response.context["lines"].forms[0].errors


def test_writer_without_money_rights_keeps_the_prices(client, clerk, draft, monkeypatch):
    monkeypatch.setattr("teams.access.Access.sees_money", lambda self, team_id: False)
    client.force_login(clerk)
    values = edit_values(client, draft, **{"lines-0-quantity": "200", "lines-1-description": "x"})
    assert not [name for name in values if "unit_price" in name or name == "currency"]

    # A forged price is no field of theirs.
    response = client.post(edit_url(draft), {**values, "lines-0-unit_price": "1"})

    assert response.status_code == 302
    first, second = draft.lines.order_by("position")
    assert (first.quantity, first.unit_price) == (Decimal(200), Decimal("2.5"))
    assert first.amount == Decimal("500.00")
    assert (second.unit_price, second.amount) == (Decimal(4), Decimal(39))


def test_who_leaves_the_lines_alone_takes_over_what_a_colleague_made_of_them(client, team, clerk, draft):
    client.force_login(clerk)
    values = edit_values(client, draft, customer_po_no="PO-77")
    lead = make_user("lead", team=team)
    services.replace_lines(order_id=draft.pk, lines=[make_line_values(product_code="NEW")], by=lead, now=MONDAY)

    assert client.post(edit_url(draft), values).status_code == 302

    draft.refresh_from_db()
    assert draft.customer_po_no == "PO-77"
    assert [code for _position, code, _quantity in stored(draft)] == ["NEW"]


def test_two_who_change_the_lines_are_told_and_the_second_save_wins(client, team, clerk, draft):
    client.force_login(clerk)
    values = edit_values(client, draft, customer_po_no="PO-77", **{"lines-0-quantity": "7"})
    lead = make_user("lead", team=team, name="张伟")
    services.replace_lines(order_id=draft.pk, lines=[make_line_values(product_code="NEW")], by=lead, now=MONDAY)

    conflict = client.post(edit_url(draft), values)

    assert conflict.status_code == 409
    told = conflict.context["conflicts"]["lines"]
    assert told["by"] == "张伟"
    assert "NEW" in told["theirs"]
    draft.refresh_from_db()
    assert draft.customer_po_no != "PO-77"
    assert [code for _position, code, _quantity in stored(draft)] == ["NEW"]

    again = {**values, "version": conflict.context["form"]["version"].value()}
    assert client.post(edit_url(draft), again).status_code == 302
    assert first_line(draft).quantity == Decimal(7)


def test_lines_sent_for_an_order_confirmed_meanwhile_are_refused(client, clerk, draft):
    client.force_login(clerk)
    values = edit_values(client, draft, customer_po_no="PO-77", **{"lines-0-quantity": "7"})
    services.confirm_order(order_id=draft.pk, by=clerk, now=MONDAY)

    assert client.post(edit_url(draft), values).status_code == 422

    draft.refresh_from_db()
    assert draft.customer_po_no != "PO-77"
    assert first_line(draft).quantity == Decimal(100)


def line_url(order, position=1):
    return reverse("line_change", args=[order.number, position])


def change_values(client, order, **changes):
    return {**shown(client.get(line_url(order)).context["form"]), "reason": "客户减量", **changes}


def test_quantity_of_a_confirmed_line_is_cancelled_with_a_reason(client, clerk, order):
    client.force_login(clerk)

    response = client.post(line_url(order), change_values(client, order, cancelled_quantity="30"))

    assert response.status_code == 302
    assert first_line(order).open_quantity == Decimal(70)
    event = OrderEvent.objects.filter(order=order, kind="edited").latest("pk")
    assert (event.by, event.reason) == (clerk, "客户减量")
    text = client.get(reverse("order", args=[order.number])).content.decode()
    assert "0.000 → 30" in text or "0 → 30" in text


def test_change_of_the_date_alone_keeps_what_a_colleague_cancelled(client, clerk, order):
    client.force_login(clerk)
    values = change_values(client, order, requested_date="2026-07-20")
    services.change_line(
        line_id=first_line(order).pk, cancelled_quantity=Decimal(30), reason="减", by=clerk, now=MONDAY
    )

    assert client.post(line_url(order), values).status_code == 302

    line = first_line(order)
    assert (line.cancelled_quantity, line.requested_date) == (Decimal(30), date(2026, 7, 20))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cancelled_quantity": "101"}, "cancelled_quantity"),
        ({"cancelled_quantity": "-1"}, "cancelled_quantity"),
        ({"cancelled_quantity": "5", "reason": ""}, "reason"),
        ({"requested_date": "soon"}, "requested_date"),
        ({}, "__all__"),
    ],
)
def test_refused_change_of_a_line_is_told_at_its_field(client, clerk, order, changes, field):
    client.force_login(clerk)

    response = client.post(line_url(order), change_values(client, order, **changes), headers={"hx-request": "true"})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert first_line(order).cancelled_quantity == 0


def test_lines_are_changed_only_by_who_may_edit_and_sees_the_order(client, team, order):
    client.force_login(make_user("qc", team=team))
    assert client.get(line_url(order)).status_code in {403, 404}
    client.force_login(make_user("clerk", team=make_team()))
    assert client.post(line_url(order), {"cancelled_quantity": "1", "reason": "x"}).status_code == 404
    assert OrderLine.objects.filter(order=order, cancelled_quantity=0).count() == 1


def test_promise_of_one_line_moves_alone_and_its_history_is_on_the_page(client, team, clerk):
    lines = [make_line_values(), make_line_values(product_code="P-2")]
    order = make_order(team=team, by=clerk, lines=lines)
    services.confirm_order(order_id=order.pk, by=clerk, now=MONDAY)
    first, second = order.lines.order_by("position")
    client.force_login(clerk)
    url = reverse("order_move", args=[order.number, "promise"])
    assert client.get(url, {"line": 2}).context["form"].fields["line_ids"].initial == [second.pk]

    data = {"new_date": "2026-07-15", "line_ids": [second.pk], "side": "customer", "reason": "客户改期到七月中旬"}
    assert client.post(url, data).status_code == 302

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.promised_date_current, second.promised_date_current) == (date(2026, 6, 30), date(2026, 7, 15))
    row = client.get(reverse("order", args=[order.number])).context["lines"][1]
    assert [(change.old_date, change.new_date, change.by) for change in row.changes] == [
        (date(2026, 6, 30), date(2026, 7, 15), clerk)
    ]
    text = client.get(reverse("order", args=[order.number])).content.decode()
    history = text[text.index("line-history") :].split("</tr>")[0]
    assert "客户改期到七月中旬" in history
    assert str(clerk) in history


@pytest.mark.parametrize(
    ("left", "is_overdue", "words"),
    [
        (timedelta(0), True, "due passed"),
        (timedelta(0), False, "no working time left"),
        (timedelta(minutes=-90), True, "1 h over"),
        (timedelta(minutes=5), False, "5 min left"),
    ],
)
def test_no_working_time_is_said_in_words(order, left, is_overdue, words, settings):
    from django.utils import translation

    row = StepRow(order.milestones.first(), tone="", is_overdue=is_overdue, left=left)
    with translation.override("en"):
        assert time_left(row) == words
