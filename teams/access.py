"""What one person may see and do, as a value read from their memberships in one query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import DateField, F, Func, Q, QuerySet, Value
from django.utils.translation import gettext as _

from teams.errors import NotPermitted
from teams.permissions import ROLES, Permission, Scope

if TYPE_CHECKING:
    from teams.models import User


class DayThere(Func):
    """The calendar day that it is in a time zone as the statement runs; in the organisation's for an empty one."""

    template = (
        "(statement_timestamp() AT TIME ZONE"
        " coalesce(nullif(%(expressions)s, ''), (SELECT timezone FROM teams_organization)))::date"
    )
    output_field = DateField()


@dataclass(frozen=True)
class Access:
    """Rights of one person. Nobody's rights (disabled, without a team) are empty, never an error."""

    user_id: int | None
    roles: dict[int, frozenset[str]] = field(default_factory=dict)  # team id -> role codes
    sees_all: bool = False
    all_money: bool = False
    all_permissions: frozenset[Permission] = frozenset()  # those of roles that reach every team
    principal_ids: frozenset[int] = frozenset()  # people on leave today for whom this one stands in

    @classmethod
    def of(cls, user: User) -> Access:
        """Read the memberships of `user`, and for whom they stand in; a superuser has every right."""
        if not user.is_active or user.pk is None:
            return cls(user_id=None)
        if user.is_superuser:
            return cls(user.pk, {}, sees_all=True, all_money=True, all_permissions=frozenset(Permission))
        roles: dict[int, set[str]] = {}
        principals: set[int] = set()
        # One query for both: rows without a role are people on leave.
        rows = user.memberships.values_list("team_id", "role").union(
            _on_leave(deputy=user.pk).values_list("user_id", Value("")), all=True
        )
        for key, role in rows:
            if role:
                roles.setdefault(key, set()).add(role)
            else:
                principals.add(key)
        everywhere = [ROLES[code] for codes in roles.values() for code in codes if ROLES[code].scope is Scope.ALL]
        return cls(
            user.pk,
            {team: frozenset(codes) for team, codes in roles.items()},
            sees_all=bool(everywhere),
            all_money=any(role.sees_money for role in everywhere),
            all_permissions=frozenset().union(*(role.permissions for role in everywhere)),
            principal_ids=_with_theirs(principals) - {user.pk},
        )

    @property
    def team_ids(self) -> frozenset[int]:
        """Teams the person belongs to, with whatever role."""
        return frozenset(self.roles)

    def reaches(self, team_id: int) -> bool:
        """Whether the person has a part in the team's orders; which of them they see, `visible_to` decides."""
        return self.sees_all or team_id in self.roles

    @property
    def team_scope_ids(self) -> frozenset[int]:
        """Teams whose orders the person sees all of."""
        return frozenset(
            team for team, codes in self.roles.items() if any(ROLES[c].scope is not Scope.OWN for c in codes)
        )

    @property
    def own_scope_ids(self) -> frozenset[int]:
        """Teams in which the person sees only their own orders."""
        return self.team_ids - self.team_scope_ids

    @property
    def role_codes(self) -> frozenset[str]:
        return frozenset().union(*self.roles.values())

    def roles_in(self, team_id: int) -> frozenset[str]:
        return self.roles.get(team_id, frozenset())

    def sees_money(self, team_id: int) -> bool:
        """Whether prices and amounts of the team's orders exist for this person."""
        return self.all_money or any(ROLES[code].sees_money for code in self.roles_in(team_id))

    @property
    def money_team_ids(self) -> frozenset[int]:
        return frozenset(team for team in self.roles if self.sees_money(team))

    @property
    def sees_any_money(self) -> bool:
        return self.all_money or bool(self.money_team_ids)

    def allows(self, permission: Permission, team_id: int) -> bool:
        return permission in self.all_permissions or any(
            permission in ROLES[code].permissions for code in self.roles_in(team_id)
        )

    def allows_somewhere(self, permission: Permission) -> bool:
        """Whether there is a team in which the person may do this; decides what a menu offers."""
        return permission in self.all_permissions or any(self.allows(permission, team) for team in self.roles)

    def teams_allowing(self, permission: Permission) -> frozenset[int] | None:
        """Team ids in which `permission` holds; None means every team."""
        if permission in self.all_permissions:
            return None
        return frozenset(team for team in self.roles if self.allows(permission, team))


def _on_leave(**who: Any) -> QuerySet[Any]:
    """Leaves of today, the day taken where the person on leave lives."""
    today = DayThere(F("user__timezone"))
    return apps.get_model("teams", "Leave").objects.filter(Q(from_date__lte=today, to_date__gte=today), **who)


def _with_theirs(principals: set[int]) -> frozenset[int]:
    """Those for whom `principals` would stand in themselves, were they not on leave; their messages come along."""
    found, ahead = set(principals), principals
    while ahead:
        ahead = set(_on_leave(deputy__in=ahead).values_list("user_id", flat=True)) - found
        found |= ahead
    return frozenset(found)


def require(user: User, permission: Permission, *, team_id: int) -> None:
    """Refuse what the person's roles in the team do not allow.

    Raises:
        NotPermitted: answered with 403; call it only for an object that the person may see (else 404).
    """
    if not user.access.allows(permission, team_id):
        raise NotPermitted(_("Your role may not do this."))
