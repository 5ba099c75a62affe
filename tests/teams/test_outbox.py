"""Rows in the outbox: once per key, in the caller's transaction, and claimed by one worker each."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from teams.models import Message, MessageItem, Notification
from teams.notifications import claims, outbox, outcomes, showing
from teams.notifications.channels import Receipt
from teams.notifications.counts import Counts
from teams.notifications.outbox import Entry
from teams.services import inbox
from tests.factories import MONDAY, make_team, make_user
from tests.teams.kit import KIND

HOUR = timedelta(hours=1)


def put(reader, key: str = "a", now=MONDAY, **fields) -> bool:
    values = {"kind": KIND, "subject": "thing:1", "payload": {"text": "跟单"}, **fields}
    return outbox.enqueue(recipient=reader, dedupe_key=key, now=now, **values)


def test_enqueue_writes_a_row_to_be_sent_at_once(reader):
    assert put(reader)

    row = Notification.objects.get()
    assert (row.kind, row.recipient, row.subject, row.payload) == (KIND, reader, "thing:1", {"text": "跟单"})
    assert (row.status, row.created_at, row.not_before, row.attempts) == ("queued", MONDAY, MONDAY, 0)


def test_enqueue_keeps_not_before(reader):
    put(reader, not_before=MONDAY + HOUR)

    assert Notification.objects.get().not_before == MONDAY + HOUR


@pytest.mark.parametrize("status", ["queued", "failed"])
def test_the_same_key_adds_nothing(reader, status):
    put(reader)
    Notification.objects.update(status=status)

    assert not put(reader, now=MONDAY + HOUR)

    row = Notification.objects.get()
    assert (row.status, row.created_at) == (status, MONDAY)


def test_the_same_key_twice_in_one_call_is_one_row(reader):
    entry = Entry(KIND, reader.pk, "thing:1", "a", MONDAY)

    assert outbox.enqueue_many([entry, entry], now=MONDAY) == 1


def test_nothing_to_enqueue_asks_nothing(reader, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert outbox.enqueue_many([], now=MONDAY) == 0


def test_many_rows_are_one_statement(reader, django_assert_num_queries):
    with django_assert_num_queries(1):
        outbox.enqueue_many([Entry(KIND, reader.pk, "s", f"k{n}", MONDAY) for n in range(50)], now=MONDAY)


def test_what_was_cancelled_unseen_is_queued_again(reader):
    put(reader)
    outbox.cancel(subjects=["thing:1"], reason="closed")

    assert put(reader, now=MONDAY + HOUR, payload={"text": "new"})

    row = Notification.objects.get()
    assert (row.status, row.cancelled_reason, row.not_before) == ("queued", "", MONDAY + HOUR)
    assert row.payload == {"text": "new"}


def test_what_was_seen_and_then_cancelled_is_not_told_again(reader):
    put(reader)
    Notification.objects.update(status="shown", shown_at=MONDAY)
    assert outbox.cancel(subjects=["thing:1"], reason="closed") == 0

    assert not put(reader, now=MONDAY + HOUR)
    assert Notification.objects.get().status == "shown"


def test_cancel_takes_what_is_unsent_about_the_subjects_only(reader):
    put(reader, "a")
    put(reader, "b", subject="thing:2")
    put(reader, "c")
    Notification.objects.filter(dedupe_key="c").update(status="shown", shown_at=MONDAY)

    assert outbox.cancel(subjects=["thing:1"], reason="closed") == 1

    assert dict(Notification.objects.values_list("dedupe_key", "status")) == {
        "a": "cancelled",
        "b": "queued",
        "c": "shown",
    }


def test_a_rolled_back_change_leaves_no_row(reader):
    with transaction.atomic():
        put(reader)
        transaction.set_rollback(True)

    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "rows",
    [
        lambda: Notification.objects.waiting(MONDAY),
        lambda: Message.objects.claimable(MONDAY, leases_before=MONDAY),
        lambda: Message.objects.waiting(MONDAY),
    ],
    ids=["to_show", "claimable", "waiting"],
)
def test_open_rows_are_found_by_the_index_that_holds_only_them(db, rows):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = rows().order_by("not_before", "pk").explain()

    assert "notification_to_show" in plan or "message_to_send" in plan


def in_threads(count: int, work) -> None:
    """Run `work` in so many threads at once, each over a connection of its own."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        try:
            barrier.wait()
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_claimers_at_once_take_each_row_once(reader, asked, settings):
    settings.MESSAGE_MAX_ITEMS, settings.URGENT_MESSAGES_A_DAY = 1, None
    entries = [Entry(KIND, reader.pk, f"s{n}", f"k{n}", MONDAY) for n in range(400)]
    outbox.enqueue_many(entries, now=MONDAY)
    taken: list[int] = []
    shown: list[int] = []

    def claim_all() -> None:
        counts = Counts()
        while showing.show_due(counts):
            pass
        shown.append(counts.shown)
        while mine := claims.claim(counts):
            taken.extend(claim.message.pk for claim in mine)
            for claim in mine:
                outcomes.record_sent(claim, Receipt(), counts)

    in_threads(8, claim_all)
    in_threads(1, claim_all)  # rows that somebody was just holding when the others looked

    assert sum(shown) == 400
    assert len(taken) == len(set(taken)) == 400
    assert Message.objects.filter(status="sent", attempts=1).count() == 400
    assert MessageItem.objects.count() == 400


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_writers_of_the_same_keys_leave_one_row_each(reader):
    added: list[int] = []

    def write() -> None:
        for start in range(0, 50, 10):
            entries = [Entry(KIND, reader.pk, "s", f"k{n}", MONDAY) for n in range(start, start + 30)]
            added.append(outbox.enqueue_many(entries, now=MONDAY))

    in_threads(8, write)

    assert sum(added) == Notification.objects.count() == 70


def test_mark_read_touches_only_what_the_person_was_shown(reader):
    other = make_user("clerk", team=make_team())
    put(reader, "mine")
    put(reader, "unshown")
    put(other, "theirs")
    Notification.objects.exclude(dedupe_key="unshown").update(status="shown", shown_at=MONDAY)
    ids = Notification.objects.values_list("pk", flat=True)

    assert inbox.mark_read(ids=ids, by=reader, now=MONDAY) == 1
    assert inbox.mark_read(ids=ids, by=reader, now=MONDAY) == 0
    assert Notification.objects.get(read_at__isnull=False).dedupe_key == "mine"


def test_acknowledging_reads_and_keeps_the_first_instant(reader):
    put(reader)
    Notification.objects.update(status="shown", shown_at=MONDAY)
    pk = Notification.objects.get().pk

    inbox.acknowledge(notification_id=pk, by=reader, now=MONDAY + HOUR)
    row = inbox.acknowledge(notification_id=pk, by=reader, now=MONDAY + 2 * HOUR)

    row.refresh_from_db()
    assert (row.acknowledged_at, row.read_at) == (MONDAY + HOUR, MONDAY + HOUR)


def test_nobody_acknowledges_for_others(reader):
    put(make_user("clerk", team=make_team()))
    Notification.objects.update(status="shown", shown_at=timezone.now())

    with pytest.raises(Notification.DoesNotExist):
        inbox.acknowledge(notification_id=Notification.objects.get().pk, by=reader, now=MONDAY)
