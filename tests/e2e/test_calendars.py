"""The work calendar in a browser: a day is chosen by mouse or keyboard, seen before it is saved, and marked after."""

from datetime import date

import pytest
from playwright.sync_api import expect

from teams.models import CalendarEdit, User, WorkCalendar
from tests.e2e.conftest import fits
from tests.factories import make_team, make_user

PAGE = "/settings/calendars/CN_OFFICE/?year=2031"


@pytest.fixture
def administrator(transactional_db) -> User:
    team = make_team("export")
    make_user("admin", team=team, username="anna", name="Anna", language="en")
    return make_user("admin", team=team, username="lin", name="林静", language="zh-hans")


def own_days() -> list[date]:
    office = WorkCalendar.objects.get(code="CN_OFFICE")
    return sorted(office.exceptions.filter(is_statutory=False).values_list("date", flat=True))


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_day_off_is_seen_before_it_is_saved_and_marked_after(open_page, administrator, size):
    page = open_page("lin", size=size)
    page.goto("/settings/")
    assert fits(page)
    page.locator(".setting-list").get_by_role("link", name="工作日历").first.click()
    assert fits(page)
    page.get_by_role("link", name="中国办公室").click()
    assert fits(page)
    page.goto(PAGE)

    page.locator('[data-day][href$="2031-03-12"]').click()
    dialog = page.locator("#day-dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("放假")).to_be_checked()
    expect(dialog.locator("[name=from_date]")).to_have_value("2031-03-12")
    dialog.locator("[name=to_date]").fill("2031-03-13")
    dialog.locator("[name=name]").fill("厂庆")
    dialog.get_by_role("button", name="查看影响").click()

    page.wait_for_url("**/edits/*/")
    assert fits(page)
    expect(page.get_by_text("2031-03-12 周三 至 2031-03-13 周四").first).to_be_visible()
    assert own_days() == []
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".tag.is-done")).to_be_visible()

    page.goto(PAGE)
    marked = page.locator("td.is-off.is-own [data-day]")
    expect(marked).to_have_count(2)
    expect(marked.first).to_have_attribute("title", "2031-03-12 周三 · 放假 · 厂庆 · 本公司")
    assert own_days() == [date(2031, 3, 12), date(2031, 3, 13)]


def test_the_keyboard_alone_reaches_a_day_and_comes_back_to_it(open_page, administrator):
    page = open_page("anna", language="en")
    page.goto(PAGE)
    page.locator('[data-day][href$="2031-01-01"]').focus()

    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator('[data-day][href$="2031-01-09"]')).to_be_focused()
    assert page.locator('[data-day][tabindex="0"]').count() == 1
    page.keyboard.press("Enter")
    expect(page.locator("#day-dialog [name=from_date]")).to_have_value("2031-01-09")
    expect(page.locator("#day-dialog input:checked")).to_be_focused()

    page.keyboard.press("Escape")
    expect(page.locator("#day-dialog")).to_be_hidden()
    expect(page.locator('[data-day][href$="2031-01-09"]')).to_be_focused()


def test_a_refused_range_is_said_in_the_dialog_and_nothing_is_kept(open_page, administrator):
    page = open_page("anna", language="en")
    page.goto(PAGE)
    page.locator('[data-day][href$="2031-03-12"]').click()
    dialog = page.locator("#day-dialog")
    dialog.locator("[name=to_date]").fill("2031-03-11")

    dialog.get_by_role("button", name="See what moves").click()

    expect(dialog.get_by_text("The end lies before the beginning.")).to_be_visible()
    expect(dialog).to_be_visible()
    assert not CalendarEdit.objects.exists()


def test_the_switch_is_dropped_again(open_page, administrator):
    page = open_page("anna", language="en")
    page.goto(PAGE)

    page.get_by_role("switch", name="Work on statutory make-up days").click()
    page.get_by_role("button", name="Drop").click()

    expect(page.get_by_text("Dropped. The calendar stays as it was.")).to_be_visible()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "true")
