"""Messages and items that were given up, tried once more; and messages that wait, called off. By an administrator."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from teams.models import Message, MessageItem, MessageStatus, Notification, NotificationStatus, User
from teams.models.messages import OPEN_MESSAGE

logger = logging.getLogger(__name__)

# What was to go longer ago is worth telling no more: it stands in the inbox.
RETRY_WITHIN = timedelta(days=7)
BY_HAND = "by_hand"
# Left out only because nobody could say whether it was still true; another try asks again.
UNASKED = "cannot_be_checked"


def may_be_retried(now: datetime, *, only_untold: bool = False) -> Exists:
    """For a query over messages: given up not long ago, its channel is in use, and it has an item to tell.

    `only_untold`: not if all its items went, or go, over another channel instead.
    """
    items = MessageItem.objects.filter(dropped_reason__in=["", UNASKED], notification__status=NotificationStatus.SHOWN)
    if only_untold:
        others = MessageItem.objects.filter(notification=OuterRef("notification"), dropped_reason="")
        others = others.filter(message__status__in=[*OPEN_MESSAGE, MessageStatus.SENT])
        items = items.exclude(Exists(others.exclude(message=OuterRef("message"))))
    failed = Message.objects.filter(
        Exists(items.filter(message=OuterRef("pk"))),
        pk=OuterRef("pk"),
        status=MessageStatus.FAILED,
        planned_at__gt=now - RETRY_WITHIN,
        channel__off_at=None,
    )
    return Exists(failed)


@transaction.atomic
def retry_messages(*, ids: Iterable[int], by: User, now: datetime) -> int:
    """Queue failed messages once more; returns how many, the others stay as they are.

    Tries and delivery id are kept, so a receiver knows a repeat. What is no longer true is left out when it goes.
    """
    rows = _locked(Message.objects.filter(may_be_retried(now), pk__in=list(ids), status=MessageStatus.FAILED))
    MessageItem.objects.filter(message__in=rows, dropped_reason=UNASKED).update(dropped_reason="")
    count = Message.objects.filter(pk__in=rows).update(
        status=MessageStatus.QUEUED, not_before=now, failures=0, deaths=0, deferral=""
    )
    logger.info("messages queued once more by %s: %s", by.pk, rows)
    return count


def retry_channel(*, channel_id: int, by: User, now: datetime) -> int:
    """Likewise for all failed messages of a channel, but for those that reached their person another way."""
    failed = Message.objects.filter(may_be_retried(now, only_untold=True), channel=channel_id)
    return retry_messages(ids=failed.values_list("pk", flat=True), by=by, now=now)


@transaction.atomic
def cancel_messages(*, ids: Iterable[int], by: User, now: datetime) -> int:
    """Call off messages that wait, not those in a worker's hands; what they were to tell stays in the inbox."""
    rows = _locked(Message.objects.filter(pk__in=list(ids), status=MessageStatus.QUEUED))
    count = Message.objects.filter(pk__in=rows).update(
        status=MessageStatus.CANCELLED, cancelled_reason=BY_HAND, deferral=""
    )
    logger.info("messages called off by %s: %s", by.pk, rows)
    return count


@transaction.atomic
def retry_items(*, ids: Iterable[int], by: User, now: datetime) -> int:
    """Queue items once more that could not be shown."""
    rows = _locked(Notification.objects.filter(pk__in=list(ids), status=NotificationStatus.FAILED))
    count = Notification.objects.filter(pk__in=rows).update(
        status=NotificationStatus.QUEUED, not_before=now, attempts=0
    )
    logger.info("items queued once more by %s: %s", by.pk, rows)
    return count


def _locked(rows: QuerySet) -> list[int]:
    """The ids of rows that no worker holds, locked in one order; whoever changed meanwhile is not among them."""
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True))
