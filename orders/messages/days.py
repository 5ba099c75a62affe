"""Days as people write them in messages, seen from the day on which they are read. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NAMED = r"(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_WEEKDAYS = {**{char: at for at, char in enumerate("一二三四五六日")}, "天": 6}
_ENGLISH_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_RELATIVE = {
    **{"大前天": -3, "前天": -2, "昨天": -1, "今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3},
    **{"day before yesterday": -2, "yesterday": -1, "today": 0, "day after tomorrow": 2, "tomorrow": 1},
}
# A date without a year is the one nearest to the reader.
HALF_YEAR = timedelta(days=183)


@dataclass(frozen=True)
class FoundDay:
    """`days` holds one day, or the two that “3/4” may mean; `is_assumed` says that the year or week was not written."""

    start: int
    end: int
    days: tuple[date, ...]
    is_assumed: bool = False


def find_days(text: str, today: date) -> Iterator[FoundDay]:
    """The days in `text`, from left to right; what is no day of the calendar is left out."""
    end = 0
    for found in _DAY.finditer(text):
        if found.start() < end:
            continue
        days, is_assumed = _days_of(found, today)
        if days:
            end = found.end()
            yield FoundDay(found.start(), end, days, is_assumed)


_DAY = re.compile(
    r"(?<![\d.])(?P<y1>\d{4})[-/.年](?P<m1>\d{1,2})[-/.月](?P<d1>\d{1,2})[日号]?(?!\d)"
    r"|(?<!\d)(?P<m2>\d{1,2})月(?P<d2>\d{1,2})[日号]?(?!\d)"
    rf"|\b(?P<n3>{_NAMED})\s*(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s*(?P<y3>20\d\d))?\b"
    rf"|\b(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\s*(?:of\s+)?(?P<n4>{_NAMED})(?:,?\s*(?P<y4>20\d\d))?\b"
    r"|(?P<rel>大前天|大后天|前天|昨天|今天|今日|明天|明日|后天)"
    r"|\b(?P<erel>day before yesterday|day after tomorrow|yesterday|today|tomorrow)\b"
    r"|(?P<week>上个?|下个?|本|这个?)?(?:周|星期|礼拜)(?P<wd>[一二三四五六日天])"
    r"|\b(?P<eweek>last|next|this)?\s*\b(?P<ewd>mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?\b"
    r"|(?<![\d/.-])(?P<a5>\d{1,2})/(?P<b5>\d{1,2})(?:/(?P<y5>20\d\d|\d\d))?(?![\d/])",
    re.IGNORECASE,
)


def _days_of(found: re.Match[str], today: date) -> tuple[tuple[date, ...], bool]:
    parts = found.groupdict()
    if parts["y1"]:
        return _one(int(parts["y1"]), int(parts["m1"]), int(parts["d1"])), False
    if parts["m2"]:
        return _nearest(int(parts["m2"]), int(parts["d2"]), today), True
    for name, number, year in (("n3", "d3", "y3"), ("n4", "d4", "y4")):
        if parts[name]:
            month = _MONTHS.index(parts[name][:3].lower()) + 1
            if parts[year]:
                return _one(int(parts[year]), month, int(parts[number])), False
            return _nearest(month, int(parts[number]), today), True
    if word := parts["rel"] or (parts["erel"] or "").lower():
        return (today + timedelta(days=_RELATIVE[word]),), False
    if parts["wd"]:
        return (_weekday(_WEEKDAYS[parts["wd"]], (parts["week"] or "")[:1], today),), True
    if parts["ewd"]:
        which = {"last": "上", "next": "下", "this": "本"}.get((parts["eweek"] or "").lower(), "")
        return (_weekday(_ENGLISH_DAYS.index(parts["ewd"].lower()), which, today),), True
    return _of_two_numbers(int(parts["a5"]), int(parts["b5"]), parts["y5"], today), True


def _of_two_numbers(first: int, second: int, year: str | None, today: date) -> tuple[date, ...]:
    """“9/20”: month first as in Chinese, unless that is no day; both readings where both are days."""
    readings: list[date] = []
    for month, day in ((first, second), (second, first)):
        if year:
            readings += _one(int(year) % 100 + 2000, month, day)
        else:
            readings += _nearest(month, day, today)
    return tuple(dict.fromkeys(readings))


def _one(year: int, month: int, day: int) -> tuple[date, ...]:
    try:
        found = date(year, month, day)
    except ValueError:
        return ()
    return (found,) if 1980 <= year <= 2100 else ()


def _nearest(month: int, day: int, today: date) -> tuple[date, ...]:
    candidates = [found for year in (today.year - 1, today.year, today.year + 1) for found in _one(year, month, day)]
    return tuple(sorted(candidates, key=lambda found: abs(found - today))[:1])


def _weekday(weekday: int, which: str, today: date) -> date:
    """周五 is the next one to come, today included; 上, 本 and 下 name the week, Monday first."""
    monday = today - timedelta(days=today.weekday())
    weeks = {"上": -1, "本": 0, "这": 0, "下": 1}
    if which in weeks:
        return monday + timedelta(days=7 * weeks[which] + weekday)
    return today + timedelta(days=(weekday - today.weekday()) % 7)
