"""Small files through the whole import: what is refused, what a changed file does, the command."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from customers.models import Company
from orders.imports.profile import parse
from orders.imports.reading import FileRefused
from orders.imports.run import TeamMissing
from orders.models import Milestone, Order, OrderEvent, OrderLine, Shipment
from orders.services import orders as order_services
from tests.factories import make_company, make_order, make_team, make_user
from tests.orders.import_kit import NOW, checksums, rules, run

pytestmark = pytest.mark.django_db

SHIPPED = parse("shipped", (Path(__file__).parent / "data" / "shipped.toml").read_text())
HEADER = "id,order,customer,incoterm,shipment,quantity,price,value,promised,ordered,delivered,weight\n"
ROWS = [
    "1,A-1,Muller GmbH,DAP,S-1,10,2.5,25,2026-01-20,2026-01-05,2026-01-20,120",
    "2,A-1,Muller GmbH,DAP,S-2,4,2.5,10,2026-01-20,2026-01-05,2026-01-25,separately",
    "3,B-1,Other Ltd,FOB,S-3,7,1,7,2026-02-01,,,",
]


def sheet(*rows: str) -> str:
    return HEADER + "\n".join(rows) + "\n"


def test_orders_shipments_and_steps_come_from_the_rows():
    report = run(sheet(*ROWS), SHIPPED)

    assert rules(report) == [("L3", "not_given")]
    first, second = Order.objects.order_by("number")
    assert (first.status, first.amount, first.promised_date) == ("delivered", Decimal(35), date(2026, 1, 20))
    assert (second.status, second.delivered_at, second.ordered_at) == ("confirmed", None, None)
    assert list(Shipment.objects.order_by("number").values_list("number", "status", "weight_kg")) == [
        ("S-1", "delivered", Decimal(120)),
        ("S-2", "delivered", None),
        ("S-3", "planned", None),
    ]
    assert [m.closed_at > m.due_at for m in Milestone.objects.order_by("shipment__number")] == [False, True]
    assert first.team.code == "east"


def test_a_second_run_changes_nothing_even_after_people_worked_on_it():
    run(sheet(*ROWS), SHIPPED)
    order = Order.objects.get(number="B-1")
    by = make_user("clerk", team=order.team)
    order_services.edit_order(order_id=order.pk, values={"note": "hot"}, seen_version=None, by=by, now=NOW)
    before = checksums()

    report = run(sheet(*ROWS), SHIPPED)

    assert (report.is_clean, report.written) == (True, 0)
    assert checksums() == before


def test_a_dry_run_reports_the_same_and_writes_nothing():
    before = checksums()

    dry = run(sheet(*ROWS), SHIPPED, dry_run=True)

    assert checksums() == before
    assert dry.as_dict() == run(sheet(*ROWS), SHIPPED).as_dict()
    assert dry.counts["orders"]["new"] == 2


def test_a_changed_file_updates_lines_and_tells_old_and_new():
    run(sheet(*ROWS), SHIPPED)
    changed = [
        *ROWS[:2],
        ROWS[2].replace(",7,1,7,2026-02-01,,", ",9,1,9,2026-02-10,2026-01-06,2026-02-09"),
        "4,B-1,Other Ltd,FOB,S-4,1,1,1,2026-02-10,2026-01-06,,",
    ]

    report = run(sheet(*changed), SHIPPED)

    assert report.counts["orders"] == {"new": 0, "changed": 1, "unchanged": 1}
    line = OrderLine.objects.get(source_ref="3")
    assert (line.quantity, line.promised_date_current) == (Decimal(9), date(2026, 2, 10))
    assert line.promised_date_original == date(2026, 2, 1), "the first promise stays frozen"
    order = line.order
    assert (order.amount, order.lines.count(), order.status) == (Decimal(10), 2, "confirmed")
    assert line.shipment_lines.get().quantity == Decimal(9)
    assert Shipment.objects.get(number="S-3").status == "delivered"
    assert Milestone.objects.filter(order=order).count() == 1
    event = OrderEvent.objects.get(order=order, kind="edited")
    assert event.data["fields"]["3.quantity"] == ["7.000", "9.000"]
    assert run(sheet(*changed), SHIPPED).written == 0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["1,A-1,X,DAP,S-1,10,,,2026-01-20,,,", "1,A-2,X,DAP,S-2,10,,,2026-01-20,,,"], [("A3", "double_id")]),
        (["1,A-1,X,DAP,S-1,10,,,2026-01-20,,", "2,A-2"], [("K2", "ragged"), ("B3", "ragged")]),
        (["1,A-1,X,DAP,S-1,10,,,2026-01-20,,,,more"], [("M2", "ragged")]),
        (["1,A-1,X,DAP,S-1,10,,,2026-01-20,,,", "2,A-1,X,FOB,S-1,10,,,2026-01-20,,,"], [("D3", "differs_in_order")]),
        (["1,A-1,X,DAP,S-1,10,,,2026-01-20,,,", "2,A-1,Y,DAP,S-1,10,,,2026-01-20,,,"], [("C3", "differs_in_order")]),
        (
            ["1,A-1,X,DAP,S-1,10,,,2026-01-20,,,5", "2,A-1,X,DAP,S-1,10,,,2026-01-20,,,6"],
            [("L3", "differs_in_shipment")],
        ),
        (["1,A-1,X,DAP,S-1,10,,,2026-01-20,,,see S-1 row 9"], [("L2", "pointer_to_nothing")]),
        (
            ["1,A-1,X,DAP,S-1,1,,,2026-01-20,,,5", "2,A-2,X,DAP,S-2,1,,,2026-01-20,,,see S-1 row 1"],
            [("L3", "pointer_elsewhere")],
        ),
        (
            ["1,A-1,X,DAP,S-1,-1,-2,NaN,2026-02-30,03/04/2026,,"],
            [
                ("F2", "negative"),
                ("G2", "negative"),
                ("H2", "not_a_number"),
                ("I2", "no_such_day"),
                ("J2", "ambiguous_date"),
            ],
        ),
    ],
)
def test_errors_name_every_cell_and_nothing_is_written(rows, expected):
    before = checksums()

    report = run(sheet(*ROWS[2:], *rows).replace(ROWS[2] + "\n", ""), SHIPPED)

    assert [(f"{f.column}{f.row}", f.rule) for f in report.errors] == expected
    assert report.as_dict()["taken"] == 0
    assert checksums() == before


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["1,A-1,X,DAP,S-1,1,,,2026-01-20,,,5", "2,A-1,X,DAP,S-1,1,,,2026-01-20,,,see S-1 row 1"], ("L3", "pointer")),
        (
            ["1,A-1,X,DAP,S-1,1,,,2026-01-20,,,separately", "2,A-1,X,DAP,S-1,2,,,2026-01-20,,,see S-1 row 1"],
            ("L3", "pointer_to_text"),
        ),
        (["1,A-1,X,DAP,S-1,1,,,2026-01-20,,,", "2,A-1,X,DAP,S-1,1,,,2026-01-20,,,"], ("A3", "duplicate_row")),
        (["1,A-1,X,DAP,S-1,1,,,2026-01-20,2026-01-05,2026-01-04,"], ("K2", "out_of_order")),
        (["1,A-1,X,DAP,S-1,3,1.11,3.40,2026-01-20,,,"], ("H2", "value_differs")),
        (
            ["1,A-1,X,DAP,S-1,1,,,2026-01-20,,2026-01-20,", "2,A-1,X,DAP,S-1,2,,,2026-01-22,,2026-01-20,"],
            ("I2", "several_dates"),
        ),
        (
            ["1,A-1,Acme Ltd.,DAP,S-1,1,,,2026-01-20,,,", "2,A-2,ACME LIMITED,DAP,S-2,1,,,2026-01-20,,,"],
            ("C3", "similar_name"),
        ),
        (["1,A-1,Acme  Ltd.,DAP,S-1,1,,,2026-01-20,,,"], ("C2", "folded")),
    ],
)
def test_doubtful_cells_are_taken_and_named(rows, expected):
    report = run(sheet(*rows), SHIPPED)

    assert expected in rules(report)
    assert OrderLine.objects.count() == len(rows)


def test_an_amount_explained_by_a_rounded_price_is_no_doubt():
    report = run(sheet("1,A-1,X,DAP,S-1,1000,1.11,1114.9,2026-01-20,,,"), SHIPPED)

    assert report.doubts == []


def test_an_order_of_another_source_is_never_touched():
    team = make_team("east")
    order = make_order(team=team, by=make_user(team=team), number="A-1")
    before = checksums()

    report = run(sheet(*ROWS), SHIPPED)

    assert rules(report)[0] == ("B2", "number_taken")
    assert checksums() == before
    assert order.lines.count() == 1


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ([ROWS[0], ROWS[2]], "line_gone"),
        ([ROWS[0], ROWS[1].replace("S-2", "S-9"), ROWS[2]], "changed_shipment"),
    ],
)
def test_a_changed_file_that_loses_something_is_refused(changed, rule):
    run(sheet(*ROWS), SHIPPED)
    before = checksums()

    report = run(sheet(*changed), SHIPPED)

    assert [finding.rule for finding in report.errors] == [rule]
    assert checksums() == before


def test_a_changed_file_does_not_overwrite_people():
    run(sheet(*ROWS), SHIPPED)
    order = Order.objects.get(number="B-1")
    by = make_user("clerk", team=order.team)
    order_services.edit_order(order_id=order.pk, values={"note": "hot"}, seen_version=None, by=by, now=NOW)

    report = run(sheet(*ROWS[:2], ROWS[2].replace(",7,1,7,", ",8,1,8,")), SHIPPED)

    assert [(finding.rule, finding.value) for finding in report.errors] == [("changed_here", "B-1")]


def test_companies_are_found_by_code_or_name_and_never_taken_from_another_team():
    east = make_team("east")
    known = make_company(team=east, name="Muller GmbH")
    foreign = make_company(team=make_team(), name="Other Ltd", code="OTHER-1")

    run(sheet(*ROWS), SHIPPED)

    assert Order.objects.get(number="A-1").customer == known
    assert Order.objects.get(number="B-1").customer != foreign
    make_company(team=east, name="Muller GmbH")
    assert ("C2", "several_companies") in rules(
        run(sheet(ROWS[0].replace("A-1", "A-9").replace("S-1", "S-9")), SHIPPED)
    )


def test_an_everyday_sheet_becomes_draft_orders():
    team = make_team("east")
    text = (
        "订单号,客户,产品编号,数量,单价,交期,备注\n"
        "00123,德国某公司,0007,5,1.5,2026-03-04,急\n"
        "00123,德国某公司,0008,2,1,2026/3/6,\n"
    )

    report = run(text.encode("gbk"), "orders", team_code="east")

    assert rules(report) == [("1", "read_as"), ("B2", "new_company")]
    order = Order.objects.get()
    assert (order.number, order.status, order.amount, order.ordered_at) == ("00123", "draft", Decimal("9.5"), NOW)
    assert (order.promised_date, order.customer.name) == (date(2026, 3, 6), "德国某公司")
    lines = order.lines.order_by("position")
    assert [(line.product_code, line.attributes) for line in lines] == [("0007", {"note": "急"}), ("0008", {})]
    assert order.team == team
    assert run(text.encode("gbk"), "orders", team_code="east").written == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("number,qty\nGD-1,1,EXTRA\nGD-2\n", [("C2", "ragged"), ("A3", "ragged")]),
        ("qty\n5\n", [("1", "missing_column")]),
        ("number,quantity,number\nA,1,B\n", [("C1", "double_column")]),
        ("number,,quantity\nA,x,1\n", [("B1", "nameless_column")]),
        ("number,quantity,line\nA,1,1\nA,1,1\n", [("C3", "double_position")]),
        ("number,quantity,col\x00our\nA,1,red\n", [("C1", "control_character")]),
        ("number,quantity,colour\nA,1,r\x00ed\n", [("C2", "control_character")]),
        ("number,quantity,note\nA,1,r\x00ed\n", [("C2", "control_character")]),
        ("number,quantity,customer code,customer\nA,1,C1,One\nB,1,C1,Two\n", [("D3", "differs_in_company")]),
    ],
)
def test_a_sheet_with_a_wrong_shape_is_refused(text, expected):
    make_team()

    report = run(text, "orders")

    assert [(f"{f.column}{f.row}", f.rule) for f in report.errors] == expected
    assert not Order.objects.exists()


def test_a_contradiction_shows_the_cell_under_its_own_header():
    make_team()

    report = run("订单号,数量,币种\nA,1,USD\nA,1,EUR\n", "orders")

    assert [finding.as_dict() for finding in report.errors] == [
        {
            "row": 3,
            "column": "C",
            "header": "币种",
            "value": "EUR",
            "rule": "differs_in_order",
            "message": report.errors[0].message,
        }
    ]
    assert "USD" in report.errors[0].message


def test_a_column_that_nobody_knows_is_kept_as_text():
    make_team()

    report = run("number,quantity,colour\nA-1,1,red\n", "orders")

    assert rules(report) == [("C1", "unknown_column")]
    assert OrderLine.objects.get().attributes == {"colour": "red"}


def test_a_team_has_to_be_named_where_there_are_several():
    make_team()
    make_team()

    with pytest.raises(TeamMissing):
        run("number,quantity\nA-1,1\n", "orders")
    with pytest.raises(TeamMissing):
        run("number,quantity\nA-1,1\n", "orders", team_code="nobody")


def call(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_orders", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("number,customer,quantity\nA-1,Muller,5\n")
    make_team("east")
    return path


def test_the_command_prints_one_json_document(file):
    dry, _err = call(str(file), "--profile", "orders", "--json", "--dry-run")
    assert not Order.objects.exists()

    out, err = call(str(file), "--profile", "orders", "--json")

    assert json.loads(out) == json.loads(dry)
    assert json.loads(out)["taken"] == 1
    assert err == ""


def test_the_command_prints_the_same_report_dry_or_not(file):
    dry, _err = call(str(file), "--profile", "orders", "--dry-run")

    assert call(str(file), "--profile", "orders")[0] == dry
    assert Order.objects.count() == 1


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--dry-run"]])
def test_the_command_fails_unless_all_rows_are_taken(file, arguments):
    file.write_text("number,quantity\nA-1,5\nA-2,x\n")

    with pytest.raises(CommandError):
        call(str(file), "--profile", "orders", *arguments)

    assert not Order.objects.exists()


def test_the_command_says_what_is_wrong_with_the_call(file, tmp_path):
    for arguments in (
        [str(file), "--profile", "nope"],
        [str(tmp_path / "none.csv"), "--profile", "orders"],
        [str(tmp_path), "--profile", "orders"],
    ):
        with pytest.raises(CommandError):
            call(*arguments)


def test_a_file_that_is_no_table_is_refused_as_a_whole():
    with pytest.raises(FileRefused):
        run(b"PK\x03\x04", SHIPPED)
    assert not Company.objects.exists()
