"""From outbox to inbox and out: exact showing, claims by lease, outcomes row by row, retries, parked messages."""

import time
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import OperationalError
from django.utils import timezone, translation

from teams.models import Channel, Message, MessageItem, Notification
from teams.notifications import claims, delivery, outcomes, pauses, showing
from teams.notifications.channels import ChannelError, Receipt
from teams.notifications.counts import Counts
from tests.teams.kit import HOUR, make_channel, make_due, message_of, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("asked")]


def shown_and_claimed() -> list[claims.Claim]:
    counts = Counts()
    showing.show_due(counts)
    return claims.claim(counts)


def let_lease_run_out(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(lease_until=timezone.now() - HOUR)


@pytest.fixture
def one_each(settings):
    """Every item in a message of its own, with no limit on a day."""
    settings.MESSAGE_MAX_ITEMS, settings.URGENT_MESSAGES_A_DAY = 1, None


def test_a_due_item_is_shown_and_goes_out(reader, sink):
    item = put(reader)

    counts = delivery.deliver()

    item.refresh_from_db()
    message = message_of(item)
    assert (counts.shown, counts.sent) == (1, 1)
    assert (item.status, item.payload) == ("shown", {"fact": 1})
    assert (message.status, message.attempts, message.lease_until, message.receipt) == ("sent", 1, None, "taken")
    assert [parcel.address for parcel in sink.taken] == ["wang@example.com"]
    assert sink.taken[0].delivery_id == str(message.delivery_id)


def test_a_second_run_sends_nothing(reader, sink):
    put(reader)
    delivery.deliver()

    assert delivery.deliver() == Counts()
    assert len(sink.taken) == 1


def test_nothing_is_told_before_its_time(reader, sink):
    item = put(reader)
    Notification.objects.filter(pk=item.pk).update(not_before=timezone.now() + HOUR)

    delivery.deliver()

    item.refresh_from_db()
    assert (item.status, item.shown_at, sink.taken) == ("queued", None, [])


def test_a_person_without_any_address_is_told_in_the_inbox_alone(reader, sink):
    reader.email = ""
    reader.save()
    item = put(reader)

    with translation.override("en"):
        counts = delivery.deliver()

    item.refresh_from_db()
    assert (item.status, counts.shown, counts.sent, sink.taken) == ("shown", 1, 0, [])
    assert item.last_error.startswith("Told in the inbox only")
    assert not Message.objects.exists()


def test_a_person_who_left_is_told_nothing(reader, sink):
    item = put(reader)
    reader.is_active = False
    reader.save()

    delivery.deliver()

    item.refresh_from_db()
    assert (item.status, item.cancelled_reason, item.shown_at) == ("cancelled", "person_left", None)
    assert sink.taken == []


def test_what_is_no_longer_true_is_cancelled_and_never_shown(reader, asked, sink):
    item, other = put(reader, "thing:1"), put(reader, "thing:2")
    asked.untrue.add("thing:1")

    delivery.deliver()

    item.refresh_from_db()
    other.refresh_from_db()
    assert (item.status, item.cancelled_reason, item.shown_at) == ("cancelled", "no_longer_true", None)
    assert other.status == "shown"
    assert [entry.key for entry in sink.taken[0].content.entries] == ["thing:2"]


def test_what_becomes_untrue_between_inbox_and_send_does_not_go_out(reader, asked, sink):
    item = put(reader)
    showing.show_due(Counts())
    asked.untrue.add("thing:1")

    delivery.deliver()

    message = message_of(item)
    assert (message.status, message.cancelled_reason, sink.taken) == ("cancelled", "no_longer_true", [])
    assert MessageItem.objects.get().dropped_reason == "no_longer_true"
    assert Notification.objects.inbox_of(reader).count() == 1  # it was shown; that stays


def test_an_item_that_cannot_be_checked_holds_up_no_other_and_is_parked(reader, asked, sink, settings):
    bad, good = put(reader, "thing:1"), put(reader, "thing:2")
    asked.broken.add("thing:1")

    for _ in range(settings.OUTBOX_MAX_ATTEMPTS):
        delivery.deliver()
        make_due(bad)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (good.status, bad.status, bad.attempts) == ("shown", "failed", settings.OUTBOX_MAX_ATTEMPTS)
    assert bad.last_error == "RuntimeError: cannot be asked"
    assert len(sink.taken) == 1


def test_items_that_cannot_be_checked_any_more_are_set_apart_and_parked_in_the_end(reader, asked, sink, settings):
    settings.URGENT_MESSAGES_A_DAY = None
    bad, good = put(reader, "thing:1"), put(reader, "thing:2")
    showing.show_due(Counts())
    asked.broken.add("thing:1")

    delivery.deliver()
    assert [entry.key for entry in sink.taken[0].content.entries] == ["thing:2"]
    assert (message_of(good).status, message_of(bad).status) == ("sent", "queued")
    for _ in range(settings.OUTBOX_MAX_ATTEMPTS + 1):
        make_due(message_of(bad))
        delivery.deliver()

    assert (message_of(bad).status, message_of(bad).last_error) == ("failed", "RuntimeError: cannot be asked")
    assert len(sink.taken) == 1


def test_an_item_that_can_be_checked_again_goes_out(reader, asked, sink):
    item = put(reader)
    showing.show_due(Counts())
    asked.broken.add("thing:1")
    delivery.deliver()
    asked.broken.clear()
    make_due(message_of(item))

    delivery.deliver()

    assert (message_of(item).status, len(sink.taken)) == ("sent", 1)


def test_what_waits_for_an_address_that_was_switched_off_goes_another_way(reader, sink):
    channel = make_channel(reader, "webhook")
    item = put(reader)
    showing.show_due(Counts())
    reader.addresses.filter(channel=channel).update(is_on=False)

    delivery.deliver()

    assert [parcel.address for parcel in sink.taken] == ["wang@example.com"]
    assert set(Message.objects.filter(items__notification=item).values_list("channel__kind", "status")) == {
        ("webhook", "failed"),
        ("email", "sent"),
    }


@pytest.mark.usefixtures("one_each")
def test_a_message_that_cannot_be_rendered_holds_up_no_other_and_is_parked(reader, sink, settings):
    bad, good = put(reader, "thing:1", is_poison=True), put(reader, "thing:2")

    for _ in range(settings.OUTBOX_MAX_ATTEMPTS + 1):
        delivery.deliver()
        make_due(message_of(bad))

    assert (message_of(good).status, message_of(bad).status) == ("sent", "failed")
    assert message_of(bad).last_error == "ValueError: cannot be rendered"
    assert Channel.mail().failures == 0  # no fault of the channel's


def test_a_kind_that_no_app_knows_any_more_is_parked(reader, settings):
    item = put(reader)
    Notification.objects.filter(pk=item.pk).update(
        kind="of_an_older_version", attempts=settings.OUTBOX_MAX_ATTEMPTS - 1
    )

    delivery.deliver()

    item.refresh_from_db()
    assert item.status == "failed"
    assert "of_an_older_version" in item.last_error


@pytest.mark.usefixtures("one_each")
def test_a_claim_is_small_and_carries_lease_owner_and_attempt(reader, settings):
    for number in range(settings.OUTBOX_CLAIM_SIZE + 1):
        put(reader, f"thing:{number}")
    before = timezone.now()

    mine = shown_and_claimed()

    assert len(mine) == settings.OUTBOX_CLAIM_SIZE
    row = Message.objects.get(pk=mine[0].message.pk)
    assert (row.status, row.attempts, row.lease_owner) == ("sending", 1, mine[0].message.lease_owner)
    assert row.lease_until - before >= claims.lease()
    assert row.attempt_started_at >= before
    assert not row.is_possible_repeat


def test_a_running_lease_is_left_alone(reader):
    put(reader)
    shown_and_claimed()

    assert claims.claim(Counts()) == []


def test_an_expired_lease_is_taken_over_as_a_possible_repeat_in_the_same_words(reader, settings, asked):
    item = put(reader)
    (first,) = shown_and_claimed()
    let_lease_run_out(first.message)
    settings.OUTBOX_LEASE_SECONDS = 0  # the test's database has only just started

    (again,) = claims.claim(Counts())

    row = message_of(item)
    assert (again.message.is_possible_repeat, row.is_possible_repeat, row.attempts, row.deaths) == (True, True, 2, 1)
    assert (again.facts, again.message.delivery_id) == (first.facts, first.message.delivery_id)


def test_an_expired_lease_is_left_alone_until_the_database_was_up_for_one_lease(reader, settings):
    put(reader)
    (first,) = shown_and_claimed()
    let_lease_run_out(first.message)
    settings.OUTBOX_LEASE_SECONDS = 10**7  # longer than any test database has been up

    assert claims.claim(Counts()) == []


def test_the_outcome_of_a_lease_that_passed_on_is_not_written(reader, settings):
    item = put(reader)
    (first,) = shown_and_claimed()
    let_lease_run_out(first.message)
    settings.OUTBOX_LEASE_SECONDS = 0
    claims.claim(Counts())
    counts = Counts()

    outcomes.record_failure(first, ChannelError("too late"), counts)
    outcomes.record_sent(first, Receipt(), counts)

    row = message_of(item)
    assert (row.status, row.last_error, counts) == ("sending", "", Counts())


@pytest.mark.usefixtures("one_each")
def test_a_message_that_kills_its_worker_is_taken_alone_and_parked_after_three_deaths(reader, settings):
    for number in range(4):
        put(reader, f"thing:{number}")
    bad = message_of(Notification.objects.get(dedupe_key="thing:0")) if shown_and_claimed() else None
    settings.OUTBOX_LEASE_SECONDS = 0
    for _ in range(2):
        let_lease_run_out(bad)
        (again,) = claims.claim(Counts())
        assert again.message.pk == bad.pk

    let_lease_run_out(bad)
    with translation.override("en"):
        assert claims.claim(Counts()) == []

    bad.refresh_from_db()
    assert (bad.status, bad.deaths) == ("failed", 3)
    assert bad.last_error == "No attempt came to an end: each took its worker down."


def test_a_temporary_refusal_is_tried_again_after_a_pause(reader, sink):
    item = put(reader)
    sink.refuse = lambda parcel: ChannelError("451 try later")

    counts = delivery.deliver()

    row = message_of(item)
    assert (row.status, row.failures, counts.retried, row.is_possible_repeat) == ("queued", 1, 1, False)
    assert timedelta(seconds=5) < row.not_before - timezone.now() < timedelta(seconds=20)
    assert row.last_error == "451 try later"


def test_the_pause_grows_and_has_a_cap():
    waits = [pauses.pause_after(attempts).total_seconds() for attempts in range(1, 8)]

    assert all(shorter < longer for shorter, longer in pairwise(waits[:5]))
    assert max(waits) <= 3600 * 1.2


def test_a_permanent_refusal_is_given_up_at_once_and_stays_in_the_inbox(reader, sink):
    item = put(reader)
    sink.refuse = lambda parcel: ChannelError("550 no such user", permanent=True, is_address_dead=True)

    counts = delivery.deliver()

    row = message_of(item)
    assert (row.status, row.attempts, counts.failed) == ("failed", 1, 1)
    assert Notification.objects.inbox_of(reader).get() == item
    assert not Message.objects.exclude(pk=row.pk).exists()  # there is no other way


@pytest.mark.usefixtures("one_each")
def test_a_mail_address_that_bounces_three_times_is_switched_off_until_it_changes(reader, sink):
    sink.refuse = lambda parcel: ChannelError("550 no such user", permanent=True, is_address_dead=True)
    for number in range(3):
        put(reader, f"thing:{number}")
        delivery.deliver()
    address = reader.addresses.get()
    assert (address.dead_value, address.dead_reason) == ("wang@example.com", "550 no such user")
    sink.refuse = lambda parcel: None

    put(reader, "thing:4")
    delivery.deliver()
    assert sink.taken == []
    reader.email = "wang.fang@example.com"
    reader.save()
    put(reader, "thing:5")
    delivery.deliver()

    assert [parcel.address for parcel in sink.taken] == ["wang.fang@example.com"]


def test_after_the_last_attempt_it_is_given_up(reader, sink, settings):
    item = put(reader)
    sink.refuse = lambda parcel: ChannelError("451 try later", is_outcome_unknown=True)
    for _ in range(settings.OUTBOX_MAX_ATTEMPTS):
        delivery.deliver()
        make_due(message_of(item))
        Channel.objects.update(resumes_at=None, failures=0)

    row = message_of(item)
    assert (row.status, row.failures, row.is_possible_repeat) == ("failed", settings.OUTBOX_MAX_ATTEMPTS, True)


@pytest.mark.usefixtures("one_each")
def test_a_channel_that_is_away_rests_after_five_failures_and_holds_up_no_other(reader, sink):
    channel = make_channel(reader, "webhook")
    other = make_channel(None, "slack")
    for number in range(12):
        put(reader, f"thing:{number}")
    sink.refuse = lambda parcel: ChannelError("503", is_unreachable=True)

    delivery.deliver()

    channel.refresh_from_db()
    other.refresh_from_db()
    tried = Message.objects.filter(attempts__gt=0)
    assert channel.failures == 8  # one claim
    assert channel.resumes_at > timezone.now() + timedelta(seconds=20)
    assert other.failures == 0
    assert tried.count() == 8
    assert not Message.objects.filter(status="failed").exists()
    assert {row.failures for row in tried} == {0}  # no fault of the messages'


@pytest.mark.usefixtures("one_each")
def test_a_resting_channel_tries_with_one_message_and_goes_on_when_it_is_taken(reader, sink):
    channel = make_channel(reader, "webhook", failures=9, resumes_at=timezone.now() + HOUR)
    for number in range(5):
        put(reader, f"thing:{number}")
    delivery.deliver()
    assert sink.taken == []

    Channel.objects.filter(pk=channel.pk).update(resumes_at=timezone.now() - HOUR)
    assert [claim.message.channel_id for claim in claims.claim(Counts())] == [channel.pk]
    Message.objects.filter(status="sending").update(status="queued", lease_until=None)
    delivery.deliver()

    channel.refresh_from_db()
    assert (len(sink.taken), channel.failures, channel.resumes_at) == (5, 0, None)


@pytest.mark.usefixtures("one_each")
def test_a_channel_that_asks_for_a_pause_gets_it_and_nothing_is_counted_against_the_message(reader, sink):
    channel = make_channel(reader, "slack", pace_seconds=1.0)
    for number in range(3):
        put(reader, f"thing:{number}")
    sink.refuse = lambda parcel: ChannelError("too fast", retry_after=timedelta(seconds=60))

    delivery.deliver(seconds=3)

    channel.refresh_from_db()
    refused = Message.objects.get(attempts=1)
    assert (refused.status, refused.failures, refused.deferral) == ("queued", 0, "rate")
    assert channel.failures == 0
    assert channel.resumes_at > timezone.now() + timedelta(seconds=50)


@pytest.mark.usefixtures("one_each")
def test_a_robot_whose_key_was_removed_is_switched_off_after_five_refusals(reader, sink):
    channel = make_channel(reader, "wecom_robot")
    for number in range(6):
        put(reader, f"thing:{number}")
    sink.refuse = lambda parcel: ChannelError("93000 invalid webhook url", permanent=True)

    delivery.deliver()

    channel.refresh_from_db()
    assert channel.off_at is not None
    assert channel.off_reason == "93000 invalid webhook url"


@pytest.mark.usefixtures("one_each")
def test_what_a_dead_way_refused_goes_another(reader, sink):
    """The robot is gone: what it refused, and what still waits for it, goes by mail."""
    channel = make_channel(reader, "wecom_robot")
    for number in range(12):
        put(reader, f"thing:{number}")
    sink.refuse = lambda parcel: (
        ChannelError("93000 invalid webhook url", permanent=True) if parcel.address.endswith("@wecom_robot") else None
    )

    delivery.deliver()
    delivery.deliver()

    channel.refresh_from_db()
    assert channel.off_at is not None
    assert sorted(entry.key for parcel in sink.taken for entry in parcel.content.entries) == sorted(
        f"thing:{number}" for number in range(12)
    )
    assert {parcel.address for parcel in sink.taken} == {"wang@example.com"}
    assert not Message.objects.open().exists()


@pytest.mark.usefixtures("one_each")
def test_a_paced_robot_sends_one_at_a_time(reader, sink):
    make_channel(reader, "dingtalk", pace_seconds=0.4)
    for number in range(4):
        put(reader, f"thing:{number}")
    showing.show_due(Counts())

    first = claims.claim(Counts())
    second = claims.claim(Counts())

    assert (len(first), second) == (1, [])
    outcomes.record_sent(first[0], Receipt(), Counts())
    assert claims.claim(Counts()) == []  # not yet
    delivery.deliver(seconds=5)
    sent = sorted(Message.objects.values_list("sent_at", flat=True))
    assert len(sent) == 4
    assert all(later - earlier >= timedelta(seconds=0.4) for earlier, later in pairwise(sent))


def test_outcomes_are_written_again_and_again_while_the_database_is_away():
    answers = [OperationalError("away"), OperationalError("away"), None]

    def write() -> None:
        error = answers.pop(0)
        if error:
            raise error

    delivery.until_written(write)

    assert answers == []


def test_after_a_long_outage_the_error_is_raised():
    def write() -> None:
        raise OperationalError("away")

    with pytest.raises(OperationalError):
        delivery.until_written(write, patience=0)


@pytest.mark.usefixtures("one_each")
def test_what_was_claimed_and_not_tried_when_the_time_is_up_is_put_back(reader, sink, monkeypatch):
    for number in range(8):
        put(reader, f"thing:{number}")
    monkeypatch.setattr(delivery, "THREADS", 1)
    sink.refuse = lambda parcel: time.sleep(0.2)

    counts = delivery.deliver(seconds=0.3)

    assert counts.sent + counts.put_back == 8
    assert counts.put_back > 0
    assert Message.objects.filter(status="queued", attempts=0).count() == counts.put_back


def test_a_worker_that_stops_begins_nothing_new(reader, sink):
    put(reader)

    assert delivery.deliver(is_stopping=lambda: True) == Counts()
    assert sink.taken == []
