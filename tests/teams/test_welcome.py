"""One digest in the morning, few urgent messages, quiet hours, deputies, and what a person chose."""

from datetime import UTC, date, datetime, time

import pytest
from django.utils import timezone

from teams.models import Address, ContactHours, Leave, Message, MessageItem, Notification
from teams.notifications import delivery, people, showing
from teams.notifications.counts import Counts
from tests.factories import make_user
from tests.teams.kit import CALM, URGENT, choose, make_channel, make_reader, message_of, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("asked")]


@pytest.fixture
def at(monkeypatch):
    """Set the database's clock, as far as delivery looks at it."""

    def at(text: str) -> datetime:
        now = datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)
        clock = showing.read_clock()
        frozen = type(clock)(now, clock.server_started_at)
        for module in ("showing", "claims", "outcomes", "delivery"):
            monkeypatch.setattr(f"teams.notifications.{module}.read_clock", lambda: frozen)
        return now

    return at


@pytest.fixture
def clerk(db):
    return make_reader("clerk", calendar="CN_OFFICE")


def test_calm_items_wait_for_the_morning_and_are_one_message(clerk, sink, at):
    now = at("2026-03-02T10:00")
    for number in range(30):
        put(clerk, f"thing:{number}", now=now, topic=CALM.code)
    delivery.deliver()
    assert (sink.taken, Notification.objects.inbox_of(clerk).count()) == ([], 30)  # the inbox has them at once

    at("2026-03-03T08:34")
    delivery.deliver()
    assert sink.taken == []
    at("2026-03-03T08:35")  # five minutes after the day has opened
    delivery.deliver()

    (parcel,) = sink.taken
    assert len(parcel.content.entries) == 30
    assert parcel.content.title == "Follow-up for Tue 3 Mar: In the morning 30"
    assert not parcel.content.is_urgent
    (message,) = Message.objects.all()
    assert (message.digest_date, message.status) == (date(2026, 3, 3), "sent")


def test_what_comes_after_the_digest_waits_for_the_next_working_day(clerk, sink, at):
    put(clerk, "thing:1", now=at("2026-03-05T22:00"), topic=CALM.code)  # at night
    at("2026-03-06T08:30")
    delivery.deliver()
    put(clerk, "thing:2", now=at("2026-03-06T08:40"), topic=CALM.code)
    delivery.deliver()

    assert {message.digest_date for message in Message.objects.all()} == {date(2026, 3, 6), date(2026, 3, 9)}


def test_urgent_items_go_at_once_and_together(clerk, sink, at):
    now = at("2026-03-02T10:00")
    for number in range(5):
        put(clerk, f"thing:{number}", now=now)

    delivery.deliver()

    (parcel,) = sink.taken
    assert (len(parcel.content.entries), parcel.content.title, parcel.content.is_urgent) == (
        5,
        "5 urgent reminders",
        True,
    )


def test_a_person_with_100_orders_gets_at_most_three_messages_a_day(clerk, sink, at):
    """Items of both classes come all day long, for a week; each is told once, and no day has more than three."""
    number = 0
    for day in range(2, 7):
        for minute in range(0, 24 * 60, 48):
            now = at(f"2026-03-0{day}T{minute // 60:02}:{minute % 60:02}")
            put(clerk, f"thing:{number}", now=now, topic=(URGENT if number % 4 == 0 else CALM).code)
            number += 1
            delivery.deliver()
            Message.objects.filter(status="sent", attempt_started_at__gt=now).update(attempt_started_at=now)
    for day in range(7, 13):
        at(f"2026-03-{day:02}T09:00")
        delivery.deliver()

    told = [entry.key for parcel in sink.taken for entry in parcel.content.entries]
    assert sorted(told) == sorted(f"thing:{n}" for n in range(number))
    days = [
        message.attempt_started_at.astimezone(people.zone_of(clerk, people.Organization.current())).date()
        for message in Message.objects.filter(status="sent", attempt_started_at__lt=datetime(2026, 3, 7, tzinfo=UTC))
    ]
    assert max(days.count(day) for day in days) <= 3
    assert max(days.count(day) for day in days) == 3


@pytest.mark.parametrize(
    ("act_by", "is_sent"),
    [("2026-03-02T16:00+08:00", True), ("2026-03-03T08:34+08:00", True), ("2026-03-03T08:36+08:00", False)],
)
def test_what_must_be_acted_on_before_the_next_digest_does_not_wait_for_it(clerk, sink, at, act_by, is_sent):
    put(clerk, now=at("2026-03-02T10:00"), topic=CALM.code, act_by=act_by)

    delivery.deliver()

    assert bool(sink.taken) == is_sent


def test_nothing_goes_out_at_night_and_nothing_is_dropped(clerk, sink, at):
    item = put(clerk, now=at("2026-03-02T22:00"))

    delivery.deliver()
    item.refresh_from_db()
    assert (item.status, sink.taken) == ("queued", [])
    at("2026-03-03T09:00")
    delivery.deliver()

    assert len(sink.taken) == 1


def test_a_retry_at_night_waits_for_the_morning(clerk, sink, at):
    item = put(clerk, now=at("2026-03-02T17:59"))
    showing.show_due(Counts())
    at("2026-03-02T18:30")

    delivery.deliver()

    message = message_of(item)
    assert (message.status, message.deferral, sink.taken) == ("queued", "quiet", [])
    assert message.not_before == at("2026-03-03T08:30")


def test_a_persons_own_quiet_hours_are_kept(clerk, sink, at):
    ContactHours.objects.create(user=clerk, quiet_from=time(9), quiet_to=time(11))
    put(clerk, now=at("2026-03-02T10:00"))
    delivery.deliver()
    assert sink.taken == []

    at("2026-03-02T11:00")
    delivery.deliver()

    assert len(sink.taken) == 1


def test_the_first_address_by_rank_is_taken_unless_the_person_chose_others(clerk, sink, at):
    slack, hook = make_channel(None, "slack"), make_channel(None, "webhook")
    Address.objects.create(user=clerk, channel=slack, value="U1", rank=1)
    Address.objects.create(user=clerk, channel=hook, value="", rank=2)
    choose(clerk, CALM.code, "urgent", hook, slack)
    now = at("2026-03-02T10:00")
    put(clerk, "thing:1", now=now)
    put(clerk, "thing:2", now=now, topic=CALM.code)

    delivery.deliver()

    sent = MessageItem.objects.filter(message__status="sent").values_list("channel", "notification__subject")
    assert set(sent) == {(slack.pk, "thing:1"), (slack.pk, "thing:2"), (hook.pk, "thing:2")}


def test_a_dead_address_gives_way_to_the_next(clerk, sink, at):
    slack = make_channel(None, "slack")
    Address.objects.create(user=clerk, channel=slack, value="U1", dead_at=timezone.now(), dead_value="U1")
    put(clerk, now=at("2026-03-02T10:00"))

    delivery.deliver()

    assert [parcel.address for parcel in sink.taken] == ["clerk@example.com"]


def test_the_inbox_alone_can_be_chosen(clerk, sink, at):
    choose(clerk, URGENT.code, "inbox")
    put(clerk, now=at("2026-03-02T10:00"))

    delivery.deliver()

    assert (sink.taken, Notification.objects.inbox_of(clerk).count()) == ([], 1)


def test_leave_routes_to_the_deputy_even_if_it_begins_while_a_message_waits(clerk, sink, at):
    deputy = make_user("clerk", team=clerk.memberships.get().team, username="deputy", language="en", name="Li Na")
    Leave.objects.create(user=clerk, deputy=deputy, from_date=date(2026, 3, 3), to_date=date(2026, 3, 5))
    now = at("2026-03-02T17:00")
    put(clerk, "thing:1", now=now, topic=CALM.code)
    delivery.deliver()  # in the clerk's inbox, waiting for Tuesday's digest
    put(clerk, "thing:2", now=at("2026-03-02T19:00"))
    at("2026-03-03T09:00")
    delivery.deliver()
    delivery.deliver()
    at("2026-03-04T09:00")
    delivery.deliver()

    assert {parcel.address for parcel in sink.taken} == {"deputy@example.com"}
    told = sorted(entry.key for parcel in sink.taken for entry in parcel.content.entries)
    assert told == [f"thing:1>{deputy.pk}", f"thing:2>{deputy.pk}"]
    assert any("You stand in for Clerk." in entry.lines for parcel in sink.taken for entry in parcel.content.entries)
    assert Notification.objects.get(dedupe_key="thing:2").cancelled_reason == "on_leave"


def test_a_chain_of_deputies_is_followed_and_a_circle_ends_with_the_person(clerk):
    team = clerk.memberships.get().team
    first, second = make_user("clerk", team=team), make_user("clerk", team=team)
    days = {"from_date": date(2026, 3, 3), "to_date": date(2026, 3, 5)}
    Leave.objects.create(user=clerk, deputy=first, **days)
    Leave.objects.create(user=first, deputy=second, **days)
    now = datetime(2026, 3, 4, 2, tzinfo=UTC)
    assert people.read_people([clerk.pk], now)[clerk.pk].deputy_id == second.pk

    Leave.objects.create(user=second, deputy=clerk, **days)
    assert people.read_people([clerk.pk], now)[clerk.pk].deputy_id is None


def test_after_an_outage_a_message_says_that_it_comes_late(clerk, sink, at):
    put(clerk, "thing:1", now=at("2026-03-02T10:00"))
    at("2026-03-02T15:00")

    delivery.deliver()

    (entry,) = sink.taken[0].content.entries
    assert "Told late: it was to be told on Mon 2 Mar 2026, 10:00." in entry.lines


def test_a_message_kept_back_by_an_outage_says_so(clerk, sink, at):
    put(clerk, now=at("2026-03-02T10:00"))
    showing.show_due(Counts())
    at("2026-03-02T15:00")

    delivery.deliver()

    assert sink.taken[0].content.footer == ("This message comes late: it was to reach you on Mon 2 Mar 2026, 10:00.",)


def test_a_possible_repeat_says_so_but_not_where_the_receiver_drops_it(clerk, sink, at, settings):
    make_channel(clerk, "slack")
    put(clerk, now=at("2026-03-02T10:00"))
    showing.show_due(Counts())
    Message.objects.update(is_possible_repeat=True)

    delivery.deliver()

    assert sink.taken[0].content.footer == ("You may have received this message before.",)
    assert sink.taken[0].is_repeat


def test_people_are_read_by_a_constant_number_of_queries(clerk, django_assert_max_num_queries):
    team = clerk.memberships.get().team
    ids = [make_user("clerk", team=team).pk for _ in range(10)]
    now = timezone.now()
    people.read_people(ids, now)

    with django_assert_max_num_queries(9):
        people.read_people(ids, now)
