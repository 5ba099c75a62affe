"""Channels and delivery in a browser: a channel is set up and tried, names given out, a failure is tried again."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from teams.models import Address, Channel, Message, MessageItem, Notification
from tests.e2e.conftest import fits
from tests.factories import make_team, make_user
from tests.sinks import HttpSink, Mode


@pytest.fixture
def anna(transactional_db):
    return make_user("admin", team=make_team("export"), username="anna", name="Anna", language="en")


@pytest.fixture
def sink(settings):
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with HttpSink() as sink:
        yield sink


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_channel_is_set_up_and_its_test_tells_the_truth(open_page, anna, sink, size):
    page = open_page("anna", size=size)
    page.goto("/settings/")
    page.locator(".setting-list").get_by_role("link", name="Channels").click()
    assert fits(page)
    page.get_by_role("link", name=re.compile("^DingTalk robot")).click()
    assert fits(page)

    page.get_by_label("Webhook address").fill("http://10.0.0.1/robot")
    page.get_by_role("button", name="Set up").click()
    expect(page.locator(".has-error")).to_contain_text("lies inside")
    page.get_by_label("Webhook address").fill(f"{sink.url}/dingtalk/export")
    page.get_by_label("Signing secret").fill("SEC0123456789abcdef")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_text("is set up. Send yourself a test.")).to_be_visible()
    assert "SEC0123456789abcdef" not in page.content()
    assert fits(page)

    sink.modes["/dingtalk/export"] = Mode("code", answer={"errcode": 310000, "errmsg": "sign not match"})
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator("#tried .notice.is-late")).to_contain_text("310000")

    sink.modes.clear()
    Channel.objects.update(next_send_at=None)
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator("#tried .notice.is-done")).to_contain_text("Sent to Anna")
    assert [line.json()["msgtype"] for line in sink.received("/dingtalk/export")] == ["markdown"]
    page.goto("/settings/channels/")
    expect(page.locator("tr", has_text="DingTalk robot").locator(".tag.is-done")).to_have_text("Works")


def test_the_enter_key_saves_the_names_and_a_wrong_one_is_marked(open_page, anna):
    channel = Channel.objects.create(kind="wecom_app", name="WeCom", created_at=timezone.now())
    wang = make_user(team=make_team(), username="wang", name="Wang")
    page = open_page("anna", size="phone")
    page.goto(f"/settings/channels/{channel.pk}/people/")
    assert fits(page)

    page.get_by_label("Address of Wang").fill("@all")
    page.get_by_label("Address of Wang").press("Enter")
    expect(page.locator(f"#fault-{wang.pk}")).to_be_visible()
    assert not Address.objects.filter(channel=channel).exists()
    page.get_by_label("Address of Wang").fill("WangFang")
    page.get_by_label("Address of Wang").press("Enter")

    expect(page.get_by_text("1 address changed.")).to_be_visible()
    assert Address.objects.get(channel=channel).value == "WangFang"


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_failure_is_tried_again_and_the_figures_follow_until_they_are_stopped(open_page, anna, size):
    now = timezone.now()
    channel = Channel.objects.create(kind="webhook", name="ERP", created_at=now)
    item = Notification.objects.create(
        **{"kind": "of_no_app", "recipient": anna, "subject": "thing:1", "dedupe_key": "thing:1", "status": "shown"},
        **{"created_at": now, "not_before": now, "shown_at": now},
    )
    values = {"created_at": now, "planned_at": now, "not_before": now, "last_error": "HTTP 503", "attempts": 8}
    message = Message.objects.create(recipient=anna, channel=channel, urgency="urgent", status="failed", **values)
    MessageItem.objects.create(message=message, notification=item, channel=channel)
    page = open_page("anna", size=size)
    page.goto("/settings/delivery/?status=failed")
    assert fits(page)
    expect(page.locator(".message-table")).to_contain_text("HTTP 503")

    page.locator(".message-table").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 goes out again.")).to_be_visible()
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("queued", 8)

    # Another worker sends it: the figures say so without a reload.
    row = page.locator(".channel-figures tr", has_text="ERP")
    expect(row.locator("td").nth(4)).to_have_text("0")
    Message.objects.update(status="sent", sent_at=timezone.now())
    expect(row.locator("td").nth(4)).to_have_text("1", timeout=20_000)

    page.get_by_role("link", name="Stop refreshing").click()
    expect(page.get_by_role("link", name="Refresh every 10 s")).to_be_visible()
    assert page.locator("#delivery-figures").get_attribute("hx-trigger") is None
