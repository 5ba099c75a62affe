"""The dashboard: the same figures as the Python API, and lists that hold as many rows as the figure counts."""

import html
import io
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone, translation

from kpi.dimensions import DIMENSIONS
from kpi.figures import figure
from kpi.pages import THEMES, change_of, spark_of, value_text
from kpi.periods import Period
from kpi.questions import Question
from kpi.registry import METRICS, metric_of
from orders.models import Order
from tests.factories import make_company, make_confirmed_order, make_line_values, make_team, make_user
from tests.kpi.rows import put_order, put_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def manager(client, team):
    person = make_user("manager", team=team, language="en")
    client.force_login(person)
    return person


def days() -> dict[str, str]:
    today = timezone.localdate()
    return {"since": str(today - timedelta(days=10)), "until": str(today + timedelta(days=1))}


def make_late(team, count: int, **fields) -> list[Order]:
    clerk = fields.pop("by", None) or make_user("clerk", team=team)
    now = timezone.now()
    lines = [make_line_values(promised_date_original=timezone.localdate() - timedelta(days=2))]
    return [
        make_confirmed_order(team=team, by=clerk, now=now - timedelta(days=30), lines=lines, **fields)
        for _index in range(count)
    ]


@pytest.mark.parametrize("code", METRICS)
def test_members_are_as_many_as_the_figure_counts(client, team, manager, code):
    make_late(team, 3)
    today = timezone.localdate()
    period = Period(today - timedelta(days=10), today + timedelta(days=2), "Asia/Shanghai")
    expected = figure(code, Question(period, manager, timezone.now()))

    page = client.get(reverse("kpi_figure", args=[code]), days())
    counted = client.get(reverse("kpi_members", args=[code]), days())

    assert page.context["figure"].count == expected.count == counted.context["total"]
    for each in expected.excluded:
        left_out = client.get(reverse("kpi_members", args=[code]), {**days(), "rule": each.rule})
        assert left_out.context["total"] == each.count


def test_filters_of_the_address_narrow_the_figure_and_its_rows_alike(client, team, manager):
    company = make_company(team=team, code="ACME")
    make_late(team, 2)
    mine = make_late(team, 1, customer=company)
    asked = {**days(), "customer": "ACME"}

    page = client.get(reverse("kpi_figure", args=["K01"]), asked)
    rows = client.get(reverse("kpi_members", args=["K01"]), {**asked, "part": "missed"})

    assert page.context["figure"].denominator == 1
    assert [member.row for member in rows.context["rows"]] == mine
    assert "customer=ACME" in page.context["query"]


def test_a_clerk_counts_only_what_they_see(client, team):
    clerk = make_user("clerk", team=team, language="en")
    make_late(team, 2)
    mine = make_late(team, 1, by=clerk)
    client.force_login(clerk)

    rows = client.get(reverse("kpi_members", args=["K01"]), days())

    assert [member.row for member in rows.context["rows"]] == mine


@pytest.mark.parametrize("name", ["dashboard", "kpi_figure", "kpi_members"])
def test_roles_without_figures_are_refused_and_the_menu_hides_them(client, team, name):
    client.force_login(make_user("qc", team=team))
    address = reverse(name, args=[] if name == "dashboard" else ["K01"])

    assert client.get(address).status_code == 403
    assert reverse("dashboard") not in client.get(reverse("inbox")).content.decode()


def test_unknown_figures_parts_and_rules_do_not_exist(client, manager):
    assert client.get(reverse("kpi_figure", args=["K99"])).status_code == 404
    assert client.get(reverse("kpi_members", args=["K01"]), {"part": "all"}).status_code == 404
    assert client.get(reverse("kpi_members", args=["K01"]), {"rule": "R99"}).status_code == 404


@pytest.mark.parametrize(
    "query", ["since=2026-02-30&until=2026-03-01", "customer=NOBODY", "since=2026-05-01&until=2026-01-01", "period=x"]
)
def test_a_question_that_cannot_be_read_is_told_and_answered_without_it(client, manager, query):
    page = client.get(f"{reverse('dashboard')}?{query}")

    assert page.status_code == 200
    assert page.context["form"].errors


def test_nothing_to_count_is_a_dash_and_an_empty_state_that_leads_on(client, team, manager):
    make_late(team, 1)

    page = client.get(reverse("dashboard"), {"since": "2001-01-01", "until": "2001-01-31"})

    assert page.context["is_empty"]
    assert page.context["first_promise"] == timezone.localdate() - timedelta(days=2)
    assert page.context["cards"] == []


def test_few_rows_are_greyed(client, team, manager):
    make_late(team, 3)

    cards = {card.figure.code: card for card in client.get(reverse("dashboard"), days()).context["cards"]}

    assert cards["K01"].figure.is_small
    assert cards["K01"].text == "0.0%"


@pytest.mark.parametrize(
    ("code", "now", "before", "expected"),
    [
        ("K01", 90, 80, ("+10.0 pts", "done")),
        ("K01", 80, 90, ("−10.0 pts", "late")),
        ("K22", 80, 90, ("−10.0 pts", "done")),
        ("K01", 80, 80, ("±0.0 pts", "")),
        ("K01", None, 80, ("", "")),
        ("K01", 80, None, ("", "")),
    ],
)
def test_change_is_better_or_worse_by_the_figures_own_sense(code, now, before, expected):
    with translation.override("en"):
        assert change_of(metric_of(code), now, before) == expected


def test_months_without_a_value_break_the_line():
    assert spark_of([None, None]).lines == []
    assert len(spark_of([1, 2, None, 4]).lines) == 2
    assert value_text(metric_of("K01"), None) == "–"


@pytest.mark.parametrize("count", [1, 3])
def test_dashboard_and_members_take_a_constant_number_of_queries(
    client, team, manager, django_assert_max_num_queries, count
):
    make_late(team, count)
    client.get(reverse("dashboard"))

    with django_assert_max_num_queries(40):
        client.get(reverse("dashboard"), days())
    with django_assert_max_num_queries(20):
        page = client.get(reverse("kpi_members", args=["K01"]), days())
    assert page.context["total"] == count


def test_each_part_of_the_catalogue_is_asked_for_by_itself(client, team, manager):
    make_late(team, 1)
    first = client.get(reverse("dashboard"), days())

    parts = [client.get(f"{reverse('dashboard')}{url}") for _index, url in first.context["further"]]

    shown = [card for part in parts for card in part.context["cards"]]
    missing = [metric for part in parts for metric in part.context["missing"]]
    assert [card.figure.code for card in shown] == [code for code in in_order() if METRICS[code] not in missing]
    assert {card.figure.code for card in shown} >= {"K01", "K21"}
    assert all(part.content.decode().lstrip().startswith("<section") for part in parts)
    for theme in ("9", "99", "x"):
        assert client.get(reverse("dashboard"), {"theme": theme}).status_code == (200 if theme == "x" else 404)


def in_order():
    """The codes part by part, as the catalogue has them."""
    return sorted(METRICS)


def test_figures_over_steps_are_asked_for_by_their_families(client, team, manager):
    make_late(team, 1)
    first = client.get(reverse("dashboard"), days())

    waiting = [metric.code for metric, card in first.context["slots"] if card is None]
    parts = {url: client.get(f"{reverse('dashboard')}{url}") for url, _codes in first.context["parts"]}

    assert set(waiting) == {code for _url, codes in first.context["parts"] for code in codes}
    assert ["K20", "K37"] in [codes for _url, codes in first.context["parts"]]
    found = {card.figure.code: card for part in parts.values() for card in part.context["cards"]}
    for code, card in found.items():
        assert card.figure.count == figure(code, question(manager)).count
    for url, codes in first.context["parts"]:
        assert all(f'id="card-{code}"' in parts[url].content.decode() for code in codes)
    for codes in ("K99", "", "K01,K99", "K01\x00"):
        assert client.get(reverse("dashboard"), {"cards": codes}).status_code in (400, 404)


def question(viewer):
    today = timezone.localdate()
    period = Period(today - timedelta(days=10), today + timedelta(days=2), "Asia/Shanghai")
    return Question(period, viewer, timezone.now())


@pytest.mark.parametrize("code", [code for code in DIMENSIONS if DIMENSIONS[code].path])
def test_a_filtered_dashboard_names_what_cannot_be_filtered_so(client, team, manager, code):
    order = make_late(team, 1, mode="FCL", country="DE")[0]
    values = {"team": team.code, "clerk": order.clerk.username, "customer": order.customer.code, "mode": "FCL"}
    query = {**days(), code: {**values, "country": "DE"}.get(code, "none")}

    themes = range(len(THEMES))
    parts = [client.get(reverse("dashboard"), {**query, "theme": theme}) for theme in themes]

    assert {part.status_code for part in parts} == {200}
    unfitting = {metric.code for part in parts for metric in part.context["unfitting"]}
    expected = {each.code for each in METRICS.values() if not DIMENSIONS[code].path_from(each.subject)}
    assert unfitting == expected
    assert client.get(reverse("dashboard"), {**query, "trends": "1", "theme": "0"}).status_code == 200


def test_trends_come_after_the_figures(client, team, manager):
    make_late(team, 1)

    first = client.get(reverse("dashboard"), days())
    trends = client.get(f"{reverse('dashboard')}{first.context['trends_url']}", headers={"hx-request": "true"})

    assert [card.spark.lines for card in first.context["cards"] if card.spark.lines] == []
    assert "trends=1" in first.context["trends_url"]
    assert len(trends.context["cards"]) == len(first.context["cards"])
    assert trends.context["trends_url"] == ""
    assert 'id="trend-K01"' in trends.content.decode()


def test_the_catalogue_says_how_each_figure_is_counted(client, team, manager):
    page = html.unescape(client.get(reverse("kpi_catalogue")).content.decode())

    with translation.override("en"):
        for code, metric in METRICS.items():
            assert code in page
            assert str(metric.formula) in page
    client.force_login(make_user("logistics", team=team))
    seen = client.get(reverse("kpi_catalogue")).content.decode()
    assert ("K32" in seen) == make_user("logistics", team=team).access.sees_any_money


def test_a_role_that_looks_at_steps_alone_is_not_told_that_nothing_is_there(client, team):
    put_step(put_order(team), due_at=timezone.now())
    client.force_login(make_user("lead", team=team))
    asked = {"board": "0"}

    page = client.get(reverse("dashboard"), asked)

    assert page.context["cards"] == []
    assert not page.context["is_empty"]
    assert 'name="board" value="0"' in page.content.decode()


def sheet_of(answer) -> list[tuple]:
    assert answer.status_code == 200
    return list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))


def test_the_trend_and_the_groups_of_a_figure_leave_as_files(client, manager, team):
    make_late(team, 2)
    url = reverse("kpi_figure", args=["K01"])
    page = client.get(url, {**days(), "by": "clerk"})

    heads, *months = sheet_of(client.get(url, {**days(), "format": "xlsx"}))
    assert heads[:2] == ("Month", "%")
    assert [(row[0], row[1]) for row in months] == list(
        zip(page.context["chart"]["labels"], page.context["chart"]["values"], strict=True)
    )
    shown = page.context["bars"]
    heads, *groups = sheet_of(client.get(url, {**days(), "by": "clerk", "format": "xlsx", "sheet": "groups"}))
    assert [(row[0], row[-1]) for row in groups] == [(bar.group.label, bar.group.figure.count) for bar in shown]
    assert sum(row[-1] for row in groups) == 2
    plain = client.get(url, {**days(), "format": "csv"})
    assert len(b"".join(plain.streaming_content).decode().splitlines()) == len(months) + 1


@pytest.mark.parametrize("asked", [{"format": "exe"}, {"format": "xlsx", "sheet": "other"}])
def test_a_file_that_there_is_not(client, manager, asked):
    assert client.get(reverse("kpi_figure", args=["K01"]), asked).status_code == 404


@pytest.mark.parametrize("code", METRICS)
def test_every_figure_names_the_columns_of_its_file(client, manager, code):
    heads, *months = sheet_of(client.get(reverse("kpi_figure", args=[code]), {**days(), "format": "xlsx"}))
    assert all(heads)
    assert len(set(heads)) == len(heads)
    assert len(months) == 12
