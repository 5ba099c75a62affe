"""Why a date is what it is: days off (放假), rest days and make-up workdays (补班) between two dates or instants."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from teams.calendar_content import OFF, WEEKDAYS, SpecialDay, days_from_json
from teams.models import CalendarVersion, WorkCalendar
from teams.models.calendars import current_content

REST, WORKDAY = "rest", "workday"
ONE_DAY = timedelta(days=1)
# A day off in lieu belongs to its holiday; the word 补班 stands beside the name of a make-up day anyway.
_IN_LIEU = re.compile(r"（补假）$| \(observed\)$")
_MAKEUP = re.compile(r"^(?:补班（(.*)）|Make-up workday \((.*)\))$")


@dataclass(frozen=True)
class DayRun:
    """Consecutive dates of one kind and name.

    `kind` is "off" (放假, named), "rest" (the weekly rest day, no name) or "workday" (补班, worked, named). The name is
    in the language in force; of a make-up day it is the holiday's that it pays for.
    """

    first: date
    last: date
    kind: str
    name: str

    @property
    def day_count(self) -> int:
        return (self.last - self.first).days + 1


def day_runs(calendar: WorkCalendar, first: date, last: date, *, version: int | None = None) -> list[DayRun]:
    """The days from `first` to `last`, both included, that are not worked or are make-up days, in order.

    One query on the first use of a calendar's version in a process, none after.

    Raises:
        UnknownVersion: the calendar never had that version.
    """
    days = _calendar_days(calendar.pk, calendar.version if version is None else version)
    runs: list[DayRun] = []
    for day in _dates(first, last):
        kind, name = days.of(day)
        if not kind:
            continue
        before = runs[-1] if runs else None
        if before and (before.kind, before.name, before.last) == (kind, name, day - ONE_DAY):
            runs[-1] = DayRun(before.first, day, kind, name)
        else:
            runs.append(DayRun(day, day, kind, name))
    return runs


def passed_over(calendar: WorkCalendar, start: datetime, end: datetime, *, version: int | None = None) -> list[DayRun]:
    """The days, in the calendar's zone, that lie at least partly between two instants and were skipped or made up.

    Nothing lies between an instant and itself, nor if `end` comes first.
    """
    if end <= start:
        return []
    zone = ZoneInfo(_calendar_days(calendar.pk, calendar.version if version is None else version).timezone)
    first, until = start.astimezone(zone), end.astimezone(zone)
    # Half open: an end at midnight does not touch its own date.
    last = until.date() - ONE_DAY if until.time() == time(0) else until.date()
    return day_runs(calendar, first.date(), last, version=version)


def plain_name(special: SpecialDay) -> str:
    """The day's name in the language in force: 国庆节 for its days in lieu and make-up days as well."""
    is_chinese = (get_language() or "zh").startswith("zh")
    name = special.name if is_chinese else special.name_en or special.name
    name = _IN_LIEU.sub("", name)
    found = _MAKEUP.match(name) if special.kind == WORKDAY else None
    return (found[1] or found[2]) if found else name


@dataclass(frozen=True)
class _CalendarDays:
    timezone: str
    special: Mapping[date, SpecialDay]
    rest_weekdays: frozenset[int]

    @classmethod
    def read(cls, spec: Mapping[str, Any], days: Mapping[str, list[str]]) -> "_CalendarDays":
        rest = frozenset(number for number, name in enumerate(WEEKDAYS, start=1) if not spec["hours"].get(name))
        return cls(spec["timezone"], days_from_json(days), rest)

    def of(self, day: date) -> tuple[str, str]:
        special = self.special.get(day)
        if special is not None:
            return OFF if special.kind == OFF else WORKDAY, plain_name(special)
        return (REST, "") if day.isoweekday() in self.rest_weekdays else ("", "")


@lru_cache(maxsize=256)
def _calendar_days(calendar_id: int, version: int) -> _CalendarDays:
    row = CalendarVersion.objects.filter(calendar=calendar_id, version=version).values_list("spec", "days").first()
    if row is None:
        content = current_content(calendar_id, version)
        row = content.spec(), content.days_to_json()
    return _CalendarDays.read(*row)


def _dates(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)
