"""On the real file the figures agree with a count straight from the CSV: whole, by month, and by every dimension."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction

from kpi.dimensions import DIMENSIONS
from kpi.figures import breakdown, figure, members
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import METRICS
from orders.models import Order
from tests.kpi import scms_oracle
from tests.orders.import_kit import real_content, run

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2016, 6, 1, tzinfo=UTC)
ASKED = Question(Period(date(2006, 1, 1), date(2016, 1, 1), "Asia/Shanghai"), None, NOW)


@pytest.fixture(scope="module")
def said():
    return scms_oracle.read_orders(real_content().decode("utf-8-sig"))


@pytest.fixture(scope="module")
def _imported(django_db_setup, django_db_blocker):
    """The file in the database for all tests of this module, taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        assert run(real_content(), now=NOW).is_clean
        connection.check_constraints()  # now, else after each test
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum would, by whose numbers statements are planned
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _with_import(_imported, db):
    pass


def pair(found):
    return found.numerator, found.denominator


@pytest.mark.parametrize("code", METRICS)
def test_whole_and_months_agree(said, code):
    assert pair(figure(code, ASKED)) == scms_oracle.count(code, said, ASKED.period.first, ASKED.period.end)
    size = "year" if METRICS[code].is_apart else "month"
    groups = breakdown(code, ASKED, size)
    assert len(groups) == (10 if size == "year" else 120)
    for group in groups:
        period = group.figure.period
        assert pair(group.figure) == scms_oracle.count(code, said, period.first, period.end), group.key


@pytest.mark.parametrize("code", METRICS)
@pytest.mark.parametrize("by", ["customer", "country", "supplier", "mode"])
def test_groups_agree(said, code, by):
    """The key of an order's country, say, is looked up by one order; the counting is the file's alone."""
    if not DIMENSIONS[by].path_from(METRICS[code].subject):
        pytest.skip("its rows have no such thing")
    asked = ASKED.within(Period(date(2012, 7, 1), date(2013, 7, 1), "Asia/Shanghai"))
    path = {"customer": "customer__code", "supplier": "supplier__code"}.get(by, by)
    keys = dict(Order.objects.values_list("number", path))
    parts = defaultdict(list)
    for order in said:
        parts[keys[order.number] or "none"].append(order)
    assert len(parts) >= len({getattr(order, by) for order in said}) * 0.9  # spelling variants may fall together

    found = {group.key: pair(group.figure) for group in breakdown(code, asked, by)}

    expected = {
        key: scms_oracle.count(code, orders, asked.period.first, asked.period.end) for key, orders in parts.items()
    }
    # A group in which nothing is counted may be missing, or stand there for what is left out.
    assert {key: each for key, each in found.items() if each[1]} == {
        key: each for key, each in expected.items() if each[1]
    }


def test_percentiles_agree(said):
    days = scms_oracle.cycle_times(said, ASKED.period.first, ASKED.period.end)

    statistics = figure("K11", ASKED).statistics

    assert statistics["p90"] == pytest.approx(scms_oracle.percentile_90(days))
    assert statistics["p50"] == pytest.approx(sorted(days)[len(days) // 2], abs=1)


def test_orders_left_out_are_those_without_dates(said):
    left_out = {each.rule: each.count for each in figure("K11", ASKED).excluded}

    assert left_out["no_order_date"] == sum(order.ordered is None for order in said)
    assert {each.rule: each.count for each in figure("K14", ASKED).excluded} == {"no_ship_date": len(said)}


def test_otd_opens_the_orders_of_the_file(said):
    on_time = {order.number for order in said if max(order.delivered) <= max(order.promised)}

    assert set(members("K01", ASKED, "numerator").values_list("number", flat=True)) == on_time
    assert figure("K01", ASKED).value == Decimal(100 * len(on_time)) / len(said)
