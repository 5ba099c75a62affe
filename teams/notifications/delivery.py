"""One run of delivery: into the inboxes what is due, then out by mail, until nothing is left or the time is up."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial

from django.db import InterfaceError, OperationalError, connection

from teams.models import Notification, Organization
from teams.notifications import claims
from teams.notifications.channels import ChannelError
from teams.notifications.channels.email import EmailChannel
from teams.notifications.claims import Counts

logger = logging.getLogger(__name__)

# Only the sending itself happens in these threads; the database is asked and told by the main one.
THREADS = 4
# Shorter than the worker's grace at its end (CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT): an orderly stop cuts no send short.
RUN_SECONDS = 15
# How long an outcome is kept while the database is away.
PATIENCE_SECONDS = 600


def deliver(*, seconds: float = RUN_SECONDS, is_stopping: Callable[[], bool] = lambda: False) -> Counts:
    """Show and send what is due; begins nothing new after `seconds`, or once `is_stopping` says so."""
    counts, end = Counts(), time.monotonic() + seconds
    channel = EmailChannel(Organization.current())
    try:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="mail") as threads:
            while not is_stopping() and time.monotonic() < end:
                seen = claims.show_due(counts)
                claimed = claims.claim(counts)
                if claimed and not _send_all(claimed, channel, threads, counts, end):
                    break
                if not claimed and seen < claims.SHOW_SIZE:
                    break
    finally:
        channel.close()
    return counts


def _send_all(
    rows: list[Notification], channel: EmailChannel, threads: ThreadPoolExecutor, counts: Counts, end: float
) -> bool:
    """Send the claimed rows and write each outcome as it comes in; False if the channel is away."""
    is_away = False
    sends = {threads.submit(channel.send, row): row for row in rows}
    for send in as_completed(sends):
        row = sends[send]
        if send.cancelled():
            until_written(partial(claims.put_back, row, counts))
            continue
        is_away = _record(row, send, counts) or is_away
        if is_away or time.monotonic() > end:
            for other in sends:  # Those that no thread has begun.
                other.cancel()
    return not is_away


def _record(row: Notification, send: Future[None], counts: Counts) -> bool:
    """Write what came of a send; True if the channel is away."""
    error = send.exception()
    if error is None:
        until_written(lambda: claims.record_sent(row, counts))
        return False
    refusal = error if isinstance(error, ChannelError) else None
    if refusal is None:
        logger.error("message %s cannot be rendered", row.pk, exc_info=error)
    until_written(
        lambda: claims.record_failure(
            row,
            str(error) if refusal else f"{type(error).__name__}: {error}",
            counts,
            is_permanent=bool(refusal and refusal.permanent),
            is_outcome_unknown=bool(refusal and refusal.is_outcome_unknown),
        )
    )
    return bool(refusal and refusal.is_unreachable)


def until_written(write: Callable[[], None], *, patience: float = PATIENCE_SECONDS) -> None:
    """Write an outcome again and again while the database is away: one that is lost sends its message twice."""
    end, pause = time.monotonic() + patience, 0.1
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > end:
                raise
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 1.0)
