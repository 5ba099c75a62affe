"""The schema `reporting`: the dashboard's figures to the row, for the teams of a role, and nothing else."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation

from kpi.closing import close_months
from kpi.figures import figure
from kpi.models import ReportingAccess
from kpi.reporting import grant, revoke
from teams.errors import InvalidInput
from tests.factories import make_team, make_user
from tests.kpi.rows import MARCH, ask, put_line, put_order, put_promise_change, put_shipment
from tests.kpi.test_agreement import people  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


NOW = datetime(2026, 5, 1, tzinfo=UTC)


@contextmanager
def as_role(name):
    """Everything below is asked by that role."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {name}")
        try:
            yield cursor
        finally:
            cursor.execute("RESET ROLE")


def asked(name, statement, *params):
    with as_role(name) as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


@pytest.fixture
def lead_role(people):  # noqa: F811
    team = people["other"].memberships.get().team
    grant(role="report_lead", teams=[team], sees_money=False, now=NOW)
    return "report_lead"


def counts(rows):
    return {outcome: count for outcome, count in rows if outcome is not None}


def test_otd_in_the_view_is_that_of_the_dashboard(people, lead_role):  # noqa: F811
    found = counts(
        asked(
            lead_role,
            """SELECT punctuality, count(*) FROM reporting.orders
            WHERE is_counted AND promised_date >= %s AND promised_date < %s GROUP BY 1""",
            MARCH.first,
            MARCH.end,
        )
    )
    expected = figure("K01", ask(now=timezone.now(), viewer=people["other"]))
    assert (found["on_time"], found["on_time"] + found["late"]) == (expected.numerator, expected.denominator)
    assert found.get("void", 0) == sum(each.count for each in expected.excluded)


def test_cycle_time_and_sla_in_the_views_are_those_of_the_dashboard(people, lead_role):  # noqa: F811
    cycle = asked(
        lead_role,
        """SELECT sum(cycle_days), count(*) FROM reporting.orders
        WHERE is_counted AND cycle_days IS NOT NULL AND delivered_at >= %s AND delivered_at < %s""",
        MARCH.start_at,
        MARCH.end_at,
    )
    expected = figure("K11", ask(now=timezone.now(), viewer=people["other"]))
    assert expected.denominator
    assert float(cycle[0][0]) == pytest.approx(float(expected.numerator))
    assert cycle[0][1] == expected.denominator
    steps = counts(
        asked(
            lead_role,
            """SELECT punctuality, count(*) FROM reporting.milestones
            WHERE is_counted AND due_at > %s AND due_at <= %s GROUP BY 1""",
            MARCH.start_at,
            MARCH.end_at,
        )
    )
    sla = figure("K20", ask(now=timezone.now(), viewer=people["other"]))
    excluded = {each.rule: each.count for each in sla.excluded}
    assert (steps["on_time"], steps["late"]) == (sla.numerator, sla.denominator - sla.numerator)
    assert (steps.get("void", 0), steps.get("waiting", 0)) == (excluded.get("R3", 0), excluded.get("R5", 0))
    assert sla.numerator
    assert sla.denominator > sla.numerator


def test_closed_figures_in_the_view_are_those_of_the_dashboard(people, lead_role):  # noqa: F811
    close_months(now=NOW)
    rows = asked(
        lead_role,
        "SELECT numerator, denominator FROM reporting.kpi_snapshots WHERE code = 'K20' AND first = %s AND is_current",
        MARCH.first,
    )
    expected = figure("K20", ask(now=NOW, viewer=people["other"]))
    assert [(int(numerator), denominator) for numerator, denominator in rows] == [
        (expected.numerator, expected.denominator)
    ]


def test_a_role_sees_its_teams_and_money_only_where_it_may():
    teams = [make_team("alpha"), make_team("beta")]
    for team in teams:
        line = put_line(put_order(team, number=f"{team.code}-1", amount=100, fx_rate=7), unit_price=10, amount=100)
        put_shipment(line, freight_cost=50)
        line.promised_date_original = line.order.promised_date
        put_promise_change(line, by=make_user("lead", team=team))
    grant(role="report_alpha", teams=[teams[0]], sees_money=False, now=NOW)
    grant(role="report_all", teams=None, sees_money=True, now=NOW)

    assert asked("report_alpha", "SELECT number, amount, amount_base, fx_rate FROM reporting.orders") == [
        ("alpha-1", None, None, None)
    ]
    assert len(asked("report_all", "SELECT 1 FROM reporting.orders WHERE amount_base = 700")) == 2
    for statement in (
        "SELECT * FROM reporting.order_lines",
        "SELECT * FROM reporting.shipments",
        "SELECT * FROM reporting.shipment_lines",
        "SELECT * FROM reporting.promise_changes",
    ):
        assert len(asked("report_alpha", statement)) == 1, statement
        assert len(asked("report_all", statement)) == 2, statement
    assert asked("report_alpha", "SELECT unit_price, amount FROM reporting.order_lines") == [(None, None)]
    assert asked("report_alpha", "SELECT freight_cost FROM reporting.shipments") == [(None,)]

    grant(role="report_alpha", teams=teams, sees_money=True, now=NOW)  # holds from now on
    assert len(asked("report_alpha", "SELECT 1 FROM reporting.orders WHERE amount = 100")) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM orders_order",
        "SELECT * FROM kpi_reportingaccess",
        "SELECT password FROM teams_user",
        "UPDATE reporting.orders SET number = 'x'",
        "DELETE FROM reporting.milestones",
        "CREATE TABLE reporting.mine (id int)",
    ],
)
def test_a_role_can_neither_write_nor_read_anything_else(statement):
    grant(role="report_all", teams=None, sees_money=True, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        asked("report_all", statement)


def test_a_role_taken_away_is_gone_and_strange_ones_are_left_alone(capsys):
    make_team("alpha")
    call_command("reporting_role", "report_one", "--team", "alpha", "--money")
    assert "password  " in capsys.readouterr().out
    assert ReportingAccess.objects.get().sees_money
    call_command("reporting_role", "report_one", "--drop")
    assert not ReportingAccess.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'report_one'")
        assert cursor.fetchone() == (0,)
        cursor.execute("CREATE ROLE report_strange")
    with pytest.raises(InvalidInput, match="not ours"):
        grant(role="report_strange", teams=None, sees_money=False, now=NOW)
    with pytest.raises(InvalidInput, match="no reporting role"):
        revoke(role="report_strange")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report_x"], "--all-teams"),
        (["report_x", "--team", "alpha", "--all-teams"], "--all-teams"),
        (["report_x", "--team", "nowhere"], "nowhere"),
        (["Robert'); DROP", "--all-teams"], "small letters"),
        (["x", "--all-teams"], "small letters"),
        (["report_x", "--drop"], "no reporting role"),
    ],
)
def test_what_cannot_be_a_role_is_said(arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("reporting_role", *arguments)
