"""Closed months: kept as they stood, restated with what changed, and rebuilt from nothing to the same."""

import json
from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.core.management import call_command
from django.urls import reverse

from kpi import closing
from kpi.change import CORRECTION, explain
from kpi.closing import close_months, closed_figure, months_to_close, restate_months
from kpi.dashboard import dashboard
from kpi.figures import figure
from kpi.models import KpiSnapshot
from kpi.periods import Period
from kpi.registry import METRICS, metric_of
from kpi.tasks import close_periods
from teams.models import Heartbeat, Membership, User
from tests.factories import make_team, make_user
from tests.kpi.rows import MARCH, ask, local, put_order, put_step
from tests.kpi.test_agreement import people  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
APRIL = Period(date(2026, 4, 1), date(2026, 5, 1), "Asia/Shanghai")
CLOSING = local(2026, 4, 6, 3)
LATER = local(2026, 4, 20, 3)


def stored():
    return sorted(
        KpiSnapshot.objects.values_list(
            "code", "first", "team", "version", "numerator", "denominator", "excluded", "hit_ids", "miss_ids"
        ),
        key=str,
    )


@pytest.fixture(autouse=True)
def _few_months(monkeypatch):
    """Two years of months tell no more than three months do, and take eight times as long."""
    monkeypatch.setattr(closing, "MONTHS", 3)


def test_a_month_is_closed_when_five_days_have_passed(monkeypatch):
    monkeypatch.undo()
    assert MARCH not in months_to_close(local(2026, 4, 5, 23, 59))
    months = months_to_close(CLOSING)
    assert months[-1] == MARCH
    assert [month.first for month in months][:2] == [date(2024, 3, 1), date(2024, 4, 1)]


CLOSED = [code for code, metric in METRICS.items() if metric.is_of_rows]


@pytest.mark.parametrize("code", CLOSED)
def test_closed_figures_are_the_figures_for_everybody_who_sees_whole_teams(people, code):  # noqa: F811
    close_months(now=CLOSING)
    metric = metric_of(code)
    for viewer in (None, people["manager"], people["lead"], people["other"]):
        if viewer is not None and not viewer.access.sees_all and not belongs_to_teams(metric):
            continue
        live = figure(code, ask(now=CLOSING, viewer=viewer))
        closed = closed_figure(metric, ask(now=LATER, viewer=viewer))
        assert closed.closed[1] == closed.current[1] == live.denominator
        assert float(closed.closed[0]) == pytest.approx(float(live.numerator), abs=1e-4)
        assert closed.restated == ()
    for viewer in (people["clerk"], people["both"]):
        assert closed_figure(metric, ask(now=LATER, viewer=viewer)) is None


def belongs_to_teams(metric):
    """Reminders belong to people, not to teams: they are closed for the company alone."""
    return metric.subject.path("team", "team") != ""


def test_closing_twice_or_after_a_kill_changes_nothing(people):  # noqa: F811
    close_months(now=CLOSING)
    whole = stored()
    assert close_months(now=LATER) == 0
    assert stored() == whole

    KpiSnapshot.objects.all().delete()
    turns = iter([False] * 40 + [True])
    close_months(now=CLOSING, is_stopping=lambda: next(turns, True))  # killed on the way
    assert 0 < KpiSnapshot.objects.values("code", "first").distinct().count() == 40
    close_months(now=CLOSING)
    assert stored() == whole  # and rebuilt from nothing


def test_time_passing_restates_nothing(people):  # noqa: F811
    close_months(now=CLOSING)
    assert restate_months(now=LATER) == 0
    assert restate_months(now=LATER + timedelta(days=60)) == 0


@pytest.fixture
def corrected():
    """March closed with 1 of 3 on time; then a delivery is found to have been on time, and an order comes in late."""
    team = make_team()
    put_order(team, delivered_at=local(2026, 3, 9))
    late = put_order(team, number="LATE-1")
    put_order(team)
    close_months(now=CLOSING)
    late.delivered_at = local(2026, 3, 10, 12)
    late.status = "delivered"
    late.save()
    put_order(team, number="NEW-1", delivered_at=local(2026, 3, 9))
    return team


def test_a_correction_restates_with_what_changed_and_keeps_the_old_value(corrected):
    restate_months(now=LATER)

    closed = closed_figure(metric_of("K01"), ask(now=LATER))

    assert closed.closed == (1, 3)
    assert closed.current == (3, 4)
    (restated,) = closed.restated
    assert restated.changes == {
        "added": {"count": 1, "names": ["NEW-1"]},
        "judged_otherwise": {"count": 1, "names": ["LATE-1"]},
    }
    assert restated.version == 2
    assert KpiSnapshot.objects.get(code="K01", first=MARCH.first, version=1).denominator == 3
    assert restate_months(now=LATER) == 0


def test_an_order_taken_away_is_named_as_well(corrected):
    restate_months(now=LATER)
    gone = KpiSnapshot.objects.get(code="K01", first=MARCH.first, is_current=True)
    order = corrected.orders.get(number="NEW-1")
    order.is_test = True
    order.save()

    restate_months(now=LATER)

    latest = KpiSnapshot.objects.get(code="K01", first=MARCH.first, is_current=True)
    assert (gone.version, latest.version) == (2, 3)
    assert latest.changes == {"removed": {"count": 1, "names": ["NEW-1"]}}


def test_a_team_that_had_nothing_then_is_restated_too(corrected):
    put_order(make_team(), delivered_at=local(2026, 3, 9))
    restate_months(now=LATER)
    assert closed_figure(metric_of("K01"), ask(now=LATER)).current == (4, 5)
    assert closed_figure(metric_of("K01"), ask(now=LATER)).closed == (1, 3)


def test_the_dashboard_reads_closed_months_where_whole_teams_are_seen(people, django_assert_max_num_queries):  # noqa: F811
    """The same cards as counted live, in fewer statements; corrections of a closed month show with its restatement."""
    viewers = [people["manager"], people["lead"], people["clerk"]]
    asked = {viewer: ask(APRIL, now=CLOSING, viewer=viewer) for viewer in viewers}
    live = {viewer: dashboard(asked[viewer], months=6) for viewer in viewers}
    close_months(now=CLOSING)

    for viewer in viewers:
        for card, before in zip(dashboard(asked[viewer], months=6), live[viewer], strict=True):
            assert (card.figure.numerator, card.figure.denominator) == (
                before.figure.numerator,
                before.figure.denominator,
            )
            for now, then in zip(
                (card.previous, *(each.figure for each in card.trend)),
                (before.previous, *(each.figure for each in before.trend)),
                strict=True,
            ):
                assert now.denominator == then.denominator, (card.figure.code, now.period)
                assert float(now.numerator) == pytest.approx(float(then.numerator), abs=1e-4)
    with django_assert_max_num_queries(26):
        dashboard(asked[people["manager"]], months=0)

    order = people["clerk"].clerk_orders.filter(delivered_at__isnull=False, promised_date__lt=date(2026, 4, 1)).first()
    order.is_test = True
    order.save()
    stale = {card.figure.code: card for card in dashboard(asked[people["manager"]], months=0, codes=["K01"])}
    restate_months(now=LATER)
    fresh = {card.figure.code: card for card in dashboard(asked[people["manager"]], months=0, codes=["K01"])}
    assert stale["K01"].previous.denominator == fresh["K01"].previous.denominator + 1


def test_open_and_odd_periods_and_other_filters_are_not_closed(corrected):
    metric = metric_of("K01")
    assert closed_figure(metric, ask(APRIL, now=LATER)) is None
    half = Period(date(2026, 3, 1), date(2026, 3, 15), "Asia/Shanghai")
    assert closed_figure(metric, ask(half, now=LATER)) is None
    assert closed_figure(metric, ask(now=LATER, mode="FCL")) is None
    assert closed_figure(metric, ask(now=LATER, team=corrected.pk)).closed == (1, 3)
    quarter = Period(date(2026, 1, 1), date(2026, 4, 1), "Asia/Shanghai")
    assert closed_figure(metric, ask(quarter, now=LATER)).closed == (1, 3)


def test_corrections_are_a_part_of_why_a_figure_changed(corrected):
    put_order(corrected, promised_date=date(2026, 4, 10), delivered_at=local(2026, 4, 9))
    asked = ask(APRIL, now=LATER)

    change = explain("K01", asked, "team", before=MARCH)

    assert float(change.closed_value) == pytest.approx(100 / 3)
    assert change.difference == 100 - Fraction(100, 3)
    assert sum(part.effect for part in change.parts) == change.difference
    (correction,) = (part for part in change.parts if part.kind == CORRECTION)
    assert correction.effect == 75 - Fraction(100, 3)


def test_a_month_closed_with_nothing_on_time_is_compared_as_zero():
    """0 % is a value, not the lack of one."""
    team = make_team()
    late = put_order(team)
    close_months(now=CLOSING)
    late.delivered_at = local(2026, 3, 9)
    late.save()
    put_order(team, promised_date=date(2026, 4, 10), delivered_at=local(2026, 4, 9))

    change = explain("K01", ask(APRIL, now=LATER), "team", before=MARCH)

    assert (change.value_before, change.before.value, change.difference) == (0, 100, 100)


def test_a_new_formula_is_said_with_the_restatement(corrected, monkeypatch):
    monkeypatch.setattr(type(metric_of("K01")), "formula_version", 2)
    restate_months(now=LATER)
    assert KpiSnapshot.objects.get(code="K01", first=MARCH.first, version=2).changes["formula"] == [1, 2]


def test_page_and_api_tell_what_was_closed(client, corrected):
    manager = make_user("manager", team=corrected, language="en")
    client.force_login(manager)
    restate_months(now=LATER)
    question = {"since": "2026-03-01", "until": "2026-03-31"}

    page = client.get(reverse("kpi_figure", args=["K01"]), question).content.decode()
    answer = client.get("/api/v1/kpi/K01/", {"from": "2026-03-01", "to": "2026-04-01"}).json()

    assert "Closed with 33.3%." in page
    assert "Restated to 75.0%." in page
    assert "LATE-1" in page
    assert answer["closed"]["value"] == pytest.approx(100 / 3, abs=1e-5)
    assert answer["closed"]["restated_value"] == 75
    assert answer["closed"]["restatements"] == 1
    assert client.get("/api/v1/kpi/K01/", {"from": "2026-04-01", "to": "2026-05-01"}).json()["closed"] is None


def test_names_of_a_restatement_stay_within_ones_teams(corrected):
    stranger = make_user("lead", team=make_team())
    restate_months(now=LATER)
    assert closed_figure(metric_of("K01"), ask(now=LATER, viewer=stranger)).restated == ()
    Membership.objects.create(user=stranger, team=corrected, role="clerk")
    stranger = User.objects.get(pk=stranger.pk)  # whose rights are read anew
    assert closed_figure(metric_of("K01"), ask(now=LATER, viewer=stranger)) is None


def test_the_task_closes_and_looks_again_once_a_day(monkeypatch, capsys):
    put_step(put_order(make_team()), closed_at=local(2026, 3, 11))
    looked = []
    monkeypatch.setattr(closing, "restate_months", lambda **_: looked.append(1) or 0)

    assert close_periods() > 0
    assert close_periods() == 0

    assert len(looked) == 1
    assert set(Heartbeat.objects.values_list("name", flat=True)) >= {"closing", "restating"}
    call_command("close_periods")
    assert json.loads(capsys.readouterr().out)["closed"] == 0
