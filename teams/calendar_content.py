"""What a work calendar says, as a value: hours, statutory days, own exceptions, recurring ones. Pure.

A date has the first that speaks of: an own exception, a statutory day, a recurring exception, its weekday's hours.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAKEUP = 8  # the "weekday" that holds the hours of a make-up workday (补班), where they differ
OFF, WORKDAY = "off", "workday"  # 放假, 补班
OWN, STATUTORY, RECURRING = "own", "statutory", "recurring"
EVERY_WEEK, LAST = 0, -1  # for `Recurrence.nth`

# Minutes after midnight, half open.
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class SpecialDay:
    """A date that differs from its weekday, and who says so."""

    kind: str
    name: str = ""
    name_en: str = ""
    source: str = OWN


@dataclass(frozen=True)
class Recurrence:
    """The n-th weekday of each month (`nth` 1 to 5, or -1 for the last), or each week (0), of a bounded time."""

    kind: str
    weekday: int  # ISO
    nth: int
    from_date: date
    to_date: date
    name: str = ""

    def dates(self) -> Iterator[date]:
        """Its dates in order, both ends included."""
        if self.nth == EVERY_WEEK:
            day = self.from_date + timedelta(days=(self.weekday - self.from_date.isoweekday()) % 7)
            while day <= self.to_date:
                yield day
                day += timedelta(days=7)
            return
        for month in range(_month(self.from_date), _month(self.to_date) + 1):
            found = self._in_month(*divmod(month, 12))
            if found is not None and self.from_date <= found <= self.to_date:
                yield found

    def _in_month(self, year: int, month_index: int) -> date | None:
        first = date(year, month_index + 1, 1)
        length = monthrange(year, month_index + 1)[1]
        offset = (self.weekday - first.isoweekday()) % 7
        if self.nth == LAST:
            return first + timedelta(days=offset + (length - 1 - offset) // 7 * 7)
        offset += 7 * (self.nth - 1)
        return first + timedelta(days=offset) if offset < length else None

    def to_json(self) -> dict[str, Any]:
        return {
            **{"day": self.kind, "weekday": self.weekday, "nth": self.nth, "name": self.name},
            **{"from": self.from_date.isoformat(), "to": self.to_date.isoformat()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Recurrence":
        first, last = date.fromisoformat(value["from"]), date.fromisoformat(value["to"])
        return cls(value["day"], value["weekday"], value["nth"], first, last, value["name"])


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


@dataclass(frozen=True)
class Content:
    """Everything that people edit of a calendar."""

    name_zh: str
    name_en: str
    timezone: str
    country: str = ""
    follows_makeup_days: bool = True
    verified_until: date | None = None
    hours: Mapping[int, Spans] = field(default_factory=dict)  # ISO weekday, or MAKEUP
    statutory: Mapping[date, SpecialDay] = field(default_factory=dict)
    own: Mapping[date, SpecialDay] = field(default_factory=dict)
    recurring: tuple[Recurrence, ...] = ()

    @property
    def loaded_years(self) -> list[int]:
        """The years whose statutory days are loaded."""
        return sorted({day.year for day in self.statutory})

    def special_days(self) -> dict[date, SpecialDay]:
        """Every date that differs from its weekday, in order."""
        days: dict[date, SpecialDay] = {}
        for rule in self.recurring:
            # A weekday that is worked anyway keeps its own hours.
            if rule.kind == OFF or not self.hours.get(rule.weekday):
                days |= dict.fromkeys(rule.dates(), SpecialDay(rule.kind, rule.name, source=RECURRING))
        return dict(sorted({**days, **self.statutory, **self.own}.items()))

    def spec(self) -> dict[str, Any]:
        """The calendar in the form of `WorkSchedule.from_dict`."""
        days = self.special_days()
        spec: dict[str, Any] = {
            "timezone": self.timezone,
            "hours": {name: _as_clock(self.hours.get(weekday, ())) for weekday, name in enumerate(WEEKDAYS, start=1)},
            "holidays": [day.isoformat() for day, special in days.items() if special.kind == OFF],
            "extra_workdays": [day.isoformat() for day, special in days.items() if special.kind == WORKDAY],
        }
        if self.hours.get(MAKEUP):
            spec["extra_workday_hours"] = _as_clock(self.hours[MAKEUP])
        return spec

    def days_to_json(self) -> dict[str, list[str]]:
        """The special days with their names, as a version keeps them."""
        return {
            day.isoformat(): [special.kind, special.name, special.name_en, special.source]
            for day, special in self.special_days().items()
        }


def days_from_json(value: Mapping[str, list[str]]) -> dict[date, SpecialDay]:
    return {date.fromisoformat(day): SpecialDay(*parts) for day, parts in value.items()}


def clock(minute: int) -> str:
    """510 is 08:30."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _as_clock(spans: Spans) -> list[list[str]]:
    return [[clock(start), clock(end)] for start, end in spans]
