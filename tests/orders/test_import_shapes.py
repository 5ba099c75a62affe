"""Sheets as people keep them: dates without a year, a spreadsheet's day numbers, orders as columns."""

from datetime import date

import pytest
from django.urls import reverse

from orders.imports import dates
from orders.models import ImportRun, OrderLine
from tests.factories import make_user
from tests.orders.sheet_kit import workbook
from tests.orders.test_import_runs import HEAD, upload, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en")


@pytest.fixture
def site(client, clerk):
    client.force_login(clerk)
    return client


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9月20日", "no_year"),
        ("9月20号", "no_year"),
        ("20-Sep", "no_year"),
        ("2月30日", "no_year"),
        ("13月1日", "no_year"),
        ("soon", "not_a_date"),
    ],
)
def test_a_date_without_a_year_is_asked(text, expected):
    formats = (*dates.PLAIN_FORMATS, *dates.YEARLESS_FORMATS)

    assert dates.parse(text, formats, century=None) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("9月20日", date(2027, 9, 20)), ("20 Sep", date(2027, 9, 20)), ("2月29日", "no_such_day")]
)
def test_with_a_year_it_is_read(text, expected):
    formats = (*dates.PLAIN_FORMATS, *dates.YEARLESS_FORMATS)

    assert dates.parse(text, formats, century=None, year=2027) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("46285", date(2026, 9, 20)), ("46285.0", date(2026, 9, 20)), ("4628", None), ("99999", None), ("46285.5", None)],
)
def test_day_numbers(text, expected):
    assert dates.serial(text) == expected


def test_the_year_is_asked_once_for_the_sheet(site):
    upload(site, workbook([HEAD, ["GD-1", "海天", "P-1", 5, "9月20日"], ["GD-2", "海天", "P-1", 5, "10月1号"]]))
    run = ImportRun.objects.get()
    page = site.get(reverse("import", args=[run.pk]))
    assert [error["message"] for error in run.report["errors"]] == ["the date has no year; say which one is meant"] * 2
    assert "year" in page.context["form"].fields

    data = {"header_row": 1, "year": 2027, **{f"column_{at}": name for at, name in run.reading["mapping"].items()}}
    assert site.post(reverse("import", args=[run.pk]), data).status_code == 302
    site.post(reverse("import_apply", args=[run.pk]))
    work()
    found = OrderLine.objects.order_by("pk").values_list("promised_date_original", flat=True)
    assert list(found) == [date(2027, 9, 20), date(2027, 10, 1)]


def test_a_day_number_is_taken_and_said(site):
    upload(site, workbook([HEAD, ["GD-1", "海天", "P-1", 5, "46285"]]))
    run = ImportRun.objects.get()

    assert run.report["error_count"] == 0
    assert "a spreadsheet's day number, taken as 2026-09-20" in [each["message"] for each in run.report["doubtful"]]


def test_orders_as_columns_are_read_and_faults_named_at_their_cells(site):
    sheet = [
        ["订单号", "GD-1", "GD-2"],
        ["客户名称", "海天", "海天"],
        ["货号", "P-1", "P-2"],
        ["数量", 5, "fünf"],
        ["交期", "2026-09-20", "2026-09-21"],
    ]
    upload(site, workbook(sheet))
    run = ImportRun.objects.get()
    assert run.report["rows"] == 2
    assert [(error["column"], error["row"]) for error in run.report["errors"]] == [("C", 4)]

    sheet[3][2] = 7
    upload(site, workbook(sheet))
    run = ImportRun.objects.order_by("pk").last()
    assert run.report["error_count"] == 0
    site.post(reverse("import_apply", args=[run.pk]))
    work()
    lines = OrderLine.objects.order_by("order__number").values_list("order__number", "product_code", "quantity")
    assert list(lines) == [("GD-1", "P-1", 5), ("GD-2", "P-2", 7)]
