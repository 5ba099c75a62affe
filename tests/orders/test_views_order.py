from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orders.models import Order, OrderDocument, OrderEvent
from orders.services import orders as services
from tests.factories import MONDAY, make_company, make_confirmed_order, make_order, make_team, make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4 proof"


@pytest.fixture
def stranger():
    return make_user("clerk", team=make_team())


def page(order, name="order", *args):
    return reverse(name, args=[order.number, *args])


def edit_values(client, order, **changes):
    """What the browser would send: every field as shown, its hidden first value, and `changes`."""
    form = client.get(page(order, "order_edit")).context["form"]
    data = {}
    for name, field in form.fields.items():
        bound = form[name]
        shown = field.prepare_value(bound.initial)
        value = "" if shown is None else shown
        data[name] = value
        if field.show_hidden_initial:
            data[form.add_initial_prefix(name)] = value
    data["version"] = order.version
    return {**data, **changes}


def test_order_of_another_team_does_not_exist(client, order, stranger):
    client.force_login(stranger)

    for url in (page(order), page(order, "order_edit"), page(order, "order_move", "cancel")):
        assert client.get(url).status_code == 404
    assert client.post(page(order, "comment_add"), {"text": "x"}).status_code == 404


@pytest.mark.parametrize(("role", "sees"), [("clerk", True), ("logistics", False), ("qc", False), ("finance", True)])
def test_amounts_exist_only_for_roles_with_money(client, team, role, sees):
    user = make_user(role, team=team)
    order = make_confirmed_order(team=team, by=user, logistics_owner=user)
    Order.objects.filter(pk=order.pk).update(amount=Decimal("123456.78"), payment_terms="LC")
    client.force_login(user)

    text = client.get(page(order)).content.decode()

    assert ("123,456.78" in text) is sees
    assert ("250.00" in text) is sees


def test_order_page_grows_without_more_queries(client, team, clerk, order, django_assert_max_num_queries):
    client.force_login(clerk)
    client.get(page(order))
    with django_assert_max_num_queries(30) as few:
        client.get(page(order))
    for index in range(5):
        client.post(page(order, "comment_add"), {"text": f"comment {index}"})
    long = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB")
    client.get(page(long))
    with django_assert_max_num_queries(30) as many:
        client.get(page(long))

    assert len(many) <= len(few)


def test_edit_changes_only_what_the_writer_changed(client, clerk, order):
    client.force_login(clerk)
    values = edit_values(client, order, customer_po_no="PO-9")
    services.edit_order(order_id=order.pk, values={"destination": "Hamburg"}, seen_version=None, by=clerk, now=MONDAY)

    response = client.post(page(order, "order_edit"), values)

    assert response.status_code == 302
    order.refresh_from_db()
    assert (order.customer_po_no, order.destination) == ("PO-9", "Hamburg")


def test_conflict_shows_both_values_and_the_second_save_wins(client, team, clerk, order):
    lead = make_user("lead", team=team, name="张伟")
    client.force_login(clerk)
    values = edit_values(client, order, destination="Hamburg")
    services.edit_order(order_id=order.pk, values={"destination": "Bremen"}, seen_version=None, by=lead, now=MONDAY)

    conflict = client.post(page(order, "order_edit"), values)

    order.refresh_from_db()
    assert conflict.status_code == 409
    assert order.destination == "Bremen"
    told = conflict.context["conflicts"]["destination"]
    assert (told["theirs"], told["by"]) == ("Bremen", "张伟")
    assert conflict.context["form"]["destination"].value() == "Hamburg"

    again = {**values, "version": conflict.context["form"]["version"].value()}
    assert client.post(page(order, "order_edit"), again).status_code == 302
    order.refresh_from_db()
    assert order.destination == "Hamburg"


def test_money_fields_are_not_in_the_form_of_roles_without_money(client, team):
    rep = make_user("market_developer", team=team)
    order = make_order(team=team, by=rep)
    client.force_login(rep)

    assert client.get(page(order, "order_edit")).status_code == 403


@pytest.mark.parametrize(
    ("move", "data", "status"),
    [
        ("hold", {"side": "customer", "reason": "暂缓"}, "on_hold"),
        ("promise", {"side": "customer", "reason": "客户改期", "new_date": "2026-07-15"}, "confirmed"),
    ],
)
def test_moves_of_an_order(client, clerk, order, move, data, status):
    client.force_login(clerk)
    if move == "promise":
        data = {**data, "line_ids": [line.pk for line in order.lines.all()]}

    response = client.post(page(order, "order_move", move), data)

    assert response.status_code == 302
    order.refresh_from_db()
    assert order.status == status
    if move == "promise":
        assert order.current_promised_date == date(2026, 7, 15)
        assert order.promised_date == date(2026, 6, 30)


@pytest.mark.parametrize(("move", "data"), [("hold", {"side": "customer"}), ("hold", {"reason": "x"}), ("close", {})])
def test_refused_move_is_told_and_changes_nothing(client, clerk, order, move, data):
    client.force_login(clerk)

    response = client.post(page(order, "order_move", move), data, headers={"hx-request": "true"})

    assert response.status_code == 422
    order.refresh_from_db()
    assert order.status == "confirmed"


def test_clerk_may_not_cancel_and_the_lead_may(client, team, clerk, order):
    lead = make_user("lead", team=team)
    data = {"side": "customer", "reason": "项目取消"}
    client.force_login(clerk)
    assert client.post(page(order, "order_move", "cancel"), data).status_code == 403
    client.force_login(lead)
    assert client.post(page(order, "order_move", "cancel"), data).status_code == 302
    order.refresh_from_db()
    assert order.status == "cancelled"


def upload(client, order, **data):
    data = {"kind": "PI", "file": SimpleUploadedFile('a"b/客户 PI.pdf', PDF), **data}
    return client.post(page(order, "document_add"), data)


def test_document_is_kept_and_comes_back_as_an_attachment(client, clerk, order, stranger):
    client.force_login(clerk)
    assert upload(client, order).status_code == 302
    document = OrderDocument.objects.get(order=order)

    response = client.get(reverse("document", args=[document.pk]))

    assert b"".join(response.streaming_content) == PDF
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    client.force_login(stranger)
    assert client.get(reverse("document", args=[document.pk])).status_code == 404


@pytest.mark.parametrize("data", [{"file": ""}, {"kind": "XX"}, {"file": SimpleUploadedFile("empty.pdf", b"")}])
def test_bad_upload_is_422_and_keeps_nothing(client, clerk, order, data):
    client.force_login(clerk)

    assert upload(client, order, **data).status_code == 422
    assert not OrderDocument.objects.exists()


def test_document_is_refused_with_a_note_only(client, team, clerk, order):
    client.force_login(clerk)
    upload(client, order)
    document = OrderDocument.objects.get(order=order)
    url = reverse("document_decide", args=[document.pk])
    assert client.post(url, {"status": "accepted"}).status_code == 403
    client.force_login(make_user("lead", team=team))

    client.post(url, {"status": "refused"})
    document.refresh_from_db()
    assert document.status == "submitted"
    client.post(url, {"status": "refused", "note": "金额不符"})
    document.refresh_from_db()
    assert (document.status, document.decision_note) == ("refused", "金额不符")


def test_comment_stands_in_the_timeline_escaped(client, clerk, order):
    client.force_login(clerk)

    client.post(page(order, "comment_add"), {"text": "<script>x()</script> 催交期"})
    text = client.get(page(order)).content.decode()

    assert "&lt;script&gt;x()&lt;/script&gt; 催交期" in text
    assert "<script>x()" not in text


def new_order(**changes):
    return {
        "number": "GD-NEW-1",
        "customer": "",
        "customer_po_no": "PO-1",
        "incoterm": "FOB",
        "currency": "USD",
        "fx_rate": "7.1",
        "priority": "normal",
        "ordered_date": "2026-03-02",
        "promised_date": "2026-06-30",
        "lines-TOTAL_FORMS": "2",
        "lines-INITIAL_FORMS": "0",
        "lines-MIN_NUM_FORMS": "1",
        "lines-MAX_NUM_FORMS": "200",
        "lines-0-product_code": "P-1",
        "lines-0-quantity": "100",
        "lines-0-unit": "pcs",
        "lines-0-unit_price": "2.5",
        "lines-1-unit": "pcs",
        **changes,
    }


def test_new_order_is_a_draft_with_its_lines(client, team, clerk):
    client.force_login(clerk)

    response = client.post(reverse("order_new"), new_order(team=team.pk, clerk=clerk.pk))

    order = Order.objects.get(number="GD-NEW-1")
    line = order.lines.get()
    assert response.url == page(order)
    assert (order.status, order.amount) == ("draft", Decimal("250.00"))
    assert (line.quantity, line.promised_date_current) == (Decimal(100), date(2026, 6, 30))
    assert OrderEvent.objects.filter(order=order, kind="created", by=clerk).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "has blank"}, "number"),
        ({"number": ""}, "number"),
        ({"customer": "UNKNOWN"}, "customer"),
        ({"ordered_date": "2026-02-30"}, "ordered_date"),
        ({"fx_rate": "-1"}, "fx_rate"),
        ({"lines-0-quantity": "-5"}, None),
        ({"lines-0-quantity": "NaN"}, None),
        ({"lines-0-product_code": ""}, None),
        ({"lines-TOTAL_FORMS": "x"}, None),
    ],
)
def test_bad_new_order_is_422_and_saves_nothing(client, team, clerk, changes, field):
    client.force_login(clerk)

    response = client.post(reverse("order_new"), new_order(team=team.pk, **changes))

    assert response.status_code == 422
    assert not Order.objects.exists()
    assert field is None or field in response.context["form"].errors


def test_taken_number_is_told_beside_its_field(client, team, clerk, order):
    client.force_login(clerk)

    response = client.post(reverse("order_new"), new_order(team=team.pk, number=order.number))

    assert response.status_code == 422
    assert "number" in response.context["form"].errors


def test_new_order_in_a_foreign_team_is_refused(client, team, clerk):
    foreign = make_team()
    client.force_login(clerk)

    response = client.post(reverse("order_new"), new_order(team=foreign.pk))

    assert response.status_code == 422
    assert not Order.objects.exists()


def test_role_that_creates_no_orders_gets_403(client, team):
    client.force_login(make_user("qc", team=team))

    assert client.get(reverse("order_new")).status_code == 403


def test_company_options_hold_only_visible_companies(client, team, clerk, order):
    make_company(team=team, code="OURS", name="宁波海天")
    make_company(team=make_team(), code="THEIRS", name="宁波海地")
    client.force_login(clerk)

    text = client.get(reverse("company_options"), {"customer": "宁波海"}).content.decode()

    assert "OURS" in text
    assert "THEIRS" not in text
