"""What tests of delivery share: a kind of item that a test answers for, a reader who works round the clock, a sink."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from teams.models import Address, Channel, Message, Notification, TopicChoice, WorkCalendar
from teams.notifications import outbox, registry
from teams.notifications.channels import Parcel, Receipt
from tests.factories import make_team, make_user

KIND = "test_kind"
URGENT = registry.Topic("test_urgent", "Urgent ones", "At once", "urgent", 1)
CALM = registry.Topic("test_calm", "Calm ones", "In the morning", "digest", 2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Asked:
    """Answers for the app that an item is about; a test changes its mind."""

    def __init__(self) -> None:
        self.untrue: set[str] = set()
        self.broken: set[str] = set()

    def still_true(self, rows, at):
        if any(row.subject in self.broken for row in rows):
            raise RuntimeError("cannot be asked")
        return {row.pk: {"fact": 1} for row in rows if row.subject not in self.untrue}

    def register(self) -> None:
        for topic in (URGENT, CALM):
            registry.register_topic(topic)
        registry.register(
            registry.Kind(
                KIND,
                "notifications/milestone_due.txt",
                self.still_true,
                words,
                lambda payload: "/there/",
                topic=lambda payload: payload.get("topic", URGENT.code),
                is_answerable=True,
            )
        )

    def forget(self) -> None:
        registry.unregister(KIND)
        registry.forget_topics(URGENT.code, CALM.code)


def words(payload):
    if payload.get("is_poison"):
        raise ValueError("cannot be rendered")
    return {"milestone": payload.get("text", "Booking"), "order": "GD-1", "due": "soon"}


def make_reader(username: str = "wang", calendar: str = "CARRIER", **fields):
    """A person whose team works by that calendar; CARRIER never closes."""
    team = make_team()
    team.calendar = WorkCalendar.objects.get(code=calendar)
    team.save()
    return make_user("clerk", team=team, username=username, **{"language": "en", **fields})


def put(reader, subject: str = "thing:1", now=None, **payload) -> Notification:
    """Queue an item for now, or as of `now`."""
    now = now or timezone.now() - MINUTE
    outbox.enqueue(kind=KIND, recipient=reader, subject=subject, dedupe_key=subject, payload=payload, now=now)
    return Notification.objects.get(dedupe_key=subject)


def make_due(*rows: Message | Notification) -> None:
    for row in rows:
        type(row).objects.filter(pk=row.pk).update(not_before=timezone.now() - HOUR)


def message_of(item: Notification) -> Message:
    return Message.objects.get(items__notification=item)


def make_channel(reader=None, kind: str = "webhook", **fields) -> Channel:
    """A channel, and if a reader is given their way of choice."""
    channel = Channel.objects.create(**{"kind": kind, "name": kind, "created_at": timezone.now(), **fields})
    if reader is not None:
        Address.objects.create(user=reader, channel=channel, value=f"{reader.username}@{kind}")
    return channel


def choose(reader, topic: str, urgency: str, *channels: Channel) -> TopicChoice:
    return TopicChoice.objects.create(
        user=reader, topic=topic, urgency=urgency, channels=[channel.pk for channel in channels]
    )


class FakeSender:
    """Takes parcels, or raises what the test set for a channel."""

    def __init__(self, taken: list[Parcel], refusal: Callable[[Parcel], Exception | None]) -> None:
        self.taken, self.refusal = taken, refusal

    def send(self, parcel: Parcel) -> Receipt:
        error = self.refusal(parcel)
        if error is not None:
            raise error
        self.taken.append(parcel)
        return Receipt("taken")

    def close(self) -> None:
        pass
