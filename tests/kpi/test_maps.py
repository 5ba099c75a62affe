"""Heat map, cohorts of repurchase, and what people carry: the figures themselves, and their pages."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from kpi.figures import figure, members
from kpi.heat import CODES, cohorts, heat_map
from kpi.people import carried
from kpi.periods import Period
from tests.factories import make_company, make_team, make_user
from tests.kpi.rows import YEAR, ask, local, put_order, put_step
from tests.kpi.test_agreement import NOW, people  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("code", CODES)
def test_every_cell_is_the_figure_of_its_month_and_group(people, code):  # noqa: F811
    asked = ask(Period(date(2026, 2, 1), date(2026, 5, 1), "Asia/Shanghai"), viewer=people["manager"], now=NOW)
    by = "team" if code != "K36" else "check"
    buckets, rows, hidden = heat_map(code, asked, by)

    assert hidden == 0
    assert [bucket.key for bucket in buckets] == ["2026-02", "2026-03", "2026-04"]
    assert sum(row.whole.count for row in rows) == figure(code, asked).count
    for row in rows:
        assert sum(cell.count for cell in row.cells) == row.whole.count
        for cell in row.cells:
            if by == "team":
                alone = [each for each in _of_team(code, asked.within(cell.period)) if each[0] == row.key]
                assert (cell.numerator, cell.denominator) == (alone[0][1:] if alone else (0, 0))


def _of_team(code, asked):
    from kpi.figures import breakdown

    return [(group.key, group.figure.numerator, group.figure.denominator) for group in breakdown(code, asked, "team")]


def test_a_cohort_counts_second_orders_and_leaves_immature_cells_blank():
    team = make_team()
    soon, later, never = (make_company(team=team) for _number in range(3))
    for customer, days in ((soon, (0, 20, 25)), (later, (3, 3 + 70)), (never, (5,))):
        for day in days:
            put_order(team, customer=customer, confirmed_at=local(2026, 1, 10) + timedelta(days=day))
    put_order(
        team,
        customer=never,
        confirmed_at=local(2026, 1, 20),
        status="cancelled",
        cancelled_at=local(2026, 1, 21),
        cancelled_side="customer",
    )
    put_order(team, confirmed_at=local(2026, 2, 1))

    january, february, *_rest = cohorts(ask(YEAR, now=local(2026, 5, 2)))

    # 90 days after the end of January it is the 1st of May.
    assert (january.size, list(january.again[:4])) == (3, [1, 1, 2, None])
    assert (february.size, list(february.again[:3])) == (1, [0, 0, None])
    assert len(cohorts(ask(YEAR, now=local(2026, 5, 2)))) == 5  # months to come have no cohort


def test_people_carry_what_their_lists_hold(people):  # noqa: F811
    asked = ask(viewer=people["manager"], now=NOW)
    found, hidden = carried(asked)

    assert hidden == 0
    assert sum(each.load.count for each in found if each.load) == figure("K38", asked).count
    late = members("K21", asked, "numerator").filter(assignee__isnull=False)
    assert sum(each.late for each in found) == late.count() > 0
    for each in found:
        assert each.late == late.filter(assignee__username=each.key).count()


def test_ages_are_working_days_past_due():
    team = make_team()
    clerk = make_user("clerk", team=team)
    order = put_order(team)
    # Friday evening to Monday noon is one working day.
    put_step(order, due_at=local(2026, 3, 6, 18), assignee=clerk)
    put_step(order, due_at=local(2026, 3, 2, 18), assignee=clerk)
    put_step(order, due_at=local(2026, 3, 9, 9), assignee=clerk)

    [person], _hidden = carried(ask(now=local(2026, 3, 9, 12)))

    assert person.ages == {"0": 1, "1-2": 1, "3-5": 1, "6-10": 0, ">10": 0}


@pytest.mark.parametrize("name", ["kpi_heat", "kpi_people", "kpi_cohorts"])
def test_pages_and_their_files(client, people, name):  # noqa: F811
    client.force_login(people["lead"])
    asked = {"since": "2026-03-01", "until": "2026-03-31"}

    page = client.get(reverse(name), asked)
    file = client.get(reverse(name), {**asked, "format": "xlsx"})

    assert page.status_code == 200
    assert page.context["rows"]
    assert file["Content-Type"].startswith("application/vnd.openxmlformats")


def test_a_heat_map_of_nothing_known_is_that_of_the_default(client, people):  # noqa: F811
    client.force_login(people["lead"])

    page = client.get(reverse("kpi_heat"), {"code": "K99", "by": "nothing"})

    assert page.context["metric"].code == "K01"
    assert page.context["by"] == "clerk"


def test_cells_open_their_rows(client, people):  # noqa: F811
    client.force_login(people["lead"])
    page = client.get(reverse("kpi_heat"), {"code": "K01", "since": "2026-03-01", "until": "2026-03-31", "by": "mode"})
    cells = [cell for row in page.context["rows"] for cell in row["cells"] if cell["count"]]

    assert cells
    for cell in cells:
        assert client.get(cell["url"]).context["total"] == cell["count"]
