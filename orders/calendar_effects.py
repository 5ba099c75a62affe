"""What an edit of a work calendar does to orders: registered with teams, which knows no orders."""

from datetime import datetime

from django.db import transaction

from orders.models import PlanJob
from orders.services.plans import jobs
from orders.tasks import nudge_plan_jobs
from teams import calendar_effects
from teams.calendar_effects import Listener, Progress
from teams.models import CalendarEdit


def register() -> None:
    calendar_effects.register(Listener(count=count, saved=saved, progress=progress))


def count(edit: CalendarEdit, now: datetime) -> None:
    jobs.count_edit(edit, now)
    if edit.status == CalendarEdit.Status.COUNTING:
        transaction.on_commit(nudge_plan_jobs, robust=True)


def saved(edit: CalendarEdit, now: datetime) -> None:
    jobs.start_calendar_job(edit, now)
    transaction.on_commit(nudge_plan_jobs, robust=True)


def progress(edit: CalendarEdit) -> Progress | None:
    job = PlanJob.objects.filter(edit=edit, kind=PlanJob.Kind.CALENDAR).order_by("pk").last()
    if job is None:
        return None
    return Progress(total=job.total, done=job.done, moved=job.moved, is_finished=job.is_finished, failed=job.failed)
