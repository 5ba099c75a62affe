"""The schedule as a value: when work is done, by local date."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

from teams.worktime import spec as reading
from teams.worktime.spec import DAY, WEEKDAYS, ScheduleError, Segments
from teams.worktime.years import Years


@dataclass(frozen=True)
class WorkSchedule:
    """Working hours of one time zone. Immutable, hashable, and equal to any schedule with the same rules.

    Build it with `from_dict`. `week` holds the segments of Monday to Sunday, `dates` those of dates with their own.
    """

    timezone: str
    week: tuple[Segments, ...]
    holidays: frozenset[date]
    dates: tuple[tuple[date, Segments], ...]

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> Self:
        """Read a spec: `timezone`, `hours`, `holidays`, `extra_workdays`, `extra_workday_hours`, `date_hours`.

        Only `timezone` and `hours` are required. Times are `HH:MM` or `HH:MM:SS`, dates ISO text or `date`. Without
        `extra_workday_hours` an extra workday has its weekday's hours, or if there are none, those of the first worked
        weekday from Monday on.

        Raises:
            ScheduleError: a value cannot be read; `field` names it.
        """
        reading.check_fields(spec)
        zone = reading.read_zone(spec.get("timezone"))
        week = reading.read_week(spec.get("hours"))
        holidays = reading.read_dates(spec.get("holidays"), "holidays")
        own_hours = _extra_workdays(spec, week) | _date_hours(spec)
        # A holiday wins anyway; dropping what it hides makes schedules with the same rules equal.
        dates = tuple(sorted((day, hours) for day, hours in own_hours.items() if day not in holidays))
        return cls(zone.key, week, holidays, dates)

    def to_dict(self) -> dict[str, Any]:
        """The spec in one canonical form; `from_dict` reads it back to an equal schedule."""
        return {
            "timezone": self.timezone,
            "hours": {weekday: _as_text(hours) for weekday, hours in zip(WEEKDAYS, self.week, strict=True)},
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
            "date_hours": {day.isoformat(): _as_text(hours) for day, hours in self.dates},
        }

    @cached_property
    def key(self) -> str:
        """A digest of the rules: the same in every process, so that results can be cached under it."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @cached_property
    def years(self) -> Years:
        """The schedule laid out in instants; kept with the schedule, bounded in size."""
        own = {day.toordinal(): hours for day, hours in self.dates}
        return Years(self.timezone, self.week, own, frozenset(day.toordinal() for day in self.holidays))

    def __getstate__(self) -> dict[str, Any]:
        # The laid-out years are rebuilt where they are needed; they would make a pickled schedule large.
        return {name: value for name, value in self.__dict__.items() if name != "years"}


def _extra_workdays(spec: Mapping[str, Any], week: tuple[Segments, ...]) -> dict[date, Segments]:
    days = reading.read_dates(spec.get("extra_workdays"), "extra_workdays")
    if spec.get("extra_workday_hours") is not None:
        hours = reading.read_segments(spec["extra_workday_hours"], "extra_workday_hours")
        return dict.fromkeys(days, hours)
    usual = next((hours for hours in week if hours), None)
    if days and usual is None:
        raise ScheduleError("extra_workday_hours", "needed, since no weekday has hours to go by")
    return {day: week[day.weekday()] or usual or () for day in days}


def _date_hours(spec: Mapping[str, Any]) -> dict[date, Segments]:
    value = spec.get("date_hours")
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ScheduleError("date_hours", f"expected a mapping of date to list of [from, to), got {value!r}")
    return {
        reading.read_date(day, "date_hours"): reading.read_segments(hours, f"date_hours.{day}")
        for day, hours in value.items()
    }


def _as_text(segments: Segments) -> list[list[str]]:
    parts = (part for segment in segments for part in _parts(segment))
    return [[_clock_time(opening), _clock_time(closing)] for opening, closing in parts]


def _parts(segment: tuple[int, int]) -> list[tuple[int, int]]:
    """A union such as 00:00 to 06:00 of the next date is longer than a day: write it as two that overlap."""
    opening, closing = segment
    if closing - opening < DAY or closing == DAY:
        return [segment]
    return [(opening, DAY), (closing - DAY + 1, closing)]


def _clock_time(second: int) -> str:
    if second > DAY:
        second -= DAY
    text = f"{second // 3600:02}:{second // 60 % 60:02}"
    return f"{text}:{second % 60:02}" if second % 60 else text
