"""Messages from queued to in hand: each function is one short transaction, and none is open during a send.

A message is claimed by a lease, and its outcome is written only by the owner of the lease (reliability C6 to C10). A
worker that dies in between leaves an expired lease: the message goes out once more, under the same delivery id, marked
as a possible repeat.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.utils.translation import gettext as _

from teams.clock import ClockTimestamp, read_clock
from teams.models import Address, Channel, Deferral, Message, MessageItem, MessageStatus, Notification, Urgency
from teams.models.messages import OPEN_MESSAGE, MessageQuerySet
from teams.notifications import answer_tokens, limits, registry, showing
from teams.notifications.asking import ask
from teams.notifications.counts import Counts
from teams.notifications.locked import end, items_of, put_off
from teams.notifications.pauses import pause_after
from teams.notifications.people import Person, Readers

MAX_DEATHS = 3
_NEVER = datetime.min.replace(tzinfo=UTC)
_LEASE = """
UPDATE teams_message AS row
SET status = 'sending', lease_owner = %(owner)s, attempts = attempts + 1,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
    attempt_started_at = %(at)s, deferral = '', deaths = mine.deaths, is_possible_repeat = mine.is_repeat,
    facts = mine.facts::jsonb
FROM unnest(%(ids)s::bigint[], %(deaths)s::int[], %(repeats)s::boolean[], %(facts)s::text[])
    AS mine (id, deaths, is_repeat, facts)
WHERE row.id = mine.id
"""


@dataclass
class Claim:
    """A message in hand, with all that putting it into words needs: rendering reads no row.

    `facts` maps the id of each item to the payload that it is told with; `agenda` belongs to a digest.
    """

    message: Message
    person: Person
    address: Address
    items: list[Notification]
    at: datetime  # when it was claimed, by the database's clock
    facts: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    agenda: Mapping[str, Any] = field(default_factory=dict)
    is_late: bool = False


def lease() -> timedelta:
    """Longer than all sends of one claim together, and longer than a restart of the database."""
    return timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


@transaction.atomic
def claim(counts: Counts, readers: Readers | None = None) -> list[Claim]:
    """Take a few due messages for sending: each gets our lease, the next attempt number and the attempt's start.

    Rows whose lease ran out are left alone until the database has been up for one lease time: until then their living
    owner may still report what came of them. An empty list means that nothing is left to claim now.
    """
    clock = read_clock()
    is_settled = clock.now - clock.server_started_at >= lease()
    due = Message.objects.claimable(clock.now, leases_before=clock.now if is_settled else _NEVER)
    readers = readers or Readers()
    while rows := _take_rows(due, clock.now):
        claims = _checked(_park_hopeless(rows, counts), readers, clock.now, counts)
        if claims:
            _lease(claims)
            return claims
    return []


def _take_rows(due: MessageQuerySet, now: datetime) -> list[Message]:
    """Lock what may be sent at once: one message each of channels that go step by step, and a few of the others.

    A message that may have killed its worker is taken alone, so that it takes no other down with it.
    """
    size = settings.OUTBOX_CLAIM_SIZE
    rows = [row for channel in _step_by_step(due, now, size) for row in _locked(due.filter(channel=channel), 1)]
    plain = due.filter(channel__pace_seconds=0, channel__failures__lt=Channel.FAILURES_TO_PAUSE)
    rows += _locked(plain.filter(deaths=0).exclude(status=MessageStatus.SENDING), size - len(rows))
    return rows or _locked(plain, 1)


def _step_by_step(due: MessageQuerySet, now: datetime, size: int) -> list[Channel]:
    """Channels of which one message goes at a time: paced ones, and those that try whether they work again.

    None in the air: a pace counted from the claim alone could be broken by a send that takes long.
    """
    in_air = Message.objects.filter(channel=OuterRef("pk"), status=MessageStatus.SENDING, lease_until__gte=now)
    step_by_step = Q(pace_seconds__gt=0) | Q(failures__gte=Channel.FAILURES_TO_PAUSE)
    if not Channel.objects.filter(step_by_step, off_at=None).exists():
        return []
    channels = Channel.objects.filter(
        step_by_step,
        Q(next_send_at=None) | Q(next_send_at__lte=now),
        Exists(due.filter(channel=OuterRef("pk"))),
        ~Exists(in_air),
    )
    return list(channels.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("pk")[:size])


def _locked(rows: MessageQuerySet, size: int) -> list[Message]:
    ours = rows.select_for_update(skip_locked=True, of=("self",)).select_related("channel")
    return list(ours.order_by("not_before", "pk")[: max(size, 0)])


def _park_hopeless(rows: Sequence[Message], counts: Counts) -> list[Message]:
    """Give up on rows that failed too often, or took their worker down with them."""
    alive = []
    for row in rows:
        row.deaths += row.status == MessageStatus.SENDING
        if row.deaths < MAX_DEATHS and row.failures < settings.OUTBOX_MAX_ATTEMPTS:
            alive.append(row)
            continue
        error = row.last_error or _("No attempt came to an end: each took its worker down.")
        end(row, status=MessageStatus.FAILED, last_error=error, deaths=row.deaths)
        counts.failed += 1
    return alive


def _checked(rows: Sequence[Message], readers: Readers, now: datetime, counts: Counts) -> list[Claim]:
    """Those that their person may be told now, with the items that are still true."""
    people = readers.read({row.recipient_id for row in rows}, now)
    items = items_of(rows)
    rows = [row for row in rows if _may_go(row, people[row.recipient_id], items, now, counts)]
    rows = limits.within_limits(rows, people, now, counts)
    if settings.MESSAGE_MAX_ITEMS > 1:
        limits.absorb(rows, items, counts)
    claims = [claim for row in rows if (claim := _claim(row, people[row.recipient_id], items, now, counts))]
    return _told(claims, now, counts)


def _may_go(row: Message, person: Person, items: dict[int, list[MessageItem]], now: datetime, counts: Counts) -> bool:
    if not person.user.is_active:
        end(row, status=MessageStatus.CANCELLED, cancelled_reason="person_left")
        counts.cancelled += 1
        return False
    if person.deputy_id:
        showing.reroute([item.notification for item in items[row.pk]], {person.user.pk: person}, now, counts)
        end(row, status=MessageStatus.CANCELLED, cancelled_reason="on_leave")
        return False
    opening = person.hours.next_open(now)
    if opening > now:
        put_off(row, opening, Deferral.QUIET, counts)
        return False
    return True


def _claim(
    row: Message, person: Person, items: dict[int, list[MessageItem]], now: datetime, counts: Counts
) -> Claim | None:
    """The message with its address; if the person has none in this channel any more, its items go another way."""
    notifications = [item.notification for item in items[row.pk]]
    for route in person.routes:
        if route.channel_id == row.channel_id:
            return Claim(row, person, route, notifications, now)
    end(row, status=MessageStatus.FAILED, last_error=_("The person has no address in this channel any more."))
    showing.place_elsewhere(notifications, now)
    counts.failed += 1
    return None


def _told(claims: Sequence[Claim], now: datetime, counts: Counts) -> list[Claim]:
    """Drop the items that are no longer true, set apart those that cannot be asked, and end what nothing is left of."""
    facts, errors = ask([item for claim in claims for item in claim.items], now)
    _drop([item.pk for claim in claims for item in claim.items if item.pk not in facts and item.pk not in errors])
    kept = []
    for claim in claims:
        row, wrong = claim.message, [item for item in claim.items if item.pk in errors]
        claim.items = [item for item in claim.items if item.pk in facts]
        if wrong:
            _set_apart(row, wrong, errors, counts, is_all=not claim.items)
        if not claim.items:
            if not wrong:
                end(row, status=MessageStatus.CANCELLED, cancelled_reason="no_longer_true")
                counts.cancelled += 1
            continue
        # What may have arrived is repeated in the same words.
        before = row.facts if row.is_possible_repeat or row.status == MessageStatus.SENDING else {}
        told = before.get("items", {})
        claim.facts = {item.pk: told.get(str(item.pk)) or {**item.payload, **facts[item.pk]} for item in claim.items}
        claim.agenda = before.get("agenda", {})
        claim.is_late = before.get("is_late", not row.deferral and now - row.planned_at > showing.LATE_AFTER)
        kept.append(claim)
    _read_agendas([claim for claim in kept if not claim.agenda], now)
    return kept


def _drop(ids: Sequence[int]) -> None:
    """Leave items out of what still waits to be sent; what was sent stays as it was."""
    if ids:
        waiting = MessageItem.objects.filter(message__status__in=OPEN_MESSAGE, notification__in=ids)
        waiting.update(dropped_reason="no_longer_true")


def _set_apart(
    row: Message, items: Sequence[Notification], errors: Mapping[int, str], counts: Counts, *, is_all: bool
) -> None:
    """Ask again later about items that could not be asked, in a message of their own: they hold up no other.

    Whether that is too often is seen when it is taken up again.
    """
    fields = {
        "failures": row.failures + 1,
        "last_error": errors[items[0].pk],
        "not_before": ClockTimestamp() + Value(pause_after(row.failures + 1)),
    }
    counts.retried += 1
    if is_all:
        end(row, status=MessageStatus.QUEUED, **fields)
        return
    apart = Message.objects.create(
        recipient_id=row.recipient_id,
        channel=row.channel,
        urgency=Urgency.URGENT,
        created_at=ClockTimestamp(),
        planned_at=row.planned_at,
        **fields,
    )
    MessageItem.objects.filter(message=row, notification__in=items).update(message=apart)


def _read_agendas(claims: Sequence[Claim], now: datetime) -> None:
    agenda, digests = registry.agenda(), [c for c in claims if c.message.urgency == Urgency.DIGEST]
    if agenda is None or not digests:
        return
    facts = agenda.facts([claim.person.user for claim in digests], now)
    for claim in digests:
        claim.agenda = facts.get(claim.person.user.pk, {})


def _lease(claims: Sequence[Claim]) -> None:
    """Write our lease on the rows; whoever had one before did not write down how the attempt ended."""
    owner = f"{os.getpid()}-{secrets.token_hex(8)}"
    for claim in claims:
        row = claim.message
        row.is_possible_repeat = row.is_possible_repeat or row.status == MessageStatus.SENDING
        row.status, row.lease_owner, row.attempts = MessageStatus.SENDING, owner, row.attempts + 1
        row.facts = {
            "items": {str(pk): facts for pk, facts in claim.facts.items()},
            "agenda": claim.agenda,
            "is_late": claim.is_late,
        }
    rows = [claim.message for claim in claims]
    with connection.cursor() as cursor:
        cursor.execute(
            _LEASE,
            {
                "ids": [row.pk for row in rows],
                "deaths": [row.deaths for row in rows],
                "repeats": [row.is_possible_repeat for row in rows],
                "facts": [json.dumps(row.facts, ensure_ascii=False) for row in rows],
                "owner": owner,
                "lease": lease().total_seconds(),
                # Of the look at the clock before anything was asked: what was true then goes out.
                "at": claims[0].at,
            },
        )
    paced = [row.channel for row in rows if row.channel.pace_seconds]
    for channel in paced:
        Channel.objects.filter(pk=channel.pk).update(next_send_at=after_pace(channel))
    answer_tokens.issue([item for claim in claims for item in claim.items])


def after_pace(channel: Channel) -> Any:
    return ClockTimestamp() + Value(timedelta(seconds=channel.pace_seconds))


def next_opportunity(now: datetime, within: timedelta) -> datetime | None:
    """When the next message of a paced channel may go, if that is soon; None if there is nothing to wait for."""
    due = Message.objects.claimable(now, leases_before=_NEVER).filter(channel__pace_seconds__gt=0)
    at = due.order_by("channel__next_send_at").values_list("channel__next_send_at", flat=True).first()
    return at if at is not None and at <= now + within else None
