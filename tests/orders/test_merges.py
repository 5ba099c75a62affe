"""A list exported, edited and sent back: only edited cells change, conflicts are decided cell by cell, one undo."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from orders.models import BulkAct, Order, PromiseChange, SheetMerge
from orders.services import merges
from orders.services.orders import edit_order
from orders.workflow import MilestoneStatus
from teams.models import Organization
from tests.factories import MONDAY, make_confirmed_order, make_line_values, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en", name="Chen Wei")


@pytest.fixture
def lead(team):
    return make_user("lead", team=team, language="en", name="Li Na")


@pytest.fixture
def site(client, lead):
    client.force_login(lead)
    return client


@pytest.fixture
def orders(team, clerk):
    return [
        make_confirmed_order(team=team, by=clerk, number=f"GD-{number}", customer_po_no=f"00{number}", note="old")
        for number in (1, 2, 3)
    ]


def exported(site, *, form="xlsx", rows="orders", query=""):
    answer = site.get(f"{reverse('order_export')}?format={form}&rows={rows}&ordering=number&{query}")
    assert answer.status_code == 200
    return answer.content if form == "xlsx" else answer.getvalue()


def edited(content, edits, *, drop=()):
    """The workbook with `edits`: (row from 2, header) to value."""
    book = openpyxl.load_workbook(BytesIO(content))
    sheet = book.active
    headers = {cell.value: cell.column for cell in sheet[1]}
    for (row, header), value in edits.items():
        sheet.cell(row, headers[header], value)
    for header in drop:
        sheet.delete_cols(headers[header])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def send(site, content, name="back.xlsx"):
    answer = site.post(reverse("merges"), {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.context["form"].errors
    return SheetMerge.objects.get(pk=int(answer.url.rstrip("/").rsplit("/", 1)[1]))


def look(merge):
    return merges.look_at(merge, now=timezone.now())


def take(site, merge, **data):
    answer = site.post(reverse("merge", args=[merge.pk]), {"take": "1", **data})
    if answer.status_code == 302:
        merges.work_on_merges(clock=timezone.now)
        merge.refresh_from_db()
    return answer


@pytest.mark.parametrize("rows", ["orders", "lines", "steps"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_an_unedited_sheet_changes_nothing(site, orders, rows, form):
    Order.objects.filter(number="GD-2").update(note="=SUM(A1)\nsecond line", destination="－ Hamburg")
    merge = send(site, exported(site, form=form, rows=rows), name=f"back.{form}")
    found = look(merge).found

    assert found.rows == found.untouched > 0
    assert (found.changes, found.problems, found.fixed, found.newer) == ([], [], [], 0)
    assert "changes nothing" in site.get(reverse("merge", args=[merge.pk])).content.decode()


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_sheet_of_a_desk_comes_back_like_any_of_steps(site, orders, form):
    page = site.get("/desk/export/", {"format": form, "who": "all"})
    content = page.getvalue() if page.streaming else page.content
    found = look(send(site, content, name=f"desk.{form}")).found

    assert found.rows == found.untouched > 0
    assert (found.changes, found.problems, found.fixed, found.newer) == ([], [], [], 0)


def test_what_a_spreadsheet_respells_is_no_edit(site, orders):
    """Excel writes dates of a csv its own way and takes leading zeros for a number."""
    rows = list(csv.reader(StringIO(exported(site, form="csv").decode("utf-8-sig"))))
    header = rows[0]
    for row in rows[1:]:
        for name in ("promised date", "ordered"):
            row[header.index(name)] = row[header.index(name)].replace("-0", "-").replace("-", "/")
        row[header.index("customer PO")] = row[header.index("customer PO")].lstrip("0")
    stream = StringIO()
    csv.writer(stream, delimiter=";").writerows(rows)

    found = look(send(site, stream.getvalue().encode("gb18030"), name="back.csv")).found

    assert (found.changes, found.problems, found.fixed) == ([], [], [])


def test_edited_cells_are_taken_and_nothing_else(site, orders, clerk, lead):
    content = exported(site)
    sheet = edited(content, {(2, "note"): "call before loading", (3, "priority"): "Urgent", (4, "clerk"): "li na"})
    # Meanwhile a colleague changes another field of the first order: both stay.
    edit_order(order_id=orders[0].pk, values={"destination": "Rotterdam"}, seen_version=None, by=clerk, now=MONDAY)
    merge = send(site, sheet)
    seen = look(merge)

    assert {(change.number, change.name) for change in seen.taken} == {
        ("GD-1", "note"),
        ("GD-2", "priority"),
        ("GD-3", "clerk"),
    }
    assert seen.found.newer == 1
    assert not seen.asks_why

    take(site, merge)
    first, second, third = Order.objects.order_by("number")
    assert merge.status == "done"
    assert (first.note, first.destination) == ("call before loading", "Rotterdam")
    assert (second.priority, third.clerk) == ("urgent", lead)

    site.post(reverse("act_undo", args=[merge.act_id]))
    first, second, third = Order.objects.order_by("number")
    assert (first.note, first.destination, second.priority, third.clerk) == ("old", "Rotterdam", "normal", clerk)


def test_a_conflict_is_decided_cell_by_cell(site, orders, clerk):
    sheet = edited(exported(site), {(2, "note"): "mine one", (3, "note"): "mine two"})
    for order in orders[:2]:
        edit_order(
            order_id=order.pk,
            values={"note": f"theirs {order.number}"},
            seen_version=None,
            by=clerk,
            now=timezone.now(),
        )
    merge = send(site, sheet)
    seen = look(merge)
    page = site.get(reverse("merge", args=[merge.pk])).content.decode()

    assert [(c.was, c.now, c.yours, c.who) for c in seen.undecided] == [
        ("old", "theirs GD-1", "mine one", "Chen Wei"),
        ("old", "theirs GD-2", "mine two", "Chen Wei"),
    ]
    assert "theirs GD-1" in page
    refused = take(site, merge, **{"cell-2:note": "mine"})
    assert refused.status_code == 422
    assert "Decide on every conflict first" in refused.content.decode()

    take(site, merge, **{"cell-3:note": "theirs"})
    assert merge.status == "done"
    assert list(Order.objects.order_by("number").values_list("note", flat=True)) == ["mine one", "theirs GD-2", "old"]


def test_a_decision_does_not_outlive_another_change(site, orders, clerk):
    sheet = edited(exported(site), {(2, "note"): "mine"})
    edit_order(order_id=orders[0].pk, values={"note": "theirs"}, seen_version=None, by=clerk, now=MONDAY)
    merge = send(site, sheet)
    site.post(reverse("merge", args=[merge.pk]), {"cell-2:note": "mine"})
    edit_order(order_id=orders[0].pk, values={"note": "theirs again"}, seen_version=None, by=clerk, now=MONDAY)
    merge.refresh_from_db()

    assert [change.now for change in look(merge).undecided] == ["theirs again"]


def test_promises_move_with_a_reason_line_by_line(site, team, clerk):
    order = make_confirmed_order(
        team=team, by=clerk, number="GD-7", lines=[make_line_values(position=1), make_line_values(position=2)]
    )
    first, second = order.lines.order_by("position")
    was = second.promised_date_current
    new = first.promised_date_current + timedelta(days=7)
    merge = send(site, edited(exported(site, rows="lines"), {(2, "promised date"): new, (3, "requested date"): new}))

    assert take(site, merge).status_code == 422
    assert take(site, merge, side="customer").status_code == 422
    take(site, merge, side="customer", reason="container is full")
    first.refresh_from_db()
    second.refresh_from_db()
    change = PromiseChange.objects.get()
    assert (first.promised_date_current, second.promised_date_current) == (new, was)
    assert second.requested_date == new
    assert (change.line, change.reason, change.side) == (first, "container is full", "customer")

    site.post(reverse("act_undo", args=[merge.act_id]))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.promised_date_current, second.requested_date) == (was, None)


def test_steps_are_completed_given_away_and_waited_for(site, order, lead):
    order.milestones.update(required_documents=[])
    active = order.milestones.filter(status=MilestoneStatus.ACTIVE).first()
    later = order.milestones.filter(status=MilestoneStatus.PENDING).order_by("position").first()
    content = exported(site, rows="steps")
    book = openpyxl.load_workbook(BytesIO(content))
    rows = {row[3].value: row[0].row for row in book.active.iter_rows(min_row=2)}
    finished = (timezone.now() - timedelta(minutes=5)).astimezone(Organization.current().zone)
    merge = send(
        site,
        edited(
            content,
            {
                (rows[active.position], "actual finish"): finished.strftime("%Y-%m-%d %H:%M"),
                (rows[later.position], "assignee"): "Li Na",
                (rows[later.position], "waiting on"): "供应商",
            },
        ),
    )
    take(site, merge)
    active.refresh_from_db()
    later.refresh_from_db()

    assert merge.status == "done", merge.report
    assert active.status == MilestoneStatus.DONE
    assert abs(active.actual_finish_at - finished) < timedelta(minutes=1)
    assert (later.assignee, later.waiting_on) == (lead, "supplier")

    site.post(reverse("act_undo", args=[merge.act_id]))
    active.refresh_from_db()
    later.refresh_from_db()
    assert (active.status, later.waiting_on) == (MilestoneStatus.ACTIVE, "")


@pytest.mark.parametrize(
    ("header", "value", "message"),
    [
        ("clerk", "Nobody Known", "Nobody you work with is called so"),
        ("clerk", "", "cannot be emptied"),
        ("priority", "at once", "Choose one of"),
        ("promised date", "next week", "This is no date"),
        ("destination country", "Atlantis", "There is no such country"),
        ("customer PO", "x" * 81, "At most 80 characters"),
        ("customer PO", "1.23457E+11", "shortened a long number"),
    ],
)
def test_a_wrong_cell_is_named_and_nothing_is_taken(site, orders, header, value, message):
    merge = send(site, edited(exported(site), {(2, "note"): "good", (3, header): value}))
    page = site.get(reverse("merge", args=[merge.pk])).content.decode()

    assert message in page
    assert take(site, merge).status_code == 422
    assert Order.objects.get(number="GD-1").note == "old"


def test_an_order_is_given_away_and_moved_in_one_row(client, team, clerk, orders):
    """A clerk sees their own orders only: what is given away is out of their sight at once."""
    colleague = make_user("clerk", team=team, name="Wang Fang")
    client.force_login(clerk)
    new = orders[0].lines.get().promised_date_current + timedelta(days=7)
    merge = send(client, edited(exported(client), {(2, "clerk"): "wang fang", (2, "promised date"): new}))
    take(client, merge, side="customer", reason="asked for it")
    order = Order.objects.get(number="GD-1")
    assert merge.status == "done", merge.report
    assert (order.clerk, order.current_promised_date) == (colleague, new)

    client.post(reverse("act_undo", args=[merge.act_id]))
    assert Order.objects.get(number="GD-1").clerk == clerk


def test_an_order_that_refuses_stops_all(site, orders, lead):
    sheet = edited(exported(site), {(2, "note"): "good", (3, "note"): "too late"})
    merge = send(site, sheet)
    Order.objects.filter(number="GD-2").update(status="closed", closed_at=MONDAY)
    take(site, merge)

    assert merge.status == "failed"
    assert [error["number"] for error in merge.report["errors"]] == ["GD-2"]
    assert Order.objects.get(number="GD-1").note == "old"
    assert not BulkAct.objects.exists()
    assert "Nothing was taken" in site.get(reverse("merge", args=[merge.pk])).content.decode()


def test_edits_of_other_columns_are_shown_and_ignored(site, orders):
    merge = send(site, edited(exported(site), {(2, "status"): "Delivered", (2, "note"): "new"}))
    found = look(merge).found

    assert [(fault.number, fault.name) for fault in found.fixed] == [("GD-1", "status")]
    take(site, merge)
    assert Order.objects.get(number="GD-1").status == "confirmed"
    assert Order.objects.get(number="GD-1").note == "new"


def test_rows_may_move_and_columns_may_go(site, orders):
    book = openpyxl.load_workbook(BytesIO(edited(exported(site), {(2, "note"): "new"}, drop=["customer", "status"])))
    sheet = book.active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    other = openpyxl.Workbook()
    for row in [["my list"], [], rows[0], *reversed(rows[1:])]:
        other.active.append(row)
    stream = BytesIO()
    other.save(stream)
    seen = look(send(site, stream.getvalue()))

    assert [(change.number, change.name, change.row) for change in seen.taken] == [("GD-1", "note", 6)]
    assert not seen.found.problems


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "nor a column with order numbers"),
        ("订单号,客户\nGD-1,x\n".encode(), "nor a column with order numbers"),
        (b"", "empty"),
        ("a,“row key”\n".encode(), ""),
        (b"row key\x2c leave as it is\n", ""),
        (b'"row key, leave as it is",note\nnonsense,x\n', "No row of the sheet has its key"),
    ],
)
def test_what_is_no_exported_list_is_refused(site, content, message):
    answer = site.post(reverse("merges"), {"file": SimpleUploadedFile("x.csv", content)})

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not SheetMerge.objects.exists()


def test_what_one_does_not_see_does_not_exist(site, orders):
    foreign = make_team()
    other = make_user("lead", team=foreign, language="en")
    make_confirmed_order(team=foreign, by=other, number="XX-1")
    content = edited(exported(site), {(2, "note"): "taken over"})
    site.force_login(other)
    merge = send(site, content)

    assert {problem.message for problem in look(merge).found.problems} == {
        "There is no such record any more, or you do not see it."
    }
    site.force_login(make_user("lead", team=foreign))
    assert site.get(reverse("merge", args=[merge.pk])).status_code == 404


def test_rights_are_asked_of_each_part(site, orders, team):
    content = edited(exported(site), {(2, "note"): "new"})
    logistics = make_user("logistics", team=team, language="en")
    site.force_login(logistics)
    merge = send(site, content)
    take(site, merge)

    assert merge.status == "failed"
    assert Order.objects.get(number="GD-1").note == "old"


def test_the_import_page_knows_an_exported_list(site, orders, team):
    sheet = SimpleUploadedFile("back.xlsx", exported(site))
    answer = site.post(reverse("imports"), {"file": sheet, "team": team.pk, "profile": "orders"})

    assert answer.status_code == 302
    assert answer.url == reverse("merge", args=[SheetMerge.objects.get().pk])


def test_a_sheet_of_ones_own_by_steps(site, order, lead):
    """A row per step, without keys: what is empty says nothing, what nobody knows is named."""
    order.milestones.update(required_documents=[])
    step = order.milestones.active().first()
    later = order.milestones.filter(status=MilestoneStatus.PENDING).order_by("position").first()
    sheet = (
        "我的进度表,,,\n订单号,节点,实际完成,负责人\n"
        f"{order.number.lower()},{step.name_zh},2026-03-03,\n{order.number},{later.code},,Li Na\n"
        f"{order.number},没有的节点,2026-03-03,\nNO-SUCH,x,,\n"
    )
    merge = send(site, sheet.encode("gb18030"), name="own.csv")
    found = look(merge).found
    assert {(change.label, change.name) for change in found.changes} == {
        (step.name_en, "finished"),
        (later.name_en, "assignee"),
    }
    assert [(problem.row, problem.number) for problem in found.problems] == [(5, order.number), (6, "NO-SUCH")]

    merge = send(site, "\n".join(sheet.splitlines()[:4]).encode(), name="own.csv")
    take(site, merge)
    step.refresh_from_db()
    later.refresh_from_db()
    assert merge.status == "done", (merge.report, look(merge).found.problems)
    assert (step.status, later.assignee) == ("done", lead)


def test_a_sheet_of_ones_own_by_orders(site, orders):
    sheet = "Order No,Remarks,PO\nGD-1,new,\nGD-2,,PO-9\n"
    merge = send(site, sheet.encode(), name="own.csv")

    assert {(c.number, c.name, c.yours) for c in look(merge).taken} == {
        ("GD-1", "note", "new"),
        ("GD-2", "customer_po_no", "PO-9"),
    }


def test_a_row_that_stands_twice_is_refused(site, orders):
    rows = list(csv.reader(StringIO(exported(site, form="csv").decode("utf-8-sig"))))
    stream = StringIO()
    csv.writer(stream).writerows([*rows, rows[1]])
    problems = look(send(site, stream.getvalue().encode(), name="x.csv")).found.problems

    assert [(problem.row, problem.message) for problem in problems] == [
        (5, "This row stands in the sheet twice (row 2).")
    ]


def test_old_sheets_are_forgotten_and_what_was_said_stays(site, orders):
    merge = send(site, exported(site))
    merges.forget_old_files(timezone.now() + timedelta(days=40))
    merge.refresh_from_db()

    assert not merge.file
    assert site.get(reverse("merge", args=[merge.pk])).status_code == 200
