"""One cell at a time: what is taken, what is doubtful, what is refused."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from orders.imports import profile as profiles
from orders.imports.cells import CellReader
from orders.imports.profile import ProfileError, parse

SHANGHAI = ZoneInfo("Asia/Shanghai")
SCMS, ORDERS = profiles.load("scms"), profiles.load("orders")


def read(header: str, text: str, profile=ORDERS):
    column = next(column for column in profile.columns if column.header == header)
    return CellReader(column, profile, SHANGHAI).read(text)


@pytest.mark.parametrize(
    ("header", "text", "value"),
    [
        ("number", "00123", "00123"),
        ("number", "  A-1\u3000", "A-1"),
        ("quantity", "5", Decimal(5)),
        ("quantity", "１２.5", Decimal("12.5")),
        ("unit_price", "0", Decimal(0)),
        ("promised_date", "2026-03-04", date(2026, 3, 4)),
        ("promised_date", "2026/3/4", date(2026, 3, 4)),
        ("promised_date", "2026年3月4日", date(2026, 3, 4)),
        ("promised_date", "20260304", date(2026, 3, 4)),
        ("promised_date", "4-Mar-2026", date(2026, 3, 4)),
        ("promised_date", "2026-03-04 00:00:00", date(2026, 3, 4)),
        ("promised_date", "2028-02-29", date(2028, 2, 29)),
        ("ordered_date", "2026-03-04", datetime(2026, 3, 4, 12, tzinfo=SHANGHAI)),
        ("incoterm", "fob", "FOB"),
        ("mode", "海运", "SEA"),
        ("mode", "air", "AIR"),
        ("country", "德国", "DE"),
        ("country", "Côte d'Ivoire", "CI"),
        ("country", "de", "DE"),
        ("description", "'=1+1", "=1+1"),
        ("description", "'tis", "'tis"),
        ("currency", "人民币", "CNY"),
        ("description", "", None),
    ],
)
def test_cells_are_read(header, text, value):
    cell = read(header, text)

    assert (cell.value, cell.error, cell.notes) == (value, None, ())


@pytest.mark.parametrize(
    ("header", "text", "rule"),
    [
        ("number", "", "empty"),
        ("number", "A 1", "not_a_code"),
        ("number", "A/1", "not_a_code"),
        ("number", "A" * 41, "too_long"),
        ("number", "A\x00B", "control_character"),
        ("quantity", "0", "not_positive"),
        ("quantity", "-5", "negative"),
        ("quantity", "NaN", "not_a_number"),
        ("quantity", "Infinity", "not_a_number"),
        ("quantity", "1e3", "not_a_number"),
        ("quantity", "1,000", "not_a_number"),
        ("quantity", "five", "not_a_number"),
        ("quantity", "0.0001", "too_precise"),
        ("quantity", "1" * 12, "too_large"),
        ("quantity", "9" * 4000, "too_large"),
        ("position", "1.5", "too_precise"),
        ("position", "0", "not_positive"),
        ("unit_price", "-0.01", "negative"),
        ("promised_date", "2026-02-30", "no_such_day"),
        ("promised_date", "2026-13-01", "no_such_day"),
        ("promised_date", "03/04/2026", "ambiguous_date"),
        ("promised_date", "1/2/26", "ambiguous_date"),
        ("promised_date", "soon", "not_a_date"),
        ("promised_date", "0026-03-04", "implausible_year"),
        ("promised_date", "9999-12-31", "implausible_year"),
        ("promised_date", "2026-03-04 10:30", "not_a_date"),
        ("incoterm", "XYZ", "unknown_choice"),
        ("country", "Atlantis", "unknown_country"),
        ("country", "EU", "unknown_country"),
        ("description", "x" * 301, "too_long"),
    ],
)
def test_wrong_cells_are_refused_by_rule(header, text, rule):
    cell = read(header, text)

    assert cell.error is not None
    assert cell.error.rule == rule
    assert cell.value is None


@pytest.mark.parametrize(
    ("header", "text", "value", "rules"),
    [
        ("Shipment Mode", "N/A", None, ["not_given"]),
        ("Shipment Mode", "Ocean", "SEA", []),
        ("Vendor INCO Term", "N/A - From RDC", None, ["not_given"]),
        ("PO Sent to Vendor Date", "12/1/06", datetime(2006, 12, 1, 12, tzinfo=SHANGHAI), []),
        ("Scheduled Delivery Date", "2-Jun-06", date(2006, 6, 2), []),
        ("Weight (Kilograms)", "Weight Captured Separately", None, ["not_given"]),
        ("Manufacturing Site", "Gr\u00c3\u00b8nland", "Grønland", ["repaired"]),
        ("Manufacturing Site", "Côte", "Côte", []),
        ("Vendor", "CO.,LTD.  (KHB)", "CO.,LTD. (KHB)", ["folded"]),
        ("Line Item Value", "0", Decimal(0), ["zero"]),
        ("Country", "Congo, DRC", "CD", []),
        ("Country", "Swaziland", "SZ", []),
    ],
)
def test_cells_of_the_real_source(header, text, value, rules):
    cell = read(header, text, SCMS)

    assert cell.error is None
    assert cell.value == value
    assert [note.rule for note in cell.notes] == rules


def test_a_pointer_names_row_and_shipment():
    assert read("Freight Cost (USD)", "See ASN-93 (ID#:1281)", SCMS).pointer == ("1281", "ASN-93")


def test_an_unknown_profile_is_refused():
    for name in ("nope", "../scms", "", "scms.toml"):
        with pytest.raises(ProfileError):
            profiles.load(name)


@pytest.mark.parametrize(
    "text",
    [
        "title = ",
        "title = 'x'",
        "title = 'x'\nsurprise = 1\n[[columns]]\nheader = 'n'\nto = 'order.number'",
        "title = 'x'\n[[columns]]\nheader = 'n'\nto = 'order.password'",
        "title = 'x'\n[[columns]]\nheader = 'n'\nto = 'line.quantity'",
        "title = 'x'\n[[columns]]\nheader = 'n'\nto = 'order.number'\ncolour = 1",
        "title = 'x'\n[[columns]]\nheader = 'n'\nto = ['order.number', 'line.quantity']",
        "title = 'x'\n[[columns]]\nheader = 'n'\nto = 'order.number'\npointer = '('",
        "title = 'x'\n[[columns]]\nheader = 'n'\nto = 'order.number'\n[[sequences]]\nearlier = 'a'\nlater = 'n'",
    ],
)
def test_a_profile_that_cannot_be_followed_is_refused(text):
    with pytest.raises(ProfileError):
        parse("mine", text)


def test_the_source_is_named_in_no_code():
    folder = profiles.FOLDER.parent / "imports"
    headers = {column.header for column in SCMS.columns} - {"ID", "Brand", "Country", "Vendor", "Dosage"}
    for path in folder.glob("*.py"):
        code = path.read_text()
        assert "scms" not in code.lower()
        assert not [header for header in headers if header in code]
