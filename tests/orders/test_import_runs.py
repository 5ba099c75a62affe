"""Sheets in the browser: looked at, corrected, taken as a whole by a worker, undone."""

from datetime import date, timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from orders.models import ImportRun, Order, OrderLine
from orders.services import imports
from orders.services import orders as order_services
from tests.factories import MONDAY, make_team, make_user
from tests.orders.sheet_kit import workbook

pytestmark = pytest.mark.django_db
HEAD = ["订单号", "客户名称", "货号", "数量", "交期"]
ROWS = [
    ["GD-1", "海天", "P-1", 500, date(2026, 9, 20)],
    ["GD-1", "海天", "P-2", 20, "待定"],
    ["GD-2", "海天", "P-1", 7, "2026-10-01"],
]


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en")


@pytest.fixture
def site(client, clerk):
    client.force_login(clerk)
    return client


def upload(site, content, name="orders.xlsx", **fields):
    file = SimpleUploadedFile(name, content)
    team = ImportRun._meta.get_field("team").related_model.objects.order_by("pk").first()
    return site.post(reverse("imports"), {"file": file, "team": team.pk, "profile": "orders", **fields})


def work():
    return imports.work_on_runs(clock=lambda: MONDAY + timedelta(days=200))


def test_a_sheet_is_looked_at_and_nothing_is_written(site):
    answer = upload(site, workbook([HEAD, *ROWS]))

    run = ImportRun.objects.get()
    assert answer.headers["Location"] == reverse("import", args=[run.pk])
    shown = site.get(answer.headers["Location"])
    assert shown.status_code == 200
    assert (run.status, run.report["error_count"], run.report["rows"]) == ("preview", 0, 3)
    assert run.report["counts"]["orders"]["new"] == 2
    assert not Order.objects.exists()
    assert "2026-09-20" in shown.content.decode()


def test_yes_lets_a_worker_take_all_of_it(site, clerk):
    upload(site, workbook([HEAD, *ROWS]))
    run = ImportRun.objects.get()

    site.post(reverse("import_apply", args=[run.pk]))
    assert not Order.objects.exists()
    assert work() == 1

    run.refresh_from_db()
    assert run.status == "done"
    assert list(Order.objects.order_by("number").values_list("number", "status")) == [
        ("GD-1", "draft"),
        ("GD-2", "draft"),
    ]
    dates = OrderLine.objects.order_by("order__number", "position").values_list("promised_date_current", flat=True)
    assert list(dates) == [date(2026, 9, 20), None, date(2026, 10, 1)]
    assert sorted(run.order_ids) == sorted(Order.objects.values_list("pk", flat=True))
    assert work() == 0
    assert site.get(reverse("import_progress", args=[run.pk])).headers["HX-Refresh"] == "true"


def test_each_error_stands_at_its_cell_and_nothing_can_be_taken(site):
    upload(site, workbook([["订单汇总"], HEAD, ["GD-1", "海天", "P-1", "fünf", "2026-02-30"], *ROWS[1:]]))
    run = ImportRun.objects.get()

    shown = site.get(reverse("import", args=[run.pk])).content.decode()

    assert [(error["row"], error["column"]) for error in run.report["errors"]] == [(3, "D"), (3, "E")]
    assert "D3" in shown
    assert "fünf" in shown
    refused = site.post(reverse("import_apply", args=[run.pk]))
    assert refused.status_code == 409
    run.refresh_from_db()
    assert run.status == "preview"


def test_which_number_is_the_day_is_asked_and_then_known(site):
    upload(site, workbook([HEAD, ["GD-1", "海天", "P-1", 5, "3/4/26"]]))
    run = ImportRun.objects.get()
    assert [error["rule"] for error in run.report["errors"]] == ["ambiguous_date"]
    assert b"day first" in site.get(reverse("import", args=[run.pk])).content

    site.post(reverse("import", args=[run.pk]), {"date_order": "dmy", **columns_of(run)})

    run.refresh_from_db()
    assert run.report["error_count"] == 0
    site.post(reverse("import_apply", args=[run.pk]))
    work()
    assert OrderLine.objects.get().promised_date_current == date(2026, 4, 3)


def test_a_corrected_column_is_remembered_for_the_next_sheet(site):
    rows = [["档案", "客户名称", "货号", "数量", "到货"], ["GD-1", "海天", "P-1", 5, "2026-09-20"]]
    upload(site, workbook(rows))
    run = ImportRun.objects.get()
    assert run.report["error_count"]  # no order number
    site.post(reverse("import", args=[run.pk]), {**columns_of(run), "column_0": "number", "column_4": "requested_date"})
    site.post(reverse("import_apply", args=[run.pk]))
    work()

    upload(site, workbook([rows[0], ["GD-2", "海天", "P-1", 6, "2026-09-21"]]))

    again = ImportRun.objects.latest("pk")
    assert again.report["error_count"] == 0
    assert again.reading["mapping"] == {
        "0": "number",
        "1": "customer",
        "2": "product_code",
        "3": "quantity",
        "4": "requested_date",
    }


def test_two_columns_cannot_be_read_as_one_field(site):
    upload(site, workbook([HEAD, *ROWS]))
    run = ImportRun.objects.get()

    answer = site.post(reverse("import", args=[run.pk]), {**columns_of(run), "column_1": "number"})

    assert answer.status_code == 422
    assert b"Another column is read as this already." in answer.content


def test_undo_takes_back_what_nobody_worked_on_and_frees_the_numbers(site, clerk):
    upload(site, workbook([HEAD, *ROWS]))
    run = ImportRun.objects.get()
    site.post(reverse("import_apply", args=[run.pk]))
    work()
    touched = Order.objects.get(number="GD-2")
    order_services.edit_order(order_id=touched.pk, values={"note": "mine"}, seen_version=None, by=clerk, now=MONDAY)

    site.post(reverse("import_undo", args=[run.pk]))

    run.refresh_from_db()
    assert run.status == "undone"
    assert [number for number, _why in run.left] == ["GD-2"]
    assert Order.objects.get(number="GD-2").status == "draft"
    assert not Order.objects.filter(number="GD-1").exists()
    # The corrected sheet can come in again.
    upload(site, workbook([HEAD, *ROWS[:2]]))
    assert ImportRun.objects.latest("pk").report["error_count"] == 0
    assert site.post(reverse("import_undo", args=[run.pk])).status_code == 409


def test_an_order_confirmed_since_the_preview_is_not_overwritten(site, clerk):
    upload(site, workbook([HEAD, *ROWS]))
    run = ImportRun.objects.get()
    site.post(reverse("import_apply", args=[run.pk]))
    order_services.create_order(
        values={"number": "GD-2", "team": run.team, "clerk": clerk}, lines=[], by=clerk, now=MONDAY
    )

    work()

    run.refresh_from_db()
    assert run.status == "failed"
    assert [error["rule"] for error in run.report["errors"]] == ["number_taken"]
    assert list(Order.objects.values_list("number", flat=True)) == ["GD-2"]


def test_the_result_file_says_what_became_of_each_row(site, tmp_path):
    upload(site, workbook([HEAD, ["GD-1", "海天", "=P-1", "x", None], *ROWS[1:]]))
    run = ImportRun.objects.get()

    answer = site.get(reverse("import_result", args=[run.pk]))

    (tmp_path / "r.xlsx").write_bytes(answer.content)
    rows = list(openpyxl.load_workbook(tmp_path / "r.xlsx").active.iter_rows(values_only=True))
    assert rows[0][:4] == ("Row", "Result", "Message", "订单号")
    assert rows[1][1] == "error"
    assert "quantity" in rows[1][2].lower() or "数量" in rows[1][2]
    assert rows[2][1] == "not taken"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "x.csv"),
        (b"\x00" * 50, "x.csv"),
        (b"PK\x03\x04", "x.xlsx"),
        (b"<html><table>", "x.xls"),
        (b"%PDF-1.4", "x.csv"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_at_its_field(site, content, name):
    answer = upload(site, content, name)

    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]
    assert not ImportRun.objects.exists()


def test_whose_role_may_not_create_orders_has_no_import(client, team):
    client.force_login(make_user("qc", team=team))

    assert client.get(reverse("imports")).status_code == 403


def test_a_team_of_others_cannot_be_named(site):
    other = make_team()

    assert upload(site, workbook([HEAD, *ROWS]), team=other.pk).status_code == 422
    assert not ImportRun.objects.exists()


def test_another_persons_import_does_not_exist(client, site, team):
    upload(site, workbook([HEAD, *ROWS]))
    run = ImportRun.objects.get()
    client.force_login(make_user("lead", team=team))

    assert client.get(reverse("import", args=[run.pk])).status_code == 404
    assert client.post(reverse("import_apply", args=[run.pk])).status_code == 404


def test_a_run_that_is_taken_twice_at_once_is_taken_once(site):
    upload(site, workbook([HEAD, *ROWS]))
    run = ImportRun.objects.get()
    site.post(reverse("import_apply", args=[run.pk]))

    assert site.post(reverse("import_apply", args=[run.pk])).status_code == 409
    work()
    work()

    assert Order.objects.count() == 2


def test_old_sheets_are_deleted_and_what_was_said_of_them_stays(site):
    upload(site, workbook([HEAD, *ROWS]))
    run = ImportRun.objects.get()
    path = run.file.path
    ImportRun.objects.update(created_at=MONDAY)

    assert imports.forget_old_files(MONDAY + timedelta(days=31)) == 1

    run.refresh_from_db()
    assert not run.file
    assert run.report["rows"] == 3
    with pytest.raises(FileNotFoundError):
        open(path).close()
    assert site.get(reverse("import", args=[run.pk])).status_code == 200


def test_order_numbers_stay_as_they_are_written(site):
    """num-018: the text 00123 in one row and the number 123 in the next are two orders."""
    upload(site, workbook([HEAD, ["00123", "海天", "P-1", 5, None], [123, "海天", "P-1", 6, None]]))
    run = ImportRun.objects.get()
    site.post(reverse("import_apply", args=[run.pk]))
    work()

    assert sorted(Order.objects.values_list("number", flat=True)) == ["00123", "123"]


def test_a_column_of_mixed_types_names_each_bad_cell(site):
    """xlsx-028"""
    dates = [date(2026, 9, 20), "soon", 4628, "2026-09-20", "待定", True]
    rows = [
        [f"GD-{n}", "海天", "P-1", quantity, day]
        for n, (day, quantity) in enumerate(zip(dates, [1, "x", 2.5, "3", "", 0], strict=True))
    ]
    upload(site, workbook([HEAD, *rows]))

    errors = ImportRun.objects.get().report["errors"]

    assert [(error["column"], error["row"], error["header"]) for error in errors] == [
        *(("D", 3, "数量"), ("E", 3, "交期"), ("E", 4, "交期"), ("D", 6, "数量"), ("D", 7, "数量"), ("E", 7, "交期")),
    ]


# The API


def api(client, path, **data):
    return client.post(f"/api/v1/imports/{path}", data)


def test_the_api_takes_a_sheet_in_two_steps(site):
    answer = api(site, "", file=SimpleUploadedFile("o.xlsx", workbook([HEAD, *ROWS])), profile="orders")
    assert answer.status_code == 201, answer.content
    pk = answer.json()["id"]

    assert site.post(f"/api/v1/imports/{pk}/apply/").json()["status"] == "queued"
    work()

    assert site.get(f"/api/v1/imports/{pk}/").json()["status"] == "done"
    assert site.post(f"/api/v1/imports/{pk}/undo/").json()["status"] == "undone"
    assert Order.objects.filter(status="cancelled").count() == 2


@pytest.mark.parametrize(
    ("data", "status", "field"),
    [
        ({"profile": "orders"}, 422, "file"),
        ({"file": b"x,y\n1,2\n", "profile": "nope"}, 422, "profile"),
        ({"file": b"x,y\n1,2\n", "profile": "orders", "team": "nope"}, 422, "team"),
        ({"file": b"PK\x03\x04zzz", "profile": "orders"}, 409, None),
    ],
)
def test_the_api_refuses_in_words(site, data, status, field):
    if "file" in data:
        data["file"] = SimpleUploadedFile("x.csv", data["file"])

    answer = api(site, "", **data)

    assert answer.status_code == status, answer.content
    if field:
        assert field in answer.json()["fields"]
    assert not ImportRun.objects.exists()


def columns_of(run):
    return {
        f"column_{index}": run.reading["mapping"].get(str(index), "") for index in range(len(run.reading["headers"]))
    }
