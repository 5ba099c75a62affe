"""The logistics coordinator's day: an order's open quantities become a shipment that is moved to its delivery."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order, Shipment
from orders.workflow import OrderStatus, ShipmentStatus
from tests.e2e.conftest import fits
from tests.factories import make_confirmed_order, make_line_values, make_team, make_user


@pytest.fixture
def order(transactional_db):
    """A confirmed order of two lines, delivered at the customer's place (DAP)."""
    team = make_team("export")
    clerk = make_user("clerk", team=team)
    make_user("logistics", team=team, username="li", name="李强", language="zh-hans")
    make_user("logistics", team=team, username="lena", name="Lena", language="en")
    lines = [make_line_values(), make_line_values(product_code="P-2", quantity=Decimal(40))]
    return make_confirmed_order(team=team, by=clerk, number="GD-1", lines=lines)


def row_of(page: Page, shipment: Shipment):
    return page.locator(f"#shipment-{shipment.pk}")


def move_in_place(page: Page, shipment: Shipment, status: str) -> None:
    """The one button of the row, then the form that opens below it; empty means now."""
    row_of(page, shipment).locator("[data-move]").click()
    row_of(page, shipment).locator("form button.btn-primary").click()
    expect(row_of(page, shipment)).to_have_attribute("data-status", status)


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("username", ["li", "lena"])
def test_coordinator_ships_an_order_to_its_delivery(open_page, order, username, size):
    page = open_page(username, size=size, language="en" if username == "lena" else "zh-hans")
    page.goto("/shipments/new/")
    assert fits(page)
    page.get_by_role("link", name="GD-1", exact=True).click()
    quantities = page.locator("input.quantity-input")
    expect(quantities).to_have_count(2)
    expect(quantities.first).to_have_value("100")
    assert fits(page)
    page.locator("[name=etd]").fill(timezone.localdate().isoformat())
    page.locator("form[method=post] button.btn-primary").last.click()
    page.wait_for_url(re.compile(r"/shipments/GD-1-S1/$"))

    shipment = Shipment.objects.get()
    assert sorted(line.quantity for line in shipment.lines.all()) == [Decimal(40), Decimal(100)]
    assert fits(page)

    page.goto("/shipments/")
    assert fits(page)
    for status in ("booked", "loaded", "departed"):
        move_in_place(page, shipment, status)
    order.refresh_from_db()
    assert order.status == OrderStatus.SHIPPED

    for status in ("arrived", "delivered"):
        move_in_place(page, shipment, status)
    order.refresh_from_db()
    shipment.refresh_from_db()
    assert order.status == OrderStatus.DELIVERED
    assert shipment.status == ShipmentStatus.DELIVERED
    page.goto("/orders/GD-1/")
    expect(page.locator(".tag").first).to_contain_text("Delivered" if username == "lena" else re.compile("."))


def test_a_part_is_shipped_and_the_rest_stays_to_be_shipped(open_page, order):
    page = open_page("li")
    page.goto("/shipments/new/?order=GD-1")
    page.locator("input.quantity-input").first.fill("60")
    page.locator("form[method=post] button.btn-primary").last.click()
    page.wait_for_url(re.compile(r"/shipments/GD-1-S1/$"))

    page.goto("/shipments/new/?order=GD-1")

    expect(page.locator("input.quantity-input")).to_have_count(1)
    expect(page.locator("input.quantity-input")).to_have_value("40")


def test_too_much_is_told_at_the_field_and_nothing_is_created(open_page, order):
    page = open_page("li")
    page.goto("/shipments/new/?order=GD-1")

    page.locator("input.quantity-input").first.fill("101")
    page.locator("form[method=post] button.btn-primary").last.click()

    expect(page.locator("td .field-error")).to_contain_text("100")
    assert not Shipment.objects.exists()
    assert Order.objects.get().status == OrderStatus.CONFIRMED


def test_a_move_in_the_future_is_told_in_the_row(open_page, order):
    page = open_page("li")
    page.goto("/shipments/new/?order=GD-1")
    page.locator("form[method=post] button.btn-primary").last.click()
    page.wait_for_url(re.compile(r"/shipments/GD-1-S1/$"))
    shipment = Shipment.objects.get()
    page.goto("/shipments/")

    row_of(page, shipment).locator("[data-move]").click()
    row_of(page, shipment).locator("[name=at]").fill("2099-01-01T10:00")
    row_of(page, shipment).locator("form button.btn-primary").click()

    expect(row_of(page, shipment).locator(".field-error")).to_be_visible()
    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.PLANNED
