"""Views of the order list: kept under a name, shared with a team, forgotten."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders.models import ListColumns, SavedView
from teams.errors import DomainError
from teams.models import Team, User

MOST = 50


class TooManyViews(DomainError):
    """The person keeps as many as there may be."""

    code = "too_many_views"


@transaction.atomic
def save_view(*, name: str, query: str, team: Team | None, by: User, now: datetime) -> SavedView:
    """Keep the address under `name`; an own view of that name is replaced.

    Raises:
        TooManyViews
    """
    User.objects.select_for_update().get(pk=by.pk)  # two at once count one after the other
    own = SavedView.objects.filter(by=by)
    if not own.filter(name=name).exists() and own.count() >= MOST:
        raise TooManyViews(_("You keep %(count)s views already; delete one first.") % {"count": MOST})
    values = {"query": query, "team": team}
    view, _is_new = SavedView.objects.update_or_create(
        by=by, name=name, defaults=values, create_defaults={**values, "created_at": now}
    )
    return view


def keep_columns(*, columns: Sequence[str], by: User) -> None:
    """Show these columns to the person from now on; none stands for the usual ones."""
    if columns:
        ListColumns.objects.update_or_create(user=by, defaults={"columns": list(columns)})
    else:
        ListColumns.objects.filter(user=by).delete()
