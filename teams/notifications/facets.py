"""Topics as conditions on rows, for lists that are narrowed to one; what a message in hand is about, its kind says."""

from django.db.models import Q

from teams.notifications import registry

_conditions: dict[str, Q] = {}


def register(topic: str, condition: Q) -> None:
    """The rows of notifications that `registry.topic_of` gives this topic; said by the app that has the topic."""
    _conditions[topic] = condition


def topics() -> list[registry.Topic]:
    """Those that a list can be narrowed to."""
    return [topic for topic in registry.topics() if topic.code in _conditions]


def of_topic(code: str) -> Q:
    return _conditions[code]
