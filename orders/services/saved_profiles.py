"""Import profiles that people save: how sheets with certain headers are read, under a name, shared with a team."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from orders.imports import profile as profiles
from orders.imports.profile import Profile
from orders.imports.rows import folded
from orders.imports.sheets import Choice, Found
from orders.models import ImportProfile, ImportRun
from teams.errors import DomainError
from teams.models import Team, User

MOST = 100


class NameTaken(DomainError):
    """A shipped profile or a colleague's has this name."""

    code = "name_taken"


@transaction.atomic
def save_profile(*, run_id: int, name: str, team: Team | None, by: User, now: datetime) -> ImportProfile:
    """Keep how the sheet of the import is read; an own profile of that name is replaced.

    Raises:
        NameTaken
        DomainError: the person keeps as many as there may be.
    """
    User.objects.select_for_update().get(pk=by.pk)  # two at once count one after the other
    run = ImportRun.objects.get(pk=run_id)
    reading = run.reading
    own = ImportProfile.objects.filter(by=by)
    if not own.filter(name=name).exists():
        if own.count() >= MOST:
            raise DomainError(_("You keep %(count)s profiles already; delete one first.") % {"count": MOST})
        if name in profiles.names() or ImportProfile.objects.filter(name=name).exists():
            raise _taken(name)
    columns: dict[str, str] = {}
    for index, header in enumerate(reading["headers"]):
        if plain := folded(header):
            columns.setdefault(plain, reading["mapping"].get(str(index), ""))
    values = {
        "team": team,
        "base": run.profile,
        "fingerprint": run.fingerprint,
        "columns": columns,
        "date_order": reading["date_order"],
        "changed_at": now,
    }
    try:
        with transaction.atomic():
            saved, _is_new = ImportProfile.objects.update_or_create(by=by, name=name, defaults=values)
    except IntegrityError:  # a colleague was faster
        raise _taken(name) from None
    ImportRun.objects.filter(pk=run.pk).update(saved_profile=saved.name)
    return saved


def _taken(name: str) -> NameTaken:
    return NameTaken(_("There is a profile “%(name)s” already; choose another name.") % {"name": name})


def find(name: str, viewer: User | None) -> ImportProfile | None:
    """The saved profile of that name that the viewer may use; None: there is none, and shipped ones come first.

    Without a viewer everybody's: the command line is the system itself.
    """
    if name in profiles.names():
        return None
    rows = ImportProfile.objects.visible_to(viewer) if viewer else ImportProfile.objects.all()
    return rows.filter(name=name).first()


def matching(fingerprint: str, base: str, viewer: User) -> ImportProfile | None:
    """The profile that was saved from a sheet with these headers, the last one changed."""
    rows = ImportProfile.objects.visible_to(viewer).filter(base=base, fingerprint=fingerprint)
    return rows.order_by("-changed_at", "-pk").first()


def profile_of(saved: ImportProfile) -> Profile:
    """The shipped profile that also knows the headers of the saved one, so that their row is found.

    Raises:
        ProfileError: the shipped one is gone.
    """
    base = profiles.load(saved.base)
    more: dict[str, tuple[str, ...]] = {}
    for header, name in saved.columns.items():
        more[name] = (*more.get(name, ()), header)
    columns = tuple(replace(each, aliases=(*each.aliases, *more.get(each.header, ()))) for each in base.columns)
    return replace(base, columns=columns)


def choice_for(saved: ImportProfile, found: Found) -> Choice:
    """The sheet as it was found, its columns as the profile has them; headers it does not know are matched by name."""
    mapping = {
        index: saved.columns[plain]
        for index, header in enumerate(found.table.header)
        if (plain := folded(header)) in saved.columns
    }
    return Choice(found.sheet, found.table.header_row, mapping, saved.date_order)


def fingerprint_of(headers: Sequence[str]) -> str:
    """Tells sheets with other headers apart."""
    return hashlib.sha256("\n".join(headers).encode("utf-8", "replace")).hexdigest()
