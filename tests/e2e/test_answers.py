"""A clerk answers from a message: a tap on the link, a tap on the page, without a log-in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import Milestone
from teams.models import Notification
from teams.notifications import answer_tokens
from tests.e2e.conftest import fits
from tests.factories import make_confirmed_order, make_team, make_user


@pytest.fixture
def step():
    clerk = make_user("clerk", team=make_team(), username="wang", name="王芳")
    order = make_confirmed_order(team=clerk.memberships.get().team, by=clerk, now=timezone.now() - timedelta(days=30))
    order.milestones.filter(status="active").update(required_documents=[])
    return order.milestones.get(status="active")


def link_to(step: Milestone) -> str:
    now = timezone.now()
    item = Notification.objects.create(
        kind="milestone_due",
        recipient=step.assignee or step.order.clerk,
        subject=step.subject,
        dedupe_key=step.subject,
        payload={"milestone": step.pk, "step": "due"},
        status="shown",
        created_at=now,
        not_before=now,
        shown_at=now,
    )
    answer_tokens.issue([item])
    return f"/a/{answer_tokens.token_of(item)}/"


def test_done_takes_two_taps(open_page, step):
    page = open_page(size="phone")

    page.goto(link_to(step))
    assert fits(page)
    page.locator("button.answer-main").click()

    page.locator(".answer-end .ink-done").wait_for()
    step.refresh_from_db()
    assert step.status == "done"


def test_a_reminder_is_put_off_with_a_link_that_opens_the_choice(open_page, step):
    page = open_page(size="phone", language="en")

    page.goto(f"{link_to(step)}?do=snooze")
    page.locator("button[value=morning]").click()

    page.locator(".answer-end .icon").wait_for()
    assert Notification.objects.filter(kind="milestone_snoozed").count() == 1


def test_a_form_with_a_fault_is_shown_again_as_it_was(open_page, step):
    page = open_page(size="phone")
    page.goto(link_to(step))

    page.locator("summary").first.click()
    form = page.locator("details[open]")
    form.locator("[name=day]").fill("2020-01-01")
    form.locator("[name=note]").fill("等纱线")
    form.locator("button").click()

    page.locator(".field-error").wait_for()
    assert form.locator("[name=note]").input_value() == "等纱线"
    form.locator("[name=day]").fill((timezone.localdate() + timedelta(days=7)).isoformat())
    form.locator("button").click()
    page.locator(".answer-end .icon").wait_for()
    step.refresh_from_db()
    assert step.expected_at is not None
