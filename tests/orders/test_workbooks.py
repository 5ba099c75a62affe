"""Workbooks from strangers: what is read, and what is refused with its reason (reliability C44)."""

from datetime import date, datetime

import pytest
from django.utils import translation

from orders.imports.profile import load
from orders.imports.reading import FileRefused
from orders.imports.sheets import Choice, find_table
from orders.imports.workbooks import read_workbook
from tests.orders.sheet_kit import sheet_xml, with_member, workbook

GOOD = workbook([["number", "qty"], ["GD-1", 5]])


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def read(content):
    return read_workbook(content, max_bytes=20_000_000, max_rows=50_000)


def test_cells_are_what_a_person_would_type():
    content = workbook(
        [
            ["00123", 123, 2.5, 1e15, date(2026, 3, 4), datetime(2026, 3, 4, 10, 30), True, None],  # noqa: DTZ001  a sheet knows no zones
            [],
            ["=1+1", 0.1 + 0.2, -3, "  x ", "'=x", "待定", "", "end"],
        ]
    )

    (sheet,) = read(content)

    assert sheet.rows[0] == (1, ["00123", "123", "2.5", "1e+15", "2026-03-04", "2026-03-04 10:30", "TRUE"])
    assert sheet.rows[1][0] == 3  # as the sheet shows it
    assert sheet.rows[1][1][1:4] == ["0.3", "-3", "  x "]


def test_cells_far_to_the_right_of_the_first_column_keep_their_letter():
    content = sheet_xml('<row r="3"><c r="C3" t="inlineStr"><is><t>number</t></is></c></row>')

    assert read(content)[0].rows == [(3, ["", "", "number"])]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + b"x" * 100, "broken"),
        (GOOD[: len(GOOD) // 2], "broken"),
        (GOOD[:-30], "broken"),
        (with_member(GOOD, "xl/vbaProject.bin", b"x"), "macros"),
        (with_member(GOOD, "../evil", b"x"), "built strangely"),
        (with_member(GOOD, "xl/zeros.xml", b"0" * 70_000_000), "unpacks to more"),
        (with_member(GOOD, "xl/more/sharedStrings.xml", b"abcdefghij" * 2_200_000), "unpacks to more"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (workbook([]), "empty"),
        (workbook([["x"] * 300]), "columns"),
        (
            sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
            "memory",
        ),
        (sheet_xml("<row><c><v>"), "broken"),
    ],
)
def test_what_cannot_be_read_says_why(content, reason):
    with pytest.raises(FileRefused, match=reason):
        read(content)


def test_a_zip_without_a_workbook_says_so():
    import zipfile
    from io import BytesIO

    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "hello")

    with pytest.raises(FileRefused, match="without a workbook"):
        read(stream.getvalue())


def test_more_members_than_any_workbook_has_are_refused():
    content = GOOD
    for number in range(201):
        content = with_member(content, f"xl/m{number}.xml", b"x")

    with pytest.raises(FileRefused, match="built strangely"):
        read(content)


def test_formatted_empty_rows_cost_nothing():
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(4, 200_000))
    content = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>' + rows)

    assert read(content)[0].rows == [(1, ["1"])]


def test_too_many_rows_are_refused():
    with pytest.raises(FileRefused, match="more than 2 rows"):
        read_workbook(workbook([["a"], ["b"], ["c"]]), max_bytes=20_000_000, max_rows=2)


# Which sheet, which header row, which column


def find(content, **choice):
    return find_table(content, load("orders"), Choice(**choice))


def test_sheet_and_header_row_are_found_under_a_title():
    content = workbook(
        [],
        sheets={
            "封面": [["2026年订单汇总"], ["制表：王丽"]],
            "订单": [
                ["2026年订单"],
                [],
                ["订单号", "客户名称", "数量(PCS)", "交期"],
                ["GD-1", "海天", 500, date(2026, 9, 20)],
            ],
        },
    )

    found = find(content)

    assert (found.sheet, found.table.header_row) == ("订单", 3)
    assert found.mapping == {0: "number", 1: "customer", 2: "quantity", 3: "promised_date"}
    assert found.table.records == [(4, ["GD-1", "海天", "500", "2026-09-20"])]


def test_a_header_nearly_known_is_a_guess_and_an_unknown_one_is_text():
    content = workbook([["订单号", "qty", "Customer nmae", "colour"], ["GD-1", 1, "Acme", "red"]])

    found = find(content)

    assert found.mapping == {0: "number", 1: "quantity", 2: "customer"}
    assert found.guessed == {2}
    assert found.table.header[3] == "colour"


def test_what_a_person_chose_wins_and_left_out_columns_are_gone():
    content = workbook([["订单号", "qty", "colour"], ["GD-1", 1, "red"]])

    found = find(content, mapping={1: "", 2: "-"})

    assert found.mapping == {0: "number", 2: "-"}
    assert found.table.fields == {0: "number", 1: "", 2: "-"}


def test_two_columns_for_one_field_are_not_read_both():
    found = find(workbook([["订单号", "单号", "qty"], ["GD-1", "X", 1]]))

    assert found.mapping == {0: "number", 2: "quantity"}


@pytest.mark.parametrize(
    ("cells", "order", "asks"),
    [
        (["20/9/26", "3/4/26"], "dmy", True),
        (["9/20/26", "3/4/26"], "mdy", True),
        (["3/4/26", "5/6/2026"], "", True),
        (["20/9/26", "9/20/26"], "", True),
        (["4/4/26"], "", False),
        (["2026-9-20", "待定"], "", False),
    ],
)
def test_which_number_is_the_day_is_proved_by_the_column_or_asked(cells, order, asks):
    found = find(workbook([["number", "qty", "交期"], *(["GD-1", 1, cell] for cell in cells)]))

    assert (found.date_order, found.asks_date_order) == (order, asks)
    assert find(workbook([["number", "qty", "交期"], ["GD-1", 1, cells[0]]]), date_order="mdy").date_order in {
        "mdy",
        "",
    }
