"""Leaves and deputies: who is away when, and who is told and acts instead."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from teams.errors import InvalidInput
from teams.models import Leave, Membership, Organization, User
from teams.notifications.people import zone_of
from teams.permissions import ROLES, Permission, Scope

LONGEST = timedelta(days=366)
FARTHEST = timedelta(days=2 * 366)


@transaction.atomic
def add_leave(*, person: User, from_date: date, to_date: date, deputy: User, now: datetime) -> Leave:
    """Enter that a person is away, both days included, and who stands in.

    Raises:
        InvalidInput: the days are impossible or overlap another leave, or the deputy cannot stand in.
    """
    # One after the other: two leaves of the same days must not slip past each other.
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    faults = _faults_of_days(person, from_date, to_date, now)
    if fault := fault_of_deputy(person, deputy):
        faults["deputy"] = fault
    if faults:
        raise InvalidInput(" ".join(faults.values()), fields=faults)
    return Leave.objects.create(user=person, from_date=from_date, to_date=to_date, deputy=deputy)


def _faults_of_days(person: User, from_date: date, to_date: date, now: datetime) -> dict[str, str]:
    today = today_of(person, now)
    if to_date < from_date:
        return {"to_date": _("This lies before the first day.")}
    if to_date < today:
        return {"to_date": _("This leave is over already.")}
    if to_date - from_date > LONGEST:
        return {"to_date": _("A leave lasts a year at most.")}
    if from_date > today + FARTHEST:
        return {"from_date": _("This is too far away.")}
    other = Leave.objects.filter(user=person, from_date__lte=to_date, to_date__gte=from_date).order_by("pk").first()
    if other is not None:
        days = {"from": other.from_date.isoformat(), "to": other.to_date.isoformat()}
        return {"from_date": _("There is a leave from %(from)s to %(to)s already.") % days}
    return {}


def fault_of_deputy(person: User, deputy: User) -> str:
    """Why somebody cannot stand in for a person; empty if they can."""
    if deputy.pk == person.pk:
        return _("Somebody else has to stand in.")
    if not deputy.is_active:
        return _("This person does not work here any more.")
    if not possible_deputies(person).filter(pk=deputy.pk).exists():
        return _("A deputy belongs to every team of the person and sees as many orders there as they do.")
    return ""


def possible_deputies(person: User) -> QuerySet[User]:
    """Those who see what the person is told about: who belong to every team of theirs, and see all its orders where
    the person does; or whose role reaches every team."""
    access = person.access
    everywhere = Q(is_superuser=True) | Exists(_held(role__in=_of_scopes(Scope.ALL)))
    alike = Q() if access.team_ids else Q(pk__in=[])
    for team in sorted(access.team_ids):
        roles = _of_scopes(Scope.TEAM, Scope.ALL) if team in access.team_scope_ids else list(ROLES)
        alike &= Q(Exists(_held(team=team, role__in=roles)))
    people = User.objects.filter(alike | everywhere, is_active=True).exclude(pk=person.pk)
    return people.order_by("name", "pk")


def _held(**role: Any) -> QuerySet[Membership]:
    return Membership.objects.filter(user=OuterRef("pk"), **role)


def _of_scopes(*scopes: Scope) -> list[str]:
    return [code for code, role in ROLES.items() if role.scope in scopes]


def remove_leave(*, leave_id: int) -> bool:
    """The person is there after all, from now on."""
    return bool(Leave.objects.filter(pk=leave_id).delete()[0])


def may_enter_for(by: User, person: User) -> bool:
    """Everybody for themselves; who distributes work, for the people of their teams."""
    return by.pk == person.pk or people_for(by).filter(pk=person.pk).exists()


def people_for(by: User) -> QuerySet[User]:
    """The others for whom `by` may enter leaves."""
    teams = by.access.teams_allowing(Permission.MILESTONE_ASSIGN)
    people = User.objects.filter(is_active=True).exclude(pk=by.pk)
    if teams is not None:
        people = people.filter(Exists(_held(team__in=teams)))
    return people.order_by("name", "pk")


def today_of(person: User, now: datetime) -> date:
    return now.astimezone(zone_of(person, Organization.current())).date()


def leaves_of(person: User, now: datetime) -> list[Leave]:
    """Those that are not over, the next one first."""
    rows = Leave.objects.filter(user=person, to_date__gte=today_of(person, now)).select_related("deputy")
    return list(rows.order_by("from_date", "pk"))


def deputised_by(person: User, now: datetime) -> list[Leave]:
    """Leaves, not over, of people for whom this one stands in."""
    rows = Leave.objects.filter(Q(to_date__gte=today_of(person, now)), deputy=person).select_related("user")
    return list(rows.order_by("from_date", "pk"))
