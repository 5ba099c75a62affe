"""The manager's day: a figure on the dashboard opens exactly its orders."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from kpi.figures import figure
from kpi.periods import Period
from kpi.questions import Question
from orders.models import Order
from orders.services import shipments
from orders.workflow import SHIPMENT_INSTANTS
from teams.models import Organization, User
from tests.e2e.conftest import fits
from tests.factories import first_line, make_confirmed_order, make_line_values, make_team, make_user

DELIVERED, LATE = 4, 3


@pytest.fixture
def manager(transactional_db) -> User:
    """Seven orders promised for yesterday, four of them delivered the day before; and one promised for next year."""
    team, other = make_team("export"), make_team("domestic")
    now = timezone.now()
    clerk = make_user("clerk", team=team)
    for index in range(DELIVERED + LATE):
        order = _order(team, clerk, now, promised=now.date() - timedelta(days=1))
        if index < DELIVERED:
            _deliver(order, clerk, now)
    _order(other, make_user("clerk", team=other), now, promised=now.date() + timedelta(days=400))
    make_user("manager", team=team, username="anna", name="Anna", language="en")
    return make_user("manager", team=team, username="zhao", name="赵敏", language="zh-hans")


def _order(team, clerk, now, *, promised):
    lines = [make_line_values(promised_date_original=promised)]
    return make_confirmed_order(team=team, by=clerk, now=now - timedelta(days=20), lines=lines)


def _deliver(order, clerk, now, *, days: int = 3) -> None:
    line = first_line(order)
    shipment = shipments.create_shipment(
        values={"number": f"S-{order.number}", "team": order.team}, lines={line.pk: line.quantity}, by=clerk, now=now
    )
    for move in SHIPMENT_INSTANTS:
        shipments.move_shipment(shipment_id=shipment.pk, to=move, by=clerk, now=now, at=now - timedelta(days=days))


def _days(now) -> str:
    yesterday = (now - timedelta(days=1)).date()
    return f"since={yesterday - timedelta(days=2)}&until={yesterday + timedelta(days=2)}"


def listed(page: Page) -> int:
    expect(page.locator("[data-total]")).to_be_visible()
    return int(page.locator("[data-total]").inner_text())


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("username", ["zhao", "anna"])
def test_manager_drills_from_a_figure_to_exactly_its_orders(open_page, manager, username, size):
    now = timezone.now()
    page = open_page(username, size=size, language="en" if username == "anna" else "zh-hans")
    page.goto(f"/kpi/?{_days(now)}")
    assert fits(page)
    card = page.locator("a.kpi-card", has_text="K01")
    expect(card.locator(".stat-value")).to_contain_text("57.1%")

    card.click()
    expect(page.locator(".kpi-big")).to_contain_text("57.1%")
    expect(page.locator("[data-chart] svg")).to_be_visible()
    assert fits(page)
    parts = {name: int(page.locator(f"[data-part={name}] strong").inner_text()) for name in ("numerator", "missed")}
    assert parts == {"numerator": DELIVERED, "missed": LATE}

    page.locator("[data-part=missed]").click()
    assert listed(page) == LATE
    rows = page.locator("[data-member]")
    expect(rows).to_have_count(LATE)
    assert fits(page)

    rows.first.locator("a").first.click()
    page.wait_for_url("**/orders/*/")


def test_the_page_says_what_the_python_api_says(open_page, manager):
    now = timezone.now()
    yesterday = (now - timedelta(days=1)).date()
    period = Period(yesterday - timedelta(days=2), yesterday + timedelta(days=3), Organization.current().timezone)
    asked = Question(period, manager, now)
    page = open_page("anna", language="en")

    for code in ("K01", "K04", "K05", "K11", "K20", "K21", "K22", "K23"):
        expected = figure(code, asked)
        page.goto(f"/kpi/{code}/members/?{_days(now)}")

        assert listed(page) == expected.denominator, code


def test_a_period_without_orders_is_an_empty_state_that_leads_on(open_page, manager):
    page = open_page("anna", language="en")
    page.goto("/kpi/?since=2001-01-01&until=2001-01-31")

    page.get_by_role("link", name="Show all of it").click()

    expect(page.locator("a.kpi-card", has_text="K01").locator(".stat-value")).to_contain_text("57.1%")


@pytest.mark.parametrize(("username", "size"), [("zhao", "desktop"), ("anna", "phone")])
def test_three_clicks_from_a_figure_that_fell_to_its_orders(open_page, manager, username, size):
    """The period before all were on time; now three are late, and nobody has said why."""
    now = timezone.now()
    late = Order.objects.filter(delivered_at=None).select_related("clerk", "team").earliest("promised_date")
    clerk, team = late.clerk, late.team
    for _number in range(2):
        _deliver(_order(team, clerk, now, promised=now.date() - timedelta(days=6)), clerk, now, days=8)
    page = open_page(username, size=size, language="en" if username == "anna" else "zh-hans")
    page.goto(f"/kpi/?{_days(now)}")

    page.locator("a.kpi-card", has_text="K01").click()
    page.locator("a[href*='/kpi/K01/why/']").click()
    expect(page.locator(".kpi-change")).to_contain_text("100.0%")
    expect(page.locator("[data-kind=cause] .num").first).to_contain_text("42.86")
    assert fits(page)
    page.locator("[data-kind=cause] [data-effect]").click()

    assert listed(page) == LATE
    expect(page.locator("[data-member]")).to_have_count(LATE)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_chart_is_drawn_and_saved_as_a_picture(open_page, manager, size):
    page = open_page("zhao", size=size)
    page.goto(f"/kpi/stages/?{_days(timezone.now())}")
    expect(page.locator("[data-chart] svg")).to_be_visible()
    assert fits(page)
    with page.expect_download() as saved:
        page.locator("[data-save-chart]").click()
    with open(saved.value.path(), "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(("username", "size"), [("zhao", "phone"), ("anna", "desktop")])
def test_figures_over_steps_come_after_the_page_and_the_catalogue_when_it_is_opened(open_page, manager, username, size):
    page = open_page(username, size=size, language="en" if username == "anna" else "zh-hans")
    page.goto(f"/kpi/?{_days(timezone.now())}")

    expect(page.locator("#card-K21 .stat-value")).to_be_visible()
    expect(page.locator(".kpi-waits").locator("visible=true")).to_have_count(0)
    assert fits(page)
    page.locator("#all > summary").click()
    expect(page.locator("#theme-0 a.kpi-card", has_text="K04")).to_be_visible()
    assert fits(page)


def test_a_board_is_arranged_by_the_keyboard_alone(open_page, manager):
    page = open_page("anna", language="en")
    page.goto(f"/kpi/boards/new/?{_days(timezone.now())}&codes=K01&codes=K05")
    page.get_by_label("Name").focus()
    page.keyboard.type("Promises")
    page.get_by_label("My dashboard opens with it").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="On time in full (OTIF): up").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save the board").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/kpi/?board=*")
    expect(page.locator("#board a.kpi-card .mono")).to_have_text(["K05", "K01"])
    page.goto("/kpi/")
    expect(page.locator(".kpi-boards [aria-current=page]")).to_contain_text("Promises")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_heat_map_and_people_are_drawn_and_open_their_rows(open_page, manager, size):
    page = open_page("anna", size=size, language="en")
    page.goto(f"/kpi/heat/?{_days(timezone.now())}")
    expect(page.locator("[data-chart] svg path").first).to_be_attached()
    assert fits(page)
    cell = page.locator("td a[title]").last
    count = int(cell.get_attribute("title").removeprefix("n = "))
    cell.click()
    assert listed(page) == count
    for address in ("/kpi/people/", "/kpi/cohorts/"):
        page.goto(address)
        assert fits(page)
