"""The Celery app and the beat schedule: beat only says "look now", Postgres knows what is due."""

import os

from celery import Celery
from celery.signals import beat_init
from django.conf import settings
from kombu.exceptions import OperationalError

from config.watchdog import Watchdog

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("gendan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# No `expires` on ticks: with clocks an hour apart nothing at all would run. A pile of them drains in a moment.
app.conf.beat_schedule = {
    "sweep": {"task": "orders.sweep_reminders", "schedule": settings.SWEEP_PERIOD_SECONDS},
    "deliver": {"task": "teams.deliver_notifications", "schedule": settings.DELIVER_PERIOD_SECONDS},
    "plan_jobs": {"task": "orders.bulk_plan_jobs", "schedule": settings.PLAN_JOBS_PERIOD_SECONDS},
    "imports": {"task": "orders.bulk_imports", "schedule": settings.PLAN_JOBS_PERIOD_SECONDS},
    "exports": {"task": "orders.bulk_exports", "schedule": settings.PLAN_JOBS_PERIOD_SECONDS},
    "closing": {"task": "kpi.bulk_close", "schedule": settings.CLOSING_PERIOD_SECONDS},
    "summaries": {"task": "kpi.bulk_summaries", "schedule": settings.CLOSING_PERIOD_SECONDS},
    "review_actions": {"task": "kpi.remind_actions", "schedule": settings.CLOSING_PERIOD_SECONDS},
    "leftovers": {"task": "teams.delete_leftovers", "schedule": settings.LEFTOVERS_PERIOD_SECONDS},
}
app.conf.task_routes = {"*.bulk_*": {"queue": "bulk"}}
app.steps["worker"].add(Watchdog)


@beat_init.connect
def look_at_once(**_: object) -> None:
    """A beat that starts, perhaps after an outage, does not wait for the first period to end."""
    for entry in app.conf.beat_schedule.values():
        try:
            app.send_task(entry["task"], retry=False)
        except (OperationalError, OSError):  # The broker is not there yet; the next tick will do.
            return
