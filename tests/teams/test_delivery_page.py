"""The delivery page: true figures, every message with what came of it, and a second try that cannot double anything."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from teams import delivery_page
from teams.clock import read_clock
from teams.models import Heartbeat, LinkMiss, Message, MessageItem, MessageStatus, Notification, NotificationStatus
from teams.notifications import delivery
from teams.notifications.channels import ChannelError
from teams.services import retrying
from teams.services.retrying import cancel_messages, retry_channel, retry_items, retry_messages
from tests.factories import make_team, make_user
from tests.teams.kit import HOUR, MINUTE, make_channel, make_reader, message_of, put

pytestmark = pytest.mark.django_db
PAGE = "/settings/delivery/"
DAY = timedelta(days=1)


@pytest.fixture
def anna(db):
    return make_user("admin", team=make_team(), name="Anna", language="en", timezone="Asia/Shanghai")


@pytest.fixture
def office(client, anna):
    client.force_login(anna)
    return client


@pytest.fixture
def robot(reader):
    return make_channel(reader, name="Group robot")


def told(reader, channel, status: str = "sent", subject: str = "", **fields) -> Message:
    """A message in that state with one item that is in the inbox."""
    now = timezone.now()
    subject = subject or f"thing:{Notification.objects.count()}"
    item = put(reader, subject, text=subject)
    Notification.objects.filter(pk=item.pk).update(status="shown", shown_at=now)
    ends = {"sent": {"sent_at": now}, "sending": {"lease_until": now + HOUR}}.get(status, {})
    start = now - MINUTE
    values = {"created_at": start, "planned_at": start, "not_before": start, "urgency": "urgent", **ends, **fields}
    message = Message.objects.create(recipient=reader, channel=channel, status=status, **values)
    MessageItem.objects.create(message=message, notification=item, channel=channel)
    return message


def line_of(channel):
    with translation.override("en"):
        figures = delivery_page.figures_of(read_clock().now)
    return next(line for line in figures.lines if line.channel.pk == channel.pk)


def test_the_figures_of_a_channel_count_the_last_day_only(asked, reader, robot):
    old = timezone.now() - DAY - MINUTE
    for status in MessageStatus.values:
        told(reader, robot, status)
    told(reader, robot, "sent", sent_at=old)
    told(reader, robot, "failed", attempt_started_at=old, not_before=old)
    told(reader, robot, "cancelled", not_before=old)
    told(reader, robot, "cancelled", cancelled_reason="merged")
    told(reader, robot, "failed", attempt_started_at=timezone.now(), not_before=old, last_error="the newest error")

    line = line_of(robot)

    assert (line.queued, line.sending, line.sent, line.failed, line.cancelled) == (1, 1, 1, 2, 1)
    assert line.error == "the newest error"


def test_more_than_are_counted_is_said(asked, reader, robot, office, monkeypatch):
    monkeypatch.setattr(delivery_page, "COUNT_LIMIT", 2)
    told(reader, robot, "sent")
    told(reader, robot, "sent", created_at=timezone.now() - DAY - HOUR)
    assert (line_of(robot).sent, line_of(robot).are_more) == (2, False)
    for _number in range(2):
        told(reader, robot, "sent")

    assert (line_of(robot).sent, line_of(robot).are_more) == (2, True)
    assert "≥ 2" in office.get(PAGE).content.decode()


def test_what_is_put_off_is_told_by_reason_and_the_oldest_that_could_go_by_age(asked, reader, robot):
    now = timezone.now()
    told(reader, robot, "queued", deferral="quiet", not_before=now + HOUR)
    told(reader, robot, "queued", deferral="quiet", not_before=now + HOUR)
    told(reader, robot, "queued", deferral="channel", not_before=now + HOUR)
    waiting = told(reader, robot, "queued", not_before=now - HOUR)

    line = line_of(robot)

    assert line.queued == 4
    assert line.deferred == {"quiet hours": 2, "channel rests": 1}
    assert (line.oldest, line.is_behind) == (waiting.not_before, True)


def test_a_persons_own_channel_is_shown_only_once_it_has_something_to_tell(asked, reader, robot):
    quiet, busy = make_channel(owner=reader, name="quiet"), make_channel(owner=reader, name="busy")
    told(reader, busy, "failed")

    shown = [line.channel for line in delivery_page.figures_of(read_clock().now).lines]

    assert robot in shown
    assert busy in shown
    assert quiet not in shown


def test_faults_of_delivery_are_told_in_sentences(asked, reader, office):
    now = timezone.now()
    Heartbeat.objects.create(name="sweep", at=now)
    Heartbeat.objects.create(name="deliver", at=now - HOUR)
    for name in ("beat@one", "beat@two"):
        Heartbeat.objects.create(name=name, at=now)
    robot = make_channel(reader, name="Group robot", failures=6, last_error="HTTP 500")
    make_channel(name="Old robot", off_at=now, off_reason="the robot is gone")

    answer = office.get(PAGE)

    figures = answer.context["figures"]
    assert [fault.split(";")[0].split(" last ran")[0] for fault in figures.faults] == [
        "The job “deliver”",
        "2 beats run (one, two)",
        "The channel “Group robot” has refused 6 messages in a row",
    ]
    assert figures.notices == ["The channel “Old robot” was switched off: the robot is gone"]
    assert line_of(robot).state.tone == "is-late"


def test_nothing_wrong_is_said_too(office):
    for name in ("sweep", "deliver"):
        Heartbeat.objects.create(name=name, at=timezone.now())

    answer = office.get(PAGE)

    assert answer.context["figures"].faults == []
    assert "All is well" in answer.content.decode()


def test_links_that_led_nowhere_are_counted_for_a_week(office):
    today = timezone.now().date()
    LinkMiss.objects.create(kind="forged", on_date=today, count=3)
    LinkMiss.objects.create(kind="forged", on_date=today - 7 * DAY, count=4)
    LinkMiss.objects.create(kind="replayed", on_date=today - 8 * DAY, count=50)

    misses = dict(office.get(PAGE).context["figures"].misses)

    assert (misses["Unknown"], misses["Used before"]) == (7, 0)


def test_a_message_is_shown_with_its_items_tries_and_true_outcome(asked, reader, robot, office):
    told(reader, robot, "sent", "thing:sent", receipt="errcode 0", attempts=2, is_possible_repeat=True)
    told(reader, robot, "failed", "thing:failed", last_error="HTTP 404", attempts=8)
    told(reader, robot, "queued", "thing:queued", deferral="rate", last_error="HTTP 429")
    told(reader, robot, "cancelled", "thing:cancelled", cancelled_reason="person_left")

    answer = office.get(PAGE)

    rows = {row.message.status: row for row in answer.context["rows"]}
    assert [row.message.status for row in answer.context["rows"]] == ["cancelled", "queued", "failed", "sent"]
    assert {status: row.outcome for status, row in rows.items()} == {
        "sent": "errcode 0",
        "failed": "HTTP 404",
        "queued": "put off: the channel asked for a pause · HTTP 429",
        "cancelled": "the person left",
    }
    assert rows["sent"].items[0].headline.count("thing:sent") == 1
    assert rows["sent"].items[0].url == "/there/"
    page_text = answer.content.decode()
    assert page_text.count("may have arrived twice") == 1
    assert 'datetime="' in page_text


def test_a_digest_shows_its_first_items_and_counts_the_others(asked, reader, robot):
    digest = told(reader, robot, "queued", urgency="digest", digest_date=timezone.now().date())
    for number in range(5):
        item = put(reader, f"more:{number}", text=f"more {number}")
        reason = "no_longer_true" if number == 0 else ""
        MessageItem.objects.create(message=digest, notification=item, channel=robot, dropped_reason=reason)

    with translation.override("en"):
        rows, _edge = delivery_page.messages_of(delivery_page.Wanted(), timezone.now())

    assert (len(rows[0].items), rows[0].more) == (3, 3)
    assert [item.left_out for item in rows[0].items] == ["", "it was no longer true", ""]


def test_an_item_that_cannot_be_put_into_words_does_not_hide_the_page(asked, reader, robot, office):
    message = told(reader, robot, "failed", last_error="ValueError: cannot be rendered")
    Notification.objects.filter(outings__message=message).update(payload={"is_poison": True})
    Notification.objects.create(
        **{"kind": "of_another_version", "recipient": reader, "subject": "thing:gone", "dedupe_key": "gone"},
        **{"created_at": timezone.now(), "not_before": timezone.now(), "status": "failed", "last_error": "UnknownKind"},
    )

    answer = office.get(PAGE)

    assert answer.status_code == 200
    assert answer.context["rows"][0].items[0].headline == "test_kind · thing:0"
    assert [row.item.last_error for row in answer.context["items"]] == ["UnknownKind"]


def test_messages_are_filtered_by_state_channel_and_person(asked, reader, robot, office):
    other, mail = make_reader("zhao"), make_channel(name="Other")
    wanted = told(reader, robot, "failed")
    for row in [(reader, robot, "sent"), (reader, mail, "failed"), (other, robot, "failed")]:
        told(*row)

    def shown(**query):
        return [row.message.pk for row in office.get(PAGE, query).context["rows"]]

    assert shown(status="failed", channel=robot.pk, person=reader.pk) == [wanted.pk]
    assert len(shown(status="failed")) == len(shown(channel=robot.pk)) == len(shown(person=reader.pk)) == 3
    assert len(shown(status="nonsense", channel="x", person="9" * 30)) == 4
    assert shown(channel=987654321) == []


@pytest.mark.parametrize("query", ["", "status=failed", "status=failed&channel={channel}"])
def test_pages_follow_each_other_without_a_gap(asked, reader, robot, office, monkeypatch, query):
    monkeypatch.setattr(delivery_page, "PAGE_SIZE", 2)
    sown = [told(reader, robot, "failed").pk for _number in range(5)]
    told(reader, make_channel(name="Other"), "sent")
    query = query.format(channel=robot.pk)

    seen, older = [], query
    for _page in range(4):
        context = office.get(f"{PAGE}?{older}").context
        seen += [row.message.pk for row in context["rows"] if row.message.status == "failed"]
        older = context["older"]
        if not older:
            break

    assert seen == sown[::-1]
    assert older == ""


def test_the_number_of_queries_does_not_grow(asked, office):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(PAGE).status_code == 200
            assert office.get(PAGE, {"status": "failed"}).status_code == 200
        return len(queries)

    readers = [make_reader("zhao"), make_reader("qian")]
    told(readers[0], make_channel(readers[0], name="first"), "failed")
    count()  # what is asked once in a process
    few = count()
    for number in range(3):
        channel = make_channel(readers[1], name=f"channel {number}")
        for status in MessageStatus.values:
            told(readers[1], channel, status)
        Notification.objects.create(
            **{"kind": "test_kind", "recipient": readers[1], "subject": "x", "dedupe_key": f"failed {number}"},
            **{"created_at": timezone.now(), "not_before": timezone.now(), "status": "failed"},
        )

    assert count() == few


def test_the_figures_come_alone_and_can_be_stopped(office):
    going = office.get(f"{PAGE}figures/?status=failed", headers={"HX-Request": "true"}).content.decode()
    stopped = office.get(f"{PAGE}figures/?refresh=off", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in going
    assert going.count('hx-trigger="every 10s"') == 1
    assert 'hx-get="/settings/delivery/figures/?status=failed"' in going
    assert "every 10s" not in stopped


@pytest.mark.parametrize("role", ["manager", "lead", "clerk"])
def test_others_are_refused(client, asked, reader, robot, role):
    message = told(reader, robot, "failed")
    client.force_login(make_user(role, team=make_team()))

    answers = [
        client.get(PAGE),
        client.get(f"{PAGE}figures/"),
        client.post(f"{PAGE}retry/", {"message": message.pk}),
        client.post(f"{PAGE}cancel/", {"message": message.pk}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    message.refresh_from_db()
    assert message.status == "failed"


def test_a_failed_message_goes_out_once_more_under_its_old_name(asked, reader, robot, sink, office, settings):
    settings.OUTBOX_MAX_ATTEMPTS = 1
    put(reader)
    sink.refuse = lambda parcel: ChannelError("not now")
    delivery.deliver(seconds=5)
    failed = Message.objects.get()
    sink.refuse = lambda parcel: None
    assert (failed.status, failed.attempts) == ("failed", 1)

    answer = office.post(f"{PAGE}retry/?status=failed", {"one": failed.pk}, follow=True)

    assert answer.redirect_chain == [(f"{PAGE}?status=failed", 302)]
    assert "1 goes out again." in answer.content.decode()
    failed.refresh_from_db()
    assert (failed.status, failed.attempts, failed.failures, failed.deaths) == ("queued", 1, 0, 0)
    delivery.deliver(seconds=5)
    failed.refresh_from_db()
    assert (failed.status, failed.attempts, failed.last_error) == ("sent", 2, "")
    assert [parcel.delivery_id for parcel in sink.taken] == [str(failed.delivery_id)]


def test_tries_used_up_count_no_more(asked, reader, robot, anna):
    message = told(reader, robot, "failed", failures=8, deaths=3, attempts=8, deferral="rate")
    now = timezone.now()

    assert retry_messages(ids=[message.pk], by=anna, now=now) == 1

    message.refresh_from_db()
    assert (message.failures, message.deaths, message.attempts, message.deferral) == (0, 0, 8, "")
    assert message.not_before == now


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "cancelled"])
def test_only_failed_ones_are_tried_again(asked, reader, robot, anna, status):
    message = told(reader, robot, status)
    before = Message.objects.filter(pk=message.pk).values().get()

    assert retry_messages(ids=[message.pk], by=anna, now=timezone.now()) == 0

    assert Message.objects.filter(pk=message.pk).values().get() == before


def test_what_is_old_or_told_nobody_or_of_a_channel_switched_off_stays(asked, reader, robot, anna, office):
    now = timezone.now()
    off = make_channel(name="off", off_at=now)
    rows = {
        "old": told(reader, robot, "failed", planned_at=now - retrying.RETRY_WITHIN),
        "off": told(reader, off, "failed"),
        "untrue": told(reader, robot, "failed"),
        "unshown": told(reader, robot, "failed"),
    }
    rows["untrue"].items.update(dropped_reason="no_longer_true")
    Notification.objects.filter(outings__message=rows["unshown"]).update(status="cancelled", shown_at=None)

    assert [row.may_be_retried for row in office.get(PAGE).context["rows"]] == [False] * 4
    assert retry_messages(ids=[row.pk for row in rows.values()], by=anna, now=now) == 0


def test_an_item_that_could_not_be_asked_is_asked_again(asked, reader, robot, anna, sink):
    put(reader)
    delivery.deliver(seconds=0)
    asked.broken = set()
    message = told(reader, robot, "failed", "thing:asked", last_error="RuntimeError: cannot be asked")
    message.items.update(dropped_reason="cannot_be_checked")

    assert retry_messages(ids=[message.pk], by=anna, now=timezone.now()) == 1
    delivery.deliver(seconds=5)

    message.refresh_from_db()
    assert message.status == "sent"


def test_all_failed_ones_of_a_channel_are_tried_again_and_no_others(asked, reader, robot, anna, office):
    other = told(reader, make_channel(name="Other"), "failed")
    mine = [told(reader, robot, "failed"), told(reader, robot, "failed")]
    told(reader, robot, "sent")

    answer = office.post(f"{PAGE}retry/", {"channel": robot.pk}, follow=True)

    assert "2 go out again." in answer.content.decode()
    assert {row.pk for row in Message.objects.filter(status="queued")} == {row.pk for row in mine}
    other.refresh_from_db()
    assert other.status == "failed"
    assert retry_channel(channel_id=robot.pk, by=anna, now=timezone.now()) == 0


def test_what_reached_its_person_another_way_is_not_among_all_of_a_channel(asked, reader, robot, anna, office):
    mail = make_channel(name="Other way")
    told_twice, untold = told(reader, robot, "failed"), told(reader, robot, "failed")
    item = told_twice.items.get().notification
    for message in (told(reader, mail, "sent"), told(reader, make_channel(name="No way"), "cancelled")):
        MessageItem.objects.create(message=message, notification=item, channel=message.channel)

    rows = {row.message.pk: row for row in office.get(PAGE, {"channel": robot.pk}).context["rows"]}
    assert (rows[told_twice.pk].elsewhere, rows[untold.pk].elsewhere) == ("Other way", "")

    assert retry_channel(channel_id=robot.pk, by=anna, now=timezone.now()) == 1

    assert Message.objects.get(pk=untold.pk).status == "queued"
    assert Message.objects.get(pk=told_twice.pk).status == "failed"
    assert retry_messages(ids=[told_twice.pk], by=anna, now=timezone.now()) == 1  # asked for on purpose


def test_items_that_failed_are_shown_after_all(asked, reader, robot, sink, office):
    item = put(reader)
    Notification.objects.filter(pk=item.pk).update(
        status="failed", attempts=8, last_error="RuntimeError: cannot be asked"
    )

    office.post(f"{PAGE}retry/", {"item": item.pk})
    item.refresh_from_db()
    assert (item.status, item.attempts) == ("queued", 0)
    delivery.deliver(seconds=5)

    item.refresh_from_db()
    assert item.status == NotificationStatus.SHOWN
    assert message_of(item).status == "sent"


def test_an_item_that_was_shown_is_not_queued_again(asked, reader, anna):
    item = put(reader)
    Notification.objects.filter(pk=item.pk).update(status="shown", shown_at=timezone.now())

    assert retry_items(ids=[item.pk], by=anna, now=timezone.now()) == 0


def test_queued_ones_are_called_off_and_nothing_else(asked, reader, robot, sink, office):
    rows = {status: told(reader, robot, status) for status in MessageStatus.values}
    sent = rows["sending"]

    answer = office.post(f"{PAGE}cancel/", {"message": [row.pk for row in rows.values()]}, follow=True)

    assert "1 message called off." in answer.content.decode()
    for status, row in rows.items():
        row.refresh_from_db()
        assert row.status == ("cancelled" if status == "queued" else status)
    assert rows["queued"].cancelled_reason == "by_hand"
    assert sent.lease_until is not None
    delivery.deliver(seconds=5)
    assert sink.taken == []


def test_nothing_to_do_is_said(asked, reader, robot, office):
    sent = told(reader, robot, "sent")

    for address in ("retry/", "cancel/"):
        for body in ({}, {"message": sent.pk}, {"message": "x"}, {"one": "9" * 40}, {"message": "٣"}):
            answer = office.post(PAGE + address, body, follow=True)
            assert answer.status_code == 200
            assert "Nothing was left" in answer.content.decode()
    for body in ({"channel": "x"}, {"item": "-1"}):
        assert "Nothing was left" in office.post(f"{PAGE}retry/", body, follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_queue_a_message_once(asked):
    reader = make_reader()
    anna = make_user("admin", team=make_team())
    message = told(reader, make_channel(reader), "failed")
    counts, start = [], threading.Barrier(2)

    def press() -> None:
        try:
            start.wait(5)
            counts.append(retry_messages(ids=[message.pk], by=anna, now=timezone.now()))
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(counts) == [0, 1]


def test_what_is_called_off_cannot_be_called_off_twice(asked, reader, robot, anna):
    message = told(reader, robot, "queued")

    assert [cancel_messages(ids=[message.pk], by=anna, now=timezone.now()) for _again in range(2)] == [1, 0]
