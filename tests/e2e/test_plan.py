"""The plan in a browser: a promise is moved by preview and brought back by keyboard; a date tells its why."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order
from tests.e2e.conftest import fits
from tests.factories import make_confirmed_order, make_line_values, make_team, make_user

DAY = timedelta(days=1)
PROMISED = timezone.localdate() + 130 * DAY


@pytest.fixture
def order(transactional_db) -> Order:
    team = make_team("export")
    clerk = make_user("clerk", team=team, username="wang", name="王芳", language="zh-hans")
    make_user("lead", team=team, username="emma", name="Emma", language="en")
    return make_confirmed_order(
        team=team,
        by=clerk,
        number="GD-1",
        template="EXPORT_FCL",
        incoterm="FOB",
        mode="FCL",
        country="DE",
        now=timezone.now() - DAY,
        lines=[make_line_values(promised_date_original=PROMISED)],
    )


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _press in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"no Tab leads to {selector}")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_promise_is_moved_by_preview_and_undone_by_keyboard(open_page, order, size):
    page = open_page("emma", size=size, language="en")
    page.goto("/orders/GD-1/plan/")
    before = dict(order.milestones.values_list("code", "due_at"))
    assert fits(page)

    tab_to(page, "[name=promised_date]")
    page.locator("[name=promised_date]").fill((PROMISED + 14 * DAY).isoformat())
    tab_to(page, ".replan button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#preview-title")).to_be_focused()
    assert fits(page)
    assert dict(order.milestones.values_list("code", "due_at")) == before

    tab_to(page, ".apply-form [name=reason]")
    page.keyboard.type("Customer asks for a later sailing")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/plan/\?done=\d+$"))
    order.refresh_from_db()
    assert order.current_promised_date == PROMISED + 14 * DAY
    expect(page.locator(".notice.is-done")).to_contain_text("dates moved")

    tab_to(page, "[data-undo]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/plan/$"))
    order.refresh_from_db()
    assert order.current_promised_date == PROMISED
    assert dict(order.milestones.values_list("code", "due_at")) == before


def test_without_a_reason_the_preview_stays_and_says_so(open_page, order):
    page = open_page("wang")
    page.goto("/orders/GD-1/plan/")
    page.locator("[name=promised_date]").fill((PROMISED + 14 * DAY).isoformat())
    page.locator(".replan button[type=submit]").click()

    page.locator(".apply-form button[type=submit]").click()

    expect(page.locator(".apply-form .field-error")).to_be_visible()
    expect(page.locator(".apply-form [name=reason]")).to_be_focused()
    assert Order.objects.get().current_promised_date == PROMISED


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_why_opens_over_the_page_and_gives_the_focus_back(open_page, order, size):
    page = open_page("wang", size=size)
    page.goto("/orders/GD-1/")
    assert fits(page)
    milestone = order.milestones.get(code="PROD_DONE")
    why = page.locator(f"#step-{milestone.pk} [data-why]")

    why.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#why-dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("12 个工作日")
    expect(page.locator("#why-title")).to_be_focused()
    assert fits(page)

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(why).to_be_focused()


def test_the_axis_scrolls_in_its_panel_and_is_a_list_on_the_phone(open_page, order):
    desktop, phone = open_page("wang"), open_page("wang", size="phone")

    desktop.goto("/orders/GD-1/")
    expect(desktop.locator(".axis-scroll")).to_be_visible()
    expect(desktop.locator(".axis-list")).to_be_hidden()
    names = desktop.locator(".axis-name")
    bars = desktop.locator("svg.axis:not(.axis-print) .axis-bar")
    assert names.count() == bars.count() == order.milestones.count()
    # Name and bar of each step stand on one line: the heights of the style sheet are those of the drawing.
    desktop.wait_for_load_state("networkidle")  # Nothing moves any more between the two measurements.
    for index in (0, names.count() // 2, names.count() - 1):
        name, bar = names.nth(index).bounding_box(), bars.nth(index).bounding_box()
        assert abs(name["y"] + name["height"] / 2 - bar["y"] - bar["height"] / 2) < 1.5
    assert fits(desktop)

    phone.goto("/orders/GD-1/")
    expect(phone.locator(".axis-list")).to_be_visible()
    expect(phone.locator(".axis-scroll")).to_be_hidden()
    assert fits(phone)
