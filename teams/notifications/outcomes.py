"""What came of a send: written on the message's own row at once, by the owner of its lease only (reliability C7)."""

from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Least

from teams.clock import ClockTimestamp, read_clock
from teams.models import Address, Channel, ChannelKind, Deferral, Message, MessageStatus
from teams.notifications import showing
from teams.notifications.channels import ChannelError, Receipt
from teams.notifications.claims import Claim, after_pace
from teams.notifications.counts import Counts
from teams.notifications.pauses import FIRST_PAUSE, pause_after, rest_after

LONGEST_RETRY = timedelta(hours=1)
# Longer than any outage that a message should outlive; after that it stands in the inbox only.
GIVE_UP_AFTER = timedelta(hours=72)
_SENT = """
UPDATE teams_message SET status = 'sent', sent_at = clock_timestamp(), last_error = '', receipt = %(receipt)s,
    lease_until = NULL, lease_owner = ''
WHERE id = %(id)s AND status = 'sending' AND lease_owner = %(owner)s
"""


def record_sent(claim: Claim, receipt: Receipt, counts: Counts) -> None:
    """The other side took it; one statement where nothing but the message has changed."""
    row, channel = claim.message, claim.message.channel
    with transaction.atomic() if channel.failures or channel.pace_seconds or claim.address.bounces else nullcontext():
        with connection.cursor() as cursor:
            cursor.execute(_SENT, {"id": row.pk, "owner": row.lease_owner, "receipt": receipt.detail[:300]})
            if not cursor.rowcount:
                return
        if channel.failures or channel.pace_seconds:
            Channel.objects.filter(pk=channel.pk).update(
                failures=0, last_error="", resumes_at=None, next_send_at=after_pace(channel)
            )
        if claim.address.bounces:
            Address.objects.filter(pk=claim.address.pk).update(bounces=0)
    counts.sent += 1


@transaction.atomic
def record_failure(claim: Claim, error: Exception, counts: Counts) -> None:
    """It did not go out: tried again after a growing pause, given up after the last try or for good reason."""
    refusal = error if isinstance(error, ChannelError) else ChannelError(f"{type(error).__name__}: {error}")
    text = str(refusal).replace("\x00", "")[:300]
    fields = _after(claim, refusal)
    if refusal.is_outcome_unknown:
        fields["is_possible_repeat"] = True
    if not _write(claim.message, last_error=text, **fields):
        return
    if refusal is error:
        _note_on_channel(claim.message.channel, refusal, text)
    if refusal.is_address_dead and is_personal(claim.message.channel.kind):
        _note_bounce(claim.address, text)
    if fields["status"] == MessageStatus.FAILED:
        counts.failed += 1
        if refusal is error and refusal.permanent:
            showing.place_elsewhere(claim.items, read_clock().now)
    else:
        counts.retried += 1


@transaction.atomic
def put_back(claim: Claim, counts: Counts) -> None:
    """It was claimed and never tried: as if it had not been claimed, but not at once again."""
    pause = ClockTimestamp() + Value(FIRST_PAUSE)
    back = {"attempts": F("attempts") - 1, "not_before": pause}
    if _write(claim.message, status=MessageStatus.QUEUED, **back):
        counts.put_back += 1


def _after(claim: Claim, refusal: ChannelError) -> dict[str, Any]:
    """What becomes of the message. A channel that is away, or asks for a pause, is no fault of the message's."""
    row = claim.message
    if refusal.permanent:
        return {"status": MessageStatus.FAILED}
    if read_clock().now - row.planned_at > GIVE_UP_AFTER:
        return {"status": MessageStatus.FAILED}
    if refusal.retry_after is not None:
        later = ClockTimestamp() + Value(min(refusal.retry_after, LONGEST_RETRY))
        return {"status": MessageStatus.QUEUED, "not_before": later, "deferral": Deferral.RATE}
    later = ClockTimestamp() + Value(pause_after(row.attempts))
    if refusal.is_unreachable:
        return {"status": MessageStatus.QUEUED, "not_before": later, "deferral": Deferral.CHANNEL}
    failures = row.failures + 1
    is_last = failures >= settings.OUTBOX_MAX_ATTEMPTS
    status = MessageStatus.FAILED if is_last else MessageStatus.QUEUED
    return {"status": status, "failures": failures, "not_before": later}


def _note_on_channel(channel: Channel, refusal: ChannelError, text: str) -> None:
    """Count failures in a row; a channel that fails rests, and one that asks for a pause gets it."""
    row = Channel.objects.select_for_update().get(pk=channel.pk)
    fields: dict[str, Any] = {"next_send_at": after_pace(row)}
    if refusal.retry_after is not None:
        fields |= {"resumes_at": ClockTimestamp() + Value(min(refusal.retry_after, LONGEST_RETRY)), "last_error": text}
    elif not (is_personal(row.kind) and (refusal.is_address_dead or refusal.permanent)):
        fields |= {"failures": Least(F("failures") + 1, Value(1000)), "last_error": text}
        if row.failures + 1 >= Channel.FAILURES_TO_PAUSE and refusal.permanent:
            # A robot that was removed, or a key that was changed: nobody but its administrator can help.
            fields |= {"off_at": ClockTimestamp(), "off_reason": text}
        elif row.failures + 1 >= Channel.FAILURES_TO_PAUSE:
            rest = rest_after(row.failures + 1, Channel.FAILURES_TO_PAUSE)
            fields["resumes_at"] = ClockTimestamp() + Value(rest)
    Channel.objects.filter(pk=row.pk).update(**fields)


def is_personal(kind: str) -> bool:
    """Whether the channel knows each person by an address of their own; a robot has one address for all."""
    return kind in {ChannelKind.EMAIL, ChannelKind.WECOM_APP}


def _note_bounce(address: Address, text: str) -> None:
    """An address that is refused is switched off: a mail address after a few bounces, a user id at once."""
    bounces = address.bounces + 1
    fields: dict[str, Any] = {"bounces": bounces}
    if bounces >= Address.BOUNCES_TO_DEATH or address.channel.kind != ChannelKind.EMAIL:
        fields |= {"dead_at": ClockTimestamp(), "dead_value": address.text(), "dead_reason": text}
    Address.objects.filter(pk=address.pk).update(**fields)


def _write(row: Message, **fields: Any) -> bool:
    """Write an outcome, unless the lease has passed to somebody else."""
    mine = Message.objects.filter(pk=row.pk, status=MessageStatus.SENDING, lease_owner=row.lease_owner)
    return bool(mine.update(lease_until=None, lease_owner="", **fields))
