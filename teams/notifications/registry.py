"""What the outbox has to ask the app that a message is about. The higher app registers its kinds when it starts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from teams.models import Notification


class UnknownKind(LookupError):
    """No app registered this kind of message, e.g. a row of a version that knew it."""


@dataclass(frozen=True)
class Kind:
    """One kind of message.

    `still_true` gets messages of this kind and an instant. It returns, by message id, the facts of those that are
    still worth telling: plain JSON values that go into the payload. What it leaves out is cancelled.
    `words` turns a payload into what the template shows, in the language and time zone in force; it reads no row.
    `path` is the page that the message leads to, without the host.
    """

    name: str
    template: str
    still_true: Callable[[Sequence[Notification], datetime], Mapping[int, Mapping[str, Any]]]
    words: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    path: Callable[[Mapping[str, Any]], str]


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def get(name: str) -> Kind:
    """The kind of that name.

    Raises:
        UnknownKind
    """
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"no app registered the kind of message {name!r}") from None


def unregister(name: str) -> None:
    """Forget a kind; for tests."""
    del _kinds[name]
