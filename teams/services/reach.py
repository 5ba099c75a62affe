"""Whom a shared channel reaches, as an administrator sets it: its scope, and what each person is called there.

A name in a channel belongs to one person: nobody's messages may go to somebody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from teams.errors import InvalidInput
from teams.models import Address, Channel, Team, User
from teams.notifications.outcomes import is_personal
from teams.notifications.people import LAST_RANK
from teams.services.channels import update_channel, value_fault


@transaction.atomic
def save_channel(*, channel_id: int, name: str, config: Mapping[str, str], team: Team | None) -> Channel:
    """Write settings and scope; people outside of the new scope are not reached over the channel any more.

    Raises:
        InvalidInput: names the fields at fault.
    """
    channel = update_channel(channel_id=channel_id, name=name, config=config)
    channel.team = team
    channel.save(update_fields=["team"])
    outside = Address.objects.filter(channel=channel, is_on=True).exclude(user__in=members(channel))
    outside.update(is_on=False)
    return channel


def members(channel: Channel) -> QuerySet[User]:
    """The people whom the channel may reach: those of its team, or everybody."""
    people = User.objects.filter(is_active=True)
    return people.filter(pk__in=channel.team.memberships.values("user")) if channel.team else people


@dataclass(frozen=True)
class Identity:
    """What a person is called in a channel, and whether their messages go there."""

    user_id: int
    value: str
    is_on: bool


@transaction.atomic
def set_identities(*, channel_id: int, identities: Sequence[Identity]) -> int:
    """Write what people are called in a channel; whoever is not named stays as they are. Returns how many changed.

    A way that is new to a person comes before their mail. A name that was refused is tried again once it differs.

    Raises:
        InvalidInput: `fields` names the faults as "<user id>.value"; nothing is written.
    """
    channel = Channel.objects.select_for_update(of=("self",)).select_related("team").get(pk=channel_id)
    people = set(members(channel).filter(pk__in=[row.user_id for row in identities]).values_list("pk", flat=True))
    wanted = [_tidy(channel, identity) for identity in identities if identity.user_id in people]
    # Whoever is no member gets nothing over the channel, so their name there is free.
    rows_there = Address.objects.filter(channel=channel, user__in=members(channel)).select_for_update(of=("self",))
    known = {row.user_id: row for row in rows_there.order_by("pk")}
    if faults := _faults(channel, wanted, known):
        raise InvalidInput(_("Not saved: some addresses cannot be right."), fields=faults)
    ranks = _ranks(people)
    rows = [row for identity in wanted if (row := _changed(channel, identity, known, ranks))]
    for row in rows:
        row.save()
    return len(rows)


def _tidy(channel: Channel, identity: Identity) -> Identity:
    """Without a name an application reaches nobody; a robot needs none."""
    value = identity.value.strip()
    return replace(identity, value=value, is_on=identity.is_on and bool(value or not is_personal(channel.kind)))


def _faults(channel: Channel, wanted: Sequence[Identity], known: Mapping[int, Address]) -> dict[str, str]:
    """Names that cannot be right, and names of two people; by letters of any size, as the products compare them."""
    values = {pk: row.value for pk, row in known.items()} | {row.user_id: row.value for row in wanted}
    holders: dict[str, list[int]] = {}
    for pk, value in values.items():
        holders.setdefault(value.lower(), []).append(pk)
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=values)}
    faults = {}
    for row in wanted:
        others = [names[pk] for pk in holders[row.value.lower()] if pk != row.user_id]
        if fault := value_fault(channel.kind, row.value, is_on=row.is_on):
            faults[f"{row.user_id}.value"] = fault
        elif row.value and others:
            faults[f"{row.user_id}.value"] = _("%(person)s has this address already.") % {"person": others[0]}
    return faults


def _ranks(people: set[int]) -> dict[int, int]:
    """Where a new way comes: after the others, before mail."""
    ranked = User.objects.filter(pk__in=people).annotate(
        last=Max("addresses__rank", filter=Q(addresses__rank__lt=LAST_RANK))
    )
    return {pk: 0 if last is None else last + 1 for pk, last in ranked.values_list("pk", "last")}


def _changed(
    channel: Channel, identity: Identity, known: Mapping[int, Address], ranks: Mapping[int, int]
) -> Address | None:
    row = known.get(identity.user_id)
    if row is None:
        if not (identity.value or identity.is_on):
            return None
        row = Address(user_id=identity.user_id, channel=channel, rank=ranks[identity.user_id])
    elif (row.value, row.is_on) == (identity.value, identity.is_on):
        return None
    if identity.is_on and not row.is_on and row.rank >= LAST_RANK:
        row.rank = ranks[identity.user_id]
    if row.value != identity.value:
        row.bounces, row.dead_at, row.dead_value, row.dead_reason = 0, None, "", ""
        row.tested_at, row.test_result = None, ""
    row.value, row.is_on = identity.value, identity.is_on
    return row
