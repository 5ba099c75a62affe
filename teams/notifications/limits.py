"""How many urgent messages a person gets: few on a day and some time apart, those that wait put together."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from teams.models import Deferral, Message, MessageItem, MessageStatus, Urgency
from teams.notifications import showing
from teams.notifications.counts import Counts
from teams.notifications.locked import end, items_of, put_off
from teams.notifications.people import Person


def within_limits(
    rows: Sequence[Message], people: Mapping[int, Person], now: datetime, counts: Counts
) -> list[Message]:
    """Keep urgent messages apart, and past the day's number give their items to the next digest."""
    limit, spacing = settings.URGENT_MESSAGES_A_DAY, timedelta(seconds=settings.URGENT_SPACING_SECONDS)
    if limit is None:
        return list(rows)
    kept = []
    # What this very claim lets go counts as well.
    going: dict[tuple[int, int], int] = {}
    for row in rows:
        key = (row.recipient_id, row.channel_id)
        if row.urgency != Urgency.URGENT or row.attempts or key in going:
            kept.append(row)
            continue
        hours = people[row.recipient_id].hours
        before = Message.objects.filter(
            recipient=row.recipient_id, channel=row.channel_id, urgency=Urgency.URGENT, attempt_started_at__isnull=False
        ).exclude(status=MessageStatus.CANCELLED)
        today = before.filter(attempt_started_at__gte=hours.day_begins(now)).count()
        last = before.order_by("-attempt_started_at").values_list("attempt_started_at", flat=True).first()
        if today >= limit:
            _join_digest(row, people[row.recipient_id], now, counts)
        elif last is not None and now - last < spacing:
            put_off(row, last + spacing, Deferral.SPACING, counts)
        else:
            going[key] = row.pk
            kept.append(row)
    return kept


def _join_digest(row: Message, person: Person, now: datetime, counts: Counts) -> None:
    digest = showing.open_digest(row.recipient_id, row.channel_id, person, now)
    Message.objects.filter(pk=digest.pk, deferral="").update(deferral=Deferral.LIMIT)
    row.items.update(message=digest)
    end(row, status=MessageStatus.CANCELLED, cancelled_reason="merged")
    counts.merged += 1


def absorb(rows: list[Message], items: dict[int, list[MessageItem]], counts: Counts) -> None:
    """Put other urgent messages that wait for the same person and channel into the one that goes."""
    first: dict[tuple[int, int], Message] = {}
    for row in [row for row in rows if row.urgency == Urgency.URGENT and not row.attempts]:
        first.setdefault((row.recipient_id, row.channel_id), row)
    if not first:
        return
    same = Q()
    for recipient_id, channel_id in first:
        same |= Q(recipient=recipient_id, channel=channel_id)
    mine = [row.pk for row in first.values()]
    others = Message.objects.filter(
        same, status=MessageStatus.QUEUED, urgency=Urgency.URGENT, attempts=0, failures=0, channel__off_at=None
    ).exclude(pk__in=mine)
    others = others.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
    for other in others:
        into = first[other.recipient_id, other.channel_id]
        moved = items.pop(other.pk, None) or items_of([other])[other.pk]
        if len(items[into.pk]) + len(moved) > settings.MESSAGE_MAX_ITEMS:
            continue
        MessageItem.objects.filter(message=other).update(message=into)
        items[into.pk] += moved
        end(other, status=MessageStatus.CANCELLED, cancelled_reason="merged")
        counts.merged += 1
        rows[:] = [row for row in rows if row.pk != other.pk]
