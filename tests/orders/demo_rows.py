"""Rows of the demo as values that two databases share, to compare them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from orders.models import (
    ClockPause,
    Inspection,
    Milestone,
    Order,
    OrderDocument,
    OrderEvent,
    OrderLine,
    Payment,
    PlanChange,
    ProcessTemplate,
    PromiseChange,
    Shipment,
    ShipmentLine,
)
from teams.models import User, WorkCalendar

NOW = datetime(2026, 6, 17, 3, 20, tzinfo=UTC)  # a Wednesday, 11:20 in Shanghai
TABLES: Sequence[type[models.Model]] = [
    Order, PlanChange, OrderLine, PromiseChange, Shipment, ShipmentLine, Milestone, ClockPause, OrderDocument,
    Payment, Inspection, OrderEvent,
]  # fmt: skip
# Written by the clock of the machine, by chance, or a key that differs from run to run.
SKIPPED = {"id", "created_at", "file"}
NATURAL = {
    "order": "number", "shipment": "number", "user": "username", "team": "code", "company": "code",
    "workcalendar": "code", "delayreason": "code", "processtemplate": "code", "templatestep": "code",
}  # fmt: skip
# Keys of rows in JSON: the table and the attribute that stands in for the key.
KEYS_IN_JSON: dict[str, tuple[type[models.Model], str]] = {
    "template": (ProcessTemplate, "code"), "calendars": (WorkCalendar, "code"), "shipments": (Shipment, "number"),
    "assignee": (User, "username"),
}  # fmt: skip
SILENT_KEYS = {"document", "milestone", "change", "payment"}  # the values beside them tell as much


def snapshot(table: type[models.Model]) -> list[str]:
    """Every row of the table by its values, in an order that does not depend on keys."""
    fields = [field for field in table._meta.concrete_fields if field.name not in SKIPPED]
    related = [field.name for field in fields if field.is_relation]
    names = _Names()
    rows = []
    for row in table._default_manager.select_related(*related):
        values = {field.name: natural(getattr(row, field.name), names) for field in fields}
        rows.append(repr(sorted(values.items())))
    return sorted(rows)


def natural(value: object, names: "_Names") -> object:
    """A row by its natural key, a number without trailing zeros, keys in JSON by what they name."""
    if isinstance(value, OrderLine):
        return (value.order.number, value.position)
    if isinstance(value, Milestone):
        return (value.order.number, value.code, value.shipment and value.shipment.number)
    if isinstance(value, PlanChange):
        return (value.order.number, value.cause, value.at)
    if isinstance(value, models.Model):
        return getattr(value, NATURAL[value._meta.model_name or ""])
    if isinstance(value, Decimal):
        return value.normalize()
    return names.in_json(value) if isinstance(value, dict | list) else value


class _Names:
    """What the keys in JSON stand for; each table is read once."""

    def __init__(self) -> None:
        self._read: dict[type[models.Model], Mapping[int, str]] = {}

    def in_json(self, value: Any) -> Any:
        """`value` with names instead of keys, and mappings as sorted pairs."""
        if isinstance(value, dict):
            told = [name for name in value if name not in SILENT_KEYS]
            return sorted((self._step(name), self._under(name, value[name])) for name in told)
        if isinstance(value, list):
            return [self.in_json(inner) for inner in value]
        return self._step(value) if isinstance(value, str) else value

    def _under(self, name: str, value: Any) -> Any:
        key = KEYS_IN_JSON.get(name)
        if key is None:
            return self.in_json(value)
        table, attribute = key
        if isinstance(value, dict):
            return sorted((self._name(table, attribute, int(pk)), inner) for pk, inner in value.items())
        if isinstance(value, list):
            return [self._name(table, attribute, pk) for pk in value]
        return self._name(table, attribute, value) if isinstance(value, int) else value

    def _step(self, text: str) -> str:
        """A step's key, `CODE@shipment id`."""
        return re.sub(r"(?<=[A-Z0-9]@)\d+\Z", lambda found: self._name(Shipment, "number", int(found[0])), text)

    def _name(self, table: type[models.Model], attribute: str, pk: int) -> str:
        if table not in self._read:
            self._read[table] = dict(table._default_manager.values_list("pk", attribute))
        return self._read[table][pk]
