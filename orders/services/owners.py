"""Who carries a step: exactly one accountable person, by the step's role."""

from orders.models import Order
from teams.models import Membership
from teams.permissions import ROLES, Scope

_ORDER_FIELD = {"clerk": "clerk_id", "sales_rep": "sales_rep_id", "logistics": "logistics_owner_id"}


def owner_ids(order: Order, roles: set[str]) -> dict[str, int | None]:
    """The person for each of `roles`: the order's own, else a holder of the role in the team, else one whose role
    reaches every team, else the clerk. One query for all roles."""
    found = {role: getattr(order, _ORDER_FIELD[role]) for role in roles if role in _ORDER_FIELD}
    missing = [role for role in roles if not found.get(role)]
    holders = Membership.objects.filter(role__in=missing, user__is_active=True).order_by("user_id")
    for team_id, role, user_id in holders.values_list("team_id", "role", "user_id"):
        if team_id == order.team_id and found.get(role) is None:
            found[role] = user_id
    everywhere = [role for role in missing if found.get(role) is None and ROLES[role].scope is Scope.ALL]
    for role, user_id in holders.filter(role__in=everywhere).values_list("role", "user_id"):
        found[role] = found.get(role) or user_id
    return {role: found.get(role) or order.clerk_id for role in roles}


def holders_of(order: Order, *, lead: bool = False, manager: bool = False) -> list[int]:
    """The people to whom lateness of the order's steps is escalated: leads of its team, or managers.

    A team without a manager of its own escalates to managers who see every team.
    """
    codes = [code for code, role in ROLES.items() if (lead and role.is_lead) or (manager and role.is_manager)]
    active = Membership.objects.filter(role__in=codes, user__is_active=True).order_by("user_id")
    own = list(active.filter(team=order.team_id).values_list("user_id", flat=True).distinct())
    if own or not manager:
        return own
    return list(active.values_list("user_id", flat=True).distinct())
