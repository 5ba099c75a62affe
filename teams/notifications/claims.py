"""The outbox rows' way from queued to sent: each function is one short transaction, and none is open during a send.

Showing in the inbox is exact: one transaction with the row itself. A mail is claimed by a lease, and its outcome is
written only by the owner of the lease (reliability C6 to C10). A worker that dies in between leaves an expired lease:
the message goes out once more, under the same Message-ID, marked as a possible repeat.
"""

import json
import logging
import os
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, F, Value, When

from teams.clock import ClockTimestamp, read_clock
from teams.models import Notification, NotificationStatus
from teams.models.notifications import NotificationQuerySet
from teams.notifications import registry

logger = logging.getLogger(__name__)

SHOW_SIZE = 200
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_SHOW = """
UPDATE teams_notification AS row
SET payload = shown.payload::jsonb, shown_at = %(now)s,
    status = CASE WHEN shown.is_told THEN 'sent' ELSE row.status END,
    sent_at = CASE WHEN shown.is_told THEN %(now)s END
FROM unnest(%(ids)s::bigint[], %(payloads)s::text[], %(told)s::boolean[]) AS shown (id, payload, is_told)
WHERE row.id = shown.id
"""


@dataclass
class Counts:
    """What a run did. `put_back`: claimed, but the channel was away or the time was up before it was tried."""

    shown: int = 0
    sent: int = 0
    retried: int = 0
    failed: int = 0
    cancelled: int = 0
    put_back: int = 0


def lease() -> timedelta:
    """Longer than all sends of one claim together, and longer than a restart of the database."""
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


@transaction.atomic
def show_due(counts: Counts) -> int:
    """Put a batch of what is due into the inboxes; for people without a mail address that is all. Returns rows seen."""
    now = read_clock().now
    rows = _locked(Notification.objects.to_show(now), SHOW_SIZE)
    shown = list(_still_true(rows, now, counts))
    if shown:
        told = [not row.recipient.email for row, _facts in shown]
        payloads = [json.dumps({**row.payload, **facts}, ensure_ascii=False) for row, facts in shown]
        with connection.cursor() as cursor:
            ids = [row.pk for row, _facts in shown]
            cursor.execute(_SHOW, {"ids": ids, "payloads": payloads, "told": told, "now": now})
        counts.shown += len(shown)
        counts.sent += sum(told)
    return len(rows)


@transaction.atomic
def claim(counts: Counts) -> list[Notification]:
    """Take a few shown messages for sending: each gets our lease, the next attempt number and the attempt's start.

    Rows whose lease ran out are left alone until the database has been up for one lease time: until then their living
    owner may still report what came of them. An empty list means that nothing is left to claim.
    """
    clock = read_clock()
    is_settled = clock.now - clock.server_started_at >= lease()
    waiting = Notification.objects.claimable(clock.now, leases_before=clock.now if is_settled else _NEVER)
    while rows := _locked(waiting, settings.OUTBOX_CLAIM_SIZE):
        if mine := [row for row, _facts in _still_true(_park_hopeless(rows, counts), clock.now, counts)]:
            _take(mine)
            return mine
    return []


def _take(rows: Sequence[Notification]) -> None:
    owner = f"{os.getpid()}-{secrets.token_hex(8)}"
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(
        # Nobody wrote down how the attempt before ended.
        is_possible_repeat=Case(
            When(status=NotificationStatus.SENDING, then=Value(True)), default=F("is_possible_repeat")
        ),
        status=NotificationStatus.SENDING,
        lease_owner=owner,
        lease_until=ClockTimestamp() + Value(lease()),
        attempts=F("attempts") + 1,
        attempt_started_at=ClockTimestamp(),
    )
    for row in rows:
        row.is_possible_repeat = row.is_possible_repeat or row.status == NotificationStatus.SENDING
        row.status, row.lease_owner, row.attempts = NotificationStatus.SENDING, owner, row.attempts + 1


def _locked(rows: NotificationQuerySet, size: int) -> list[Notification]:
    ours = rows.select_for_update(skip_locked=True, of=("self",)).select_related("recipient")
    return list(ours.order_by("not_before", "pk")[:size])


def _park_hopeless(rows: Sequence[Notification], counts: Counts) -> list[Notification]:
    """Give up on rows that took their worker down with them at every attempt."""
    hopeless = [row for row in rows if row.attempts >= settings.OUTBOX_MAX_ATTEMPTS]
    for row in hopeless:
        _write(row, status=NotificationStatus.FAILED, last_error=row.last_error or "no attempt came to an end")
        counts.failed += 1
    return [row for row in rows if row not in hopeless]


def _still_true(
    rows: Sequence[Notification], now: datetime, counts: Counts
) -> Iterator[tuple[Notification, Mapping[str, Any]]]:
    """The rows still worth telling, with their facts; the others are cancelled, those that cannot be asked put off."""
    by_kind: dict[str, list[Notification]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    for group in by_kind.values():
        asked, facts = _ask(group, now, counts)
        for row in asked:
            if row.pk in facts and row.recipient.is_active:
                yield row, facts[row.pk]
            else:
                reason = "no_longer_true" if row.recipient.is_active else "person_left"
                _write(row, status=NotificationStatus.CANCELLED, cancelled_reason=reason)
                counts.cancelled += 1


def _ask(
    group: Sequence[Notification], now: datetime, counts: Counts
) -> tuple[Sequence[Notification], Mapping[int, Mapping[str, Any]]]:
    """The rows that an answer was had for, and by id the facts of those that are still true; the others are put off.

    Asked for the whole group at once, and row by row only if that fails: a bad row holds up no other.
    """
    try:
        with transaction.atomic():
            return group, registry.get(group[0].kind).still_true(group, now)
    except Exception as error:
        if len(group) > 1:
            answers = [_ask([row], now, counts) for row in group]
            asked = [row for rows, _facts in answers for row in rows]
            return asked, {pk: told for _rows, facts in answers for pk, told in facts.items()}
        row = group[0]
        logger.exception("message %s cannot be checked", row.pk)
        row.attempts += 1
        _count_failure(fields := _after_failure(row, f"{type(error).__name__}: {error}"), counts)
        _write(row, attempts=row.attempts, **fields)
        return [], {}


def record_sent(row: Notification, counts: Counts) -> None:
    """The mail server took it."""
    if _write_as_owner(row, status=NotificationStatus.SENT, sent_at=ClockTimestamp(), last_error=""):
        counts.sent += 1


def record_failure(
    row: Notification, error: str, counts: Counts, *, is_permanent: bool = False, is_outcome_unknown: bool = False
) -> None:
    """It did not go out: tried again after a growing pause, given up after the last attempt or for good reason."""
    fields = _after_failure(row, error, is_permanent=is_permanent)
    repeat = {"is_possible_repeat": True} if is_outcome_unknown else {}
    if _write_as_owner(row, **fields, **repeat):
        _count_failure(fields, counts)


def put_back(row: Notification, counts: Counts) -> None:
    """It was claimed and never tried: as if it had not been claimed, but not at once again."""
    pause = ClockTimestamp() + Value(FIRST_PAUSE)
    if _write_as_owner(row, status=NotificationStatus.QUEUED, attempts=row.attempts - 1, not_before=pause):
        counts.put_back += 1


def _after_failure(row: Notification, error: str, *, is_permanent: bool = False) -> dict[str, Any]:
    last_error = error.replace("\x00", "")[:300]
    if is_permanent or row.attempts >= settings.OUTBOX_MAX_ATTEMPTS:
        return {"status": NotificationStatus.FAILED, "last_error": last_error}
    later = ClockTimestamp() + Value(pause_after(row.attempts))
    return {"status": NotificationStatus.QUEUED, "last_error": last_error, "not_before": later}


def _count_failure(fields: Mapping[str, Any], counts: Counts) -> None:
    if fields["status"] == NotificationStatus.FAILED:
        counts.failed += 1
    else:
        counts.retried += 1


def pause_after(attempts: int) -> timedelta:
    """15 s, 1 min, 4 min, 16 min, then an hour each, give or take a fifth so that not all come back at once."""
    pause = min(FIRST_PAUSE * 4 ** (attempts - 1), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311  spreads load, hides nothing


def _write_as_owner(row: Notification, **fields: Any) -> bool:
    """Write an outcome, unless the lease has passed to somebody else."""
    mine = Notification.objects.filter(pk=row.pk, status=NotificationStatus.SENDING, lease_owner=row.lease_owner)
    return bool(mine.update(lease_until=None, lease_owner="", **fields))


def _write(row: Notification, **fields: Any) -> None:
    """Write an end to a row that this transaction has locked."""
    Notification.objects.filter(pk=row.pk).update(lease_until=None, lease_owner="", **fields)
