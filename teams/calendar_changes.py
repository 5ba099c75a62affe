"""Changes that a person asks of a calendar: checked, and applied to what the calendar says. No query, no clock.

A change is plain JSON, so that it can wait as a `CalendarEdit` and be asked again of a later version. Its `kind`:

- `days`: `day` (off, workday, normal), `from`, `to`, `name`. Own exceptions for each date; `normal` takes them back.
- `hours`: `name_zh`, `name_en`, `timezone`, `hours` (ISO weekday, 8 for make-up days, to lists of minutes).
- `makeup`: `follows`, whether statutory make-up days are worked.
- `import`: `country`, `year`. The statutory days of a year, instead of those that were loaded for it.
- `recurring`, `not_recurring`: a rule as `Recurrence.to_json` writes it, added or taken away.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from teams.calendar_content import (
    MAKEUP,
    OFF,
    OWN,
    STATUTORY,
    WEEKDAYS,
    WORKDAY,
    Content,
    Recurrence,
    Spans,
    SpecialDay,
    clock,
)
from teams.errors import InvalidInput
from teams.models.calendars import DAY_MINUTES
from teams.models.people import validate_timezone
from teams.statutory import UnknownCountry, china_days, statutory_days

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)
MAX_RANGE_DAYS = 370
MAX_RECURRING_YEARS = 10
MAX_RECURRENCES = 40
MAX_NAME = 80
NORMAL = "normal"
HOUR_FIELDS = (*WEEKDAYS, "makeup")


def refuse(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, fields={field: message})


def apply(content: Content, changes: Mapping[str, Any]) -> Content:
    """What the calendar would say.

    Raises:
        InvalidInput: names the field at fault.
    """
    changed = _CHANGES[changes["kind"]](content, changes)
    if changed == content:
        raise InvalidInput(_("This changes nothing: the calendar says so already."))
    return changed


def _set_days(content: Content, changes: Mapping[str, Any]) -> Content:
    first, last = _range(changes)
    if (last - first).days >= MAX_RANGE_DAYS:
        raise refuse("to", _("At most %(count)d days at once.") % {"count": MAX_RANGE_DAYS})
    kind, name = changes["day"], _checked_name(changes["name"])
    dates = [first + timedelta(days=step) for step in range((last - first).days + 1)]
    own = {day: special for day, special in content.own.items() if not first <= day <= last}
    if kind == NORMAL:
        return replace(content, own=own)
    if kind not in (OFF, WORKDAY):
        raise refuse("day", _("Choose 放假, 补班 or back to normal."))
    if kind == WORKDAY:
        # A day that is worked anyway keeps its own hours.
        usual = replace(content, own=own).special_days()
        dates = [day for day in dates if not _is_worked(content, usual, day)]
    own |= {day: SpecialDay(kind, name, source=OWN) for day in dates}
    return replace(content, own=dict(sorted(own.items())))


def _is_worked(content: Content, special: Mapping[date, SpecialDay], day: date) -> bool:
    if day in special:
        return special[day].kind == WORKDAY
    return bool(content.hours.get(day.isoweekday()))


def set_hours(content: Content, changes: Mapping[str, Any]) -> Content:
    """Names, zone and hours.

    Raises:
        InvalidInput
    """
    names = [_checked_name(changes[field], field) for field in ("name_zh", "name_en")]
    for field, name in zip(("name_zh", "name_en"), names, strict=True):
        if not name:
            raise refuse(field, _("This field is required."))
    try:
        validate_timezone(changes["timezone"])
    except ValidationError as error:
        raise refuse("timezone", error.messages[0]) from error
    hours = {
        weekday: spans
        for weekday in range(1, MAKEUP + 1)
        if (spans := checked_spans(changes["hours"].get(str(weekday), ()), HOUR_FIELDS[weekday - 1]))
    }
    if not any(weekday != MAKEUP for weekday in hours):
        raise refuse("hours", _("A calendar needs working time on at least one weekday."))
    return replace(content, name_zh=names[0], name_en=names[1], timezone=changes["timezone"], hours=hours)


def checked_spans(spans: Iterable[Iterable[int]], field: str) -> Spans:
    """The spans of one day in order.

    Raises:
        InvalidInput: one ends before it begins, reaches beyond midnight, or overlaps another.
    """
    ordered = sorted((start, end) for start, end in spans)
    for start, end in ordered:
        if end <= start:
            words = {"from": clock(start), "to": clock(end)}
            raise refuse(field, _("%(from)s–%(to)s ends before it begins. A night shift is two spans.") % words)
        if start < 0 or end > DAY_MINUTES:
            raise refuse(field, _("A day lasts from 00:00 to 24:00."))
    for (_start, end), (start, _end) in pairwise(ordered):
        if start < end:
            raise refuse(field, _("Two spans overlap at %(at)s.") % {"at": clock(start)})
    return tuple(ordered)


def _set_makeup(content: Content, changes: Mapping[str, Any]) -> Content:
    follows = bool(changes["follows"])
    content = replace(content, follows_makeup_days=follows)
    if not content.country or not content.loaded_years:
        return content
    if follows:
        return load_years(content, content.loaded_years)
    statutory = {day: special for day, special in content.statutory.items() if special.kind == OFF}
    return replace(content, statutory=statutory)


def _import_year(content: Content, changes: Mapping[str, Any]) -> Content:
    country, year = str(changes["country"]).upper(), changes["year"]
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        raise refuse("year", _("Dates lie in the years 2000 to 2100."))
    if country != content.country:
        # One calendar has the statutory days of one country: all loaded years are those of the new one.
        years = sorted({*content.loaded_years, year})
        return load_years(replace(content, country=country, statutory={}), years)
    loaded = content.loaded_years
    if loaded and not loaded[0] - 1 <= year <= loaded[-1] + 1:
        # A hole would leave days that nobody verified in the middle of those that are.
        nearest = loaded[0] - 1 if year < loaded[0] else loaded[-1] + 1
        raise refuse("year", _("Years are loaded without a gap: %(year)s comes first.") % {"year": nearest})
    return load_years(content, [year])


def load_years(content: Content, years: Iterable[int]) -> Content:
    """The statutory days of `years` instead of what was loaded for them; make-up days only where they are followed.

    `verified_until` is that of all loaded years: a year whose make-up days are not announced ends what is verified.

    Raises:
        InvalidInput: nothing is known of the country, or of a year in it.
    """
    wanted = sorted(set(years))
    kept = {day: special for day, special in content.statutory.items() if day.year not in wanted}
    try:
        found, _until = statutory_layer(content.country, wanted)
        for year in wanted:
            if not any(day.year == year for day in found):
                raise refuse("year", _("No statutory days are known of %(year)s.") % {"year": year})
        loaded = sorted({*(day.year for day in kept), *wanted})
        _all, verified_until = statutory_layer(content.country, loaded)
    except UnknownCountry as error:
        raise refuse("country", _("No statutory days are known of this country.")) from error
    if not content.follows_makeup_days:
        found = {day: special for day, special in found.items() if special.kind == OFF}
    return replace(content, statutory=dict(sorted({**kept, **found}.items())), verified_until=verified_until)


def statutory_layer(country: str, years: list[int]) -> tuple[dict[date, SpecialDay], date]:
    """The statutory days of a country by date, in Chinese and English, and until when they are final.

    Raises:
        UnknownCountry
    """
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        raise UnknownCountry(country)
    if country == "CN":
        chinese, english = china_days(years), china_days(years, "en_US")
    else:
        chinese, english = statutory_days(country, years, language="zh_CN"), statutory_days(country, years)
    layer = {
        day: SpecialDay(kind, names[day][:MAX_NAME], names_en.get(day, "")[:MAX_NAME], STATUTORY)
        for kind, names, names_en in (
            (OFF, chinese.off, english.off),
            (WORKDAY, chinese.workdays, english.workdays),
        )
        for day in names
    }
    return layer, english.verified_until


def _add_recurring(content: Content, changes: Mapping[str, Any]) -> Content:
    first, last = _range(changes)
    rule = Recurrence.from_json({**changes, "name": _checked_name(changes["name"])})
    if rule.kind not in (OFF, WORKDAY):
        raise refuse("day", _("Choose 放假 or 补班."))
    if not 1 <= rule.weekday <= 7:
        raise refuse("weekday", _("Choose a weekday."))
    if rule.nth not in range(-1, 6):
        raise refuse("nth", _("Choose which one of the month."))
    if last > _years_later(first, MAX_RECURRING_YEARS):
        raise refuse("to", _("At most %(count)d years.") % {"count": MAX_RECURRING_YEARS})
    if rule in content.recurring:
        raise InvalidInput(_("This changes nothing: the calendar says so already."))
    if len(content.recurring) >= MAX_RECURRENCES:
        raise InvalidInput(_("A calendar has at most %(count)d recurring rules.") % {"count": MAX_RECURRENCES})
    return replace(content, recurring=(*content.recurring, rule))


def _years_later(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _remove_recurring(content: Content, changes: Mapping[str, Any]) -> Content:
    rule = Recurrence.from_json(changes)
    return replace(content, recurring=tuple(each for each in content.recurring if each != rule))


def _range(changes: Mapping[str, Any]) -> tuple[date, date]:
    if not changes.get("from"):
        raise refuse("from", _("This field is required."))
    if not changes.get("to"):
        raise refuse("to", _("Say until when."))
    first, last = date.fromisoformat(changes["from"]), date.fromisoformat(changes["to"])
    for field, day in (("from", first), ("to", last)):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise refuse(field, _("Dates lie in the years 2000 to 2100."))
    if last < first:
        raise refuse("to", _("The end lies before the beginning."))
    return first, last


def _checked_name(name: str, field: str = "name") -> str:
    name = " ".join(str(name or "").split())
    if len(name) > MAX_NAME:
        raise refuse(field, _("At most %(count)d characters.") % {"count": MAX_NAME})
    return name


_CHANGES: dict[str, Callable[[Content, Mapping[str, Any]], Content]] = {
    "days": _set_days,
    "hours": set_hours,
    "makeup": _set_makeup,
    "import": _import_year,
    "recurring": _add_recurring,
    "not_recurring": _remove_recurring,
}
