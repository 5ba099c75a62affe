"""The clerk's day: late steps are completed in place, with evidence where it is asked for, or somebody is waited on."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import ClockPause, Milestone, Order, OrderDocument
from orders.services import milestones as services
from tests.e2e.conftest import fits
from tests.factories import make_confirmed_order, make_team, make_user

PDF = {"name": "客户PO.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 order"}


@pytest.fixture
def order(transactional_db):
    """A spare-parts order of five days ago: its first steps are late, the first one asks for the customer's PO."""
    team = make_team("export")
    clerk = make_user("clerk", team=team, username="wang", name="王丽", language="zh-hans")
    make_user("clerk", team=team, username="anna", name="Anna", language="en")
    return make_confirmed_order(team=team, by=clerk, number="GD-1", now=timezone.now() - timedelta(days=8))


def row_of(page: Page, milestone: Milestone):
    return page.locator(f"#step-{milestone.pk}")


def step(order, code: str) -> Milestone:
    return order.milestones.get(code=code)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_clerk_completes_a_step_with_evidence_and_the_next_one(open_page, order, size):
    received, checked = step(order, "ORDER_RECEIVED"), step(order, "STOCK_CHECKED")
    page = open_page("wang", size=size)
    assert fits(page)

    row_of(page, received).locator("[data-act=complete]").click()
    row_of(page, received).locator("[name=file_CPO]").set_input_files(PDF)
    row_of(page, received).locator("button[type=submit]").click()

    expect(row_of(page, received)).to_have_class(re.compile(r"\bis-done\b"))
    assert OrderDocument.objects.get(order=order).filename == "客户PO.pdf"

    page.goto("/")
    row_of(page, checked).locator("[data-act=complete]").click()
    row_of(page, checked).locator("button[type=submit]").click()

    expect(row_of(page, checked)).to_have_class(re.compile(r"\bis-done\b"))
    checked.refresh_from_db()
    assert checked.status == "done"
    assert checked.closed_by.username == "wang"


def test_missing_evidence_is_told_in_place_and_nothing_changes(open_page, order):
    received = step(order, "ORDER_RECEIVED")
    page = open_page("wang")

    row_of(page, received).locator("[data-act=complete]").click()
    form = row_of(page, received).locator("form")
    form.evaluate("form => form.noValidate = true")
    form.locator("button[type=submit]").click()

    expect(form.locator(".field-error")).to_be_visible()
    received.refresh_from_db()
    assert received.status == "active"


def test_waiting_on_the_customer_moves_the_step_to_the_last_section(open_page, order):
    received = step(order, "ORDER_RECEIVED")
    page = open_page("wang")
    expect(page.locator("#desk-late").locator(f"#step-{received.pk}")).to_be_visible()

    row_of(page, received).locator("[data-act=wait]").click()
    row_of(page, received).locator("[name=reason]").fill("等客户盖章")
    row_of(page, received).locator("button[type=submit]").click()

    expect(row_of(page, received)).to_contain_text("等客户盖章")
    page.goto("/")
    expect(page.locator("#desk-waiting").locator(f"#step-{received.pk}")).to_be_visible()
    assert ClockPause.objects.get(milestone=received).side == "customer"


def test_keys_move_complete_and_open(open_page, order):
    checked = step(order, "STOCK_CHECKED")
    OrderDocument.objects.create(
        order=order,
        kind="CPO",
        filename="po.pdf",
        content_type="application/pdf",
        size=1,
        sha256="0" * 64,
        uploaded_by=order.clerk,
        uploaded_at=timezone.now(),
    )
    services.complete_milestone(milestone_id=step(order, "ORDER_RECEIVED").pk, by=order.clerk, now=timezone.now())
    page = open_page("wang")

    page.keyboard.press("j")
    expect(row_of(page, checked)).to_have_class(re.compile(r"\bis-focus\b"))
    page.keyboard.press("c")
    row_of(page, checked).locator("[name=note]").press("Control+Enter")

    expect(row_of(page, checked)).to_have_class(re.compile(r"\bis-done\b"))
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/GD-1/")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize(("username", "lang"), [("wang", "zh-CN"), ("anna", "en")])
def test_every_clerk_page_fits_in_both_languages(open_page, order, size, username, lang):
    order.milestones.update(assignee=order.clerk)
    Order.objects.filter(pk=order.pk).update(sales_rep=order.team.memberships.get(user__username="anna").user)
    page = open_page(username, size=size)

    for path in ("/", "/orders/?status=open", "/orders/GD-1/", "/orders/new/", "/orders/GD-1/edit/", "/accounts/"):
        assert page.goto(path).status == 200, path
        assert page.locator("html").get_attribute("lang") == lang
        assert fits(page), f"{path} is wider than the {size}"


def test_language_switch_stays_with_the_account(open_page, order):
    page = open_page("wang")
    assert page.locator("html").get_attribute("lang") == "zh-CN"

    page.locator(".side [data-menu] summary").click()
    page.locator(".side button[name=language]").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    order.clerk.refresh_from_db()
    assert order.clerk.language == "en"


def test_completing_on_the_order_page_shows_what_follows_from_it(open_page, order):
    received = step(order, "ORDER_RECEIVED")
    page = open_page("wang")
    page.goto("/orders/GD-1/", wait_until="networkidle")

    row_of(page, received).locator("[data-act=complete]").click()
    row_of(page, received).locator("[name=file_CPO]").set_input_files(PDF)
    row_of(page, received).locator("button[type=submit]").click()

    expect(row_of(page, received)).to_have_class(re.compile(r"\bis-done\b"))
    expect(page.locator("#documents")).to_contain_text("客户PO.pdf")
    expect(page.locator("#timeline")).to_contain_text("客户PO.pdf")
    assert page.locator("#documents select[name=kind] option").count() > 30
    page.locator("#comment-text").fill("已收到客户PO")
    page.locator(".comment-form button").click()
    expect(page.locator("#timeline")).to_contain_text("已收到客户PO")
