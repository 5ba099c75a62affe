"""Edits of a calendar in two steps: proposed and counted first, saved once the person has seen what would move."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from teams import calendar_changes, calendar_effects
from teams.calendar_content import Content
from teams.errors import DomainError
from teams.models import CalendarEdit, CalendarVersion, User, WorkCalendar
from teams.services.calendars import record_version, write_content
from teams.worktime import ScheduleError, WorkSchedule

YEARS_BACK, YEARS_AHEAD = 2, 5  # for which changed dates are kept: what open orders and their plans may touch


class CalendarMovedOn(DomainError):
    """Somebody else saved an edit of the calendar meanwhile."""

    code = "calendar_moved_on"


class EditNotReady(DomainError):
    """The edit was saved or dropped already, or is still being counted."""

    code = "edit_not_ready"


@transaction.atomic
def propose_edit(
    *, calendar_id: int, changes: Mapping[str, Any], seen_version: int | None, by: User, now: datetime
) -> CalendarEdit:
    """Work out what `changes` would make of the calendar, and ask the apps above what moves; nothing is saved yet.

    `seen_version` is the version that the person had before them; None where the change stands for itself.

    Raises:
        CalendarMovedOn, InvalidInput.
    """
    # The lock keeps the rows of one version together while they are read.
    calendar = WorkCalendar.objects.select_for_update(no_key=True).get(pk=calendar_id)
    if seen_version is not None and seen_version != calendar.version:
        raise _moved_on(calendar)
    before = calendar.content()
    after = calendar_changes.apply(before, changes)
    if not calendar.versions.filter(version=calendar.version).exists():
        record_version(calendar, before, by=None, at=now)  # a calendar that no service made
    edit = CalendarEdit.objects.create(
        calendar=calendar,
        base_version=calendar.version,
        changes=dict(changes),
        spec=after.spec(),
        changed_dates=[day.isoformat() for day in changed_dates(_schedule(before), _schedule(after), now)],
        by=by,
        at=now,
    )
    _count(edit, now)
    return edit


def _schedule(content: Content) -> WorkSchedule:
    try:
        return WorkSchedule.from_dict(content.spec())
    except ScheduleError as error:
        # A calendar without any weekday worked, made before hours were checked.
        raise calendar_changes.refuse("hours", _("A calendar needs working time on at least one weekday.")) from error


def changed_dates(before: WorkSchedule, after: WorkSchedule, now: datetime) -> list[date]:
    """The dates within some years of `now` on which other instants are worked."""
    first = date(now.year - YEARS_BACK, 1, 1).toordinal()
    last = date(now.year + YEARS_AHEAD, 12, 31).toordinal()
    is_moved = before.timezone != after.timezone
    found = []
    for ordinal in range(first, last + 1):
        old, new = before.years.hours_of(ordinal), after.years.hours_of(ordinal)
        if old != new or (is_moved and old):
            found.append(date.fromordinal(ordinal))
    return found


def _count(edit: CalendarEdit, now: datetime) -> None:
    listeners = calendar_effects.listeners()
    if not listeners or not edit.changed_dates:
        edit.status, edit.counted_at = CalendarEdit.Status.READY, now
        edit.save(update_fields=["status", "counted_at"])
        return
    for listener in listeners:
        listener.count(edit, now)
    edit.refresh_from_db()


@transaction.atomic
def save_edit(*, edit_id: int, by: User, now: datetime) -> CalendarEdit:
    """Make the calendar say what the edit shows, as its next version; the apps above re-plan what it moves.

    Raises:
        EditNotReady: it is counted still, or was saved or dropped.
        CalendarMovedOn: the calendar has a newer version than the one it was counted with.
    """
    edit, calendar = _locked(edit_id)
    if edit.status != CalendarEdit.Status.READY:
        raise EditNotReady(_not_ready(edit))
    if calendar.version != edit.base_version:
        raise _moved_on(calendar)
    before = calendar.content()
    after = calendar_changes.apply(before, edit.changes)
    if after.spec() != edit.spec:
        # Statutory days come from a library, which may have been brought up to date since.
        raise CalendarMovedOn(_("The statutory days are known better by now than when this was counted. Count again."))
    write_content(calendar, before, after, by=by, at=now)
    edit.status, edit.saved_at, edit.new_version = CalendarEdit.Status.SAVED, now, calendar.version
    edit.save(update_fields=["status", "saved_at", "new_version"])
    for listener in calendar_effects.listeners():
        listener.saved(edit, now)
    return edit


@transaction.atomic
def drop_edit(*, edit_id: int) -> CalendarEdit:
    """Give up an edit that is not saved.

    Raises:
        EditNotReady: it was saved; what was dropped already stays so.
    """
    edit, _calendar = _locked(edit_id)
    if edit.status == CalendarEdit.Status.SAVED:
        raise EditNotReady(_not_ready(edit))
    edit.status = CalendarEdit.Status.DROPPED
    edit.save(update_fields=["status"])
    return edit


@transaction.atomic
def redo_edit(*, edit_id: int, by: User, now: datetime) -> CalendarEdit:
    """Ask the same of the calendar as it is now; the old edit is dropped.

    Raises:
        EditNotReady: it was saved.
        InvalidInput: the calendar says so already, or no longer allows it.
    """
    old = drop_edit(edit_id=edit_id)
    return propose_edit(calendar_id=old.calendar_id, changes=old.changes, seen_version=None, by=by, now=now)


def _locked(edit_id: int) -> tuple[CalendarEdit, WorkCalendar]:
    """The calendar's lock first, so that two who save at once stand in one queue."""
    calendar_id = CalendarEdit.objects.values_list("calendar", flat=True).get(pk=edit_id)
    calendar = WorkCalendar.objects.select_for_update(no_key=True).get(pk=calendar_id)
    return CalendarEdit.objects.select_for_update(of=("self",)).get(pk=edit_id), calendar


def _moved_on(calendar: WorkCalendar) -> CalendarMovedOn:
    version = CalendarVersion.objects.filter(calendar=calendar, version=calendar.version).select_related("by").first()
    if version is None or version.by is None:
        return CalendarMovedOn(_("The calendar was changed meanwhile. Look at it again, and count again."))
    return CalendarMovedOn(
        _("%(who)s changed this calendar meanwhile. Look at it again, and count again.") % {"who": version.by}
    )


def _not_ready(edit: CalendarEdit) -> str:
    match edit.status:
        case CalendarEdit.Status.SAVED:
            return _("This edit is saved already.")
        case CalendarEdit.Status.DROPPED:
            return _("This edit was dropped.")
    return _("Orders are still being counted. Save once you have seen how many move.")
