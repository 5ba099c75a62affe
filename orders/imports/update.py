"""Write what a changed file says of orders that an earlier import brought.

Each order gets one event with the old and new values.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import models

from customers.models import Company
from orders.imports.apply import FACTS, Writing, companies_of, derive, new_milestone, new_shipment, status_of
from orders.imports.existing import Plan, chunks
from orders.imports.wanted import WantedOrder
from orders.models import Milestone, Order, OrderEvent, OrderLine, Shipment, ShipmentLine
from orders.models.events import EventKind
from teams.models import Team
from teams.versioning import json_value

ORDERS_AT_ONCE = 200
# Frozen when the order was confirmed: a later file may move the promise, never the first one (KPI rule R10).
FROZEN = "promised_date_original"


def write_changed(plan: Plan, companies: Mapping[str, Company], writing: Writing) -> None:
    """Bring changed orders up to the file. The caller holds the transaction."""
    for ids in chunks(sorted(plan.changed), ORDERS_AT_ONCE):
        batch = _Batch(plan, [plan.changed[pk] for pk in ids], ids, writing.team)
        batch.write(companies, writing)


class _Batch:
    """Some changed orders with everything of theirs, read at once and written at once."""

    def __init__(self, plan: Plan, wanted: Sequence[WantedOrder], ids: Sequence[int], team: Team) -> None:
        self.team, self.plan = team, plan
        self.wanted = dict(zip(ids, wanted, strict=True))
        orders = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
        self.orders = list(orders.select_related("customer"))
        self.lines: dict[int, dict[str, OrderLine]] = defaultdict(dict)
        for line in OrderLine.objects.filter(order__in=ids).order_by("pk"):
            self.lines[line.order_id][line.source_ref] = line
        self.milestones = {
            (m.order_id, m.code, m.shipment_id): m for m in Milestone.objects.filter(order__in=ids).order_by("pk")
        }
        numbers = {number for order in wanted for number in order.shipments}
        self.shipments = {s.number: s for s in Shipment.objects.filter(number__in=numbers).order_by("pk")}
        self.changes: dict[int, dict[str, list[Any]]] = defaultdict(dict)

    def write(self, companies: Mapping[str, Company], writing: Writing) -> None:
        for order in self.orders:
            wanted = self.wanted[order.pk]
            self._write_shipments(order, wanted)
            lines = self._write_lines(order, wanted)
            before = {name: getattr(order, name) for name in (*FACTS, "status", "amount", "search_text")}
            self._set(order, order, wanted.values | companies_of(wanted, companies), "")
            derive(order, lines, wanted, self.shipments)
            order.save(update_fields=[*wanted.values, "customer", "supplier", "country", *before])
            self._write_milestones(order, wanted)
        OrderEvent.objects.bulk_create(
            writing.event(order, self.wanted[order.pk], EventKind.EDITED, fields=self.changes[order.pk])
            for order in self.orders
        )

    def _set(self, order: Order, row: models.Model, values: Mapping[str, Any], prefix: str) -> list[str]:
        """Set what differs and keep old and new for the event."""
        changed = []
        for name, value in values.items():
            old, new = json_value(_like(row, name, getattr(row, name))), json_value(_like(row, name, value))
            if old != new:
                self.changes[order.pk][f"{prefix}{name}"] = [old, new]
                setattr(row, name, value)
                changed.append(name)
        return changed

    def _write_shipments(self, order: Order, wanted: WantedOrder) -> None:
        for number in wanted.shipments:
            values = self.plan.wanted.shipments[number].values
            shipment = self.shipments.get(number)
            if shipment is None:
                shipment = self.shipments[number] = new_shipment(number, self.plan.wanted.shipments[number], self.team)
                shipment.save()
            elif changed := self._set(order, shipment, values, f"{number}."):
                shipment.status = status_of(shipment)
                shipment.save(update_fields=[*changed, "status"])

    def _write_lines(self, order: Order, wanted: WantedOrder) -> list[OrderLine]:
        """The order's lines in the file's order; a line keeps its position and its first promise."""
        known = self.lines[order.pk]
        last = max((line.position for line in known.values()), default=0)
        lines = []
        for item in wanted.lines:
            line = known.get(item.ref)
            if line is None:
                last = max(last + 1, item.values["position"])
                line = OrderLine(order=order, source_ref=item.ref, **{**item.values, "position": last})
                line.save()
                self.changes[order.pk][f"{item.ref}.line"] = [None, line.position]
            else:
                frozen = {"position", FROZEN} if order.confirmed_at or order.status != "draft" else {"position"}
                values = {name: value for name, value in item.values.items() if name not in frozen}
                if changed := self._set(order, line, values, f"{item.ref}."):
                    line.save(update_fields=changed)
            if item.shipment:
                ShipmentLine.objects.update_or_create(
                    shipment=self.shipments[item.shipment], order_line=line, defaults={"quantity": line.quantity}
                )
            lines.append(line)
        return lines

    def _write_milestones(self, order: Order, wanted: WantedOrder) -> None:
        kept = set()
        for item in wanted.milestones:
            shipment = self.shipments.get(item.shipment)
            key = (order.pk, item.step.code, shipment.pk if shipment else None)
            kept.add(key)
            fresh = new_milestone(item, order, shipment, self.team)
            known = self.milestones.get(key)
            if known is None:
                fresh.save()
                continue
            names = ("due_at", "actual_finish_at", "recorded_at", "closed_at")
            values = {name: getattr(fresh, name) for name in names}
            if changed := self._set(order, known, values, f"{item.shipment}.{item.step.code}.".lstrip(".")):
                known.save(update_fields=changed)
        self._remove_milestones(order, kept)

    def _remove_milestones(self, order: Order, kept: Iterable[tuple[int, str, int | None]]) -> None:
        """The file no longer has their date."""
        for key, milestone in self.milestones.items():
            if key[0] == order.pk and key not in kept:
                finish = json_value(milestone.actual_finish_at)
                self.changes[order.pk][f"{milestone.code}.actual_finish_at"] = [finish, None]
                milestone.delete()


def _like(row: models.Model, name: str, value: Any) -> Any:
    """The value as the column stores it, so that 5 and 5.000 are the same."""
    field = row._meta.get_field(name)
    if isinstance(field, models.DecimalField) and value is not None:
        return round(value, field.decimal_places)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return value
