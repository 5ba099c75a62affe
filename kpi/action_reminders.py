"""What was agreed in a review is remembered: the person is told on its day, and who agreed it if it is late.

Queued in the outbox under a key for each action, day and reader, so that however often the job runs nobody is told
twice. A message about an action that is done by the time it would leave is dropped.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from kpi.models import ReviewAction
from orders.services.plans.telling import opening_of
from teams.models import Notification, Organization
from teams.notifications import facets, registry
from teams.notifications.outbox import Entry, enqueue_many

KIND = TOPIC = "review_action"
DUE, LATE = "due", "late"


def register() -> None:
    registry.register_topic(
        registry.Topic(
            TOPIC,
            pgettext_lazy("topic", "What was agreed in a review"),
            pgettext_lazy("heading", "Agreed in a review"),
            rank=8,
        )
    )
    facets.register(TOPIC, Q(kind=KIND))
    registry.register(
        registry.Kind(KIND, "notifications/review_action.txt", still_true, words, path, topic=lambda payload: TOPIC)
    )


@transaction.atomic
def remind(*, now: datetime) -> int:
    """Queue what is due today or late; returns how many messages are new. Safe to repeat, and to kill at any time."""
    today = now.astimezone(Organization.current().zone).date()
    found = ReviewAction.objects.filter(done_at=None, due_date__lte=today)
    actions = found.select_related("by", "page__person", "page__review__team__calendar").order_by("pk")
    return enqueue_many((entry for action in actions for entry in _entries(action, now)), now=now)


def _entries(action: ReviewAction, now: datetime) -> Iterator[Entry]:
    zone = Organization.current().zone
    person, team = action.page.person, action.page.review.team
    whom = [(DUE, person)]
    if action.due_date < now.astimezone(zone).date():
        whom.append((LATE, action.by))
    for step, reader in whom:
        if not reader.is_active:
            continue
        yield Entry(
            kind=KIND,
            recipient_id=reader.pk,
            subject=subject_of(action),
            dedupe_key=f"{KIND}:{action.pk}:{action.due_date.isoformat()}:{step}:{reader.pk}",
            # On its day, when the team is at work; what was found later, at once in working hours.
            not_before=opening_of(team, max(now, datetime.combine(action.due_date, time(0), zone))),
            payload={
                "action": action.pk,
                "page": action.page_id,
                "step": step,
                "text": action.text,
                "due_date": action.due_date.isoformat(),
                "person": str(person),
                "by": str(action.by),
            },
        )


def subject_of(action: ReviewAction) -> str:
    return f"kpi.reviewaction:{action.pk}"


def still_true(messages: Sequence[Notification], at: datetime) -> dict[int, dict[str, Any]]:
    """What is not done yet, in its words of now."""
    keys = {message.payload["action"] for message in messages}
    texts = dict(ReviewAction.objects.filter(pk__in=keys, done_at=None).values_list("pk", "text"))
    return {
        message.pk: {"text": texts[message.payload["action"]]}
        for message in messages
        if message.payload["action"] in texts
    }


def words(payload: Mapping[str, Any]) -> dict[str, str]:
    """The payload in words, in the language in force."""
    said = {"text": payload["text"], "day": payload["due_date"]}
    if payload["step"] == LATE:
        return {**said, "title": _("Not done: %(person)s") % {"person": payload["person"]}}
    return {**said, "title": _("Agreed with %(by)s in your review") % {"by": payload["by"]}}


def path(payload: Mapping[str, Any]) -> str:
    return reverse("review_page", args=[payload["page"]])
