"""The desk by keyboard alone: one click and its undo, many rows with their preview, a photo from a phone, a drag."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from orders.models import BulkAct, Milestone
from orders.reasons import load_delay_reasons
from tests.e2e.conftest import fits
from tests.factories import make_confirmed_order, make_team, make_user

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64


@pytest.fixture
def orders(transactional_db):
    """Three orders of eight days ago: their first steps are late."""
    load_delay_reasons()
    team = make_team("export")
    clerk = make_user("clerk", team=team, username="wang", name="王丽", language="zh-hans")
    make_user("clerk", team=team, username="anna", name="Anna", language="en")
    make_user("lead", team=team, username="lin", name="林经理", language="zh-hans")
    begun = timezone.now() - timedelta(days=8)
    found = [make_confirmed_order(team=team, by=clerk, number=f"GD-{n}", now=begun) for n in range(1, 4)]
    Milestone.objects.filter(order__in=found, code="STOCK_CHECKED").update(required_documents=[])
    Milestone.objects.filter(order__in=found[1:], code="ORDER_RECEIVED").update(required_documents=[])
    return found


def received(orders, at=0) -> Milestone:
    return orders[at].milestones.get(code="ORDER_RECEIVED")


def test_a_morning_by_keyboard(open_page, orders):
    """Wait by one key and undo it; check all, say why they are late, see the effects, do it, undo it."""
    page = open_page("wang")
    press = page.keyboard.press

    press("j")
    press("1")
    expect(page.locator(".toast-undo")).to_be_visible()
    assert Milestone.objects.filter(waiting_on="customer").count() == 1
    with page.expect_event("load"):
        press("u")
    expect(page.locator(".toast-undo")).to_have_count(0)
    assert not Milestone.objects.filter(waiting_on="customer").exists()

    press("j")
    press("a")
    expect(page.locator("[data-bulk-bar]")).to_be_visible()
    press("c")
    expect(page.locator("#act-dialog")).to_be_visible()
    page.locator("#id_act_delay_reason").focus()
    press("ArrowDown")
    expect(page.locator(".act-list li").first).to_be_visible()
    page.locator("#id_act_note").focus()
    press("Control+Enter")

    expect(page.locator("[data-act-finished]")).to_be_visible()
    act = BulkAct.objects.get(operation="complete")
    done = act.items.filter(state="done").count()
    assert done >= 4
    # GD-1 asks for the customer's PO.
    assert act.items.get(target_id=received(orders).pk).state == "refused"
    expect(page.locator("[data-act-reload]")).to_be_focused()  # from then on the focus stays where it is put
    page.locator("#act button:has-text('撤销')").focus()
    press("Enter")
    expect(page.locator("#act")).to_contain_text(re.compile("已撤销"))
    assert act.items.filter(state="undone").count() == done
    press("Escape")


def test_keys_are_listed_and_fit(open_page, orders):
    page = open_page("anna")
    page.keyboard.press("?")

    expect(page.locator("#keys")).to_contain_text("waiting on the customer")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).not_to_be_visible()


def test_a_photo_from_a_phone_completes_after_the_reason(open_page, orders):
    page = open_page("wang", size="phone")
    step = received(orders)
    assert fits(page)

    row = page.locator(f"#step-{step.pk}")
    row.locator("[data-camera]").set_input_files({"name": "po.png", "mimeType": "image/png", "buffer": PNG})
    # It is late, so the reason is asked; the photo waits in the form.
    row.locator("select[name=delay_reason]").select_option(index=1)
    row.locator("button[type=submit]").click()

    expect(row).to_have_class(re.compile(r"\bis-done\b"))
    assert orders[0].documents.get().filename == "po.png"


def test_a_lead_drags_a_row_onto_a_person(open_page, orders):
    page = open_page("lin")
    step = received(orders)

    page.locator(f"#step-{step.pk}").drag_to(page.locator(".person-drop", has_text="Anna"))
    expect(page.locator("#act-dialog")).to_be_visible()
    page.locator("#act button.btn-primary").click()

    expect(page.locator("[data-act-finished]")).to_be_visible()
    step.refresh_from_db()
    assert step.assignee.username == "anna"
