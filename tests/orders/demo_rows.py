"""Rows of the demo as values that two databases share, to compare them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from django.db import models

from orders.models import (
    ClockPause,
    Milestone,
    Order,
    OrderDocument,
    OrderEvent,
    OrderLine,
    PromiseChange,
    Shipment,
    ShipmentLine,
)

NOW = datetime(2026, 6, 17, 3, 20, tzinfo=UTC)  # a Wednesday, 11:20 in Shanghai
TABLES: Sequence[type[models.Model]] = [
    Order, OrderLine, PromiseChange, Shipment, ShipmentLine, Milestone, ClockPause, OrderDocument, OrderEvent,
]  # fmt: skip
# Written by the clock of the machine, by chance, or a key that differs from run to run.
SKIPPED = {"id", "created_at", "file"}
NATURAL = {
    "order": "number", "shipment": "number", "user": "username", "team": "code", "company": "code",
    "workcalendar": "code", "delayreason": "code", "processtemplate": "code", "templatestep": "code",
}  # fmt: skip


def snapshot(table: type[models.Model]) -> list[str]:
    """Every row of the table by its values, in an order that does not depend on keys."""
    fields = [field for field in table._meta.concrete_fields if field.name not in SKIPPED]
    related = [field.name for field in fields if field.is_relation]
    rows = []
    for row in table._default_manager.select_related(*related):
        values = {field.name: natural(getattr(row, field.name)) for field in fields}
        if isinstance(row, OrderEvent) and "document" in row.data:
            values["data"] = {key: value for key, value in row.data.items() if key != "document"}
        rows.append(repr(sorted(values.items())))
    return sorted(rows)


def natural(value: object) -> object:
    """A row by its natural key, a number without trailing zeros."""
    if isinstance(value, OrderLine):
        return (value.order.number, value.position)
    if isinstance(value, Milestone):
        return (value.order.number, value.code)
    if isinstance(value, models.Model):
        return getattr(value, NATURAL[value._meta.model_name or ""])
    if isinstance(value, Decimal):
        return value.normalize()
    return value
