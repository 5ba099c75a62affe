"""Edits of a calendar: asked for, shown with what they move, and only then saved."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from teams.calendar_edit_page import edit_context
from teams.calendar_forms import DaysForm, HoursForm, ImportForm, MakeupForm, RecurringForm
from teams.calendar_views import find_calendar, require_settings, show_calendar
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.models import CalendarEdit, WorkCalendar
from teams.services import calendar_edits


def find_edit(request: PersonRequest, code: str, pk: int) -> CalendarEdit:
    found = CalendarEdit.objects.select_related("calendar", "by").filter(calendar__code=code)
    edit = get_object_or_404(found, pk=pk)
    require_settings(request)
    return edit


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_days(request: PersonRequest, code: str) -> HttpResponse:
    """The small form behind a day; also for several dates."""
    calendar = find_calendar(request, code)
    form = DaysForm(request.POST) if request.method == "POST" else DaysForm(initial=_day_asked(request, calendar))
    if request.method == "POST" and form.is_valid():
        edit = _propose(request, calendar, form)
        if edit is not None:
            return _to_edit(request, edit)
    context = {"form": form, "calendar": calendar, "is_dialog": bool(request.htmx)}
    template = "teams/_calendar_days.html" if request.htmx else "teams/calendar_days.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _day_asked(request: PersonRequest, calendar: WorkCalendar) -> dict[str, Any]:
    """What the form begins with: the day that was clicked, and what the calendar says of it now."""
    try:
        day = date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        day = timezone.localdate(timezone=ZoneInfo(calendar.timezone))
    own = calendar.exceptions.filter(date=day, is_statutory=False).first()
    if own is not None:
        return {"from_date": day, "to_date": day, "day": own.kind, "name": own.name}
    statutory = calendar.exceptions.filter(date=day, is_statutory=True).first()
    is_worked = (
        statutory.kind == "workday" if statutory else calendar.intervals.filter(weekday=day.isoweekday()).exists()
    )
    return {"from_date": day, "to_date": day, "day": "off" if is_worked else "workday"}


def _propose(
    request: PersonRequest, calendar: WorkCalendar, form: Any, *, seen_version: int | None = None
) -> CalendarEdit | None:
    """The edit that the form asks for; None once its refusal stands in the form."""
    try:
        return calendar_edits.propose_edit(
            calendar_id=calendar.pk,
            changes=form.changes(),
            seen_version=seen_version,
            by=request.user,
            now=timezone.now(),
        )
    except calendar_edits.CalendarMovedOn as refusal:
        form.add_refusal(refusal)
        form.take_new_version(WorkCalendar.objects.values_list("version", flat=True).get(pk=calendar.pk))
    except DomainError as refusal:
        form.add_refusal(refusal)
    return None


def _to_edit(request: PersonRequest, edit: CalendarEdit) -> HttpResponse:
    answer = redirect("calendar_edit", code=edit.calendar.code, pk=edit.pk)
    return HttpResponseClientRedirect(answer.url) if request.htmx else answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_hours(request: PersonRequest, code: str) -> HttpResponse:
    """Names, zone and hours."""
    calendar = find_calendar(request, code)
    form = HoursForm(request.POST or None, content=calendar.content(), version=calendar.version)
    if request.method == "POST" and form.is_valid():
        edit = _propose(request, calendar, form, seen_version=form.cleaned_data["version"])
        if edit is not None:
            return _to_edit(request, edit)
    context = {"form": form, "calendar": calendar}
    return render(request, "teams/calendar_hours.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_POST
def calendar_makeup(request: PersonRequest, code: str) -> HttpResponse:
    """The switch: whether statutory make-up days are worked."""
    calendar = find_calendar(request, code)
    form = MakeupForm(request.POST)
    if form.is_valid():
        return _propose_plain(request, calendar, {"kind": "makeup", "follows": form.cleaned_data["follows"]})
    return show_calendar(request, calendar, status=422)


@login_required
@require_POST
def calendar_import(request: PersonRequest, code: str) -> HttpResponse:
    calendar = find_calendar(request, code)
    form = ImportForm(request.POST, auto_id="import_%s")
    edit = _propose(request, calendar, form) if form.is_valid() else None
    return _to_edit(request, edit) if edit else show_calendar(request, calendar, status=422, import_form=form)


@login_required
@require_POST
def calendar_recurring(request: PersonRequest, code: str) -> HttpResponse:
    calendar = find_calendar(request, code)
    form = RecurringForm(request.POST, auto_id="recurring_%s")
    edit = _propose(request, calendar, form) if form.is_valid() else None
    return _to_edit(request, edit) if edit else show_calendar(request, calendar, status=422, recurring_form=form)


@login_required
@require_POST
def calendar_recurring_remove(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    calendar = find_calendar(request, code)
    rule = get_object_or_404(calendar.recurring.all(), pk=pk).recurrence()
    return _propose_plain(request, calendar, {"kind": "not_recurring", **rule.to_json()})


def _propose_plain(request: PersonRequest, calendar: WorkCalendar, changes: Mapping[str, Any]) -> HttpResponse:
    """An edit that one button asks for: nothing can be typed wrong, so a refusal is said above the page."""
    try:
        edit = calendar_edits.propose_edit(
            calendar_id=calendar.pk, changes=changes, seen_version=None, by=request.user, now=timezone.now()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("calendar", code=calendar.code)
    return _to_edit(request, edit)


@login_required
@require_safe
def calendar_edit(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """What an edit changes and moves; here it is saved or dropped."""
    return render(request, "teams/calendar_edit.html", edit_context(find_edit(request, code, pk)))


@login_required
@require_safe
def calendar_edit_effect(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """While orders are counted or re-planned: how far that is."""
    return render(request, "teams/_calendar_edit_effect.html", edit_context(find_edit(request, code, pk)))


@login_required
@require_POST
def calendar_edit_save(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    edit = find_edit(request, code, pk)
    try:
        calendar_edits.save_edit(edit_id=edit.pk, by=request.user, now=timezone.now())
    except DomainError as refusal:
        context = {**edit_context(find_edit(request, code, pk)), "refusal": str(refusal)}
        return render(request, "teams/calendar_edit.html", context, status=409)
    messages.success(request, _("Saved."))
    return redirect("calendar_edit", code=code, pk=pk)


@login_required
@require_POST
def calendar_edit_drop(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    edit = find_edit(request, code, pk)
    try:
        calendar_edits.drop_edit(edit_id=edit.pk)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("calendar_edit", code=code, pk=pk)
    messages.success(request, _("Dropped. The calendar stays as it was."))
    return redirect("calendar", code=code)


@login_required
@require_POST
def calendar_edit_redo(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """The same again, counted with the calendar as it is now."""
    edit = find_edit(request, code, pk)
    try:
        again = calendar_edits.redo_edit(edit_id=edit.pk, by=request.user, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("calendar_edit", code=code, pk=pk)
    return redirect("calendar_edit", code=code, pk=again.pk)
