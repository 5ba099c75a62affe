"""What the outbox has to know about reminders: whether one is still true, what it says, where it leads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.models import Milestone
from orders.models.templates import in_language
from orders.reminders import Rungs, Step, persons_for
from orders.services.owners import Escalation, escalation_of
from orders.topics import topic_of_reminder
from orders.words import Side, word_of
from teams.models import Notification
from teams.notifications import registry, texts
from teams.worktime import CalendarExhausted, ScheduleError, working_time_between

# Of four wide tables, what `still_true` and `facts_of` read: delivery asks for every few messages.
_READ = (
    "name_zh",
    "name_en",
    "soon_at",
    "due_at",
    "lead_at",
    "manager_at",
    "waiting_on",
    "order__number",
    "order__team_id",
    "order__customer__name",
    "assignee__name",
    "assignee__username",
    "assignee__is_active",
    "calendar__version",
)


def register() -> None:
    for step in Step:
        name = f"milestone_{step}"
        registry.register(
            registry.Kind(
                name=name,
                template=f"notifications/{name}.txt",
                still_true=still_true,
                words=words,
                path=order_path,
                topic=topic_of_reminder,
                is_answerable=True,
            )
        )


def still_true(reminders: Sequence[Notification], at: datetime) -> dict[int, dict[str, Any]]:
    """Facts of the reminders that hold at `at`: step open, its clock running, same date, same person. Three queries."""
    milestones = {
        milestone.pk: milestone
        for milestone in Milestone.objects.active()
        .of_running_orders()
        .filter(pk__in={reminder.payload["milestone"] for reminder in reminders})
        .exclude(pk__in=Milestone.objects.stopped(at))
        .select_related("order__customer", "assignee", "calendar")
        .only(*_READ)
    }
    above = escalation_of({milestone.order.team_id for milestone in milestones.values()})
    facts = {}
    for reminder in reminders:
        milestone = milestones.get(reminder.payload["milestone"])
        if milestone is not None and _concerns(reminder, milestone, above[milestone.order.team_id], at):
            facts[reminder.pk] = facts_of(milestone, at)
    return facts


def _concerns(reminder: Notification, milestone: Milestone, above: Escalation, at: datetime) -> bool:
    step, due = Step(reminder.payload["step"]), milestone.due_at
    if due is None or due != datetime.fromisoformat(reminder.payload["due_at"]):
        return False
    rungs = Rungs(milestone.soon_at, due, milestone.lead_at, milestone.manager_at)
    assignee = milestone.assignee
    persons = persons_for(step, milestone.assignee_id, bool(assignee and assignee.is_active), above)
    # A deputy is told what is for somebody else.
    return step in rungs.due_steps(at) and reminder.payload.get("for", reminder.recipient_id) in persons


def facts_of(milestone: Milestone, at: datetime) -> dict[str, Any]:
    """What a reminder tells about the step at the instant `at`, as plain JSON values."""
    order, due = milestone.order, milestone.due_at or at
    try:
        over = working_time_between(due, at, milestone.calendar.schedule())
    except (CalendarExhausted, ScheduleError):  # A calendar without open time: the wall clock is better than nothing.
        over = at - due
    return {
        "order": order.number,
        "customer": order.customer.name if order.customer else "",
        "name_zh": milestone.name_zh,
        "name_en": milestone.name_en,
        "owner": str(milestone.assignee or ""),
        "waiting_on": milestone.waiting_on,
        "over_minutes": int(over.total_seconds() // 60),  # of working time past due; negative: what is left
    }


def words(payload: Mapping[str, Any]) -> dict[str, str]:
    """The payload in words, for the templates, in the language and time zone in force."""
    over = payload["over_minutes"]
    waiting_on = payload["waiting_on"]
    return {
        "order": payload["order"],
        "customer": payload["customer"],
        "milestone": in_language(payload["name_zh"], payload["name_en"]),
        "owner": payload["owner"] or _("nobody"),
        "waiting_on": word_of(Side, waiting_on),
        "due": texts.moment(datetime.fromisoformat(payload["due_at"])),
        "over": _amount(over) if over > 0 else "",
        "left": _amount(-over) if over < 0 else "",
    }


def order_path(payload: Mapping[str, Any]) -> str:
    return f"/orders/{quote(payload['order'], safe='')}/"


def _amount(minutes: int) -> str:
    """Working time in words, e.g. "3 h 20 min"."""
    hours, rest = divmod(minutes, 60)
    parts = [ngettext("%(n)s h", "%(n)s h", hours) % {"n": hours}] if hours else []
    if rest or not hours:
        parts.append(ngettext("%(n)s min", "%(n)s min", rest) % {"n": rest})
    return " ".join(parts)
