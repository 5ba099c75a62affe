"""Search by any fragment, Chinese ones of two characters included, always by an index."""

import pytest
from django.db import connection

from orders.models import Order
from tests.factories import make_company, make_line_values, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def found_by(team, clerk):
    company = make_company(team=team, name="宁波海天国际贸易有限公司", code="NBHT")
    line = make_line_values(product_code="PMP-0042", description="不锈钢离心泵")
    make_order(team=team, by=clerk, number="GD-2026-0815", customer=company, customer_po_no="PO/77-A", lines=[line])
    make_order(team=team, by=clerk, number="GD-2026-0900", customer=make_company(team=team, name="Nordhaus GmbH"))

    def numbers(text):
        return sorted(Order.objects.search(text).values_list("number", flat=True))

    return numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            ("海天", ["GD-2026-0815"]),
            ("天国际", ["GD-2026-0815"]),
            ("泵", ["GD-2026-0815"]),
            ("离心泵", ["GD-2026-0815"]),
        ),
        *(("0815", ["GD-2026-0815"]), ("77", ["GD-2026-0815"]), ("po/77", ["GD-2026-0815"]), ("PMP", ["GD-2026-0815"])),
        ("gd-2026", ["GD-2026-0815", "GD-2026-0900"]),
        ("海天 0815", ["GD-2026-0815"]),
        *(
            ("海天 0900", []),
            ("海国", []),
            ("%", []),
            ("_", []),
            ("%%", []),
            ("\\", []),
            ("", ["GD-2026-0815", "GD-2026-0900"]),
        ),
        ("NORDHAUS", ["GD-2026-0900"]),
    ],
)
def test_any_fragment_finds_its_orders(found_by, text, expected):
    assert found_by(text) == expected


def test_a_renamed_order_is_found_by_its_new_text(found_by):
    Order.objects.filter(number="GD-2026-0900").update(search_text="换名")

    assert found_by("换名") == ["GD-2026-0900"]
    assert found_by("nordhaus") == []


@pytest.mark.parametrize(("text", "index"), [("海天", "order_search_doubled"), ("离心泵", "order_search_trgm")])
def test_the_index_of_its_length_is_used(found_by, text, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Order.objects.search(text).explain()

    assert index in plan
