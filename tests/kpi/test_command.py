"""`manage.py kpi`: what it prints, and its plain sentences."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.factories import make_team, make_user
from tests.kpi.rows import local, put_order, put_step

pytestmark = pytest.mark.django_db
MARCH = ("--from", "2026-03-01", "--to", "2026-04-01")


@pytest.fixture
def team():
    return make_team()


def run(*arguments):
    out = StringIO()
    call_command("kpi", *arguments, stdout=out)
    return out.getvalue()


def test_text_shows_figure_and_exclusions(team, settings):
    settings.LANGUAGE_CODE = "en"
    put_order(team, delivered_at=local(2026, 3, 9))
    put_order(team, status="cancelled", cancelled_at=local(2026, 3, 1), cancelled_side="customer")

    lines = run("K01", *MARCH).splitlines()

    assert "100.00 %  (1 / 1)" in lines[3]
    assert "R3: 1" in lines[4]
    assert "/api/v1/kpi/K01/members/?from=2026-03-01&to=2026-04-01" in lines[-1]


def test_json_is_one_document(team):
    first = put_order(team, delivered_at=local(2026, 3, 9))
    second = put_order(team, delivered_at=local(2026, 3, 12))
    gone = put_order(team, status="cancelled", cancelled_at=local(2026, 3, 1), cancelled_side="customer")

    answer = json.loads(run("K01", *MARCH, "--by", "month", "--json", "--members"))

    assert (answer["value"], answer["numerator"], answer["denominator"]) == (50, 1, 2)
    assert sorted(answer["members"]) == sorted([first.number, second.number])
    assert [(each["rule"], each["count"], each["members"]) for each in answer["excluded"]] == [("R3", 1, [gone.number])]
    assert [(group["key"], group["denominator"]) for group in answer["groups"]] == [("2026-03", 2)]


def test_steps_are_named_by_order_and_code(team):
    order = put_order(team)
    step = put_step(order)

    assert json.loads(run("K20", *MARCH, "--json", "--members"))["members"] == [f"{order.number}/{step.code}"]


def test_nothing_counted_is_null():
    assert json.loads(run("K11", *MARCH, "--json"))["value"] is None
    assert "–  (0 / 0)" in run("K11", *MARCH)


def test_viewer_sees_their_own_orders(team):
    clerk = make_user("clerk", team=team)
    put_order(team, clerk=clerk)
    put_order(team)

    assert json.loads(run("K01", *MARCH, "--json"))["denominator"] == 2
    assert json.loads(run("K01", *MARCH, "--json", "--user", clerk.username))["denominator"] == 1


def test_filter_narrows(team):
    put_order(team, country="DE")
    put_order(team, country="FR")

    assert json.loads(run("K01", *MARCH, "--json", "--country", "DE"))["denominator"] == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("K99", *MARCH), "K99"),
        (("K01", "--from", "2026-02-30", "--to", "2026-04-01"), "--from"),
        (("K01", "--from", "2026-04-01", "--to", "2026-03-01"), "--to"),
        (("K01", *MARCH, "--by", "weather"), "--by"),
        (("K01", *MARCH, "--user", "nobody"), "--user"),
        (("K01", *MARCH, "--team", "nobody"), "--team"),
    ],
)
def test_refusal_names_what_is_wrong(arguments, named):
    with pytest.raises(CommandError, match=named):
        run(*arguments)
