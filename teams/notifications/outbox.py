"""The transactional outbox: items are written in the caller's transaction, shown and sent later by a worker."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from teams.models import Notification, NotificationStatus, User

# A row cancelled before its person saw it is queued again: a step that is reopened has to remind again.
_INSERT = """
INSERT INTO teams_notification (
    kind, recipient_id, subject, dedupe_key, payload, status, created_at, not_before, attempts, last_error,
    cancelled_reason
)
SELECT kind, recipient_id, subject, dedupe_key, payload::jsonb, 'queued', %(now)s, not_before, 0, '', ''
FROM unnest(
    %(kind)s::text[], %(recipient_id)s::bigint[], %(subject)s::text[], %(dedupe_key)s::text[], %(payload)s::text[],
    %(not_before)s::timestamptz[]
) AS entry (kind, recipient_id, subject, dedupe_key, payload, not_before)
ON CONFLICT (dedupe_key) DO UPDATE
SET status = 'queued', payload = excluded.payload, created_at = excluded.created_at,
    not_before = excluded.not_before, attempts = 0, cancelled_reason = ''
WHERE teams_notification.status = 'cancelled' AND teams_notification.shown_at IS NULL
"""


@dataclass(frozen=True)
class Entry:
    """One message to be queued; `dedupe_key` names what, step, due instant and person."""

    kind: str
    recipient_id: int
    subject: str
    dedupe_key: str
    not_before: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)  # plain JSON values


def enqueue(
    *,
    kind: str,
    recipient: User,
    subject: str,
    dedupe_key: str,
    payload: Mapping[str, Any],
    now: datetime,
    not_before: datetime | None = None,
) -> bool:
    """Queue one message in the caller's transaction, to be sent from `not_before` on (default: at once).

    Returns whether it is new: a key that was queued, sent or shown before adds nothing.
    """
    return bool(enqueue_many([Entry(kind, recipient.pk, subject, dedupe_key, not_before or now, payload)], now=now))


def enqueue_many(entries: Iterable[Entry], *, now: datetime) -> int:
    """Queue many messages by one statement in the caller's transaction; returns how many are new."""
    # By key: two writers of the same keys then wait for each other in one order, and no key stands twice.
    rows = sorted({entry.dedupe_key: entry for entry in entries}.values(), key=lambda entry: entry.dedupe_key)
    if not rows:
        return 0
    parameters = {
        name: [getattr(row, name) for row in rows]
        for name in ("kind", "recipient_id", "subject", "dedupe_key", "not_before")
    }
    payload = [json.dumps(row.payload, ensure_ascii=False) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, {**parameters, "payload": payload, "now": now})
        return cursor.rowcount


def cancel(*, subjects: Iterable[str], reason: str) -> int:
    """Cancel what is not sent yet about `subjects`; returns how many rows.

    Call it while holding the row lock of what the subject names: the sweep takes the same locks in the same order.
    """
    return (
        Notification.objects.filter(subject__in=list(subjects))
        .unsent()
        .update(status=NotificationStatus.CANCELLED, cancelled_reason=reason)
    )
