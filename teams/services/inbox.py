"""What a person does with their messages."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from teams.models import Notification, User


def mark_read(*, ids: Iterable[int], by: User, now: datetime) -> int:
    """Mark messages in the person's own inbox as read; returns how many were unread. Others' ids change nothing."""
    return Notification.objects.inbox_of(by).unread().filter(pk__in=list(ids)).update(read_at=now)


@transaction.atomic
def acknowledge(*, notification_id: int, by: User, now: datetime) -> Notification:
    """Answer "I have seen to it"; the first time counts (K24), and it is read as well.

    Raises:
        Notification.DoesNotExist: not in the person's inbox.
    """
    message = Notification.objects.inbox_of(by).select_for_update().get(pk=notification_id)
    message.acknowledged_at = message.acknowledged_at or now
    message.read_at = message.read_at or now
    message.save(update_fields=["acknowledged_at", "read_at"])
    return message


def acknowledge_many(*, ids: Iterable[int], by: User, now: datetime) -> int:
    """Answer "I have seen to it" to several messages; returns how many were not yet. Others' ids change nothing."""
    open_messages = Notification.objects.inbox_of(by).filter(pk__in=list(ids), acknowledged_at=None)
    return open_messages.update(acknowledged_at=now, read_at=Coalesce("read_at", Value(now)))


def acknowledge_about(*, subject: str, by: User, now: datetime) -> int:
    """Answer "I have seen to it" to all that the person was told about `subject`; returns how many messages."""
    open_messages = Notification.objects.inbox_of(by).filter(subject=subject, acknowledged_at=None)
    return open_messages.update(acknowledged_at=now, read_at=Coalesce("read_at", Value(now)))
