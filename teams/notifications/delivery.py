"""One run of delivery: into the inboxes what is due, then out over the channels, until nothing is left to do now."""

import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, connection

from teams.clock import read_clock
from teams.models import Organization
from teams.notifications import claims, composing, outcomes, showing
from teams.notifications.channels import Receipt
from teams.notifications.claims import Claim
from teams.notifications.counts import Counts
from teams.notifications.people import Readers
from teams.notifications.senders import Senders

logger = logging.getLogger(__name__)

# Only the sending itself happens in these threads; the database is asked and told by the main one.
THREADS = 4
# An orderly stop does not wait for it: it only waits for what is in the air.
RUN_SECONDS = 15
# How long an outcome is kept while the database is away.
PATIENCE_SECONDS = 600


def deliver(*, seconds: float = RUN_SECONDS, is_stopping: Callable[[], bool] = lambda: False) -> Counts:
    """Show and send what is due; begins nothing new after `seconds`, or once `is_stopping` says so."""
    counts, end = Counts(), time.monotonic() + seconds
    senders, readers, organization = Senders(), Readers(), Organization.current()

    def time_left() -> float:
        return 0.0 if is_stopping() else end - time.monotonic()

    try:
        showing.leave_dead_channels(counts)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="send") as threads:
            while (left := time_left()) > 0:
                seen = showing.show_due(counts, readers)
                claimed = claims.claim(counts, readers)
                if claimed:
                    _send_all(claimed, partial(_send, senders, organization), threads, counts, time_left)
                elif not seen and not _wait_for_turn(left):
                    break
    finally:
        senders.close()
    return counts


def _send(senders: Senders, organization: Organization, claim: Claim) -> Receipt:
    """Put the message into words and send it; reads and writes no row."""
    parcel = composing.parcel_of(claim, organization)
    return senders.of(claim.message.channel).send(parcel)


def _wait_for_turn(left: float) -> bool:
    """Wait until a paced channel may send its next message, if that is within this run."""
    now = read_clock().now
    at = claims.next_opportunity(now, timedelta(seconds=left))
    if at is None:
        return False
    time.sleep(min(max((at - now).total_seconds(), 0.05), 0.5))
    return True


def _send_all(
    claimed: list[Claim],
    send: Callable[[Claim], Receipt],
    threads: ThreadPoolExecutor,
    counts: Counts,
    time_left: Callable[[], float],
) -> None:
    """Send the claimed messages and write each outcome as it comes in.

    Another send begins only when an outcome is written: a kill finds no more than `THREADS` whose outcome is unknown.
    """
    waiting = deque(claimed)
    sends: dict[Future[Receipt], Claim] = {}
    while waiting or sends:
        while waiting and len(sends) < THREADS and time_left() > 0:
            claim = waiting.popleft()
            sends[threads.submit(send, claim)] = claim
        if not sends:
            break
        for done in wait(sends, return_when=FIRST_COMPLETED).done:
            _record(sends.pop(done), done, counts)
    for claim in waiting:  # The time is up.
        until_written(partial(outcomes.put_back, claim, counts))


def _record(claim: Claim, done: Future[Receipt], counts: Counts) -> None:
    error = done.exception()
    if error is None:
        until_written(partial(outcomes.record_sent, claim, done.result(), counts))
    elif isinstance(error, Exception):
        until_written(partial(outcomes.record_failure, claim, error, counts))
    else:
        raise error


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
