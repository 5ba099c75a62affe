"""Celery entry points of orders: ticks that beat sends, which find their work in Postgres."""

import logging
import time

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerAway

from orders import reminders
from orders.services import exports, imports, ladders, merges
from orders.services.plans import jobs
from teams.clock import read_clock
from teams.services import heartbeats
from teams.tasks import is_stopping, nudge_delivery

logger = logging.getLogger(__name__)
# A turn ends between two batches well before the time limit; the next tick goes on.
TURN_SECONDS = 200


@shared_task(name="orders.sweep_reminders")
def sweep_reminders() -> int:
    """Queue the reminders that are due; returns how many."""
    now = read_clock().now
    counts = reminders.sweep(now=now, last_run_at=heartbeats.last("sweep"))
    if counts.queued:
        transaction.on_commit(nudge_delivery, robust=True)
    heartbeats.beat("sweep", now=now, note=f"{counts.milestones} milestones, {counts.queued} queued")
    return counts.queued


@shared_task(name="orders.bulk_plan_jobs", soft_time_limit=240, time_limit=300)
def work_on_plan_jobs() -> int:
    """Bring open steps in line with their teams' ladders, and re-plan orders for calendar edits and template versions;
    returns how many orders were looked at."""
    ends = time.monotonic() + TURN_SECONDS
    done = sum(
        work(clock=lambda: read_clock().now, is_stopping=lambda: is_stopping() or time.monotonic() > ends)
        for work in (ladders.work_on_jobs, jobs.work_on_jobs)
    )
    heartbeats.beat("plan_jobs", now=read_clock().now, note=f"{done} orders")
    return done


@shared_task(name="orders.bulk_imports", soft_time_limit=240, time_limit=300)
def work_on_imports() -> int:
    """Take the imports and edited sheets that somebody said yes to; returns how many."""
    return sum(
        work(clock=lambda: read_clock().now, is_stopping=is_stopping)
        for work in (imports.work_on_runs, merges.work_on_merges)
    )


@shared_task(name="orders.bulk_exports", soft_time_limit=240, time_limit=300)
def work_on_exports() -> int:
    """Write the long lists that somebody asked for; returns how many."""
    return exports.work_on_exports(clock=lambda: read_clock().now, is_stopping=is_stopping)


def nudge_exports() -> None:
    """Have a worker look now instead of at its next tick. Without the broker the tick will do."""
    try:
        work_on_exports.apply_async(retry=False)
    except (BrokerAway, OSError) as error:
        logger.warning("an export was not nudged, the broker does not answer: %s", error)


def nudge_imports() -> None:
    """Have a worker look now instead of at its next tick. Without the broker the tick will do."""
    try:
        work_on_imports.apply_async(retry=False)
    except (BrokerAway, OSError) as error:
        logger.warning("an import was not nudged, the broker does not answer: %s", error)


def nudge_plan_jobs() -> None:
    """Have a worker look now instead of at its next tick. Without the broker the tick will do."""
    try:
        work_on_plan_jobs.apply_async(retry=False)
    except (BrokerAway, OSError) as error:
        logger.warning("re-planning was not nudged, the broker does not answer: %s", error)
