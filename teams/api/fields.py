"""Strict fields: a value is taken as written or refused with its field's name; nothing is guessed or converted.

A text is a text, a date is ISO 8601, an instant carries its offset, a decimal is finite and in plain digits.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from teams.models import User

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
MAX_ID = 2**63 - 1
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")
_ID = re.compile(r"[0-9]{1,19}\Z")


class TextField(serializers.CharField):
    """A text exactly as sent, blanks at its ends included; a number or a list is no text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"trim_whitespace": False, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not self.allow_blank and not data.strip():
            self.fail("blank")
        return super().to_internal_value(data)


class EmailField(TextField, serializers.EmailField):
    """An e-mail address."""


class DateField(serializers.DateField):
    """A calendar day, `YYYY-MM-DD`, from 2000 to 2100."""

    default_error_messages = {
        "invalid": _("Write a date that exists as YYYY-MM-DD."),
        "range": _("The year has to lie between 2000 and 2100."),
    }

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DATE.match(value):
            self.fail("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
            self.fail("range")
        return day


class InstantField(serializers.DateTimeField):
    """An instant with its offset, `2026-03-02T09:00:00+08:00`, from 2000 to 2100; answered in UTC."""

    default_error_messages = {
        "invalid": _("Write an instant that exists, with its offset, as 2026-03-02T09:00:00+08:00."),
        "range": _("The year has to lie between 2000 and 2100."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": UTC, **kwargs})

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.match(value):
            self.fail("invalid")
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        # The year is asked before the shift to UTC, which year 1 would not survive.
        if not EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
            self.fail("range")
        return instant.astimezone(UTC)


class DecimalField(serializers.DecimalField):
    """A finite decimal in plain digits, as text or JSON number; answered as text."""

    default_error_messages = {"invalid": _("Write a plain number such as 12.5.")}

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            self.fail("invalid")
        if isinstance(data, str) and not (len(data) <= 60 and _DECIMAL.match(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class QuantityField(DecimalField):
    """More than nothing, with at most three decimals."""

    default_error_messages = {"positive": _("A quantity has to be greater than 0.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 14, "decimal_places": 3, **kwargs})

    def to_internal_value(self, data: Any) -> Decimal:
        quantity = super().to_internal_value(data)
        if quantity <= 0:
            self.fail("positive")
        return quantity


class MoneyField(DecimalField):
    """An amount of money, not below zero."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 16, "decimal_places": 2, "min_value": Decimal(0), **kwargs})


class NumberField(serializers.IntegerField):
    """A whole JSON number."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class FlagField(serializers.BooleanField):
    """`true` or `false`, no other word."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class ChoiceField(serializers.ChoiceField):
    """One of the words listed."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=str(data)[:80])
        return super().to_internal_value(data)


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class VisibleField(serializers.Field):
    """A row that the writer may see, by its id or by its readable key; a foreign one is as unknown as a missing one.

    A JSON number is the id. A text is the key (`code`, `username`, …); digits that are no key are read as an id.
    """

    default_error_messages = {"unknown": _("There is no such entry.")}

    def __init__(self, rows_of: Callable[[User], QuerySet], *, key: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows_of, self.key = rows_of, key

    def to_internal_value(self, data: Any) -> Model:
        rows = self.rows_of(self.context["request"].user)
        found = None
        if isinstance(data, str) and self.key:
            found = rows.filter(**{self.key: data}).first() if "\x00" not in data and len(data) <= 254 else None
        if found is None and (number := as_id(data)) is not None:
            found = rows.filter(pk=number).first()
        if found is None:
            self.fail("unknown")
        return found

    def to_representation(self, value: Any) -> Any:
        return getattr(value, "pk", value)


def as_id(data: Any) -> int | None:
    """The id that a JSON value or a part of an address names; None if it is none."""
    if isinstance(data, str) and _ID.match(data):
        data = int(data)
    if isinstance(data, bool) or not isinstance(data, int):
        return None
    return data if 0 < data <= MAX_ID else None
