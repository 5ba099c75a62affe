"""The columns of the order list: which there are, and which a reader has chosen, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models import ListColumns
from teams.models import User


@dataclass(frozen=True)
class ListColumn:
    """`sort` names the field the list can be sorted by; `exported` the columns that stand for it in a sheet."""

    key: str
    label: Any
    exported: tuple[str, ...]
    sort: str = ""
    is_default: bool = False
    is_money: bool = False


# The order number stands first and always.
NUMBER = ("number",)
COLUMNS: tuple[ListColumn, ...] = (
    ListColumn("customer", _("Customer"), ("customer", "customer_po_no", "template"), is_default=True),
    ListColumn("status", _("Status"), ("status", "late"), sort="status", is_default=True),
    ListColumn("strip", _("Progress"), ("done", "wanted"), is_default=True),
    ListColumn("next_step", _("Next step"), ("next_step", "next_due"), is_default=True),
    ListColumn("holder", _("Who holds it"), ("holder", "waiting_on"), is_default=True),
    ListColumn("promised", _("Promised"), ("current_promised_date",), sort="current_promised_date", is_default=True),
    ListColumn("first_promised", _("First promised date"), ("promised_date",), sort="promised_date"),
    ListColumn("ordered", _("Ordered"), ("ordered",), sort="ordered_at", is_default=True),
    ListColumn("confirmed", _("Confirmed"), ("confirmed",)),
    ListColumn("shipped", pgettext_lazy("column", "Shipped"), ("shipped",)),
    ListColumn("delivered", pgettext_lazy("column", "Delivered"), ("delivered",)),
    ListColumn("clerk", _("Clerk"), ("clerk",), is_default=True),
    ListColumn("sales_rep", _("Sales representative"), ("sales_rep",)),
    ListColumn("logistics_owner", _("Logistics coordinator"), ("logistics_owner",)),
    ListColumn("team", _("Team"), ("team",)),
    ListColumn("priority", _("Priority"), ("priority",)),
    ListColumn("incoterm", _("Incoterm"), ("incoterm",)),
    ListColumn("payment_terms", _("Payment terms"), ("payment_terms",)),
    ListColumn("mode", _("Mode"), ("mode",)),
    ListColumn("destination", _("Destination"), ("country", "destination")),
    ListColumn("amount", _("Amount"), ("currency", "amount"), is_money=True),
    ListColumn("note", _("Note"), ("note",)),
)
DEFAULT = tuple(column.key for column in COLUMNS if column.is_default)


def offered(user: User) -> list[ListColumn]:
    """The columns that exist for the reader: money only where they see some (S1)."""
    sees_money = user.access.sees_any_money
    return [column for column in COLUMNS if sees_money or not column.is_money]


def chosen(user: User, asked: str) -> list[ListColumn]:
    """The columns to show, in order: those of the address (`asked`, keys with commas), else the reader's own, else the
    usual."""
    keys: Sequence[str] = [key for key in asked.split(",") if key]
    if not keys:
        kept = ListColumns.objects.filter(user=user).values_list("columns", flat=True).first()
        keys = kept or DEFAULT
    there = {column.key: column for column in offered(user)}
    return [there[key] for key in dict.fromkeys(keys) if key in there] or [
        column for column in COLUMNS if column.is_default
    ]


def choices(user: User, shown: Sequence[ListColumn]) -> list[tuple[ListColumn, bool]]:
    """All columns for the menu, those shown first and in their order, each with whether it is shown."""
    return [*((column, True) for column in shown), *((each, False) for each in offered(user) if each not in shown)]


def exported_keys(columns: Sequence[ListColumn]) -> list[str]:
    """The columns of a sheet that shows what the page shows."""
    return [*NUMBER, *(key for column in columns for key in column.exported)]
