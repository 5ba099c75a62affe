"""Reminders that a person put off: when they come back, and whether they are still wanted then."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.utils.translation import pgettext_lazy

from orders import notices
from orders.models import Milestone
from orders.reminders import Step, persons_for
from orders.services.owners import Escalation, escalation_of
from orders.topics import SNOOZED
from teams.models import Notification
from teams.notifications import registry
from teams.notifications.hours import Hours
from teams.worktime import CalendarExhausted, ScheduleError, add_working_days, add_working_time

KIND = "milestone_snoozed"
HOUR = timedelta(hours=1)
LONGEST = timedelta(days=366)


class Snooze(models.TextChoices):
    HOUR = "hour", pgettext_lazy("snooze", "In 1 hour")
    MORNING = "morning", pgettext_lazy("snooze", "Tomorrow morning")
    DAYS = "days", pgettext_lazy("snooze", "In 2 working days")
    DATE = "date", pgettext_lazy("snooze", "On this day")


def register() -> None:
    registry.register(
        registry.Kind(
            name=KIND,
            template=f"notifications/{KIND}.txt",
            still_true=still_true,
            words=notices.words,
            path=notices.order_path,
            topic=lambda payload: SNOOZED,
            is_answerable=True,
        )
    )


def subject_of(milestone: Milestone) -> str:
    """Not the step's own: what is dropped when its dates move is a rung of the ladder, not what a person asked for."""
    return f"{milestone.subject}:snooze"


def wakes_at(choice: str, hours: Hours, *, now: datetime, day: date | None = None) -> datetime:
    """When a reminder put off at `now` comes back: in the person's working time, a day's in its morning."""
    today = now.astimezone(hours.zone).date()
    if choice == Snooze.HOUR:
        return hours.next_open(_in_an_hour(hours, now))
    if choice == Snooze.DAYS:
        first = _in_two_days(hours, today)
    else:
        first = day if choice == Snooze.DATE and day else today + timedelta(days=1)
    return hours.next_digest(datetime.combine(first, time(), hours.zone).astimezone(UTC))[1]


def _in_an_hour(hours: Hours, now: datetime) -> datetime:
    if hours.schedule is not None:
        try:
            return add_working_time(now, HOUR, hours.schedule)
        except (CalendarExhausted, ScheduleError):
            pass  # A calendar that never opens again: the wall clock is better than nothing.
    return now + HOUR


def _in_two_days(hours: Hours, today: date) -> date:
    if hours.schedule is not None:
        try:
            return add_working_days(today, 2, hours.schedule)
        except (CalendarExhausted, ScheduleError):
            pass
    return today + timedelta(days=2)


def still_true(rows: Sequence[Notification], at: datetime) -> dict[int, dict[str, Any]]:
    """Facts of those that hold at `at`: step open, its clock running, and still a matter of that person. Three
    queries."""
    wanted = {row.payload["milestone"] for row in rows}
    running = Milestone.objects.active().of_running_orders().filter(pk__in=wanted, due_at__isnull=False)
    steps = running.exclude(pk__in=Milestone.objects.stopped(at)).select_related(
        "order__customer", "assignee", "calendar"
    )
    milestones = {milestone.pk: milestone for milestone in steps}
    above = escalation_of({milestone.order.team_id for milestone in milestones.values()})
    facts = {}
    for row in rows:
        milestone = milestones.get(row.payload["milestone"])
        if milestone is not None and _concerns(row, milestone, above[milestone.order.team_id]):
            due = milestone.due_at or at
            facts[row.pk] = {**notices.facts_of(milestone, at), "due_at": due.isoformat()}
    return facts


def _concerns(row: Notification, milestone: Milestone, above: Escalation) -> bool:
    assignee = milestone.assignee
    owners = persons_for(Step.DUE, milestone.assignee_id, bool(assignee and assignee.is_active), above)
    # A deputy is told what is for somebody else.
    return row.payload.get("for", row.recipient_id) in {*owners, *above.leads, *above.managers}
