"""Periods of business days in the organisation's zone, half open: `end` is the first day no longer counted (R12).

Pure: no queries, no clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


def _month(day: date) -> date:
    return day.replace(day=1)


def _quarter(day: date) -> date:
    return date(day.year, day.month - (day.month - 1) % 3, 1)


# Name of a size: the first day of the bucket that a day lies in, and how the bucket is written.
_STARTS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": _month,
    "quarter": _quarter,
    "year": lambda day: date(day.year, 1, 1),
}
_KEYS: dict[str, Callable[[date], str]] = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: f"{day.isocalendar().year}-W{day.isocalendar().week:02d}",
    "month": lambda day: f"{day.year}-{day.month:02d}",
    "quarter": lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    "year": lambda day: str(day.year),
}
_SHORTEST = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}
_LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
SIZES = tuple(_STARTS)


@dataclass(frozen=True)
class Period:
    """Days from `first` on, without `end`, as they begin and end in the zone named `zone`."""

    first: date
    end: date
    zone: str

    @property
    def start_at(self) -> datetime:
        return _midnight(self.first, self.zone)

    @property
    def end_at(self) -> datetime:
        return _midnight(self.end, self.zone)

    @property
    def last(self) -> date:
        """The last day counted."""
        return self.end - timedelta(days=1)

    def previous(self) -> "Period":
        """The period before, to compare with: the month before for whole months, else as many days before."""
        months = (self.end.year - self.first.year) * 12 + self.end.month - self.first.month
        if self.first.day == self.end.day == 1:
            return Period(months_before(self.first, months), self.first, self.zone)
        return Period(self.first - (self.end - self.first), self.first, self.zone)

    def year_before(self) -> "Period":
        """The same days of the year before; the 29th of February becomes the 28th."""
        return Period(_year_before(self.first), _year_before(self.end), self.zone)

    def bucket_count(self, size: str) -> int:
        """How many buckets there are at most; cheap, to refuse too many before building them."""
        return (self.end - self.first).days // _SHORTEST[size] + 2

    def buckets(self, size: str) -> "list[Bucket]":
        """The buckets that make up the period, in order; the first and last may be cut."""
        found, day = [], self.first
        while day < self.end:
            start = _STARTS[size](day)
            following = _STARTS[size](start + timedelta(days=_LONGEST[size]))
            end = min(following, self.end)
            found.append(Bucket(_KEYS[size](start), start, Period(day, end, self.zone)))
            day = end
        return found


@dataclass(frozen=True)
class Bucket:
    """A part of a period: `start` is the first day of the whole week, month …, `period` what of it is counted."""

    key: str
    start: date
    period: Period


def month_of(day: date, zone: str) -> Period:
    """The calendar month that `day` lies in."""
    first = _month(day)
    return Period(first, months_before(first, -1), zone)


def months_before(first: date, count: int) -> date:
    """The first day of the month `count` months before that of `first`."""
    index = first.year * 12 + first.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
