"""Items come into the inbox, and from there into messages: one short transaction a batch.

Showing is exact, since it happens in the database itself. In the same transaction each item is laid into the messages
that carry it outside, once per channel (`messageitem_once_per_channel`), so nothing can be shown and then forgotten.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from teams.clock import ClockTimestamp, read_clock
from teams.models import Address, Message, MessageItem, MessageStatus, Notification, NotificationStatus, Urgency
from teams.notifications import registry
from teams.notifications.asking import Facts, ask
from teams.notifications.counts import Counts
from teams.notifications.outbox import Entry, enqueue_many
from teams.notifications.pauses import pause_after
from teams.notifications.people import Person, Readers, read_people

SHOW_SIZE = 200
# An item that waited longer than this for nobody's sake says that it comes late.
LATE_AFTER = timedelta(minutes=15)
_SHOW = """
UPDATE teams_notification AS row
SET payload = shown.payload::jsonb, shown_at = %(now)s, status = 'shown'
FROM unnest(%(ids)s::bigint[], %(payloads)s::text[]) AS shown (id, payload)
WHERE row.id = shown.id
"""


@transaction.atomic
def show_due(counts: Counts, readers: Readers | None = None) -> int:
    """Put a batch of what is due into the inboxes and into messages; returns how many rows were seen."""
    now = read_clock().now
    waiting = Notification.objects.waiting(now).select_for_update(skip_locked=True, of=("self",))
    rows = list(waiting.order_by("not_before", "pk")[:SHOW_SIZE])
    if not rows:
        return 0
    seen = len(rows)
    people = (readers or Readers()).read({row.recipient_id for row in rows}, now)
    rows = _drop(rows, [row for row in rows if not people[row.recipient_id].user.is_active], "person_left", counts)
    rows = reroute(rows, people, now, counts)
    rows = _put_off(rows, people, now)
    facts, errors = ask(rows, now)
    _note_errors([row for row in rows if row.pk in errors], errors, counts)
    asked = [row for row in rows if row.pk not in errors]
    told = _drop(asked, [row for row in asked if row.pk not in facts], "no_longer_true", counts)
    _show(told, facts, now)
    place([(row, people[row.recipient_id]) for row in told], now)
    counts.shown += len(told)
    return seen


def reroute(
    rows: Sequence[Notification], people: dict[int, Person], now: datetime, counts: Counts
) -> list[Notification]:
    """Hand what is for people on leave to their deputies; returns the rows that stay."""
    away = [row for row in rows if people[row.recipient_id].deputy_id]
    entries = []
    for row in away:
        person = people[row.recipient_id]
        origin = {"for": row.recipient_id, "for_name": str(person.user)}
        entries.append(
            Entry(
                row.kind,
                person.deputy_id or 0,
                row.subject,
                f"{row.dedupe_key}>{person.deputy_id}",
                now,
                {**origin, **row.payload},
            )
        )
    enqueue_many(entries, now=now)
    counts.rerouted += len(away)
    cancel_items([row.pk for row in away], "on_leave")
    return [row for row in rows if row not in away]


def cancel_items(ids: Iterable[int], reason: str) -> None:
    """Write an end to items that are not shown; those that are stay in the inbox."""
    Notification.objects.filter(pk__in=list(ids)).unsent().update(
        status=NotificationStatus.CANCELLED, cancelled_reason=reason
    )


def _drop(
    rows: Sequence[Notification], dropped: Sequence[Notification], reason: str, counts: Counts
) -> list[Notification]:
    cancel_items([row.pk for row in dropped], reason)
    counts.cancelled += len(dropped)
    ids = {row.pk for row in dropped}
    return [row for row in rows if row.pk not in ids]


def _put_off(rows: Sequence[Notification], people: dict[int, Person], now: datetime) -> list[Notification]:
    """Leave what is for people who do not work now until they do."""
    openings = {pk: person.hours.next_open(now) for pk, person in people.items()}
    for opening in {openings[row.recipient_id] for row in rows} - {now}:
        ids = [row.pk for row in rows if openings[row.recipient_id] == opening]
        Notification.objects.filter(pk__in=ids).update(not_before=opening)
    return [row for row in rows if openings[row.recipient_id] == now]


def _note_errors(rows: Sequence[Notification], errors: dict[int, str], counts: Counts) -> None:
    """Try again after a growing pause what could not be asked; after the last try it is parked with its reason."""
    for row in rows:
        attempts = row.attempts + 1
        fields: dict[str, Any] = {"attempts": attempts, "last_error": errors[row.pk]}
        if attempts >= settings.OUTBOX_MAX_ATTEMPTS:
            fields["status"] = NotificationStatus.FAILED
            counts.failed += 1
        else:
            fields["not_before"] = ClockTimestamp() + pause_after(attempts)
            counts.retried += 1
        Notification.objects.filter(pk=row.pk).update(**fields)


def _show(rows: Sequence[Notification], facts: Facts, now: datetime) -> None:
    for row in rows:
        row.payload = {**row.payload, **facts[row.pk]}
        if now - row.not_before > LATE_AFTER:
            row.payload.setdefault("late_since", row.not_before.isoformat())
        row.status, row.shown_at = NotificationStatus.SHOWN, now
    if rows:
        payloads = [json.dumps(row.payload, ensure_ascii=False) for row in rows]
        with connection.cursor() as cursor:
            cursor.execute(_SHOW, {"ids": [row.pk for row in rows], "payloads": payloads, "now": now})


def place(shown: Sequence[tuple[Notification, Person]], now: datetime) -> None:
    """Lay items into the messages of their persons: urgent ones at once, the others into the next digest."""
    _lay([(row, person, person.routes_for(registry.topic_of(row))) for row, person in shown], now)


def place_elsewhere(rows: Sequence[Notification], now: datetime) -> None:
    """Lay items whose channel or address failed for good into the next way that their person can be reached by."""
    people = read_people({row.recipient_id for row in rows}, now)
    tried: dict[int, set[int]] = {row.pk: set() for row in rows}
    for item_id, channel_id in MessageItem.objects.filter(notification__in=tried).values_list(
        "notification", "channel"
    ):
        tried[item_id].add(channel_id)
    placed = []
    for row in rows:
        person = people[row.recipient_id]
        left = [route for route in person.routes if route.channel_id not in tried[row.pk]]
        placed.append((row, person, tuple(left[:1])))
    _lay(placed, now)


@transaction.atomic
def leave_dead_channels(counts: Counts) -> None:
    """Take the messages that wait for channels that were switched off, and send their items another way."""
    waiting = Message.objects.filter(status=MessageStatus.QUEUED, channel__off_at__isnull=False)
    rows = list(waiting.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:SHOW_SIZE])
    if not rows:
        return
    ids = [row.pk for row in rows]
    Message.objects.filter(pk__in=ids).update(status=MessageStatus.CANCELLED, cancelled_reason="channel_off")
    items = Notification.objects.filter(outings__message__in=ids, outings__dropped_reason="")
    place_elsewhere(list(items.order_by("pk")), read_clock().now)
    counts.cancelled += len(rows)


def _lay(placed: Sequence[tuple[Notification, Person, Sequence[Address]]], now: datetime) -> None:
    urgent: dict[tuple[int, int], list[Notification]] = {}
    digests: dict[tuple[int, int], list[Notification]] = {}
    people = {person.user.pk: person for _row, person, _routes in placed}
    unreachable: list[int] = []
    for row, person, routes in placed:
        urgency = person.urgency_of(registry.topic_of(row), row.payload, now)
        if not routes and urgency != Urgency.INBOX:
            unreachable.append(row.pk)
        for route in () if urgency == Urgency.INBOX else routes:
            by_channel = urgent if urgency == Urgency.URGENT else digests
            by_channel.setdefault((person.user.pk, route.channel_id), []).append(row)
    items = [item for key, rows in urgent.items() for item in _urgent_items(key, rows, now)]
    # In one order, so that two runs never wait for each other crosswise.
    for key, rows in sorted(digests.items()):
        digest = open_digest(*key, people[key[0]], now)
        items += [MessageItem(message=digest, notification=row, channel_id=key[1]) for row in rows]
    MessageItem.objects.bulk_create(items, ignore_conflicts=True)
    if unreachable:
        reason = _("Told in the inbox only: no channel has an address of this person that works.")
        Notification.objects.filter(pk__in=unreachable).update(last_error=reason)


def _urgent_items(key: tuple[int, int], rows: Sequence[Notification], now: datetime) -> list[MessageItem]:
    size = settings.MESSAGE_MAX_ITEMS
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    messages = Message.objects.bulk_create(
        Message(
            recipient_id=key[0],
            channel_id=key[1],
            urgency=Urgency.URGENT,
            created_at=now,
            planned_at=now,
            not_before=now,
        )
        for _part in parts
    )
    return [
        MessageItem(message=message, notification=row, channel_id=key[1])
        for message, part in zip(messages, parts, strict=True)
        for row in part
    ]


def open_digest(user_id: int, channel_id: int, person: Person, now: datetime) -> Message:
    """The person's next digest over the channel that still takes items, locked; made if there is none."""
    at = now
    while True:
        day, instant = person.hours.next_digest(at)
        Message.objects.bulk_create(
            [
                Message(
                    recipient_id=user_id,
                    channel_id=channel_id,
                    urgency=Urgency.DIGEST,
                    digest_date=day,
                    created_at=now,
                    planned_at=instant,
                    not_before=instant,
                )
            ],
            ignore_conflicts=True,
        )
        digest = Message.objects.select_for_update().get(recipient=user_id, channel=channel_id, digest_date=day)
        if digest.status == MessageStatus.QUEUED and not digest.attempts:
            return digest
        at = max(instant, at) + timedelta(minutes=1)
