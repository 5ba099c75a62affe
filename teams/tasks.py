"""Celery entry points of teams: ticks that beat sends, which find their work in Postgres."""

import logging
import mmap

from celery import shared_task
from celery.signals import worker_shutting_down
from kombu.exceptions import OperationalError as BrokerAway

from teams.clock import read_clock
from teams.notifications import delivery
from teams.services import heartbeats, upkeep

logger = logging.getLogger(__name__)

# One byte that the worker's main process shares with the children it forks: it is told to stop, they send.
_stopping = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def _note_stop(**_: object) -> None:
    _stopping[0] = 1


def is_stopping() -> bool:
    """Whether the worker that this runs in was told to stop: nothing new should begin."""
    return bool(_stopping[0])


# No time limit as for other ticks: while the database is away the outcome of a send has to be kept until it is back.
@shared_task(name="teams.deliver_notifications", soft_time_limit=900, time_limit=960)
def deliver_notifications() -> int:
    """Show and send what is due; returns how many messages were told."""
    counts = delivery.deliver(is_stopping=is_stopping)
    heartbeats.beat("deliver", now=read_clock().now, note=f"{counts.shown} shown, {counts.sent} sent")
    return counts.shown + counts.sent


@shared_task(name="teams.delete_leftovers")
def delete_leftovers() -> int:
    """Delete rows that have served their time; returns how many."""
    return upkeep.delete_leftovers(read_clock().now)


def nudge_delivery() -> None:
    """Have delivery look now instead of at its next tick. Without the broker the tick will do."""
    try:
        deliver_notifications.apply_async(retry=False)
    except (BrokerAway, OSError) as error:
        logger.warning("delivery was not nudged, the broker does not answer: %s", error)
