"""A new order by keyboard: its lines pasted from a sheet."""

import pytest
from playwright.sync_api import expect

from orders.models import Order
from tests.e2e.conftest import fits
from tests.factories import make_company, make_order, make_team, make_user

SHEET = "货号\t品名\t数量\t交期\nP-1\t水泵\t1,200\t2027-03-01\nP-2\t水管\t50\t2027-03-02\nP-3\t阀门\t7\t2027-03-03"


@pytest.fixture
def team(transactional_db):
    team = make_team("export")
    clerk = make_user("clerk", team=team, username="wang", name="王丽", language="zh-hans")
    make_order(team=team, by=clerk, number="GD-1", customer=make_company(team=team, code="ACME", name="海天"))
    return team


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_lines_come_from_a_sheet(open_page, team, size):
    page = open_page("wang", size=size)
    page.goto("/orders/new/?customer=ACME")
    expect(page.locator("[name=number]")).to_have_value("GD-2")
    assert fits(page)

    page.locator("[data-paste] summary").click()
    page.locator("[data-paste-text]").fill(SHEET)
    page.locator("[data-paste-go]").click()
    expect(page.locator("[name=lines-2-product_code]")).to_have_value("P-3")
    expect(page.locator("[name=lines-0-quantity]")).to_have_value("1200")
    assert fits(page)
    page.locator("[name=lines-0-description]").press("Control+Enter")
    page.wait_for_url("**/orders/GD-2/")

    order = Order.objects.get(number="GD-2")
    assert [str(line.quantity.normalize()) for line in order.lines.order_by("position")] == ["1.2E+3", "5E+1", "7"]


def test_a_date_for_all_lines_never_overwrites_in_silence(open_page, team):
    page = open_page("wang")
    page.goto("/orders/new/?customer=ACME")
    page.locator("[data-paste] summary").click()
    page.locator("[data-paste-text]").fill("P-1\t水泵\t1\nP-2\t水管\t2\nP-3\t阀门\t3")
    page.locator("[data-paste-go]").click()
    dates = page.locator("[data-forms] [name$=requested_date]")
    expect(dates).to_have_count(3)
    dates.nth(0).fill("2027-03-01")
    dates.nth(2).fill("2027-05-05")
    page.locator("[data-fill=requested_date]").click()
    expect(dates.nth(1)).to_have_value("2027-03-01")
    expect(dates.nth(2)).to_have_value("2027-05-05")
    expect(page.locator("[data-fill-ask]")).to_contain_text("2027-05-05")

    page.locator("[data-fill-over]").click()
    expect(dates.nth(2)).to_have_value("2027-03-01")
    expect(page.locator("[data-fill-ask]")).to_be_hidden()
