"""The transactional outbox: rows are written in the caller's transaction, sent later by a worker."""

from collections.abc import Iterable

from teams.models import Notification, NotificationStatus


def cancel(*, subjects: Iterable[str], reason: str) -> int:
    """Cancel what is not sent yet about `subjects`; returns how many rows."""
    return (
        Notification.objects.filter(subject__in=list(subjects))
        .unsent()
        .update(status=NotificationStatus.CANCELLED, cancelled_reason=reason)
    )
