"""Which figures stand first on a person's dashboard: what their role looks at, or a board that somebody arranged."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from kpi.models import KpiBoard
from kpi.registry import offered_to
from teams.errors import InvalidInput
from teams.models import Team, User
from teams.permissions import RoleCode

MOST_BOARDS = 20
MOST_FIGURES = 24
SHOWN = 10  # of a standard board, for somebody with several roles

_LEADS = ("K01", "K05", "K20", "K21", "K23", "K37", "K38", "K14", "K09", "K35")
STANDARD: Mapping[str, Sequence[str]] = {
    RoleCode.MANAGER: ("K01", "K05", "K32", "K33", "K11", "K14", "K20", "K21", "K37", "K38"),
    RoleCode.ADMIN: _LEADS,
    RoleCode.LEAD: _LEADS,
    RoleCode.CLERK: ("K01", "K20", "K21", "K23", "K35", "K39", "K09", "K14"),
    RoleCode.LOGISTICS: ("K03", "K14", "K20", "K21", "K23", "K35"),
    RoleCode.SALES_REP: ("K32", "K01", "K02", "K09", "K13", "K16", "K30"),
    RoleCode.SALES_MANAGER: ("K32", "K33", "K30", "K01", "K02", "K09", "K13", "K14"),
    RoleCode.MARKET_DEVELOPER: ("K32", "K30", "K01"),
    RoleCode.SERVICE: ("K16", "K01", "K02", "K30", "K20", "K21"),
    RoleCode.DOCUMENTS: ("K20", "K21", "K23", "K35"),
    RoleCode.FINANCE: ("K33", "K32", "K20", "K21"),
    RoleCode.PURCHASER: ("K34", "K18", "K20", "K21", "K37"),
    RoleCode.QC: ("K36", "K20", "K21", "K35"),
    RoleCode.PLANNER: ("K18", "K20", "K21", "K38"),
}


def standard_codes(user: User) -> list[str]:
    """The figures that the person's roles look at, in order; those of money only where they see amounts."""
    roles = [code for code in STANDARD if code in user.access.role_codes] or [RoleCode.LEAD]
    wanted = dict.fromkeys(code for role in roles for code in STANDARD[role])
    offered = offered_to(user)
    return [code for code in wanted if code in offered][:SHOWN]


def codes_of(board: KpiBoard, user: User) -> list[str]:
    """The board's figures that there are for this person."""
    offered = offered_to(user)
    return [code for code in board.codes if code in offered]


@transaction.atomic
def save_board(
    *,
    name: str,
    codes: Sequence[str],
    query: str,
    team: Team | None,
    is_first: bool,
    by: User,
    now: datetime,
    board: KpiBoard | None = None,
) -> KpiBoard:
    """Keep an arrangement of figures under a name, or arrange an own one anew.

    Args:
        query: period and filters as in the address, without "?".
        team: shared with; None keeps it to oneself.
        is_first: it is what the person's dashboard opens with.

    Raises:
        InvalidInput: naming the field: no name, a name taken, no figure, an unknown one, too many.
    """
    User.objects.select_for_update().get(pk=by.pk)  # two at once count one after the other
    own = KpiBoard.objects.filter(by=by)
    others = own.exclude(pk=board.pk) if board else own
    offered = offered_to(by)
    chosen = list(dict.fromkeys(codes))
    faults: dict[str, str] = {}
    if not name.strip():
        faults["name"] = _("Give it a name.")
    elif others.filter(name=name.strip()).exists():
        faults["name"] = _("You have a board of this name already.")
    if not chosen:
        faults["codes"] = _("Choose at least one figure.")
    elif len(chosen) > MOST_FIGURES:
        faults["codes"] = _("Choose at most %(count)s figures.") % {"count": MOST_FIGURES}
    elif unknown := [code for code in chosen if code not in offered]:
        faults["codes"] = _("There is no figure “%(code)s”.") % {"code": unknown[0][:8]}
    if team is not None and not by.memberships.filter(team=team).exists() and not by.access.sees_all:
        faults["team"] = _("You do not belong to this team.")
    if board is None and others.count() >= MOST_BOARDS:
        faults["name"] = _("You have %(count)s boards already; delete one first.") % {"count": MOST_BOARDS}
    if faults:
        raise InvalidInput(" ".join(faults.values()), fields=faults)
    if is_first:
        others.filter(is_first=True).update(is_first=False)
    found = board or KpiBoard(by=by, created_at=now)
    found.name, found.codes, found.query, found.team, found.is_first = name.strip(), chosen, query, team, is_first
    found.save()
    return found


def boards_of(user: User) -> list[KpiBoard]:
    """Own boards first, then those shared with the person's teams."""
    found = KpiBoard.objects.visible_to(user).select_related("by", "team").order_by("name", "pk")
    return sorted(found, key=lambda board: (board.by_id != user.pk, not board.is_first))
