"""Lists as sheets: what is shown is what leaves, nothing becomes a formula, money only for who sees it."""

import csv
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.imports.cells import clean
from orders.imports.profile import load
from orders.models import ExportRun, Order
from orders.services import exports
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
FORMULAS = ["=1+1", "+1", "-5", "@SUM(A1)", "\tx", "＝1", "=cmd|'/c calc'!A0", "'=x", "plain", "-"]


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en")


@pytest.fixture
def site(client, clerk):
    client.force_login(clerk)
    return client


def csv_rows(site, query=""):
    answer = site.get(f"{reverse('order_export')}?format=csv&{query}")
    assert answer.status_code == 200
    text = answer.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def xlsx_sheet(site, query=""):
    answer = site.get(f"{reverse('order_export')}?format=xlsx&{query}")
    assert answer.status_code == 200
    return openpyxl.load_workbook(BytesIO(answer.content)).active


def test_what_is_filtered_and_sorted_is_what_leaves(site, team, clerk):
    for number in ("GD-3", "GD-1", "GD-2"):
        make_confirmed_order(team=team, by=clerk, number=number)
    make_order(team=team, by=clerk, number="GD-9")

    rows = csv_rows(site, "status=confirmed&ordering=number")

    assert [row["order number"] for row in rows] == ["GD-1", "GD-2", "GD-3"]
    assert rows[0]["status"] == "Confirmed"
    assert rows[0]["promised date"] == "2026-06-30"
    assert int(rows[0]["steps in all"]) == Order.objects.get(number="GD-1").milestones.count()


def test_a_workbook_has_dates_as_dates_and_numbers_as_numbers(site, team, clerk):
    make_confirmed_order(team=team, by=clerk, number="00123")

    sheet = xlsx_sheet(site)
    head = [cell.value for cell in sheet[1]]
    row = dict(zip(head, sheet[2], strict=True))

    assert (row["order number"].value, row["order number"].data_type) == ("00123", "s")
    assert row["promised date"].value == datetime(2026, 6, 30)  # noqa: DTZ001  a sheet knows no zones
    assert row["amount"].value == 250
    assert sheet.freeze_panes == "B2"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_becomes_a_formula_and_each_comes_back_as_it_was(site, team, clerk, text):
    order = make_order(team=team, by=clerk, number="GD-1")
    Order.objects.filter(pk=order.pk).update(note=text, customer_po_no=text)

    sheet = xlsx_sheet(site)
    cell = next(cell for cell in sheet[2] if sheet.cell(1, cell.column).value == "note")
    (row,) = csv_rows(site)

    assert (cell.value, cell.data_type) == (text, "s")
    guarded = row["note"]
    assert guarded == (f"'{text}" if text[0] in "=+-@\t\r＝＋－＠" else text)
    if text.strip() == text and not text.startswith("'"):
        assert clean(guarded, load("orders"))[0] == text


def test_characters_that_no_workbook_holds_are_replaced(site, team, clerk):
    order = make_order(team=team, by=clerk)
    Order.objects.filter(pk=order.pk).update(note="a\x0bb\x1fc")

    assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c" in [cell.value for cell in xlsx_sheet(site)[2]]


def test_money_leaves_only_for_who_sees_it(client, team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    Order.objects.filter(pk=order.pk).update(amount="73915.55")
    order.lines.update(unit_price="8264.19")
    client.force_login(make_user("logistics", team=team, language="en"))

    assert "amount" not in csv_rows(client)[0]
    assert "unit price" not in csv_rows(client, "rows=lines")[0]
    for query in ("format=csv", "format=csv&rows=lines"):
        sheet = client.get(f"{reverse('order_export')}?{query}").getvalue().decode()
        assert "73915" not in sheet
        assert "8264.19" not in sheet


def test_orders_of_others_do_not_leave(site, team, clerk):
    make_confirmed_order(team=team, by=clerk, number="MINE")
    other = make_team()
    make_confirmed_order(team=other, by=make_user("clerk", team=other), number="THEIRS")

    assert [row["order number"] for row in csv_rows(site)] == ["MINE"]


def test_lines_to_deliver_of_one_customer(site, team, clerk):
    customer = make_company(team=team, code="ACME")
    lines = [
        make_line_values(product_code=code, promised_date_original=date(2026, 7, day))
        for code, day in (("A", 1), ("B", 2))
    ]
    make_order(team=team, by=clerk, number="GD-1", customer=customer, lines=lines)
    make_order(team=team, by=clerk, number="GD-2")

    rows = csv_rows(site, "rows=lines&customer=ACME")

    assert [(row["order number"], row["product code"], row["promised date"]) for row in rows] == [
        ("GD-1", "A", "2026-07-01"),
        ("GD-1", "B", "2026-07-02"),
    ]


def test_the_next_step_is_that_of_the_list(site, team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    first = order.milestones.active().order_by("due_at", "position").first()

    (row,) = csv_rows(site)

    assert row["next step"] == first.name_en
    assert row["next step due"] == first.due_at.astimezone(exports.Organization.current().zone).strftime(
        "%Y-%m-%d %H:%M"
    )


def test_queries_do_not_grow_with_the_rows(site, team, clerk):
    def count():
        with CaptureQueriesContext(connection) as queries:
            csv_rows(site)
        return len(queries)

    make_confirmed_order(team=team, by=clerk)
    count()
    one = count()
    for _more in range(3):
        make_confirmed_order(team=team, by=clerk)

    assert count() == one


@pytest.mark.parametrize("query", ["rows=shipments", "format=pdf", "rows=../x"])
def test_another_shape_or_form_does_not_exist(site, query):
    assert site.get(f"{reverse('order_export')}?{query}").status_code == 404


def test_filters_that_are_none_are_named(site):
    answer = site.get(f"{reverse('order_export')}?format=csv&promised_before=x")

    assert answer.status_code == 422
    assert b"promised_before" in answer.content


def test_a_long_workbook_is_written_by_a_worker(site, team, clerk, monkeypatch):
    monkeypatch.setattr("orders.views.exports.AT_ONCE", 1)
    for _number in range(2):
        make_confirmed_order(team=team, by=clerk)
    assert b"a worker writes it" in site.get(f"{reverse('order_export')}?format=xlsx&status=open").content
    answer = site.post(reverse("order_export"), {"format": "xlsx", "rows": "orders", "status": "open"})
    run = ExportRun.objects.get()
    assert answer.headers["Location"] == reverse("export", args=[run.pk])
    assert site.get(reverse("export_file", args=[run.pk])).status_code == 404

    assert exports.work_on_exports(clock=lambda: MONDAY) == 1

    run.refresh_from_db()
    assert (run.status, run.done, run.total) == ("done", 2, 2)
    content = site.get(reverse("export_file", args=[run.pk])).content
    assert openpyxl.load_workbook(BytesIO(content)).active.max_row == 3
    site.force_login(make_user("lead", team=team))
    assert site.get(reverse("export_file", args=[run.pk])).status_code == 404


def test_what_the_person_may_see_is_asked_when_it_is_written(site, team, clerk):
    make_confirmed_order(team=team, by=clerk)
    site.post(reverse("order_export"), {"format": "xlsx", "rows": "orders"})
    clerk.memberships.all().delete()

    exports.work_on_exports(clock=lambda: MONDAY)

    assert ExportRun.objects.get().done == 0


def test_one_that_a_killed_worker_left_is_written_anew(site, team, clerk):
    make_confirmed_order(team=team, by=clerk)
    site.post(reverse("order_export"), {"format": "xlsx", "rows": "orders"})
    ExportRun.objects.update(lease_until=MONDAY + timedelta(minutes=1))

    assert exports.work_on_exports(clock=lambda: MONDAY) == 0
    assert exports.work_on_exports(clock=lambda: MONDAY + timedelta(minutes=2)) == 1
    assert ExportRun.objects.get().status == "done"


def test_two_long_exports_of_a_person_at_once_are_enough(site, team, clerk):
    send = {"format": "xlsx", "rows": "orders"}
    assert [site.post(reverse("order_export"), send).status_code for _time in range(3)] == [302, 302, 422]
    assert ExportRun.objects.count() == 2


def test_old_files_are_deleted(site, team, clerk):
    site.post(reverse("order_export"), {"format": "xlsx", "rows": "orders"})
    exports.work_on_exports(clock=lambda: MONDAY)
    ExportRun.objects.update(created_at=MONDAY)

    assert exports.forget_old_files(MONDAY + timedelta(days=8)) == 1
    assert not ExportRun.objects.exists()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_api_gives_the_same_sheet(site, team, clerk, form):
    make_confirmed_order(team=team, by=clerk, number="GD-1")
    make_order(team=team, by=clerk, number="GD-2")

    answer = site.get(f"/api/v1/exports/orders.{form}?status=draft")
    content = answer.getvalue()

    assert answer.status_code == 200
    if form == "csv":
        assert content.decode("utf-8-sig").splitlines()[1].startswith("GD-2,")
    else:
        assert openpyxl.load_workbook(BytesIO(content)).active["A2"].value == "GD-2"


@pytest.mark.parametrize(
    ("query", "field"), [("rows=x", "rows"), ("promised_before=x", "promised_before"), ("status=x", "status")]
)
def test_the_api_names_the_field_at_fault(site, query, field):
    answer = site.get(f"/api/v1/exports/orders.csv?{query}")

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
