"""A year of a calendar as the page shows it: twelve months of days, and what the year adds up to. No query."""

from calendar import Calendar
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import pgettext

from teams.calendar_content import OFF, OWN, RECURRING, STATUTORY, WORKDAY, Content, SpecialDay
from teams.calendar_days import plain_name
from teams.calendar_words import full_day, kind_word
from teams.worktime import WorkSchedule, working_days_between

_WEEKS = Calendar(firstweekday=0)


@dataclass(frozen=True)
class DayCell:
    """One date. `kind` is off, workday, rest or work; `label` says it whole, for the tooltip and for screen readers."""

    date: date
    kind: str
    source: str
    mark: str
    label: str
    is_today: bool

    @property
    def css(self) -> str:
        parts = [f"is-{self.kind}", f"is-{self.source}" if self.source else "", "is-now" if self.is_today else ""]
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Month:
    name: str
    weeks: list[list[DayCell | None]]


@dataclass(frozen=True)
class YearSums:
    """What a year adds up to; `is_final` once nothing is expected to be announced for it."""

    working_days: int
    off_days: int
    makeup_days: int
    own_days: int
    is_loaded: bool
    is_final: bool


def months_of(content: Content, year: int, today: date) -> list[Month]:
    special = content.special_days()
    rest = frozenset(number for number in range(1, 8) if not content.hours.get(number))
    return [
        Month(
            date_format(date(year, number, 1), "F"),
            [
                [_cell(day, special.get(day), rest, today) if day.month == number else None for day in week]
                for week in _WEEKS.monthdatescalendar(year, number)
            ],
        )
        for number in range(1, 13)
    ]


def _cell(day: date, special: SpecialDay | None, rest: frozenset[int], today: date) -> DayCell:
    if special is None:
        kind = "rest" if day.isoweekday() in rest else "work"
        return DayCell(day, kind, "", "", full_day(day), day == today)
    mark = pgettext("day mark", "off") if special.kind == OFF else pgettext("day mark", "work")
    parts = [full_day(day), kind_word(special.kind), plain_name(special), source_word(special.source)]
    label = " · ".join(part for part in parts if part)
    return DayCell(day, special.kind, special.source, mark, label, day == today)


def source_word(source: str) -> str:
    match source:
        case "statutory":
            return pgettext("calendar day", "statutory")
        case "recurring":
            return pgettext("calendar day", "recurring")
    return pgettext("calendar day", "our own")


def sums_of(content: Content, schedule: WorkSchedule, year: int) -> YearSums:
    special = [each for day, each in content.special_days().items() if day.year == year]
    until = content.verified_until
    is_loaded = not content.country or year in content.loaded_years
    return YearSums(
        working_days=working_days_between(date(year - 1, 12, 31), date(year, 12, 31), schedule),
        off_days=sum(each.kind == OFF for each in special),
        makeup_days=sum(each.kind == WORKDAY and each.source == STATUTORY for each in special),
        own_days=sum(each.source in (OWN, RECURRING) for each in special),
        is_loaded=is_loaded,
        is_final=is_loaded and (not content.country or (until is not None and until >= date(year, 12, 31))),
    )
