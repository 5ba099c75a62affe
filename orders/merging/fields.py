"""The cells that can be changed in an exported sheet, and how their texts are compared and read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.imports import countries, dates
from orders.imports.cells import BLANKS, CONTROL
from orders.instants import instant_on
from orders.sheets_out import safe_text, unguarded
from orders.words import Incoterm, Mode, PaymentTerms, Priority, Side

_NUMBER = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?\Z|[+-]?\d+(\.\d+)?\Z", re.ASCII)
_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+\Z")
_CLOCK = re.compile(r"(.+?)[ T](\d{1,2}):(\d{2})(:\d{2})?\Z")


@dataclass(frozen=True)
class Field:
    """`kind`: text, person, choice, country, date or moment; `words` are the choices of a choice."""

    kind: str
    longest: int = 200
    words: Any = None
    may_be_empty: bool = True

    @cached_property
    def values(self) -> frozenset[str]:
        """The stored values of a choice."""
        return frozenset(self.words.values)


# By shape and by the key of the exported column (orders.exports.columns).
EDITABLE: dict[str, dict[str, Field]] = {
    "orders": {
        "customer_po_no": Field("text", 80),
        "current_promised_date": Field("date", may_be_empty=False),
        "clerk": Field("person", may_be_empty=False),
        "sales_rep": Field("person"),
        "logistics_owner": Field("person"),
        "priority": Field("choice", words=Priority, may_be_empty=False),
        "incoterm": Field("choice", words=Incoterm),
        "payment_terms": Field("choice", words=PaymentTerms),
        "mode": Field("choice", words=Mode),
        "country": Field("country"),
        "destination": Field("text", 120),
        "note": Field("text", 4000),
    },
    "lines": {
        "requested_date": Field("date", may_be_empty=False),
        "promised_date_current": Field("date", may_be_empty=False),
    },
    "steps": {
        "finished": Field("moment", may_be_empty=False),
        "assignee": Field("person", may_be_empty=False),
        "waiting_on": Field("choice", words=Side, may_be_empty=False),
    },
}
NAMES: Mapping[str, tuple[str, ...]] = {shape: tuple(fields) for shape, fields in EDITABLE.items()}


class CellRefused(Exception):
    """The text is no value of its field; the message is for the reader."""


def cleaned(text: str) -> str:
    """A cell's text as an export writes it, without blanks around it and without the apostrophe before a formula."""
    return unguarded(safe_text(text).replace("\r\n", "\n").strip(BLANKS))


def canonical(value: Any, field: Field | None = None) -> str:
    """One text for all spellings of a value: a spreadsheet may write 2026-03-04 as 2026/3/4, and 007 as 7."""
    kind = type(value)
    if kind is str:
        return _of_text(value, field) if value else ""
    if value is None:
        return ""
    if kind is int:
        return str(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date) else _of_text(str(value), field)


def _of_text(text: str, field: Field | None) -> str:
    if field is None or field.kind in _PLAIN_KINDS:
        return _plain(text)
    if field.kind == "choice":
        return text if text in field.values else _words(field.words).get(cleaned(text).casefold(), cleaned(text))
    if field.kind == "country":
        return _country_code(text)
    return _folded(text)


_PLAIN_KINDS = frozenset({"text", "date", "moment"})


@lru_cache(maxsize=500)
def _country_code(text: str) -> str:
    return countries.code_of(cleaned(text)) or cleaned(text)


@lru_cache(maxsize=5000)
def _folded(text: str) -> str:
    return cleaned(text).casefold()


# A long export asks this of millions of cells, most of which say the same.
@lru_cache(maxsize=50_000)
def _plain(text: str) -> str:
    text = cleaned(text)
    # Dates and numbers begin with a digit or a sign.
    return _of_digits(text) if text and (text[0].isdigit() or text[0] in "+-") else text


def _of_digits(text: str) -> str:
    day = _day(text)
    return _number(text) if day is None else canonical(day)


def shown(text: str, field: Field) -> str:
    """A canonical text as people read it."""
    if field.kind == "choice" and text in field.words.values:
        return str(field.words(text).label)
    return text


def read(text: str, field: Field, *, people: Mapping[str, list[Any]], zone: ZoneInfo, now: datetime) -> Any:
    """The value of a cell; `people` maps folded names and usernames to the users who bear them.

    Raises:
        CellRefused
    """
    text = cleaned(text)
    if CONTROL.search(text):
        raise CellRefused(_("The cell holds characters that are no text."))
    if not text:
        if not field.may_be_empty:
            raise CellRefused(_("This cannot be emptied in a sheet."))
        return None if field.kind == "person" else ""
    return _READERS[field.kind](text, field, people, zone, now)


def _text(text: str, field: Field, *_context: Any) -> str:
    if _SHORTENED.match(text):
        raise CellRefused(_("The spreadsheet has shortened a long number; format the column as text and type it anew."))
    if len(text) > field.longest:
        raise CellRefused(_("At most %(limit)s characters, please.") % {"limit": field.longest})
    return text


def _person(text: str, field: Field, people: Mapping[str, list[Any]], *_context: Any) -> Any:
    found = people.get(text.casefold(), [])
    if len(found) > 1:
        raise CellRefused(_("Several people are called so; write the username."))
    if not found:
        raise CellRefused(_("Nobody you work with is called so."))
    return found[0]


def _choice(text: str, field: Field, *_context: Any) -> str:
    value = _words(field.words).get(text.casefold())
    if value is None:
        known = ", ".join(str(label) for label in field.words.labels)
        raise CellRefused(_("Choose one of: %(known)s.") % {"known": known})
    return value


def _country(text: str, *_context: Any) -> str:
    code = countries.code_of(text)
    if code is None:
        raise CellRefused(_("There is no such country."))
    return code


def _date(text: str, *_context: Any) -> date:
    found = _day(text)
    if found is None:
        raise CellRefused(_("This is no date; write it as 2026-03-31."))
    return found.date() if isinstance(found, datetime) else found


def _moment(text: str, field: Field, people: Any, zone: ZoneInfo, now: datetime) -> datetime:
    """An instant in the reader's zone; of a day without a time noon is meant, and never a time to come."""
    found = _day(text)
    if found is None:
        raise CellRefused(_("This is no date; write it as 2026-03-31 or 2026-03-31 17:30."))
    if isinstance(found, datetime):
        return found.replace(tzinfo=zone)
    return instant_on(found, zone=zone, now=now)


_READERS: dict[str, Any] = {
    "text": _text,
    "person": _person,
    "choice": _choice,
    "country": _country,
    "date": _date,
    "moment": _moment,
}


def _day(text: str) -> date | datetime | None:
    """A date or a date with a time, in spellings that cannot be misread."""
    text = normalize("NFKC", text)
    clock = _CLOCK.match(text)
    day = dates.parse(clock[1].strip() if clock else text, dates.PLAIN_FORMATS, century=None)
    if isinstance(day, str):
        return None
    if clock is None:
        return day
    hour, minute = int(clock[2]), int(clock[3])
    if hour > 23 or minute > 59:
        return None
    return datetime.combine(day, time(hour, minute)) if hour or minute else day


def _number(text: str) -> str:
    if not _NUMBER.match(text) or len(text) > 40:
        return text
    try:
        value = Decimal(text.replace(",", "")).normalize()
    except InvalidOperation:
        return text
    return f"{value:f}"


@lru_cache(maxsize=16)
def _words(choices: Any) -> dict[str, str]:
    """Value and names in every language, folded, to the value: a sheet may come back from a colleague's."""
    words = {str(value).casefold(): value for value in choices.values}
    for language, _name in settings.LANGUAGES:
        with override(language):
            words |= {str(label).casefold(): value for value, label in choices.choices}
    return words
