"""What an edit of a work calendar does to orders: registered with teams, which knows no orders."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils.translation import ngettext

from orders.models import Milestone, PlanJob
from orders.services.plans import jobs
from orders.tasks import nudge_plan_jobs
from teams import calendar_effects, calendar_uses
from teams.calendar_effects import Listener, Progress
from teams.calendar_uses import Use
from teams.models import CalendarEdit


def register() -> None:
    calendar_effects.register(Listener(count=count, saved=saved, progress=progress))
    calendar_uses.register(Use(counts=open_step_counts, words=open_step_words))


def open_step_counts() -> dict[int, int]:
    """How many open steps run by each calendar."""
    steps = Milestone.objects.open().of_running_orders().order_by()
    return dict(steps.values_list("calendar").annotate(count=Count("pk")))


def open_step_words(count: int) -> str:
    return ngettext("%(count)d open step", "%(count)d open steps", count) % {"count": count}


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
