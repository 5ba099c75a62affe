"""Dates as sources write them: formats of `%Y %y %m %d %b`, English months, whatever the machine's locale. Pure."""

import re
from datetime import date, timedelta
from functools import lru_cache
from unicodedata import normalize

# Formats in which day and month cannot be mixed up; they need no declaration.
PLAIN_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%d-%b-%Y", "%d %b %Y")
# Without a year: only read where somebody has said which one is meant.
YEARLESS_FORMATS = ("%m月%d日", "%m月%d号", "%d-%b", "%d %b")
# Day numbers of spreadsheets from 1982 to 2064; shorter and longer numbers are no dates.
_SERIAL = re.compile(r"([3-5]\d{4})(\.0+)?\Z", re.ASCII)
_DAY_ZERO = date(1899, 12, 30)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
FIRST_YEAR, LAST_YEAR = 1980, 2100

_PARTS = {
    "%Y": r"(?P<Y>\d{4})",
    "%y": r"(?P<y>\d{2})",
    "%m": r"(?P<m>\d{1,2})",
    "%d": r"(?P<d>\d{1,2})",
    "%b": r"(?P<b>[A-Za-z]{3})",
}
# A workbook's date saved as text often drags midnight along.
_MIDNIGHT = re.compile(r"[T ]0{1,2}:00(:00(\.0+)?)?\Z")
_LOOKS_LIKE_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\Z")


def parse(text: str, formats: tuple[str, ...], *, century: int | None, year: int | None = None) -> date | str:
    """The date, or the rule that the text breaks.

    Rules: `not_a_date`, `no_such_day`, `ambiguous_date`, `implausible_year`, `no_year`. `year` is that of dates without
    one.
    """
    text = _MIDNIGHT.sub("", normalize("NFKC", text))
    for pattern in formats:
        found = _regex(pattern).fullmatch(text)
        if not found:
            continue
        parts = found.groupdict()
        month = MONTHS.get(parts["b"].lower()) if parts.get("b") else int(parts["m"])
        if month is None:
            continue
        if parts.get("y") and century is None:
            return "ambiguous_date"
        if not parts.get("Y") and not parts.get("y"):
            if year is None:
                return "no_year"
            its_year = year
        else:
            its_year = int(parts["Y"]) if parts.get("Y") else (century or 0) + int(parts["y"])
        try:
            day = date(its_year, month, int(parts["d"]))
        except ValueError:
            return "no_such_day"
        return day if FIRST_YEAR <= its_year <= LAST_YEAR else "implausible_year"
    return "ambiguous_date" if _LOOKS_LIKE_DATE.match(text) else "not_a_date"


def serial(text: str) -> date | None:
    """The day that a spreadsheet stores as this number; None if the text is no such number."""
    found = _SERIAL.match(normalize("NFKC", text))
    return _DAY_ZERO + timedelta(days=int(found[1])) if found else None


def is_yearless(text: str) -> bool:
    """Whether the text is a day and a month only."""
    return parse(text, YEARLESS_FORMATS, century=None) == "no_year"


@lru_cache(maxsize=64)
def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(%[Yymdb])", pattern)
    compact = pattern == "%Y%m%d"
    regex = "".join(_PARTS.get(part) or re.escape(part) for part in parts)
    return re.compile(regex.replace("{1,2}", "{2}") if compact else regex, re.ASCII)
