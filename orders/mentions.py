"""People named in comments by @: who is meant, and what they are told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from orders.filters import people_of
from orders.models import Order, OrderEvent
from orders.notices import order_path
from orders.services.plans.telling import opening_of
from orders.topics import MENTION
from teams.models import Notification, User
from teams.notifications import outbox, registry

KIND = "mention"
MOST = 20
SHOWN = 300


def register() -> None:
    registry.register(
        registry.Kind(KIND, "notifications/mention.txt", still_true, words, order_path, topic=lambda payload: MENTION)
    )


def mentioned_in(text: str, order: Order, by: User) -> list[User]:
    """The people after each @: a username or a name, the longest that fits; only those who see the order.

    Of people with the same name all are meant.
    """
    if "@" not in text:
        return []
    folded = text.casefold()
    found: dict[int, User] = {}
    names = [
        (name.casefold(), person)
        for person in people_of(by).filter(is_active=True)
        for name in {person.username, person.name}
        if name
    ]
    start = folded.find("@")
    while start >= 0:
        fitting = [(name, person) for name, person in names if folded.startswith(name, start + 1)]
        longest = max((len(name) for name, _person in fitting), default=0)
        found |= {person.pk: person for name, person in fitting if len(name) == longest}
        start = folded.find("@", start + 1)
    return [person for person in list(found.values())[:MOST] if Order.objects.visible_to(person).contains(order)]


def mention_names(user: User) -> list[str]:
    """What may follow an @: the names of colleagues, one query."""
    people = people_of(user).filter(is_active=True).exclude(pk=user.pk).values_list("name", "username")
    return [name or username for name, username in people[:500]]


def tell_mentioned(event: OrderEvent, order: Order, people: Sequence[User], *, by: User, now: datetime) -> None:
    """Queue a message to each, but for who wrote it; it comes when the team is at work."""
    opening = opening_of(order.team, now)
    outbox.enqueue_many(
        (
            outbox.Entry(
                kind=KIND,
                recipient_id=person.pk,
                subject=f"orders.orderevent:{event.pk}",
                dedupe_key=f"mention:{event.pk}:{person.pk}",
                not_before=opening,
                payload={"order": order.number, "by": str(by), "text": event.reason[:SHOWN], "order_id": order.pk},
            )
            for person in people
            if person.pk != by.pk
        ),
        now=now,
    )


def still_true(messages: Sequence[Notification], at: datetime) -> dict[int, dict[str, Any]]:
    """What was written stays written, for those who still see the order."""
    true: dict[int, dict[str, Any]] = {}
    people = User.objects.in_bulk({message.recipient_id for message in messages})
    for message in messages:
        person = people[message.recipient_id]
        if Order.objects.visible_to(person).filter(pk=message.payload["order_id"]).exists():
            true[message.pk] = {}
    return true


def words(payload: Mapping[str, Any]) -> dict[str, str]:
    return {"order": payload["order"], "by": payload["by"] or _("the system"), "text": payload["text"]}
