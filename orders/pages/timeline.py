"""The timeline of an order: events, comments, documents and messages in one stream, newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from orders.api.timeline import MONEY_FIELDS, subjects_of
from orders.models import (
    DocumentKind,
    Inspection,
    InspectionKind,
    Milestone,
    Order,
    OrderDocument,
    OrderEvent,
    OrderLine,
    PlanCause,
    SampleKind,
    SampleRound,
    Shipment,
)
from orders.models.events import EventKind
from orders.words import word_of
from orders.workflow import MilestoneStatus, OrderStatus, ShipmentStatus
from teams.models import MessageItem, MessageStatus, Notification
from teams.templatetags.gendan import day, moment

SHOWN = 60
ICONS: dict[str, str] = {
    EventKind.COMPLETED: "check",
    EventKind.SKIPPED: "skip-forward",
    EventKind.REOPENED: "rotate-ccw",
    EventKind.PAUSED: "hourglass",
    EventKind.UNPAUSED: "play",
    EventKind.HELD: "circle-pause",
    EventKind.RESUMED: "play",
    EventKind.CANCELLED: "ban",
    EventKind.CONFIRMED: "badge-check",
    EventKind.COMMENT: "message-square",
    EventKind.DOCUMENT: "paperclip",
    EventKind.DOCUMENT_DECIDED: "file-check",
    EventKind.PROMISE: "calendar-clock",
    EventKind.DUE: "calendar-clock",
    EventKind.PLANNED: "calendar-sync",
    EventKind.MOVED: "ship",
    EventKind.SHIPPED: "ship",
    EventKind.DELIVERED: "package-check",
    EventKind.ASSIGNED: "user-plus",
    EventKind.EDITED: "pencil",
    EventKind.SAMPLE: "swatch-book",
    EventKind.INSPECTED: "clipboard-check",
    EventKind.PAID: "banknote",
}
STATUSES = {**dict(OrderStatus.choices), **dict(MilestoneStatus.choices), **dict(ShipmentStatus.choices)}


# What a comment may tell of.
CONTACTS = [
    ("call", pgettext_lazy("contact", "Call")),
    ("mail", pgettext_lazy("contact", "Mail")),
    ("chat", pgettext_lazy("contact", "Chat")),
    ("meeting", pgettext_lazy("contact", "Meeting")),
]
CONTACT_ICONS = {"call": "phone", "mail": "mail", "chat": "message-circle", "meeting": "handshake"}


@dataclass
class Entry:
    """One line of the stream; `at` is shown apart where it was recorded later than it happened."""

    icon: str
    title: str
    recorded_at: datetime
    by: str
    at: datetime | None = None
    text: str = ""
    side: str = ""
    details: list[str] = field(default_factory=list)
    is_comment: bool = False
    files: list[tuple[int, str]] = field(default_factory=list)  # document id, file name
    event_id: int = 0  # the newest of its events


def read_timeline(
    order: Order, *, milestone_ids: Iterable[int], sees_money: bool, limit: int = SHOWN
) -> tuple[list[Entry], bool]:
    """The newest entries, and whether there are older ones; two queries. `milestone_ids` are those of the order."""
    events = list(
        order.events.select_related("by", "milestone", "shipment").order_by("-recorded_at", "-pk")[: limit + 1]
    )
    told = Notification.objects.filter(subject__in=subjects_of(order, milestone_ids), shown_at__isnull=False)
    told = told.select_related("recipient").prefetch_related("outings__message__channel")
    messages = list(told.order_by("-shown_at", "-pk")[: limit + 1])
    has_more = len(events) > limit or len(messages) > limit
    entries = [*_of_events(events[:limit], sees_money), *map(_of_message, messages[:limit])]
    entries.sort(key=lambda entry: entry.recorded_at, reverse=True)
    return entries[:limit], has_more or len(entries) > limit


def _of_events(events: Sequence[OrderEvent], sees_money: bool) -> Iterable[Entry]:
    moved: list[OrderEvent] = []
    for event in events:
        if moved and (event.kind != EventKind.DUE or event.recorded_at != moved[0].recorded_at):
            yield _of_moved(moved)
            moved = []
        if event.kind == EventKind.DUE:
            moved.append(event)
        else:
            yield _of_event(event, sees_money)
    if moved:
        yield _of_moved(moved)


def _of_moved(events: Sequence[OrderEvent]) -> Entry:
    """Due dates that one write has moved are one entry."""
    title = ngettext("%(count)s due date moved", "%(count)s due dates moved", len(events)) % {"count": len(events)}
    details = [f"{_name(event.milestone)}: {_value(event.old)} → {_value(event.new)}" for event in events]
    return Entry(ICONS[EventKind.DUE], title, events[0].recorded_at, "", details=details, event_id=events[0].pk)


def _of_event(event: OrderEvent, sees_money: bool) -> Entry:
    about = _name(event.milestone) or (event.shipment.number if event.shipment else "")
    title = str(EventKind(event.kind).label)
    entry = Entry(
        icon=ICONS.get(event.kind, "circle-dot"),
        title=f"{title} · {about}" if about else title,
        recorded_at=event.recorded_at,
        by=str(event.by or ""),
        at=event.at if abs((event.recorded_at - event.at).total_seconds()) > 60 else None,
        text=event.reason,
        side=event.side,
        is_comment=event.kind == EventKind.COMMENT,
        event_id=event.pk,
    )
    entry.details = list(_details(event, sees_money))
    entry.files = [(pk, name) for pk, name in event.data.get("documents", ())] if entry.is_comment else []
    if contact := event.data.get("contact") if entry.is_comment else "":
        entry.title, entry.icon = str(dict(CONTACTS)[contact]), CONTACT_ICONS[contact]
    return entry


def _details(event: OrderEvent, sees_money: bool) -> Iterable[str]:
    if event.kind in {EventKind.DOCUMENT, EventKind.DOCUMENT_DECIDED}:
        yield from _document_details(event)
    elif event.kind == EventKind.EDITED:
        yield from _changed_fields(event, sees_money)
    elif event.kind == EventKind.PLANNED:
        count = event.data.get("moved", 0)
        moved = ngettext("%(count)s due date moved", "%(count)s due dates moved", count) % {"count": count}
        yield f"{dict(PlanCause.choices).get(event.new, event.new)} · {moved}"
    elif event.kind == EventKind.SAMPLE:
        kind, verdict = SampleKind(event.data["kind"]).label, SampleRound.Verdict(event.data["verdict"]).label
        yield _("%(kind)s, round %(round)s: %(verdict)s") % {
            "kind": kind,
            "round": event.data["round"],
            "verdict": verdict,
        }
    elif event.kind == EventKind.INSPECTED:
        outcome = _("passed") if event.data["passed"] else _("failed")
        disposition = Inspection.Disposition(event.data["disposition"]).label
        yield f"{InspectionKind(event.data['kind']).label}: {outcome} · {disposition}"
    elif event.kind == EventKind.PAID:
        yield _value(event.new)
    elif event.kind in {EventKind.PROMISE, EventKind.ASSIGNED, EventKind.MOVED, EventKind.STATUS}:
        old, new = _value(event.old), _value(event.new)
        line = event.data.get("line")
        prefix = _("line %(number)s: ") % {"number": line} if line else ""
        yield f"{prefix}{old} → {new}" if old else f"{prefix}{new}"


def _document_details(event: OrderEvent) -> Iterable[str]:
    kind, _blank, version = event.new.partition(" ")
    if event.kind == EventKind.DOCUMENT:
        yield f"{word_of(DocumentKind, kind)} {version} {event.data.get('filename', '')}"
    else:
        yield str(dict(OrderDocument.Status.choices).get(event.new, event.new))


def _changed_fields(event: OrderEvent, sees_money: bool) -> Iterable[str]:
    position = event.data.get("line")
    prefix = _("line %(number)s: ") % {"number": position} if position else ""
    is_step = bool(event.milestone_id)
    model = Milestone if is_step else Shipment if event.shipment_id else OrderLine if position else Order
    fields: dict[str, Any] = event.data.get("fields", {}) or {}
    for name, pair in fields.items():
        if name in MONEY_FIELDS and not sees_money:
            continue
        try:
            column = model._meta.get_field(name)
            label, is_row = str(column.verbose_name), column.is_relation  # type: ignore[union-attr]  # a column
        except FieldDoesNotExist:
            label, is_row = name, False
        # A related row stands as its key in the event; the change is told, the name would need a query each.
        yield prefix + (label if is_row or len(pair) != 2 else f"{label}: {_value(pair[0])} → {_value(pair[1])}")


def _of_message(message: Notification) -> Entry:
    title = _("Reminder to %(person)s") % {"person": message.recipient}
    details = [_outcome(outing) for outing in message.outings.all()]
    if message.last_error and not details:
        details.append(message.last_error)
    if message.acknowledged_at:
        details.append(_("Acknowledged %(at)s") % {"at": moment(message.acknowledged_at)})
    return Entry("bell", title, message.shown_at or message.created_at, "", details=details)


def _outcome(outing: MessageItem) -> str:
    """Over which channel it went, and what truly came of it."""
    message = outing.message
    if outing.dropped_reason:
        return f"{message.channel.label} · " + _("left out, it was no longer true")
    text = f"{message.channel.label} · {message.get_status_display()}"
    if message.sent_at:
        return f"{text} {moment(message.sent_at)}"
    if message.status == MessageStatus.QUEUED:
        return f"{text}, " + _("from %(at)s") % {"at": moment(message.not_before)}
    return f"{text}: {message.last_error}" if message.last_error else text


def _name(milestone: Milestone | None) -> str:
    return milestone.name if milestone else ""


def _value(value: Any) -> str:
    """A stored value for people: statuses by name, dates with their weekday."""
    text = str(value if value not in (None, "") else "—")
    if text in STATUSES:
        return str(STATUSES[text])
    try:
        if len(text) == 10:
            return day(date.fromisoformat(text))
        if len(text) > 18 and text[10] == "T":
            return moment(datetime.fromisoformat(text))
    except ValueError:
        pass
    return text
