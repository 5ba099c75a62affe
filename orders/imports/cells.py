"""One cell: its text cleaned, read as what its column holds, with what is doubtful or wrong about it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from customers.models.companies import CODE_VALIDATOR
from orders.imports import countries, dates
from orders.imports.profile import Column, Profile
from orders.imports.targets import target_of
from orders.sheets_out import unguarded

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z", re.ASCII)
BLANKS = " \t\r\n\u3000\xa0\ufeff"  # that stand around a cell's text
_BLANKS = re.compile(r"\s+")
# Line breaks and tabs are folded to blanks before; what is left of these is no text.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_POSITIVE = frozenset({"quantity", "fx_rate", "position"})
LONGEST_TEXT = 4000
LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said of a cell: a rule of `orders.imports.report`, and the values of its sentence."""

    rule: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that was read. `pointer` holds (row id, shipment) where the value stands on another row."""

    text: str
    value: Any = None
    error: Note | None = None
    notes: tuple[Note, ...] = ()
    pointer: tuple[str, str] | None = None


class Refused(Exception):
    """The text is no value of its column."""

    def __init__(self, rule: str, **values: Any) -> None:
        super().__init__(rule)
        self.note = Note(rule, values)


class CellReader:
    """Reads the cells of one column; equal texts are read once."""

    def __init__(self, column: Column, profile: Profile, zone: ZoneInfo) -> None:
        self.column = column
        self.profile = profile
        self.zone = zone
        self._known: dict[str, Cell] = {}
        self._fields = [target.field for target in column.targets if target.field is not None]

    def read(self, raw: str) -> Cell:
        cell = self._known.get(raw)
        if cell is None:
            cell = self._known[raw] = self._read(raw)
        return cell

    def _read(self, raw: str) -> Cell:
        column = self.column
        text, notes = clean(raw, self.profile)
        if CONTROL.search(text):
            return Cell("", error=Note("control_character"))
        if column.pointer and (found := column.pointer.fullmatch(text)):
            return Cell(text, notes=notes, pointer=(found["row"], found["shipment"]))
        if text in column.not_given:
            return Cell(text, notes=(*notes, Note("not_given")))
        if not text:
            return Cell("", error=Note("empty") if column.is_filled else None)
        try:
            value = self._value(text)
        except Refused as refused:
            return Cell(text, error=refused.note)
        if isinstance(value, date) and (number := dates.serial(text)):
            notes = (*notes, Note("serial", {"now": number.isoformat()}))
        if column.reports_zero and value == 0:
            notes = (*notes, Note("zero"))
        return Cell(text, value, notes=notes)

    def _value(self, text: str) -> Any:
        column, kind = self.column, self.column.kind
        mapped = column.values.get(text, text)
        if kind in {"date", "instant"}:
            formats = column.formats or dates.PLAIN_FORMATS
            if not set(formats).isdisjoint(dates.PLAIN_FORMATS):
                if (number := dates.serial(mapped)) is not None:
                    return number if kind == "date" else at_time(number, self.profile.time_of_day, self.zone)
                formats = (*formats, *dates.YEARLESS_FORMATS)
            day = dates.parse(mapped, formats, century=self.profile.century, year=self.profile.year)
            if isinstance(day, str):
                raise Refused(day)
            return day if kind == "date" else at_time(day, self.profile.time_of_day, self.zone)
        if kind == "decimal":
            return self._decimal(mapped)
        if kind == "integer":
            return int(self._decimal(mapped, places=0))
        if kind == "country":
            code = countries.code_of(mapped)
            if code is None:
                raise Refused("unknown_country")
            return code
        if kind == "choice":
            return self._choice(mapped)
        return self._text(mapped, is_code=kind == "code")

    def _decimal(self, text: str, places: int | None = None) -> Decimal:
        text = normalize("NFKC", text)
        if not _NUMBER.match(text):
            raise Refused("not_a_number")
        value = Decimal(text)
        if value < 0:
            raise Refused("negative")
        for model_field in self._fields:
            if value == 0 and model_field.name in _POSITIVE:
                raise Refused("not_positive")
            allowed = getattr(model_field, "decimal_places", None) if places is None else places
            digits = getattr(model_field, "max_digits", 9)
            # First, since a huge number cannot even be rounded.
            if value >= 10 ** (digits - (allowed or 0)):
                raise Refused("too_large")
            if allowed is not None and value != round(value, allowed):
                raise Refused("too_precise", places=allowed)
        if value >= LARGEST:
            raise Refused("too_large")
        return value

    def _choice(self, text: str) -> str:
        model_field = self._fields[0]
        for value, label in model_field.flatchoices:
            if text.casefold() in {str(value).casefold(), str(label).casefold()}:
                return value
        raise Refused("unknown_choice", known=", ".join(str(value) for value, _label in model_field.flatchoices))

    def _text(self, text: str, *, is_code: bool) -> str:
        limit = min((f.max_length for f in self._fields if f.max_length), default=LONGEST_TEXT)
        if len(text) > limit:
            raise Refused("too_long", limit=limit, length=len(text))
        if is_code:
            try:
                CODE_VALIDATOR(text)
            except ValidationError as error:
                raise Refused("not_a_code") from error
        return text


def clean(raw: str, profile: Profile) -> tuple[str, tuple[Note, ...]]:
    """The text without blanks around it, double-encoding repaired and runs of blanks folded where the profile asks."""
    text = raw.strip(BLANKS)
    notes: list[Note] = []
    text = unguarded(text)
    if profile.repair and not text.isascii():
        repaired = _repaired(text, profile.repair)
        if repaired is not None:
            notes.append(Note("repaired", {"now": repaired[:40]}))
            text = repaired
    if profile.folds_blanks:
        folded = _BLANKS.sub(" ", text)
        if folded != text:
            notes.append(Note("folded"))
            text = folded
    return text, tuple(notes)


def _repaired(text: str, repair: str) -> str | None:
    """The text before it was decoded wrongly, if undoing and redoing that leads back to the text as it stands."""
    wrong, _dash, right = repair.partition("-")
    right = right or "utf-8"
    try:
        repaired = text.encode(wrong).decode(right)
        return repaired if repaired != text and repaired.encode(right).decode(wrong) == text else None
    except UnicodeError:
        return None


def at_time(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant at which a calendar day of a source counts, since the source knows no time of day."""
    return datetime.combine(day, clock, zone)


def constant(profile: Profile, name: str, text: str, zone: ZoneInfo) -> Any:
    """The value of a profile's constant for the target `name`.

    Raises:
        ValueError: the text is no value of the target.
    """
    target = target_of(name)
    cell = CellReader(Column(name, (target,), kind=target.kind), profile, zone).read(text)
    if cell.error or cell.notes:
        raise ValueError(f"{name} = {text!r}")
    return cell.value
