"""A new order in few keys: the next number, the customer's last terms, a copy, lines pasted from a sheet."""

from datetime import date

import pytest
from django.urls import reverse

from orders.line_paste import read_lines
from orders.models import Order
from tests.factories import make_company, make_confirmed_order, make_line_values, make_order, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en")


@pytest.fixture
def site(client, clerk):
    client.force_login(clerk)
    return client


def initial(site, query=""):
    return site.get(f"{reverse('order_new')}?{query}").context["form"].initial


@pytest.mark.parametrize(
    ("last", "following"),
    [("GD-0099", "GD-0100"), ("YX2611-0007", "YX2611-0008"), ("A-9b", "A-10b"), ("ALPHA", ""), ("9" * 40, "")],
)
def test_the_next_number_follows_the_last(site, team, clerk, last, following):
    make_order(team=team, by=clerk, number=last)

    assert initial(site)["number"] == following


def test_a_number_that_is_taken_is_passed_over(site, team, clerk):
    other = make_team()
    make_order(team=other, by=make_user("clerk", team=other), number="GD-2")
    make_order(team=team, by=clerk, number="GD-1")

    assert initial(site)["number"] == "GD-3"


def test_a_copy_has_the_terms_and_lines_and_neither_dates_nor_po(site, team, clerk):
    lines = [make_line_values(product_code="A", quantity=5), make_line_values(product_code="B", quantity=7)]
    source = make_confirmed_order(
        team=team, by=clerk, number="GD-1", incoterm="FOB", customer_po_no="PO-7", lines=lines, destination="Hamburg"
    )

    page = site.get(reverse("order_new"), {"copy": "GD-1"})
    form, copied = page.context["form"], page.context["lines"]

    assert (form.initial["incoterm"], form.initial["destination"], form.initial["customer"]) == (
        "FOB",
        "Hamburg",
        source.customer,
    )
    assert form.initial["number"] == "GD-2"
    assert "customer_po_no" not in form.initial
    assert [(row.initial["product_code"], row.initial["quantity"]) for row in copied.initial_forms] == [
        ("A", "5"),
        ("B", "7"),
    ]
    assert not any("promised_date_original" in row.initial for row in copied.initial_forms)


def test_what_the_copy_shows_can_be_saved(site, team, clerk):
    make_confirmed_order(team=team, by=clerk, number="GD-1")
    page = site.get(reverse("order_new"), {"copy": "GD-1"})
    form, lines = page.context["form"], page.context["lines"]
    sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    sent |= {field.html_name: field.value() or "" for row in lines.initial_forms for field in row.visible_fields()}
    sent |= {f"lines-{name}": lines.management_form[name].value() for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    sent = {name: getattr(value, "pk", value) for name, value in sent.items()}
    sent |= {"customer": form.initial["customer"].code, "lines-TOTAL_FORMS": 1, "lines-0-DELETE": ""}

    answer = site.post(reverse("order_new"), {name: "" if value is None else value for name, value in sent.items()})

    assert answer.status_code == 302, answer.context["form"].errors
    order = Order.objects.get(number="GD-2")
    assert [line.product_code for line in order.lines.all()] == ["P-1"]


def test_prices_are_copied_only_for_who_sees_them(site, client, team, clerk):
    make_confirmed_order(team=team, by=clerk, number="GD-1")
    assert site.get(reverse("order_new"), {"copy": "GD-1"}).context["lines"].initial_forms[0].initial["unit_price"]

    from orders.drafting import lines_of

    assert "unit_price" not in lines_of(Order.objects.get(), sees_money=False)[0]


def test_an_order_of_others_cannot_be_copied(site):
    other = make_team()
    make_order(team=other, by=make_user("clerk", team=other), number="THEIRS")

    assert site.get(reverse("order_new"), {"copy": "THEIRS"}).status_code == 404


def test_a_customers_new_order_begins_with_its_last_terms(site, team, clerk):
    acme = make_company(team=team, code="ACME")
    make_order(team=team, by=clerk, customer=acme, incoterm="CIF", payment_terms="LC")

    found = initial(site, "customer=ACME")

    assert (found["incoterm"], found["payment_terms"]) == ("CIF", "LC")
    assert "incoterm" not in initial(site)


# Lines pasted from a sheet


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "P-1\tPump\t1,200\tpcs\t2.5\t2026-09-20",
            {"quantity": "1200", "unit_price": "2.5", "requested_date": "2026-09-20"},
        ),
        ("P-1\tPump\t1 200 pcs", {"quantity": "1200", "unit": "pcs"}),
        ("P-1\t泵\t１２００件", {"quantity": "1200", "unit": "件"}),
        (
            "品名\t数量(PCS)\t货号\t交期\n泵\t5\tP-1\t2026年9月20日",
            {"quantity": "5", "promised_date_original": "2026-09-20"},
        ),
        ("Qty\tProduct code\n5\tP-1", {"quantity": "5", "product_code": "P-1"}),
        ("P-1\tPump\tfünf", {"quantity": "fünf"}),
        ("货号\t数量\t交期\nP-1\t5\t3/4/26", {"promised_date_original": "3/4/26"}),
        ("货号\t数量\t交期\nP-1\t5\t待定", {"promised_date_original": ""}),
        ('"P-1"\t"a\nb"\t5', {"description": "a\nb", "quantity": "5"}),
        ("货号\t数量\t单价\nP-1\t5\t￥1,250.00", {"unit_price": "1250.00"}),
    ],
)
def test_cells_are_read_by_header_or_by_their_place(text, expected):
    (line,) = read_lines(text, sees_money=True)

    assert line == {**line, **expected}
    assert line["product_code"] == ("P-1" if "P-1" in text else "")


def test_blank_rows_are_left_out_and_prices_too_without_the_right():
    lines = read_lines("P-1\tPump\t5\tpcs\t2.5\n\n\t\t\nP-2\tPipe\t6\n", sees_money=False)

    assert [line["product_code"] for line in lines] == ["P-1", "P-2"]
    assert "unit_price" not in lines[0]
    assert read_lines("", sees_money=True) == []


def test_pasted_rows_come_back_as_lines_with_what_is_wrong_at_its_cell(site):
    text = "货号\t数量\t交期\nP-1\t5\t2026-09-20\nP-2\tmany\t3/4/26"

    answer = site.post(reverse("lines_pasted"), {"text": text, "start": "2"})
    page = answer.content.decode()

    assert answer.status_code == 200
    assert 'name="lines-2-product_code" value="P-1"' in page
    assert 'name="lines-3-quantity" value="many"' in page
    errors = [form.errors for form in answer.context["forms"]]
    assert list(errors[0]) == []
    assert sorted(errors[1]) == ["promised_date_original", "quantity"]
    assert not Order.objects.exists()


@pytest.mark.parametrize("start", ["", "x", "-1", "9" * 30, "60"])
def test_nonsense_as_a_start_is_no_error(site, start):
    assert site.post(reverse("lines_pasted"), {"text": "a\tb\t1", "start": start}).status_code == 200


def test_promises_are_dates_of_the_sheet_not_guesses():
    (line,) = read_lines("货号\t数量\t交期\nP-1\t5\t2026/9/20", sees_money=True)

    assert date.fromisoformat(line["promised_date_original"]) == date(2026, 9, 20)
