"""Channels and people's addresses in them, whoever sets them up: a person their own, an administrator a team's or
everybody's.

The settings are sealed when they are written and never read back to anybody; a secret left empty stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from teams import secrets
from teams.errors import DomainError, InvalidInput
from teams.models import Address, Channel, ChannelKind, Team, User
from teams.notifications.channels.catalog import CATALOG, check_config
from teams.notifications.outcomes import is_personal
from teams.notifications.people import LAST_RANK

MAIL = ChannelKind.EMAIL
OWN_LIMIT = 5
# A person brings robots of their own. Mail is there once, and an application serves the whole company.
OWN_KINDS = tuple(code for code in CATALOG if not is_personal(code))
_VALUE = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9_.@+-]{0,127}")
# Names by which these products call everybody.
_EVERYBODY = {"all", "channel", "everyone", "here"}


class TooManyChannels(DomainError):
    """A person has as many channels of their own as they may."""

    code = "too_many_channels"


@transaction.atomic
def create_channel(
    *,
    kind: str,
    name: str,
    config: Mapping[str, str],
    by: User,
    now: datetime,
    team: Team | None = None,
    owner: User | None = None,
) -> Channel:
    """Set up a channel of a team, of a person (`owner`), or of everybody; its owner has an address in it at once.

    Raises:
        InvalidInput: names the fields at fault.
        TooManyChannels
    """
    if kind not in (CATALOG if owner is None else OWN_KINDS) or kind == MAIL:
        raise InvalidInput(_("There is no such choice."), fields={"kind": _("There is no such choice.")})
    sealed = secrets.seal(check_config(kind, config))
    if owner is not None:
        # One after the other, so that two of them do not slip past the limit.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if Channel.objects.filter(owner=owner, off_at=None).count() >= OWN_LIMIT:
            raise TooManyChannels(_("You have %(n)s channels of your own; remove one first.") % {"n": OWN_LIMIT})
    channel = Channel.objects.create(
        kind=kind,
        name=name.strip(),
        team=team,
        owner=owner,
        config=sealed,
        pace_seconds=CATALOG[kind].pace_seconds,
        created_at=now,
        created_by=by,
    )
    if owner is not None:
        Address.objects.create(user=owner, channel=channel, rank=_next_rank(owner))
    return channel


def _next_rank(user: User) -> int:
    """Before mail, after the other ways."""
    return Address.objects.filter(user=user, rank__lt=LAST_RANK).count()


@transaction.atomic
def update_channel(*, channel_id: int, name: str, config: Mapping[str, str]) -> Channel:
    """Change name and settings; what it failed at before counts no more.

    Raises:
        InvalidInput: names the fields at fault.
    """
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    kept = known_secrets(channel)
    given = {field.name: config.get(field.name) or kept.get(field.name, "") for field in CATALOG[channel.kind].fields}
    channel.config = secrets.seal(check_config(channel.kind, given))
    channel.name = name.strip()
    channel.version += 1
    _start_anew(channel)
    channel.save(update_fields=["config", "name", "version", *_ANEW])
    return channel


def known_config(channel: Channel) -> dict[str, str]:
    """The settings as they were sealed; none if the key has changed since."""
    try:
        return secrets.unseal(channel.config) if channel.config else {}
    except secrets.Unreadable:
        return {}


def known_secrets(channel: Channel) -> dict[str, str]:
    """Those of the settings that are secret."""
    config = known_config(channel)
    return {field.name: config.get(field.name, "") for field in CATALOG[channel.kind].fields if field.is_secret}


_ANEW = ("failures", "last_error", "resumes_at", "off_at", "off_reason")


def _start_anew(channel: Channel) -> None:
    channel.failures, channel.last_error, channel.resumes_at = 0, "", None
    channel.off_at, channel.off_reason = None, ""


def switch_off(*, channel_id: int, now: datetime, reason: str = "") -> bool:
    """Send nothing over the channel from now on; what waits for it goes another way. Whether it was in use."""
    return bool(Channel.objects.filter(pk=channel_id, off_at=None).update(off_at=now, off_reason=reason[:300]))


def remove_own(*, channel_id: int, now: datetime) -> None:
    """A person's channel is gone for good; its settings are forgotten."""
    off = {"off_at": now, "off_reason": "", "config": "", "version": F("version") + 1}
    Channel.objects.filter(pk=channel_id, owner__isnull=False).update(**off)


@transaction.atomic
def switch_on(*, channel_id: int) -> Channel:
    """Use the channel again, as if it had never failed."""
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    _start_anew(channel)
    channel.save(update_fields=_ANEW)
    return channel


@dataclass(frozen=True)
class Way:
    """What a person wants of one channel."""

    channel_id: int
    is_on: bool
    value: str = ""


@transaction.atomic
def choose_ways(*, user: User, ways: Sequence[Way]) -> None:
    """Write a person's addresses in the order in which they want to be reached; the first that works is taken.

    Raises:
        InvalidInput: `fields` names the faults as "<channel id>.value".
    """
    # Locked: of two people who take one name at once, the second is told.
    offered = Channel.objects.offered_to(user).select_for_update(of=("self",), no_key=True).order_by("pk").in_bulk()
    ways = [way for way in ways if way.channel_id in offered]
    faults = {}
    for way in ways:
        value = way.value.strip()
        fault = value_fault(offered[way.channel_id].kind, value, is_on=way.is_on)
        if not fault and value and is_taken(way.channel_id, value, by_others_than=user):
            fault = _("Somebody else has this name there already.")
        if fault:
            faults[f"{way.channel_id}.value"] = fault
    if faults:
        raise InvalidInput(" ".join(faults.values()), fields=faults)
    known = {row.channel_id: row for row in Address.objects.select_for_update().filter(user=user).order_by("pk")}
    for rank, way in enumerate(ways):
        row = known.get(way.channel_id) or Address(user=user, channel_id=way.channel_id)
        if row.pk is None and way == Way(way.channel_id, is_on=False) and offered[way.channel_id].kind != MAIL:
            continue  # Mail is a way unless the person says otherwise, all others only once they say so.
        row.value, row.is_on, row.rank = way.value.strip(), way.is_on, rank
        row.save()


def is_taken(channel_id: int, value: str, *, by_others_than: User) -> bool:
    """Whether a colleague is called so there: what is for one person must not reach another (lesson F34)."""
    return Address.objects.filter(channel=channel_id, value__iexact=value).exclude(user=by_others_than).exists()


def value_fault(kind: str, value: str, *, is_on: bool) -> str:
    """What is wrong with a person's name in a channel of that kind; empty if nothing is."""
    if not value:
        return _("This is needed.") if is_on and kind != MAIL and is_personal(kind) else ""
    if not _VALUE.fullmatch(value) or value.lower() in _EVERYBODY:
        return _("Write one person's name there, in letters, digits and . _ - @ + only.")
    return ""


def use_again(*, user: User, channel_id: int) -> bool:
    """Try an address again that was refused; returns whether it is the person's."""
    rows = Address.objects.filter(user=user, channel_id=channel_id)
    return bool(rows.update(is_on=True, bounces=0, dead_at=None, dead_value="", dead_reason=""))


def own_channels(user: User) -> list[Channel]:
    """The person's own: those in use, and those that were switched off because they failed."""
    rows = Channel.objects.filter(owner=user).exclude(off_at__isnull=False, off_reason="")
    return list(rows.order_by(F("off_at").asc(nulls_first=True), "pk"))
