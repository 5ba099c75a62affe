"""Statutory days of a country: what is off, which weekend days are worked instead (补班), and until when that is final.

Pure functions over the `holidays` library; it is built once for a country, its years and a language.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import takewhile

import holidays

ONE_DAY = timedelta(days=1)
SATURDAY = 5
KNOWN_YEARS = range(1950, 2101)  # of the library, for China
# Governments that move working days by a yearly notice. Taiwan ended it with 2025.
MOVES_WORKDAYS = frozenset({"AZ", "BY", "CN", "HU", "KG", "KZ", "LV", "MM", "RU", "UZ", "VN"})

_OBSERVED = re.compile(r"（补假）$| \(observed\)$")
_ANY_DATE = re.compile(r"[0-9]{4}")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAKEUP_NAMES = {"zh_CN": "补班（{}）", "en_US": "Make-up workday ({})"}


class UnknownCountry(ValueError):
    """No statutory days are known for a country or one of its parts."""


@dataclass(frozen=True)
class StatutoryDays:
    """`off` and `workdays` name each date. Up to and including `verified_until` nothing is expected to be announced."""

    off: dict[date, str]
    workdays: dict[date, str]
    verified_until: date


def statutory_days(
    country: str, years: Iterable[int], *, subdivision: str | None = None, language: str = "en_US"
) -> StatutoryDays:
    """Return the statutory days of an ISO 3166 country (`CN`, `US`) for whole calendar years.

    Names are in `language` where the country has it, else in English, else in its own. A year is verified once its
    make-up days are announced, in a country that moves working days; elsewhere, unless its dates are estimates.
    `verified_until` is the end of the last year that is verified together with all asked-for years before it; when the
    first is not, the day before it.

    Raises:
        UnknownCountry: there are no data for the country or subdivision.
        ValueError: no year is given.
    """
    span = _ordered(years)
    library = _library(country.upper(), span, subdivision, language)
    workdays = {day: library.get(day) or "Make-up workday" for day in _makeup_days(library, span)}
    off = {day: library[day] for day in sorted(library) if day.year in span and day not in workdays}
    english = _library(country.upper(), span, subdivision, "en_US")
    return StatutoryDays(off, workdays, _verified_until(english, span))


def china_days(years: Iterable[int], language: str = "zh_CN") -> StatutoryDays:
    """Return the days of the State Council's yearly notice, named in `zh_CN` or `en_US`.

    `off` has whole breaks with their weekends (连休), since factories that work on Saturdays are off as well; each
    make-up workday names the holiday it pays for.

    Raises:
        ValueError: no year is given, or the language is another one.
    """
    if language not in _MAKEUP_NAMES:
        raise ValueError(f"names are in {' or '.join(_MAKEUP_NAMES)}, not in {language!r}")
    span = _ordered(years)
    # A break may cross the new year: 2023-12-30 and 31 belong to the one of 2024-01-01.
    around = tuple(sorted({year + step for year in span for step in (-1, 0, 1)} & set(KNOWN_YEARS)))
    library = _library("CN", around, None, language)
    makeup_days = frozenset(_makeup_days(library, around))
    off: dict[date, str] = {}
    for days in _breaks(frozenset(library), makeup_days):
        off |= _named(days, library)
    paid_for = {makeup_day: off[day] for makeup_day, day in _moved(around).items()}
    return StatutoryDays(
        off={day: name for day, name in sorted(off.items()) if day.year in span},
        workdays={day: _MAKEUP_NAMES[language].format(paid_for[day]) for day in _makeup_days(library, span)},
        verified_until=_verified_until(library, span),
    )


def _ordered(years: Iterable[int]) -> tuple[int, ...]:
    span = tuple(sorted(set(years)))
    if not span:
        raise ValueError("statutory days are asked for at least one year")
    return span


@lru_cache(maxsize=64)
def _library(
    country: str, years: tuple[int, ...], subdivision: str | None, language: str | None
) -> holidays.HolidayBase:
    """The library's days; never changed by a caller, since it is shared."""
    try:
        known = holidays.country_holidays(country, subdiv=subdivision, years=())
        languages = [name for name in (language, "en_US") if name in known.supported_languages]
        return holidays.country_holidays(
            country, subdiv=subdivision, years=years, language=languages[0] if languages else None, expand=False
        )
    except NotImplementedError as error:
        raise UnknownCountry(str(error)) from error


def _makeup_days(library: holidays.HolidayBase, span: tuple[int, ...]) -> list[date]:
    return sorted(day for day in library.weekend_workdays if day.year in span)


def _verified_until(library: holidays.HolidayBase, span: tuple[int, ...]) -> date:
    final = list(takewhile(lambda year: _is_final(library, year), span))
    return date(final[-1], 12, 31) if final else date(span[0], 1, 1) - ONE_DAY


def _is_final(library: holidays.HolidayBase, year: int) -> bool:
    if not library.start_year <= year <= library.end_year:
        return False
    if library.country in MOVES_WORKDAYS:
        return any(day.year == year for day in library.weekend_workdays)
    return not any("estimated" in name for day, name in library.items() if day.year == year)


def _breaks(statutory: frozenset[date], makeup_days: frozenset[date]) -> Iterator[list[date]]:
    """Runs of consecutive days off that hold a statutory day, with the weekend days inside and beside them."""

    def is_off(day: date) -> bool:
        return day in statutory or (day.weekday() >= SATURDAY and day not in makeup_days)

    seen: set[date] = set()
    for day in sorted(statutory - makeup_days):
        if day in seen:
            continue
        while is_off(day - ONE_DAY):
            day -= ONE_DAY
        run = [day]
        while is_off(run[-1] + ONE_DAY):
            run.append(run[-1] + ONE_DAY)
        seen.update(run)
        yield run


def _named(days: list[date], library: holidays.HolidayBase) -> dict[date, str]:
    """The days of a break by name; weekend and moved days are called after the holiday with most days in it."""
    own = {day: library[day] for day in days if day in library and not _ANY_DATE.search(library[day])}
    shares = Counter(_OBSERVED.sub("", name) for name in own.values())
    if not shares:
        return {day: library.get(day) or "" for day in days}
    [(main, _)] = shares.most_common(1)
    return {day: own.get(day, main) for day in days}


def _moved(years: tuple[int, ...]) -> dict[date, date]:
    """Make-up workday to the day off it pays for, as the library's Chinese names tell it."""
    library = _library("CN", years, None, "zh_CN")
    found = ((day, _ISO_DATE.search(name)) for day, name in library.items())
    return {date.fromisoformat(match[0]): day for day, match in found if match}
