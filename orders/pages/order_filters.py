"""The line of filters above a list of orders."""

from collections.abc import Sequence
from typing import Any

from customers.models import Company
from orders.filters import OPEN, SORTABLE, OrderFilter, named_choices

_NO_FILTERS = {"ordering", "after", "columns", "group", "rows"}


def filter_line(orders: OrderFilter, ordering: str, shown: Sequence[str]) -> dict[str, Any]:
    """What the line of filters shows: drop-downs with their choices, and what is in force."""
    selects, known = [], named_choices(orders.request.user)
    for name in shown:
        field = orders.form[name]
        choices = known[name] if name in known else _choices(field.field)
        value = orders.data.get(name, "")
        if len(choices) > 1 or value:
            selects.append({"name": name, "label": field.label, "choices": choices, "value": value})
    customer = orders.form.cleaned_data.get("customer") if orders.form.is_valid() else None
    errors = [f"{orders.form[name].label}: {'; '.join(texts)}" for name, texts in orders.form.errors.items()]
    name = ordering.lstrip("-")
    in_force = {
        key: value
        for key, value in orders.data.items()
        if value and key not in {"ordering", "after", "columns", "group"}
    }
    sorts = {key: {"next": f"-{key}" if ordering == key else key, "is_on": key == name} for key in SORTABLE}
    return {
        "selects": selects,
        "customer": customer if isinstance(customer, Company) else None,
        "filter_errors": errors,
        "sorts": sorts,
        "sort_direction": "descending" if ordering.startswith("-") else "ascending",
        "is_filtered": bool(in_force),
        "is_narrowed": bool(in_force) and in_force != {"status": OPEN},  # more than the menu's own address asks for
    }


def _choices(field: Any) -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in field.choices if str(value)]
