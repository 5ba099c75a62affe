"""Settings: what can be set, the list of work calendars, and a calendar by year."""

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
from django.views.decorators.http import require_http_methods, require_safe

from teams.calendar_changes import FIRST_DAY, LAST_DAY
from teams.calendar_forms import ImportForm, NewCalendarForm, RecurringForm
from teams.calendar_uses import uses_by_calendar
from teams.calendar_words import change_words, full_day, hours_words, narrow_weekdays, rule_words, spans_words
from teams.calendar_year import months_of, sums_of
from teams.countries import country_name
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.models import WorkCalendar
from teams.models.calendars import hours_of
from teams.permissions import Permission
from teams.services.calendars import create_calendar
from teams.worktime import WorkSchedule

SHOWN_VERSIONS = 8
SHOWN_EDITS = 10


def require_settings(request: PersonRequest) -> None:
    if not request.user.access.allows_somewhere(Permission.SETTINGS_EDIT):
        raise NotPermitted(_("Your role may not do this."))


def find_calendar(request: PersonRequest, code: str) -> WorkCalendar:
    """Calendars are no secret, so only a missing one is a 404."""
    calendar = get_object_or_404(WorkCalendar, code=code)
    require_settings(request)
    return calendar


@login_required
@require_safe
def settings_page(request: PersonRequest) -> HttpResponse:
    """What can be set, and where."""
    require_settings(request)
    until = WorkCalendar.objects.exclude(country="").aggregate(until=Min("verified_until"))["until"]
    context = {"calendar_count": WorkCalendar.objects.count(), "verified_until": until and full_day(until)}
    return render(request, "teams/settings.html", context)


@login_required
@require_safe
def calendar_list(request: PersonRequest) -> HttpResponse:
    require_settings(request)
    calendars = list(WorkCalendar.objects.order_by("code").prefetch_related("intervals"))
    uses = uses_by_calendar()
    today = timezone.localdate()
    rows = [
        {
            "calendar": calendar,
            "country": country_name(calendar.country) if calendar.country else "",
            "hours": hours_words(hours_of(calendar.intervals.all())),
            "until": calendar.verified_until and full_day(calendar.verified_until),
            "is_behind": bool(calendar.country) and (calendar.verified_until or date.min) < today,
            "uses": uses.get(calendar.pk, []),
        }
        for calendar in calendars
    ]
    return render(request, "teams/calendars.html", {"rows": rows})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_new(request: PersonRequest) -> HttpResponse:
    require_settings(request)
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
    return show_calendar(request, find_calendar(request, code))


def show_calendar(request: PersonRequest, calendar: WorkCalendar, status: int = 200, **forms: Any) -> HttpResponse:
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
