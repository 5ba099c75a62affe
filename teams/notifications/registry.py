"""What the outbox has to ask the app that a message is about. The higher app registers its kinds when it starts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from teams.models import Notification, Urgency, User
from teams.notifications.content import Group


class UnknownKind(LookupError):
    """No app registered this kind of message, e.g. a row of a version that knew it."""


@dataclass(frozen=True)
class Topic:
    """What a person chooses by: a class of messages that ask for the same. `heading` stands above them in a digest.

    Topics stand in a digest in the order of `rank`.
    """

    code: str
    label: str | Promise
    heading: str | Promise
    urgency: str = Urgency.DIGEST
    rank: int = 100


@dataclass(frozen=True)
class Kind:
    """One kind of message.

    `still_true` gets messages of this kind and an instant. It returns, by message id, the facts of those that are
    still worth telling: plain JSON values that go into the payload. What it leaves out is cancelled.
    `words` turns a payload into what the template shows, in the language and time zone in force; it reads no row.
    `path` is the page that the message leads to, without the host. `topic` tells a payload's topic.
    `is_answerable`: it can be answered by a link without a log-in.
    """

    name: str
    template: str
    still_true: Callable[[Sequence[Notification], datetime], Mapping[int, Mapping[str, Any]]]
    words: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    path: Callable[[Mapping[str, Any]], str]
    topic: Callable[[Mapping[str, Any]], str] = lambda payload: "other"
    is_answerable: bool = False


@dataclass(frozen=True)
class Agenda:
    """What a digest says beside its items: how the day stands for its reader.

    `facts` reads it for some people at an instant, as plain JSON values; `words` turns one person's facts into an
    opening sentence and groups, in the language and time zone in force, without the subjects that the digest tells of.
    """

    facts: Callable[[Collection[User], datetime], Mapping[int, Mapping[str, Any]]]
    words: Callable[[Mapping[str, Any], Collection[str]], tuple[str, Sequence[Group]]]


OTHER = Topic("other", "", "")
_kinds: dict[str, Kind] = {}
_topics: dict[str, Topic] = {}
_agendas: list[Agenda] = []


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def register_topic(topic: Topic) -> None:
    _topics[topic.code] = topic


def register_agenda(agenda: Agenda) -> None:
    _agendas[:] = [agenda]


def get(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UnknownKind
    """
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"no app registered the kind of message {name!r}") from None


def topic(code: str) -> Topic:
    return _topics.get(code, OTHER)


def topics() -> list[Topic]:
    """All that a person may choose by, in the order of a digest."""
    return sorted(_topics.values(), key=lambda topic: topic.rank)


def topic_of(notification: Notification) -> str:
    return get(notification.kind).topic(notification.payload)


def agenda() -> Agenda | None:
    return _agendas[0] if _agendas else None


def unregister(name: str) -> None:
    """Forget a kind; for tests."""
    del _kinds[name]


def forget_topics(*codes: str) -> None:
    """Likewise for topics."""
    for code in codes:
        del _topics[code]
