"""Rows of many orders, kept in memory with their keys and inserted at once."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

from django.db import connection, models

from customers.models import Company
from orders.calendars import all_calendars
from orders.models import (
    ClockPause,
    DelayReason,
    Inspection,
    Ladders,
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
    TeamLadder,
)
from orders.services.owners import owner_ids
from teams.models import Organization, Team, User, WorkCalendar

Row = TypeVar("Row", bound=models.Model)

# In the order in which they refer to each other; an order names its plan, which is checked at the commit.
_TABLES: list[type[models.Model]] = [
    Order, PlanChange, OrderLine, PromiseChange, Shipment, ShipmentLine, Milestone, ClockPause, OrderDocument,
    Payment, Inspection, OrderEvent,
]  # fmt: skip
_KEYS_AT_ONCE = 1000


class Ledger:
    """New rows by table, and the rows that they refer to by their natural keys."""

    def __init__(self) -> None:
        self._rows: dict[type[models.Model], list[Any]] = {table: [] for table in _TABLES}
        self._keys = {table: _keys_of(table) for table in _TABLES}
        self._owners: dict[tuple, dict[str, int | None]] = {}
        self._ladders: dict[tuple[int, int | None], Ladders] = {}

    def add(self, row: Row) -> Row:
        """Give the row its key and keep it for `save`."""
        row.pk = next(self._keys[type(row)])
        self._rows[type(row)].append(row)
        return row

    def save(self) -> None:
        """Insert everything; events in the order in which they were recorded, over all orders."""
        self._rows[OrderEvent].sort(key=lambda event: event.recorded_at)
        for table, rows in self._rows.items():
            table._default_manager.bulk_create(rows, batch_size=2000)
            rows.clear()

    def resolve(self, values: dict[str, Any]) -> dict[str, Any]:
        """`values` with the rows that its natural keys name."""
        return {name: self._related[name].get(value) if name in self._related else value
                for name, value in values.items()}  # fmt: skip

    def owners(self, order: Order, roles: set[str]) -> dict[str, int | None]:
        """`owner_ids`, asked once for all orders of the same people."""
        key = (order.team_id, order.clerk_id, order.sales_rep_id, order.logistics_owner_id, *sorted(roles))
        if key not in self._owners:
            self._owners[key] = owner_ids(order, roles)
        return self._owners[key]

    def ladders(self, order: Order) -> Ladders:
        """The team's ladders, asked once for all orders of the same process."""
        key = (order.team_id, order.template_id)
        if key not in self._ladders:
            self._ladders[key] = TeamLadder.objects.of_order(order)
        return self._ladders[key]

    @cached_property
    def users(self) -> dict[str, User]:
        return {user.username: user for user in User.objects.all()}

    @cached_property
    def calendars(self) -> dict[str, WorkCalendar]:
        return all_calendars()

    @cached_property
    def zone(self) -> str:
        """The zone of business dates."""
        return Organization.current().timezone

    @cached_property
    def reasons(self) -> dict[str, DelayReason]:
        return {reason.code: reason for reason in DelayReason.objects.all()}

    @cached_property
    def _related(self) -> dict[str, dict[str, Any]]:
        companies = {company.code: company for company in Company.objects.all()}
        return {
            "team": {team.code: team for team in Team.objects.select_related("calendar")},
            "template": {template.code: template for template in ProcessTemplate.objects.filter(is_current=True)},
            **dict.fromkeys(("customer", "supplier", "forwarder"), companies),
            **dict.fromkeys(("clerk", "sales_rep", "logistics_owner", "owner"), self.users),
        }


def _keys_of(table: type[models.Model]) -> Iterator[int]:
    """Fresh keys from the table's own sequence, many at a time."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table._meta.db_table, _KEYS_AT_ONCE],
            )
            yield from [key for (key,) in cursor.fetchall()]
