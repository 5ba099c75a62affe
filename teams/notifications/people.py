"""Whom a message is for: when they may be told, over which ways, how urgently, and who stands in for them."""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from teams.models import (
    Address,
    Channel,
    ChannelKind,
    ContactHours,
    Leave,
    Membership,
    Organization,
    TopicChoice,
    Urgency,
    User,
)
from teams.notifications import registry
from teams.notifications.hours import Hours

READ_AGAIN_SECONDS = 2.0
LONGEST_CHAIN = 5  # of deputies who are away themselves


@dataclass(frozen=True)
class Person:
    """A reader at one instant. `routes` are the usable addresses, the first being the one they live in.

    `deputy_id`: who is told instead, today; None while the person is there, or nobody stands in.
    """

    user: User
    hours: Hours
    routes: tuple[Address, ...] = ()
    choices: Mapping[str, TopicChoice] = field(default_factory=dict)
    deputy_id: int | None = None

    def urgency_of(self, topic: str, payload: Mapping[str, Any], now: datetime) -> str:
        """As the person chose, else the topic's own. What they have to act on before their next digest cannot wait for
        it: `act_by` in the payload says until when."""
        choice = self.choices.get(topic)
        urgency, act_by = choice.urgency if choice else registry.topic(topic).urgency, payload.get("act_by")
        is_tight = act_by and datetime.fromisoformat(act_by) < self.hours.next_digest(now)[1]
        return Urgency.URGENT if urgency == Urgency.DIGEST and is_tight else urgency

    def routes_for(self, topic: str) -> tuple[Address, ...]:
        """Over which ways this person hears of the topic; those they chose, as far as they still work."""
        choice = self.choices.get(topic)
        chosen = tuple(route for route in self.routes if choice and route.channel_id in choice.channels)
        return chosen or self.routes[:1]


def read_people(user_ids: Iterable[int], now: datetime) -> dict[int, Person]:
    """The people as they are at `now`; seven queries, however many."""
    users = User.objects.in_bulk(set(user_ids))
    organization = Organization.current()
    hours = {row.user_id: row for row in ContactHours.objects.filter(user__in=users)}
    memberships = list(Membership.objects.filter(user__in=users).select_related("team__calendar").order_by("pk"))
    # The work calendar of each person is that of the team they joined first.
    calendars = {row.user_id: row.team.calendar for row in reversed(memberships)}
    routes = _routes(users, {(row.user_id, row.team_id) for row in memberships})
    choices: dict[int, dict[str, TopicChoice]] = {}
    for choice in TopicChoice.objects.filter(user__in=users):
        choices.setdefault(choice.user_id, {})[choice.topic] = choice
    deputies = _deputies(now, organization)
    people = {}
    for pk, user in users.items():
        own, calendar = hours.get(pk), calendars.get(pk)
        people[pk] = Person(
            user,
            Hours(
                zone_of(user, organization),
                calendar.schedule() if calendar else None,
                own.digest_time if own else None,
                own.quiet_from if own else None,
                own.quiet_to if own else None,
            ),
            tuple(routes.get(pk, ())),
            choices.get(pk, {}),
            deputies.get(pk),
        )
    return people


class Readers:
    """The people of one run of delivery, each read again after a moment: what they change counts at once, nearly."""

    def __init__(self, seconds: float = READ_AGAIN_SECONDS) -> None:
        self.seconds = seconds
        self._known: dict[int, tuple[float, Person]] = {}

    def read(self, user_ids: Iterable[int], now: datetime) -> dict[int, Person]:
        at, wanted = time.monotonic(), set(user_ids)
        old = [pk for pk in wanted if pk not in self._known or at - self._known[pk][0] > self.seconds]
        for pk, person in (read_people(old, now) if old else {}).items():
            self._known[pk] = (at, person)
        return {pk: self._known[pk][1] for pk in wanted}


def zone_of(user: User, organization: Organization) -> ZoneInfo:
    return ZoneInfo(user.timezone or organization.timezone)


def _routes(users: Mapping[int, User], in_teams: Collection[tuple[int, int]]) -> dict[int, list[Address]]:
    """The usable addresses by person and rank; whoever has a mail address can be reached by mail.

    A team's channel is for its members, a person's own for nobody else.
    """
    found: dict[int, list[Address]] = {}
    rows = list(Address.objects.filter(user__in=users).select_related("channel").order_by("rank", "pk"))
    known = {row.user_id for row in rows if row.channel.kind == ChannelKind.EMAIL}
    without = [user for pk, user in users.items() if user.email and pk not in known]
    if without:
        mail = Channel.mail()
        Address.objects.bulk_create(
            [Address(user=user, channel=mail, rank=LAST_RANK) for user in without], ignore_conflicts=True
        )
        rows += list(Address.objects.filter(user__in=without, channel=mail).select_related("channel"))
    for row in rows:
        row.user = users[row.user_id]
        channel = row.channel
        is_empty_mail = channel.kind == ChannelKind.EMAIL and not row.user.email
        is_theirs = channel.owner_id in (None, row.user_id) and (
            channel.team_id is None or (row.user_id, channel.team_id) in in_teams
        )
        if row.is_on and is_theirs and channel.off_at is None and not row.is_dead() and not is_empty_mail:
            found.setdefault(row.user_id, []).append(row)
    return found


LAST_RANK = 100  # mail comes after the ways that people set up themselves


def _deputies(now: datetime, organization: Organization) -> dict[int, int]:
    """Who stands in for whoever is away today, in the person's own zone; deputies who are away too are passed over."""
    today = now.date()
    near = Q(from_date__lte=today + timedelta(days=1), to_date__gte=today - timedelta(days=1))
    away = {}
    for leave in Leave.objects.filter(near).select_related("user", "deputy"):
        day = now.astimezone(zone_of(leave.user, organization)).date()
        if leave.from_date <= day <= leave.to_date:
            away[leave.user_id] = leave
    found = {}
    for user_id, leave in away.items():
        deputy, seen = leave.deputy, {user_id}
        while deputy.pk in away and deputy.pk not in seen and len(seen) < LONGEST_CHAIN:
            seen.add(deputy.pk)
            deputy = away[deputy.pk].deputy
        if deputy.is_active and deputy.pk not in away and deputy.pk != user_id:
            found[user_id] = deputy.pk
    return found
