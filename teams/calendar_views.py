"""Settings: work calendars by year, and edits that show what they move before they are saved."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Min
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from teams.calendar_changes import FIRST_DAY, LAST_DAY
from teams.calendar_edit_page import edit_context
from teams.calendar_forms import DaysForm, HoursForm, ImportForm, MakeupForm, NewCalendarForm, RecurringForm
from teams.calendar_uses import uses_by_calendar
from teams.calendar_words import change_words, full_day, hours_words, narrow_weekdays, rule_words, spans_words
from teams.calendar_year import months_of, sums_of
from teams.countries import country_name
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.models import CalendarEdit, WorkCalendar
from teams.permissions import Permission
from teams.services import calendar_edits
from teams.services.calendars import create_calendar
from teams.worktime import WorkSchedule

SHOWN_VERSIONS = 8
SHOWN_EDITS = 10


def _require_settings(request: PersonRequest) -> None:
    if not request.user.access.allows_somewhere(Permission.SETTINGS_EDIT):
        raise NotPermitted(_("Your role may not do this."))


def _calendar(request: PersonRequest, code: str) -> WorkCalendar:
    """Calendars are no secret, so only a missing one is a 404."""
    calendar = get_object_or_404(WorkCalendar, code=code)
    _require_settings(request)
    return calendar


def _edit(request: PersonRequest, code: str, pk: int) -> CalendarEdit:
    found = CalendarEdit.objects.select_related("calendar", "by").filter(calendar__code=code)
    edit = get_object_or_404(found, pk=pk)
    _require_settings(request)
    return edit


@login_required
@require_safe
def settings_page(request: PersonRequest) -> HttpResponse:
    """What can be set, and where."""
    _require_settings(request)
    until = WorkCalendar.objects.exclude(country="").aggregate(until=Min("verified_until"))["until"]
    context = {"calendar_count": WorkCalendar.objects.count(), "verified_until": until and full_day(until)}
    return render(request, "teams/settings.html", context)


@login_required
@require_safe
def calendar_list(request: PersonRequest) -> HttpResponse:
    _require_settings(request)
    calendars = list(WorkCalendar.objects.order_by("code").prefetch_related("intervals"))
    uses = uses_by_calendar()
    today = timezone.localdate()
    rows = [
        {
            "calendar": calendar,
            "country": country_name(calendar.country) if calendar.country else "",
            "hours": hours_words(_hours(calendar)),
            "until": calendar.verified_until and full_day(calendar.verified_until),
            "is_behind": bool(calendar.country) and (calendar.verified_until or date.min) < today,
            "uses": uses.get(calendar.pk, []),
        }
        for calendar in calendars
    ]
    return render(request, "teams/calendars.html", {"rows": rows})


def _hours(calendar: WorkCalendar) -> dict[int, tuple[tuple[int, int], ...]]:
    hours: dict[int, tuple[tuple[int, int], ...]] = {}
    for row in sorted(calendar.intervals.all(), key=lambda row: (row.weekday, row.start_minute)):
        hours[row.weekday] = (*hours.get(row.weekday, ()), (row.start_minute, row.end_minute))
    return hours


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_new(request: PersonRequest) -> HttpResponse:
    _require_settings(request)
    form = NewCalendarForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {**form.cleaned_data, "copy_of": form.cleaned_data["copy_of"].pk}
        try:
            calendar = create_calendar(**values, by=request.user, now=timezone.now())
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("The calendar is there. Set its hours and days now."))
            return redirect("calendar", code=calendar.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "teams/calendar_new.html", {"form": form}, status=status)


@login_required
@require_safe
def calendar_page(request: PersonRequest, code: str) -> HttpResponse:
    """A year of the calendar, its hours, rules and statutory years."""
    return _show(request, _calendar(request, code))


def _show(request: PersonRequest, calendar: WorkCalendar, status: int = 200, **forms: Any) -> HttpResponse:
    content = calendar.content()
    today = timezone.localdate(timezone=ZoneInfo(calendar.timezone))
    year = _year(request, today.year)
    edits = calendar.edits.open().select_related("by").order_by("-at", "-pk")[:SHOWN_EDITS]
    next_year = max(content.loaded_years, default=today.year - 1) + 1
    context = {
        "calendar": calendar,
        "content": content,
        "year": year,
        "years": [each for each in range(year - 2, year + 3) if FIRST_DAY.year <= each <= LAST_DAY.year],
        "months": months_of(content, year, today),
        "sums": sums_of(content, WorkSchedule.from_dict(content.spec()), year) if any(content.hours) else None,
        "weekdays": narrow_weekdays(),
        "country": country_name(content.country) if content.country else "",
        "until": content.verified_until and full_day(content.verified_until),
        "hours": hours_words(content.hours),
        "makeup_hours": spans_words(content.hours.get(8, ())),
        "rules": [(row.pk, rule_words(row.recurrence())) for row in calendar.recurring.order_by("from_date", "pk")],
        "edits": [(edit, change_words(edit.changes)) for edit in edits],
        "versions": _versions(calendar),
        "import_form": ImportForm(auto_id="import_%s", initial={"country": content.country or "CN", "year": next_year}),
        "recurring_form": RecurringForm(auto_id="recurring_%s", initial=_recurring_defaults(today)),
        **forms,
    }
    return render(request, "teams/calendar.html", context, status=status)


def _recurring_defaults(today: date) -> dict[str, Any]:
    return {"day": "workday", "weekday": 6, "nth": -1, "from_date": today, "to_date": date(today.year + 1, 12, 31)}


def _year(request: PersonRequest, this_year: int) -> int:
    """The year asked for; one that cannot be read is the current one."""
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else this_year
    return year if FIRST_DAY.year <= year <= LAST_DAY.year else this_year


def _versions(calendar: WorkCalendar) -> list[dict[str, Any]]:
    """The last versions: who made them, when, and by which edit."""
    rows = list(calendar.versions.defer("spec", "days").select_related("by").order_by("-version")[:SHOWN_VERSIONS])
    edits = {
        edit.new_version: edit
        for edit in calendar.edits.filter(new_version__in=[row.version for row in rows]).only(
            "pk", "new_version", "changes"
        )
    }
    return [
        {
            "row": row,
            "edit": edits.get(row.version),
            "words": change_words(edits[row.version].changes) if row.version in edits else "",
        }
        for row in rows
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_days(request: PersonRequest, code: str) -> HttpResponse:
    """The small form behind a day; also for several dates."""
    calendar = _calendar(request, code)
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
    calendar = _calendar(request, code)
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
    calendar = _calendar(request, code)
    form = MakeupForm(request.POST)
    if form.is_valid():
        return _propose_plain(request, calendar, {"kind": "makeup", "follows": form.cleaned_data["follows"]})
    return _show(request, calendar, status=422)


@login_required
@require_POST
def calendar_import(request: PersonRequest, code: str) -> HttpResponse:
    calendar = _calendar(request, code)
    form = ImportForm(request.POST, auto_id="import_%s")
    edit = _propose(request, calendar, form) if form.is_valid() else None
    return _to_edit(request, edit) if edit else _show(request, calendar, status=422, import_form=form)


@login_required
@require_POST
def calendar_recurring(request: PersonRequest, code: str) -> HttpResponse:
    calendar = _calendar(request, code)
    form = RecurringForm(request.POST, auto_id="recurring_%s")
    edit = _propose(request, calendar, form) if form.is_valid() else None
    return _to_edit(request, edit) if edit else _show(request, calendar, status=422, recurring_form=form)


@login_required
@require_POST
def calendar_recurring_remove(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    calendar = _calendar(request, code)
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
    return render(request, "teams/calendar_edit.html", edit_context(_edit(request, code, pk)))


@login_required
@require_safe
def calendar_edit_effect(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    """While orders are counted or re-planned: how far that is."""
    return render(request, "teams/_calendar_edit_effect.html", edit_context(_edit(request, code, pk)))


@login_required
@require_POST
def calendar_edit_save(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    edit = _edit(request, code, pk)
    try:
        calendar_edits.save_edit(edit_id=edit.pk, by=request.user, now=timezone.now())
    except DomainError as refusal:
        context = {**edit_context(_edit(request, code, pk)), "refusal": str(refusal)}
        return render(request, "teams/calendar_edit.html", context, status=409)
    messages.success(request, _("Saved."))
    return redirect("calendar_edit", code=code, pk=pk)


@login_required
@require_POST
def calendar_edit_drop(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    edit = _edit(request, code, pk)
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
    edit = _edit(request, code, pk)
    try:
        again = calendar_edits.redo_edit(edit_id=edit.pk, by=request.user, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("calendar_edit", code=code, pk=pk)
    return redirect("calendar_edit", code=code, pk=again.pk)
