"""What people can choose to be told about, and how urgently unless they choose otherwise."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import pgettext_lazy

from orders.reminders import Step
from teams.models import Urgency
from teams.notifications import registry
from teams.notifications.registry import Topic

CUTOFF, DUE, SOON, LEAD, MANAGER, SNOOZED, PLAN = "cutoff", "due", "soon", "lead", "manager", "snoozed", "plan"
MENTION = "mention"
TOPICS = [
    Topic(
        CUTOFF,
        pgettext_lazy("topic", "Hard cut-offs of mine, near or passed"),
        pgettext_lazy("heading", "Hard cut-offs"),
        Urgency.URGENT,
        10,
    ),
    Topic(
        SNOOZED,
        pgettext_lazy("topic", "What I asked to be reminded of again"),
        pgettext_lazy("heading", "You wanted to be reminded"),
        Urgency.URGENT,
        20,
    ),
    Topic(
        DUE, pgettext_lazy("topic", "My steps at their due time"), pgettext_lazy("heading", "Due and overdue"), rank=30
    ),
    Topic(SOON, pgettext_lazy("topic", "My steps before they are due"), pgettext_lazy("heading", "Due soon"), rank=40),
    Topic(
        LEAD, pgettext_lazy("topic", "Overdue in my team"), pgettext_lazy("heading", "Overdue in your team"), rank=50
    ),
    Topic(
        MANAGER,
        pgettext_lazy("topic", "Still overdue after the team lead was told"),
        pgettext_lazy("heading", "Still overdue"),
        rank=60,
    ),
    Topic(
        MENTION,
        pgettext_lazy("topic", "Comments that name me"),
        pgettext_lazy("heading", "You were named"),
        rank=25,
    ),
    Topic(PLAN, pgettext_lazy("topic", "New dates of my steps"), pgettext_lazy("heading", "New dates"), rank=70),
]


def register() -> None:
    for topic in TOPICS:
        registry.register_topic(topic)


def topic_of_reminder(payload: Mapping[str, Any]) -> str:
    """An owner's cut-off that nobody can move is a topic of its own; else a topic for each rung."""
    step = payload["step"]
    return CUTOFF if payload.get("is_hard") and step in {Step.SOON, Step.DUE} else step
