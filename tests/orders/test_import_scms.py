"""The whole real file: what should come out is computed here from the CSV, without the importer's code."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import Count, Sum

from customers.models import Company
from orders.models import Milestone, Order, OrderEvent, OrderLine, Shipment, ShipmentLine
from orders.services import flow
from tests.orders.import_kit import NOW, checksums, real_content, run

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def source() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(real_content().decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def report(django_db_setup, django_db_blocker):
    """The file imported once for all tests of this module, undone at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        report = run(real_content())
        connection.check_constraints()  # now, else after each test
        yield report
        transaction.set_rollback(True)


def day(text: str, form: str) -> datetime:
    return datetime.strptime(text, form).replace(hour=12, tzinfo=SHANGHAI)


def amount_of(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[\d.]+", text) else None


def test_every_row_is_taken(report, source):
    assert report.errors == []
    assert report.rows == OrderLine.objects.count() == ShipmentLine.objects.count() == len(source) == 10_324
    assert Order.objects.count() == len({row["PO / SO #"] for row in source}) == 6_233
    assert Shipment.objects.count() == len({row["ASN/DN #"] for row in source}) == 7_030
    assert Company.objects.filter(is_customer=True).count() == len({row["Project Code"] for row in source})
    assert Company.objects.filter(is_supplier=True).count() == len({row["Vendor"] for row in source})
    assert OrderEvent.objects.filter(kind="imported").count() == 6_233


def test_lines_hold_the_cells_of_their_row(report, source):
    lines = {line.source_ref: line for line in OrderLine.objects.select_related("order__customer", "order__supplier")}
    modes = {"Air": "AIR", "Air Charter": "AIR_CHARTER", "Ocean": "SEA", "Truck": "TRUCK", "N/A": ""}
    for row in source:
        line = lines[row["ID"]]
        assert line.order.number == row["PO / SO #"]
        assert line.order.customer.code == row["Project Code"]
        assert line.order.supplier.name == " ".join(row["Vendor"].split())
        assert line.order.mode == modes[row["Shipment Mode"]]
        assert line.order.incoterm == row["Vendor INCO Term"].replace("N/A - From RDC", "")
        assert line.description == row["Item Description"]
        assert (line.quantity, line.amount, line.unit_price) == tuple(
            Decimal(row[name]) for name in ("Line Item Quantity", "Line Item Value", "Pack Price")
        )
        assert line.insurance_cost == amount_of(row["Line Item Insurance (USD)"])
        scheduled = day(row["Scheduled Delivery Date"], "%d-%b-%y").date()
        assert line.promised_date_original == line.promised_date_current == scheduled
        assert line.attributes.get("brand") == row["Brand"]
        assert line.attributes["manufacturing_site"] == " ".join(row["Manufacturing Site"].split()).replace("Ã¸", "ø")
    total = sum(Decimal(row["Line Item Value"]) for row in source)
    assert Order.objects.aggregate(total=Sum("amount"))["total"] == total


def test_orders_are_delivered_with_their_last_shipment(report, source):
    promised: dict[str, list] = {}
    delivered: dict[str, list] = {}
    ordered: dict[str, datetime | None] = {}
    for row in source:
        number, sent = row["PO / SO #"], row["PO Sent to Vendor Date"]
        promised.setdefault(number, []).append(day(row["Scheduled Delivery Date"], "%d-%b-%y").date())
        delivered.setdefault(number, []).append(day(row["Delivered to Client Date"], "%d-%b-%y"))
        ordered[number] = day(sent, "%m/%d/%y") if sent[0].isdigit() else None
    for order in Order.objects.all():
        assert order.status == "delivered"
        assert order.promised_date == order.current_promised_date == max(promised[order.number])
        assert order.delivered_at == max(delivered[order.number])
        assert order.first_delivered_at == min(delivered[order.number])
        assert order.is_in_full is True
        assert order.is_first_in_full is (len(set(delivered[order.number])) == 1)
        assert order.ordered_at == order.confirmed_at == ordered[order.number]


def test_facts_are_those_that_every_write_derives(report):
    split = Order.objects.annotate(n=Count("lines__shipment_lines__shipment", distinct=True)).filter(n__gt=1)
    for order in [*split.order_by("pk")[:25], *Order.objects.order_by("number")[:25]]:
        before = Order.objects.filter(pk=order.pk).values().get()

        flow.refresh_fulfilment(order, by=None, now=NOW)

        assert Order.objects.filter(pk=order.pk).values().get() == before


def test_milestones_stand_for_the_dates_there_are(report, source):
    quoted = {row["PO / SO #"] for row in source if row["PQ First Sent to Client Date"][0].isdigit()}
    sent = {row["PO / SO #"] for row in source if row["PO Sent to Vendor Date"][0].isdigit()}
    assert dict(Milestone.objects.values_list("code").annotate(Count("pk"))) == {
        "QUOTE_SENT": len(quoted),
        "PO_SENT": len(sent),
        "DELIVERED": 7_030,
    }
    due: dict[str, datetime] = {}
    for row in source:
        ends = datetime.combine(day(row["Scheduled Delivery Date"], "%d-%b-%y") + timedelta(days=1), time(0), SHANGHAI)
        due[row["ASN/DN #"]] = max(ends, due.get(row["ASN/DN #"], ends))
    facts = {row["ASN/DN #"]: row for row in source}
    for milestone in Milestone.objects.filter(code="DELIVERED").select_related("shipment"):
        row = facts[milestone.shipment.number]
        delivered = day(row["Delivered to Client Date"], "%d-%b-%y")
        assert milestone.status == "done"
        assert milestone.due_at == milestone.baseline_finish_at == due[row["ASN/DN #"]]
        assert milestone.actual_finish_at == milestone.closed_at == milestone.shipment.delivered_at == delivered
        assert milestone.recorded_at == day(row["Delivery Recorded Date"], "%d-%b-%y")
    assert not Milestone.objects.open().exists()


def test_a_figure_of_a_whole_shipment_stands_on_it_once(report, source):
    for header, name in (("Weight (Kilograms)", "weight_kg"), ("Freight Cost (USD)", "freight_cost")):
        expected = {row["ASN/DN #"]: amount_of(row[header]) for row in source if amount_of(row[header]) is not None}
        stored = Shipment.objects.exclude(**{name: None}).values_list("number", name)
        assert dict(stored) == expected


QUIRKS = {
    ("K", "not_given"): 2_681,
    ("L", "not_given"): 5_732,
    ("I", "not_given"): 5_404,
    ("J", "not_given"): 360,
    ("V", "not_given"): 1_736,
    ("AE", "not_given"): 1_507,
    ("AF", "not_given"): 1_681,
    ("AE", "pointer"): 2_445 - 126,
    ("AE", "pointer_to_text"): 126,
    ("AF", "pointer"): 2_445 - 105,
    ("AF", "pointer_to_text"): 105,
    ("AG", "missing_value"): 287,
    ("Z", "zero"): 17,
    ("AB", "zero"): 103,
    ("A", "duplicate_row"): 4,
    ("AC", "repaired"): 1,
}


@pytest.mark.parametrize(("column", "rule"), QUIRKS)
def test_every_doubtful_cell_of_a_known_quirk_is_named(report, column, rule):
    cells = [finding.row for finding in report.doubts if (finding.column, finding.rule) == (column, rule)]

    assert len(cells) == len(set(cells)) == QUIRKS[column, rule]


def test_dates_out_of_order_are_named(report):
    found = Counter(
        (finding.header, finding.values["earlier"]) for finding in report.doubts if finding.rule == "out_of_order"
    )

    assert found == {
        ("Delivered to Client Date", "PO Sent to Vendor Date"): 5,
        ("Delivery Recorded Date", "Delivered to Client Date"): 3,
        ("Scheduled Delivery Date", "PO Sent to Vendor Date"): 4,
        ("PO Sent to Vendor Date", "PQ First Sent to Client Date"): 5,
    }
    assert report.weekends == {"Scheduled Delivery Date": 356, "Delivered to Client Date": 415}


def test_doubtful_cells_carry_row_column_and_value(report, source):
    headers = list(source[0])
    for finding in report.doubts:
        index = sum((ord(sign) - 64) * 26**power for power, sign in enumerate(reversed(finding.column))) - 1
        assert finding.header == headers[index]
        cell = source[finding.row - 2][finding.header]
        assert finding.value == cell[:40] or finding.rule in {"similar_name", "value_differs"}
        assert finding.message


def test_spelling_variants_stay_two_companies(report):
    names = {(finding.value, finding.values["other"]) for finding in report.doubts if finding.rule == "similar_name"}

    assert ("ACOUNS NIGERIA LTD", "ACCOUN NIGERIA LIMITED") in names
    assert Company.objects.filter(name__in=["ACOUNS NIGERIA LTD", "ACCOUN NIGERIA LIMITED"]).count() == 2


def test_country_names_become_codes(report):
    by_number = dict(Order.objects.values_list("number", "country"))

    assert by_number["SCMS-4"] == "CI"
    assert set(Order.objects.filter(customer__name__contains="Congo, DRC").values_list("country", flat=True)) == {"CD"}
    assert Order.objects.values("country").distinct().count() == 43


def test_a_second_run_changes_nothing(report):
    before = checksums()

    again = run(real_content(), now=datetime(2026, 4, 1, tzinfo=UTC))

    assert again.written == 0
    assert again.is_clean
    assert checksums() == before


@pytest.mark.parametrize("form", ["CR only", "UTF-16"])
def test_other_line_ends_and_encodings_mean_the_same(report, form):
    text = real_content().decode("utf-8-sig")
    if form == "CR only":
        content = text.replace("\n", "\r").encode()
    else:
        content = ("\ufeff" + text.replace("\n", "\r\n")).encode("utf-16-le")

    again = run(content)

    # Each order carries a SHA-256 of all that its rows say; only an equal one leaves it unchanged.
    assert again.counts["orders"] == {"new": 0, "changed": 0, "unchanged": 6_233}
    assert again.written == 0
    assert [finding.as_dict() for finding in again.doubts] == [finding.as_dict() for finding in report.doubts]
