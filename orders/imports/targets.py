"""Where a cell's value may go: fields of the records, a line's further attributes, or facts that only milestones use.

The limits of a value are those of the field, so that they are written once: in the model.
"""

from dataclasses import dataclass
from functools import lru_cache

from django.db import models

from customers.models import Company
from orders.models import Order, OrderLine, Shipment

_ORDER = """
    number customer_po_no ordered_at confirmed_at incoterm payment_terms mode country destination currency fx_rate
    priority under_tolerance over_tolerance note
"""
_LINE = """
    position product_code description quantity unit unit_price amount insurance_cost requested_date
    promised_date_original promised_date_current
"""
_SHIPMENT = """
    number mode vessel voyage origin destination booking_no bl_no container_no seal_no etd eta booked_at loaded_at atd
    ata delivered_at recorded_at weight_kg freight_cost freight_currency
"""
_COMPANY = "code name name_en country city"
_FIELDS: dict[str, tuple[type[models.Model], frozenset[str]]] = {
    owner: (model, frozenset(names.split()))
    for owner, model, names in (
        ("order", Order, _ORDER),
        ("line", OrderLine, _LINE),
        ("shipment", Shipment, _SHIPMENT),
        ("customer", Company, _COMPANY),
        ("supplier", Company, _COMPANY),
    )
}


class UnknownTarget(ValueError):
    """A profile sends values to a place that does not exist."""


@dataclass(frozen=True)
class Target:
    """A place for values: `order.number`, `line.attributes.brand`, `fact.quote_sent`, `row.id`."""

    name: str
    kind: str
    field: models.Field | None = None

    @property
    def owner(self) -> str:
        return self.name.partition(".")[0]

    @property
    def attribute(self) -> str:
        """The key under which a line keeps the text; empty for a field."""
        return self.name.removeprefix("line.attributes.") if self.name.startswith("line.attributes.") else ""


@lru_cache(maxsize=256)
def target_of(name: str) -> Target:
    """The place called `name`.

    Raises:
        UnknownTarget
    """
    owner, _dot, rest = name.partition(".")
    if owner == "fact" and rest:
        return Target(name, "instant")
    if name == "row.id":
        return Target(name, "text", OrderLine._meta.get_field("source_ref"))
    if name.startswith("line.attributes.") and name != "line.attributes.":
        return Target(name, "text")
    model, allowed = _FIELDS.get(owner, (None, frozenset()))
    if model is None or rest not in allowed:
        raise UnknownTarget(f"there is no target {name!r}")
    field = model._meta.get_field(rest)
    assert isinstance(field, models.Field)  # noqa: S101  for the type checker: none of them is a relation
    return Target(name, _kind(rest, field), field)


def _kind(name: str, field: models.Field) -> str:
    if name == "country":
        return "country"
    if field.choices:
        return "choice"
    if isinstance(field, models.DateTimeField):
        return "instant"
    if isinstance(field, models.DateField):
        return "date"
    if isinstance(field, models.DecimalField):
        return "decimal"
    if isinstance(field, models.PositiveIntegerField):
        return "integer"
    return "code" if name in {"number", "code"} else "text"
