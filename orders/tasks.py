"""Celery entry points of orders: ticks that beat sends, which find their work in Postgres."""

from celery import shared_task
from django.db import transaction

from orders import reminders
from teams.clock import read_clock
from teams.services import heartbeats
from teams.tasks import nudge_delivery


@shared_task(name="orders.sweep_reminders")
def sweep_reminders() -> int:
    """Queue the reminders that are due; returns how many."""
    now = read_clock().now
    counts = reminders.sweep(now=now)
    if counts.queued:
        transaction.on_commit(nudge_delivery, robust=True)
    heartbeats.beat("sweep", now=now, note=f"{counts.milestones} milestones, {counts.queued} queued")
    return counts.queued
