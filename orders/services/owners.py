"""Who carries a step: exactly one accountable person, by the step's role; and who hears of it when it stays late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from orders.models import Order
from teams.errors import InvalidInput
from teams.models import Membership, User
from teams.permissions import ROLES, Scope

# The role whose steps the person in a field of the order carries.
ORDER_FIELDS = {"clerk": "clerk", "sales_rep": "sales_rep", "logistics": "logistics_owner"}


class CannotCarry(InvalidInput):
    """The person has left, or has no part in the team: reminders would lead them to an order they cannot see."""

    code = "cannot_carry"


def check_people(team_id: int, people: Mapping[str, User | None]) -> None:
    """Refuse people who cannot carry steps of the team's orders; `people` maps fields to whom they shall name.

    Raises:
        CannotCarry
    """
    strangers = [name for name, person in people.items() if person and not person.access.reaches(team_id)]
    if strangers:
        message = _("This person does not work in the order's team.")
        raise CannotCarry(message, fields=dict.fromkeys(strangers, message))


def owner_ids(order: Order, roles: set[str]) -> dict[str, int | None]:
    """The person for each of `roles`: the order's own, else a holder of the role in the team, else one whose role
    reaches every team, else the clerk. One query for all roles."""
    found = {role: getattr(order, f"{ORDER_FIELDS[role]}_id") for role in roles if role in ORDER_FIELDS}
    missing = [role for role in roles if not found.get(role)]
    holders = Membership.objects.filter(role__in=missing, user__is_active=True).order_by("user_id")
    for team_id, role, user_id in holders.values_list("team_id", "role", "user_id"):
        if team_id == order.team_id and found.get(role) is None:
            found[role] = user_id
    everywhere = [role for role in missing if found.get(role) is None and ROLES[role].scope is Scope.ALL]
    for role, user_id in holders.filter(role__in=everywhere).values_list("role", "user_id"):
        found[role] = found.get(role) or user_id
    return {role: found.get(role) or order.clerk_id for role in roles}


@dataclass(frozen=True)
class Escalation:
    """The people above the steps of one team, each once, by id."""

    leads: tuple[int, ...]
    managers: tuple[int, ...]


def escalation_of(team_ids: Iterable[int]) -> dict[int, Escalation]:
    """To whom lateness is escalated in each of the teams: its leads, then its managers. One query.

    A team without a manager of its own escalates to managers of other teams, who see every team.
    """
    lead_codes = {code for code, role in ROLES.items() if role.is_lead}
    manager_codes = {code for code, role in ROLES.items() if role.is_manager}
    active = Membership.objects.filter(role__in=lead_codes | manager_codes, user__is_active=True).order_by("user_id")
    rows = list(active.values_list("team_id", "role", "user_id"))
    everywhere = _once(user for _team, role, user in rows if role in manager_codes)
    return {
        team: Escalation(
            leads=_once(user for of, role, user in rows if of == team and role in lead_codes),
            managers=_once(user for of, role, user in rows if of == team and role in manager_codes) or everywhere,
        )
        for team in set(team_ids)
    }


def _once(users: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(users))
