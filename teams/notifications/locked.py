"""Writing to messages that the transaction in force has locked, and reading what they carry."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from teams.models import Deferral, Message, MessageItem, MessageStatus
from teams.notifications.counts import Counts


def items_of(rows: Sequence[Message]) -> dict[int, list[MessageItem]]:
    """The items of each message that were not left out, by the message's id; one query."""
    found: dict[int, list[MessageItem]] = {row.pk: [] for row in rows}
    for item in MessageItem.objects.filter(message__in=found, dropped_reason="").select_related("notification"):
        found[item.message_id].append(item)
    return found


def put_off(row: Message, until: datetime, deferral: Deferral, counts: Counts) -> None:
    """Not now: the row is queued again from `until` on. This transaction has locked it."""
    end(row, status=MessageStatus.QUEUED, not_before=until, deferral=deferral)
    counts.deferred += 1


def end(row: Message, **fields: Any) -> None:
    """Write to a row that this transaction has locked; nobody's lease is on it any more."""
    Message.objects.filter(pk=row.pk).update(lease_until=None, lease_owner="", **fields)
