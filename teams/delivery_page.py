"""What the delivery page shows: how each channel does, what is wrong, and every message with what came of it.

A number of queries that does not grow with what they find.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Count, F, Min, OuterRef, Prefetch, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from teams import health
from teams.channel_page import ICONS, State, scope_of, state_of
from teams.models import (
    Channel,
    Deferral,
    LinkMiss,
    Message,
    MessageItem,
    MessageStatus,
    Miss,
    Notification,
    NotificationStatus,
    User,
)
from teams.notifications import texts
from teams.services.retrying import BY_HAND, may_be_retried

PAGE_SIZE = 50
SHOWN_ITEMS = 3  # of a message; the others are counted
SHOWN_FAULTY = 20
RECENT = timedelta(days=1)
MISSES_WITHIN = timedelta(days=7)
# So many of the newest messages are counted; where these are all of the last day, a figure is "or more".
COUNT_LIMIT = 50_000

# Ids, not instants, stand in an index. What was merged went on with another message.
_RECENT = """
WITH newest AS MATERIALIZED (
    SELECT id, channel_id, status, last_error, cancelled_reason, created_at,
        coalesce(sent_at, attempt_started_at, not_before) AS ended_at
    FROM teams_message ORDER BY id DESC LIMIT %(limit)s
)
SELECT channel_id, status, count(*), (array_agg(last_error ORDER BY id DESC))[1],
    (SELECT count(*) = %(limit)s AND min(created_at) > %(since)s FROM newest)
FROM newest
WHERE status IN ('sent', 'failed', 'cancelled') AND ended_at >= %(since)s AND cancelled_reason <> 'merged'
GROUP BY channel_id, status
"""
# The newest of a rare state, without reading past all the others: a few of each channel by the index.
_NEWEST = """
SELECT newest.id
FROM teams_channel AS channel
CROSS JOIN LATERAL (
    SELECT id FROM teams_message
    WHERE channel_id = channel.id AND status = %(status)s AND id < %(before)s
    ORDER BY id DESC LIMIT %(limit)s
) AS newest
ORDER BY newest.id DESC LIMIT %(limit)s
"""
_LAST_ID = 2**63 - 1

ENDS = {
    "person_left": gettext_lazy("the person left"),
    "on_leave": gettext_lazy("the person is on leave; their deputy is told"),
    "channel_off": gettext_lazy("the channel was switched off; it goes another way"),
    "merged": gettext_lazy("went on with another message"),
    "no_longer_true": gettext_lazy("it was no longer true"),
    "cannot_be_checked": gettext_lazy("nobody could say whether it was still true"),
    BY_HAND: gettext_lazy("called off by an administrator"),
}
GOING = (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.SENT)
TONES = {
    MessageStatus.QUEUED: ("is-soon", "clock"),
    MessageStatus.SENDING: ("is-soon", "send"),
    MessageStatus.SENT: ("is-done", "circle-check"),
    MessageStatus.FAILED: ("is-late", "circle-x"),
    MessageStatus.CANCELLED: ("is-quiet", "ban"),
}
DEFERRED = {
    Deferral.QUIET: pgettext_lazy("deferral, short", "quiet hours"),
    Deferral.SPACING: pgettext_lazy("deferral, short", "kept apart"),
    Deferral.LIMIT: pgettext_lazy("deferral, short", "day's limit"),
    Deferral.CHANNEL: pgettext_lazy("deferral, short", "channel rests"),
    Deferral.RATE: pgettext_lazy("deferral, short", "asked to slow down"),
}


@dataclass
class ChannelLine:
    """The figures of a channel; those of what ended are of the last 24 hours."""

    channel: Channel
    icon: str
    scope: str
    state: State
    queued: int = 0
    sending: int = 0
    sent: int = 0
    failed: int = 0
    cancelled: int = 0
    deferred: dict[str, int] = field(default_factory=dict)  # by its word
    oldest: datetime | None = None  # since when the oldest could have gone
    is_behind: bool = False  # by more than a delivery in good order needs
    error: str = ""
    are_more: bool = False  # than were counted

    @property
    def is_quiet(self) -> bool:
        is_well = self.state.tone in ("is-done", "is-quiet")
        return is_well and not (self.queued or self.sending or self.sent or self.failed or self.cancelled)


@dataclass(frozen=True)
class Figures:
    lines: list[ChannelLine]
    faults: list[str]
    notices: list[str]
    misses: list[tuple[str, int]]
    at: datetime
    channels: list[Channel]  # all that messages may be filtered by


def figures_of(now: datetime) -> Figures:
    """`now` is the database's: its clock decides what is due."""
    rows = Channel.objects.select_related("team", "owner")
    channels = list(rows.order_by(F("owner").asc(nulls_first=True), "pk"))
    lines = {row.pk: ChannelLine(row, ICONS[row.kind], scope_of(row), state_of(row, now)) for row in channels}
    _count_open(lines, now)
    _count_ended(lines, now)
    findings = list(
        chain(
            health.check_heartbeats(now),
            health.check_beats(now),
            health.check_outbox(now),
            health.check_channels(now),
        )
    )
    totals = LinkMiss.objects.since((now.astimezone(UTC) - MISSES_WITHIN).date()).totals()
    return Figures(
        # A person's own channel is their own matter until it has something to tell.
        [line for line in lines.values() if not (line.channel.owner_id and line.is_quiet)],
        [finding.fault for finding in findings if finding.fault],
        [finding.notice for finding in findings if finding.notice],
        [(str(Miss(kind).label), count) for kind, count in totals.items()],
        now,
        channels,
    )


def _count_open(lines: dict[int, ChannelLine], now: datetime) -> None:
    counted: Any = Message.objects.open().values_list("channel", "status", "deferral")  # and two more
    counted = counted.annotate(count=Count("pk"), oldest=Min("not_before", filter=Q(not_before__lte=now))).order_by()
    for channel_id, status, deferral, count, oldest in counted:
        if channel_id not in lines:
            continue  # made since the channels were read
        line = lines[channel_id]
        if status == MessageStatus.SENDING:
            line.sending += count
        else:
            line.queued += count
        if deferral:
            word = str(DEFERRED[deferral])
            line.deferred[word] = line.deferred.get(word, 0) + count
        line.oldest = min((at for at in (line.oldest, oldest) if at), default=None)
        line.is_behind = line.oldest is not None and now - line.oldest > health.LAG_LIMIT


def _count_ended(lines: dict[int, ChannelLine], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, {"since": now - RECENT, "limit": COUNT_LIMIT})
        for channel_id, status, count, error, are_more in cursor.fetchall():
            if channel_id in lines:
                setattr(lines[channel_id], status, count)
                lines[channel_id].are_more = are_more
                if status == MessageStatus.FAILED:
                    lines[channel_id].error = error
    for line in lines.values():
        line.error = line.channel.last_error or line.error
        if line.sent and line.state.icon == "circle-dashed":
            line.state = state_of(line.channel, now, has_sent=True)


@dataclass(frozen=True)
class Told:
    """One item of a message, in the reader's language."""

    headline: str
    url: str
    left_out: str  # why, if it was
    elsewhere: list[str] = field(default_factory=list)  # channels over which it went, or goes, as well


@dataclass(frozen=True)
class MessageLine:
    message: Message
    icon: str
    tone: tuple[str, str]
    at: datetime  # sent, last tried, or to go
    outcome: str
    items: list[Told]
    more: int
    elsewhere: str  # where its items went on after it came to nothing
    may_be_retried: bool


@dataclass(frozen=True)
class Wanted:
    """Which messages are asked for."""

    status: str = ""
    channel_id: int | None = None
    person_id: int | None = None
    before: int | None = None


def messages_of(wanted: Wanted, now: datetime) -> tuple[list[MessageLine], int | None]:
    """The messages, newest first, and after which id the next page goes on."""
    rows = Message.objects.all()
    if wanted.status and not (wanted.channel_id or wanted.person_id):
        rows = rows.filter(pk__in=_newest(wanted.status, wanted.before))
    elif wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.channel_id:
        rows = rows.filter(channel=wanted.channel_id)
    if wanted.person_id:
        rows = rows.filter(recipient=wanted.person_id)
    if wanted.before:
        rows = rows.filter(pk__lt=wanted.before)
    counted = MessageItem.objects.filter(message=OuterRef("pk")).order_by().values("message").values_list(Count("pk"))
    items = MessageItem.objects.select_related("notification").order_by("pk")
    items = items.prefetch_related("notification__outings__message__channel")[:SHOWN_ITEMS]
    rows = rows.annotate(item_count=Subquery(counted), is_retriable=may_be_retried(now))
    rows = rows.select_related("recipient", "channel").prefetch_related(Prefetch("items", items, to_attr="shown_items"))
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    edge = found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
    return [_line(row) for row in found[:PAGE_SIZE]], edge


def _newest(status: str, before: int | None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {"status": status, "before": before or _LAST_ID, "limit": PAGE_SIZE + 1})
        return [pk for (pk,) in cursor.fetchall()]


def _line(row: Any) -> MessageLine:
    shown = [_told(item) for item in row.shown_items]
    ended = row.status in (MessageStatus.FAILED, MessageStatus.CANCELLED)
    elsewhere = dict.fromkeys(name for item in shown for name in item.elsewhere) if ended else ()
    return MessageLine(
        row,
        ICONS[row.channel.kind],
        TONES[row.status],
        row.sent_at
        or (row.not_before if row.status == MessageStatus.QUEUED else row.attempt_started_at)
        or row.not_before,
        _outcome(row),
        shown,
        (row.item_count or 0) - len(shown),
        pgettext("between names", ", ").join(elsewhere),
        row.is_retriable,
    )


def _outcome(row: Message) -> str:
    """What truly came of it, as far as is known."""
    match row.status:
        case MessageStatus.SENT:
            return row.receipt
        case MessageStatus.CANCELLED:
            return str(ENDS.get(row.cancelled_reason, row.cancelled_reason))
        case MessageStatus.QUEUED if row.deferral:
            why = _("put off: %(why)s") % {"why": Deferral(row.deferral).label}
            return f"{why} · {row.last_error}" if row.last_error else why
    return row.last_error


def _told(item: MessageItem) -> Told:
    headline, url = headline_of(item.notification)
    others = [
        str(outing.message.channel.label)
        for outing in item.notification.outings.all()
        if outing.message_id != item.message_id and outing.message.status in GOING
    ]
    return Told(headline, url, str(ENDS.get(item.dropped_reason, item.dropped_reason)), others)


def headline_of(item: Notification) -> tuple[str, str]:
    """Its headline and where it leads; for an item without words, which may be why it failed, its bare names."""
    try:
        return texts.headline(item), texts.target_url(item)
    except Exception:
        return f"{item.kind} · {item.subject}", ""


@dataclass(frozen=True)
class FaultyItem:
    item: Notification
    headline: str
    url: str


def faulty_items() -> tuple[list[FaultyItem], int]:
    """The newest items that could not be shown, and how many there are."""
    failed = Notification.objects.filter(status=NotificationStatus.FAILED)
    rows = failed.select_related("recipient").order_by("-pk")[:SHOWN_FAULTY]
    return [FaultyItem(row, *headline_of(row)) for row in rows], failed.count()


def people() -> Sequence[User]:
    """Whom messages may be filtered by."""
    return list(User.objects.order_by("name", "username"))
