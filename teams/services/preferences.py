"""How a person wants to be told: urgency and ways by topic, and their hours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from django.db import transaction
from django.utils.translation import gettext as _

from teams.errors import InvalidInput
from teams.models import Channel, ContactHours, TopicChoice, Urgency, User
from teams.notifications import registry


@dataclass(frozen=True)
class Choice:
    """For one topic; no channels: the first way that works."""

    urgency: str
    channel_ids: tuple[int, ...] = ()


@transaction.atomic
def choose_topics(*, user: User, choices: Mapping[str, Choice]) -> None:
    """Keep what differs from a topic's own urgency and the person's first way; the rest follows these again.

    Raises:
        InvalidInput: an unknown topic or urgency, or a channel that is not offered to the person.
    """
    _check_choices(user, choices)
    for code, choice in choices.items():
        wanted = {"urgency": choice.urgency, "channels": list(choice.channel_ids)}
        if choice.urgency == registry.topic(code).urgency and not choice.channel_ids:
            TopicChoice.objects.filter(user=user, topic=code).delete()
        else:
            TopicChoice.objects.update_or_create(user=user, topic=code, defaults=wanted)


def _check_choices(user: User, choices: Mapping[str, Choice]) -> None:
    topics = {topic.code for topic in registry.topics()}
    offered = set(Channel.objects.offered_to(user).values_list("pk", flat=True))
    faults = {}
    for code, choice in choices.items():
        if code not in topics or choice.urgency not in Urgency.values:
            faults[f"urgency_{code}"] = _("There is no such choice.")
        if not offered.issuperset(choice.channel_ids):
            faults[f"ways_{code}"] = _("There is no such choice.")
    if faults:
        raise InvalidInput(_("There is no such choice."), fields=faults)


def set_hours(*, user: User, digest_time: time | None, quiet_from: time | None, quiet_to: time | None) -> None:
    """Write when the person is told; empty times follow their work calendar.

    Raises:
        InvalidInput: quiet hours without one end or without length, or the digest would come in them.
    """
    faults: dict[str, str] = {}
    if (quiet_from is None) != (quiet_to is None):
        missing = "quiet_from" if quiet_from is None else "quiet_to"
        faults[missing] = _("Quiet hours need both ends.")
    elif quiet_from is not None and quiet_from == quiet_to:
        faults["quiet_to"] = _("Quiet hours have to end at another time than they begin.")
    elif digest_time is not None and _is_quiet(digest_time, quiet_from, quiet_to):
        faults["digest_time"] = _("This lies in your quiet hours.")
    if faults:
        raise InvalidInput(" ".join(faults.values()), fields=faults)
    hours = {"digest_time": digest_time, "quiet_from": quiet_from, "quiet_to": quiet_to}
    ContactHours.objects.update_or_create(user=user, defaults=hours)


def _is_quiet(at: time, quiet_from: time | None, quiet_to: time | None) -> bool:
    if quiet_from is None or quiet_to is None:
        return False
    if quiet_from < quiet_to:
        return quiet_from <= at < quiet_to
    return at >= quiet_from or at < quiet_to  # over midnight
