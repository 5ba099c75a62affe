"""Answers given by the link in a message: one act through the services of milestones, by the link's person, once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders import snooze, workflow
from orders.models import Milestone
from orders.services.expected import expect_finish
from orders.services.milestones import complete_milestone, pause_milestone, require_on
from orders.snooze import Snooze, subject_of, wakes_at
from orders.workflow import MILESTONE_MOVES, MilestoneStatus
from teams.errors import DomainError, InvalidInput
from teams.models import Answer, AnswerLink, Miss, Notification, User
from teams.notifications import outbox
from teams.notifications.people import read_people
from teams.permissions import Permission
from teams.services import inbox

Instant = datetime | None


class LinkWorthless(DomainError):
    """The link answers nothing (any more); `miss` says why."""

    code = "link_worthless"

    def __init__(self, miss: str) -> None:
        super().__init__(_("This link answers nothing any more."))
        self.miss = miss


@dataclass(frozen=True)
class Given:
    """What was answered about: `at` is when it is expected, or told again."""

    milestone: Milestone
    at: datetime | None


def milestone_of(link: AnswerLink) -> Milestone | None:
    """The step that the link is about, as far as its person may see it now; they must still work here.

    Rights are read anew each time: `link` brings its person with it.
    """
    notification = link.notification
    if not notification.recipient.is_active:
        return None
    seen = Milestone.objects.visible_to(notification.recipient).select_related("order")
    return seen.filter(pk=notification.payload.get("milestone")).first()


def fault_of(link: AnswerLink, now: datetime) -> str:
    """Why the link answers nothing (a `Miss`), whoever asks; empty if it may."""
    if link.used_at is not None:
        return Miss.REPLAYED
    return Miss.EXPIRED if link.expires_at <= now else ""


@transaction.atomic
def give_answer(*, link_id: int, answer: str, now: datetime, **values: Any) -> Given:
    """Do what the answer says, acknowledge what the person was told about the step, and use up the link: all or
    nothing, and once however many try.

    Raises:
        LinkWorthless: it was used, has expired, or its person may not see the order any more.
        NotPermitted, and whatever the service of the act raises; the link may be used again then.
    """
    links = AnswerLink.objects.select_for_update(of=("self",)).select_related("notification__recipient")
    link = links.get(pk=link_id)
    if fault := fault_of(link, now):
        raise LinkWorthless(fault)
    milestone = milestone_of(link)
    if milestone is None:
        raise LinkWorthless(Miss.REVOKED)
    person = link.notification.recipient
    at = _ACTS[answer](milestone, link.notification, person, now, values)
    acknowledge_step(milestone, by=person, now=now)
    link.used_at, link.answer = now, answer
    link.save(update_fields=["used_at", "answer"])
    return Given(milestone, at)


def acknowledge_step(milestone: Milestone, *, by: User, now: datetime) -> None:
    """The person has seen what they were told about the step, and what they had put off about it (K24)."""
    for subject in (milestone.subject, subject_of(milestone)):
        inbox.acknowledge_about(subject=subject, by=by, now=now)


def _done(milestone: Milestone, told: Notification, by: User, now: datetime, values: Mapping[str, Any]) -> Instant:
    require_on(by, Permission.MILESTONE_COMPLETE, milestone)
    complete_milestone(milestone_id=milestone.pk, by=by, now=now, note=_with_origin(milestone.note))
    return None


def _late(milestone: Milestone, told: Notification, by: User, now: datetime, values: Mapping[str, Any]) -> Instant:
    reason = values["note"] or str(values["delay_reason"] or "")
    milestone = expect_finish(
        milestone_id=milestone.pk,
        expected_at=values["expected_at"],
        delay_reason=values["delay_reason"],
        note=_with_origin(reason) if reason else "",
        by=by,
        now=now,
    )
    return milestone.expected_at


def _waiting(milestone: Milestone, told: Notification, by: User, now: datetime, values: Mapping[str, Any]) -> Instant:
    require_on(by, Permission.MILESTONE_PAUSE, milestone)
    reason = _with_origin(values["reason"])
    pause_milestone(milestone_id=milestone.pk, side=values["side"], reason=reason, by=by, now=now)
    return None


def _snooze(milestone: Milestone, told: Notification, by: User, now: datetime, values: Mapping[str, Any]) -> Instant:
    """Tell it again later. What a deputy puts off comes back to whom it is for, and goes on to who stands in then."""
    if not milestone.is_open:
        workflow.check_transition(MILESTONE_MOVES, milestone.status, milestone.status, labels=MilestoneStatus)
    hours = read_people([by.pk], now)[by.pk].hours
    choice, day = values["until"], values.get("day")
    if choice == Snooze.DATE:
        _check_day(day, now)
    until = wakes_at(choice, hours, now=now, day=day)
    person = told.payload.get("for", by.pk)
    entry = outbox.Entry(
        kind=snooze.KIND,
        recipient_id=person,
        subject=subject_of(milestone),
        dedupe_key=f"{subject_of(milestone)}:{until.isoformat()}:{person}",
        not_before=until,
        payload={"milestone": milestone.pk, "until": until.isoformat()},
    )
    outbox.enqueue_many([entry], now=now)
    return until


def _check_day(day: date | None, now: datetime) -> None:
    message = ""
    if day is None:
        message = _("Which day is it?")
    elif day <= timezone.localdate(now):
        message = _("Choose a day after today.")
    elif day > timezone.localdate(now + snooze.LONGEST):
        message = _("This is too far away.")
    if message:
        raise InvalidInput(message, fields={"day": message})


def _with_origin(text: str) -> str:
    """A reason or note that says that it came by a link."""
    origin = _("(answered from a message)")
    return f"{text} {origin}" if text else origin


_ACTS: Mapping[str, Callable[[Milestone, Notification, User, datetime, Mapping[str, Any]], Instant]] = {
    Answer.DONE: _done,
    Answer.LATE: _late,
    Answer.WAITING: _waiting,
    Answer.SNOOZE: _snooze,
}
