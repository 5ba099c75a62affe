"""The figure equals the rows behind it, for every figure, viewer and filter; and a plain count in Python."""

from datetime import date, timedelta
from itertools import cycle

import pytest
from django.db import connection, transaction
from django.db.models import F

from kpi.dashboard import dashboard
from kpi.dimensions import DIMENSIONS
from kpi.figures import breakdown, excluded_members, figure, members
from kpi.registry import METRICS
from orders.models import Order
from teams.models import Membership
from teams.permissions import RoleCode
from tests.factories import make_company, make_team, make_user
from tests.kpi.rows import (
    MARCH,
    ask,
    local,
    put_inspection,
    put_line,
    put_order,
    put_pause,
    put_promise_change,
    put_reminder,
    put_sample,
    put_shipment,
    put_step,
)

pytestmark = pytest.mark.django_db
NOW = local(2026, 3, 20, 12)
MODES, TERMS, COUNTRIES = cycle(["FCL", "AIR", ""]), cycle(["FOB", "DAP"]), cycle(["DE", "FR", "", "US"])


@pytest.fixture
def people():
    return make_people()


@pytest.fixture(scope="module")
def _crowd(django_db_setup, django_db_blocker):
    """The same for all tests of this module, which only read; taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        people = make_people()
        connection.check_constraints()  # now, else after each test
        yield people
        transaction.set_rollback(True)


@pytest.fixture
def crowd(_crowd, db):
    return _crowd


def make_people():
    """Two teams with orders of every kind, and a person of each role in the first one."""
    teams = [make_team(), make_team()]
    people = {role: make_user(role, team=teams[0]) for role in RoleCode.values}
    people["other"] = make_user("lead", team=teams[1])
    people["both"] = make_user("clerk", team=teams[0])
    Membership.objects.create(user=people["both"], team=teams[1], role="logistics")
    owners = cycle([people["clerk"], people["both"], None])
    for number in range(36):
        fill(teams[number % 2], number, next(owners), people)
    return people


def fill(team, number, clerk, people):
    promised = date(2026, 3, 1) + timedelta(days=number)
    facts = {
        "clerk": clerk,
        "sales_rep": people["sales_rep"] if number % 3 == 0 else None,
        "mode": next(MODES),
        "incoterm": next(TERMS),
        "country": next(COUNTRIES),
        "promised_date": promised,
    }
    if number % 2:
        facts["delivered_at"] = local(promised.year, promised.month, promised.day, 12) + timedelta(days=number % 5 - 2)
        facts["is_in_full"] = number % 7 != 0
        facts["ordered_at"] = None if number % 11 == 0 else local(2026, 2, 2)
        facts["shipped_at"] = None if number % 9 == 0 else facts["delivered_at"]
    elif number % 8 == 0:
        facts |= {"status": "cancelled", "cancelled_at": local(2026, 3, 5), "cancelled_side": "customer"}
    if number % 4 == 1:
        facts["supplier"] = make_company(is_supplier=True)
    order = put_order(team, **facts)
    due = local(2026, 3, 2, 18) + timedelta(days=number)
    put_step(order, due_at=due, closed_at=due + timedelta(hours=number % 5 - 3), assignee=clerk)
    late = put_step(order, due_at=due, role="qc", assignee=people["qc"] if number % 6 == 0 else None)
    if number % 5 == 0:
        put_pause(late, by=people["clerk"])
    put_step(order, due_at=due, status="skipped", closed_at=due)
    put_more(order, number, due, people)


def put_more(order, number, due, people):
    """What figures beyond orders and deadlines read."""
    wished = due.date() - timedelta(days=number % 3) if number % 4 else None
    line = put_line(order, requested_date=wished, promised_date_original=order.promised_date)
    if number % 3 == 0:
        put_promise_change(line, by=people["lead"], side="customer" if number % 2 else "supplier")
    put_shipment(line, etd_original=due.date(), atd=due + timedelta(days=number % 3 - 1) if number % 5 else None)
    for plan in (due, None):
        done = due + timedelta(days=number % 4 - 1)
        put_step(order, flags="S", due_at=due, baseline_finish_at=plan, closed_at=done if number % 6 else None)
    put_sample(order, by=people["qc"], verdicts=["refused", "approved"][number % 2 :], on=due.date())
    put_inspection(order, by=people["qc"], on=due.date(), disposition=["release", "rework", "concession"][number % 3])
    whom = people["clerk" if number % 2 else "both"]
    put_reminder(whom, at=due, acknowledged_at=due + timedelta(hours=number) if number % 3 else None)


def check(code, asked):
    """A figure and everything it says against the rows that it opens."""
    found = figure(code, asked)
    rows = members(code, asked)
    assert rows.count() == found.count
    if METRICS[code].weight:
        assert sum(getattr(row, METRICS[code].weight) for row in rows) == pytest.approx(found.denominator)
    elif not METRICS[code].is_measured:
        assert found.denominator == found.count
    if METRICS[code].amount:
        measured = [getattr(row, METRICS[code].amount) for row in rows]
        assert sum(measured) == pytest.approx(found.numerator)
    else:
        assert members(code, asked, "numerator").count() == found.numerator
        assert members(code, asked, "missed").count() == found.denominator - found.numerator
    for each in found.excluded:
        assert excluded_members(code, asked, each.rule).count() == each.count
    return found


@pytest.mark.parametrize("code", METRICS)
def test_figure_is_the_count_of_its_rows_for_every_viewer(crowd, code):
    for viewer in (None, *crowd.values()):
        check(code, ask(viewer=viewer, now=NOW))


@pytest.mark.parametrize("code", METRICS)
def test_figure_is_the_count_of_its_rows_for_every_filter(crowd, code):
    metric, viewer = METRICS[code], crowd["both"]
    rows = metric.rows(ask(viewer=viewer, now=NOW)).order_by()
    whole = check(code, ask(viewer=viewer, now=NOW))
    for name, dimension in DIMENSIONS.items():
        path = dimension.path_from(metric.subject)
        if path and name not in {"customer", "supplier"}:
            parts = [
                check(code, ask(viewer=viewer, now=NOW, **{name: value}))
                for value in set(rows.annotate(value_of=F(path)).values_list("value_of", flat=True))
            ]
            assert sum(part.count for part in parts) == whole.count
            # A person carries steps of two teams, and a target is set for teams, not for modes.
            if not metric.is_measured:
                assert sum(part.denominator for part in parts) == whole.denominator
            assert sum(part.numerator for part in parts) == pytest.approx(whole.numerator)


@pytest.mark.parametrize("code", METRICS)
def test_groups_are_the_figures_of_their_parts(crowd, code):
    asked = ask(now=NOW, viewer=crowd["lead"])
    for by in ("week", "month", "quarter", "year"):
        for group in breakdown(code, asked, by):
            alone = figure(code, asked.within(group.figure.period))
            assert (group.figure.numerator, group.figure.denominator) == (alone.numerator, alone.denominator)
            assert group.figure.excluded == alone.excluded
    for by, dimension in DIMENSIONS.items():
        if dimension.path_from(METRICS[code].subject):
            groups = breakdown(code, asked, by)
            assert sum(group.figure.count for group in groups) == figure(code, asked).count
            for group in groups[:3]:
                value = dimension.empty if group.key == "none" else dimension.find(group.key, asked.viewer)
                alone = figure(code, ask(now=NOW, viewer=asked.viewer, **{by: value}))
                assert (group.figure.numerator, group.figure.denominator) == (alone.numerator, alone.denominator)


@pytest.mark.parametrize("role", ["clerk", "lead", "manager", "both", "other"])
def test_otd_is_that_of_the_orders_a_person_sees(crowd, role):
    """Counted again in Python, from the orders that the list shows this person."""
    on_time, late = 0, 0
    for order in Order.objects.visible_to(crowd[role]):
        end = local(*order.promised_date.timetuple()[:3]) + timedelta(days=1)
        withdrawn = order.cancelled_at and order.cancelled_at < end
        if not MARCH.first <= order.promised_date < MARCH.end or withdrawn:
            continue
        in_time = order.delivered_at and order.delivered_at < end and order.delivered_at <= NOW
        on_time += bool(in_time)
        late += not in_time and end <= NOW

    found = figure("K01", ask(viewer=crowd[role], now=NOW))

    assert (found.numerator, found.denominator) == (on_time, on_time + late)
    assert found.denominator > 0


@pytest.mark.parametrize("code", METRICS)
@pytest.mark.parametrize("by", ["", "month", "assignee", "customer"])
def test_number_of_queries_does_not_grow(crowd, django_assert_max_num_queries, code, by):
    if by in DIMENSIONS and not DIMENSIONS[by].path_from(METRICS[code].subject):
        pytest.skip("its rows have no such thing")
    asked = ask(now=NOW, viewer=crowd["lead"])
    breakdown(code, asked, by) if by else figure(code, asked)  # reads the rights and the calendars
    with django_assert_max_num_queries(4):
        breakdown(code, asked, by) if by else figure(code, asked)


def test_person_without_a_team_sees_nothing():
    nobody = make_user("clerk", team=make_team())
    nobody.memberships.all().delete()
    put_step(put_order(make_team()))

    for code in METRICS:
        assert check(code, ask(viewer=nobody)).denominator == 0


@pytest.mark.parametrize("codes", [["K20", "K37"], ["K37"], ["K39", "K22"], ["K05", "K01"]])
def test_some_of_a_family_are_the_figures_themselves(crowd, codes):
    asked = ask(now=NOW, viewer=crowd["lead"])
    for card in dashboard(asked, months=0, codes=codes):
        alone = figure(card.figure.code, asked)
        assert (card.figure.numerator, card.figure.denominator) == (alone.numerator, alone.denominator)
        assert card.figure.excluded == alone.excluded


def test_dashboard_shows_the_figures_themselves(crowd, django_assert_max_num_queries):
    asked = ask(now=NOW, viewer=crowd["lead"])
    dashboard(asked)  # reads the rights and the calendars
    with django_assert_max_num_queries(30):
        cards = dashboard(asked)
    assert [card.figure.code for card in cards] == list(METRICS)
    for card in cards:
        alone = figure(card.figure.code, asked)
        before = figure(card.figure.code, asked.within(MARCH.previous()))
        assert (card.figure.numerator, card.figure.denominator) == (alone.numerator, alone.denominator)
        assert (card.previous.numerator, card.previous.denominator) == (before.numerator, before.denominator)
        assert card.trend[-1].key == "2026-03"
        assert len(card.trend) == 12
        for month in card.trend:
            then = figure(card.figure.code, asked.within(month.figure.period))
            assert (month.figure.numerator, month.figure.denominator) == (then.numerator, then.denominator)
