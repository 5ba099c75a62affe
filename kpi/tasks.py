"""Celery entry points of kpi: closing months and looking at them again; telling the week, the month and what is due."""

from datetime import timedelta

from celery import shared_task

from kpi import action_reminders, alarms, closing, summaries
from teams.clock import read_clock
from teams.services import heartbeats
from teams.tasks import is_stopping

RESTATED_EVERY = timedelta(hours=20)


@shared_task(name="kpi.bulk_close", soft_time_limit=3000, time_limit=3300)
def close_periods() -> int:
    """Close the months that ended long enough ago, and restate closed ones once a day; returns how many figures."""
    now = read_clock().now
    done = closing.close_months(now=now, is_stopping=is_stopping)
    last = heartbeats.last("restating")
    if (last is None or now - last >= RESTATED_EVERY) and not is_stopping():
        done += closing.restate_months(now=now, is_stopping=is_stopping)
        if not is_stopping():
            heartbeats.beat("restating", now=now, note=f"{done} figures")
    heartbeats.beat("closing", now=now, note=f"{done} figures")
    return done


@shared_task(name="kpi.bulk_summaries", soft_time_limit=1500, time_limit=1800)
def tell_summaries() -> int:
    """Queue the figures of the week and the month that ended, and what left its limits, for whoever was not told.

    One pass to its end for each period; a pass that was cut short is taken up by the next tick.
    """
    now = read_clock().now
    last, due = heartbeats.last("summaries"), summaries.periods_to_tell(now)
    if last is not None and not any(last < period.end_at + summaries.WAIT for _topic, period in due):
        return 0
    told = summaries.tell(now=now, is_stopping=is_stopping)
    told += alarms.tell(now=now, is_stopping=is_stopping)
    if not is_stopping():
        heartbeats.beat("summaries", now=now, note=f"{told} told")
    return told


@shared_task(name="kpi.remind_actions", soft_time_limit=60, time_limit=90)
def remind_actions() -> int:
    """Queue reminders of what was agreed in reviews; returns how many are new."""
    now = read_clock().now
    told = action_reminders.remind(now=now)
    heartbeats.beat("review_actions", now=now, note=f"{told} told")
    return told
