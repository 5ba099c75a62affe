"""From typed rows to the records that should exist: orders with lines, shipments, companies, milestones. No queries."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from orders.imports.cells import constant
from orders.imports.profile import Profile, Step
from orders.imports.report import Report
from orders.imports.rows import Layout, Row

CENT = Decimal("0.01")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_CONTRADICTIONS = {
    "shipment": "differs_in_shipment",
    "customer": "differs_in_company",
    "supplier": "differs_in_company",
}


@dataclass(slots=True)
class WantedCompany:
    """A company by its code, or by its name where the source has no code."""

    row: int
    code: str
    name: str
    values: dict[str, Any]
    roles: set[str]
    owner: str  # "customer" or "supplier", as whose column it came first


@dataclass(slots=True)
class WantedLine:
    """A line; `shipment` is the number of the shipment that carries all of it, if any."""

    row: int
    ref: str
    values: dict[str, Any]
    shipment: str


@dataclass(slots=True)
class WantedMilestone:
    """A step that is done."""

    step: Step
    shipment: str
    finish_at: datetime
    recorded_at: datetime
    due_at: datetime | None


@dataclass(slots=True)
class WantedShipment:
    """A shipment, of one order or several."""

    row: int
    values: dict[str, Any]


@dataclass(slots=True)
class WantedOrder:
    """An order; `customer` and `supplier` are keys of `Wanted.companies`."""

    row: int
    values: dict[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    customer: str = ""
    supplier: str = ""
    lines: list[WantedLine] = field(default_factory=list)
    milestones: list[WantedMilestone] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    fingerprint: str = ""

    @property
    def number(self) -> str:
        return self.values["number"]

    @property
    def shipments(self) -> list[str]:
        """Numbers of the order's shipments, each once, in the file's order."""
        return list(dict.fromkeys(line.shipment for line in self.lines if line.shipment))


@dataclass
class Wanted:
    """Everything the file asks for."""

    orders: dict[str, WantedOrder] = field(default_factory=dict)
    shipments: dict[str, WantedShipment] = field(default_factory=dict)
    companies: dict[str, WantedCompany] = field(default_factory=dict)


def build(rows: list[Row], layout: Layout, profile: Profile, zone: ZoneInfo, report: Report) -> Wanted:
    """Group rows into records; what contradicts itself within an order, shipment or company is an error."""
    builder = _Builder(layout, profile, zone, report)
    for row in rows:
        if "order.number" in row.values:
            builder.add(row)
    return builder.finished()


class _Builder:
    def __init__(self, layout: Layout, profile: Profile, zone: ZoneInfo, report: Report) -> None:
        self.layout, self.profile, self.zone, self.report = layout, profile, zone, report
        self.wanted = Wanted()
        self.constants = {name: constant(profile, name, text, zone) for name, text in profile.constants.items()}

    def add(self, row: Row) -> None:
        parts = _parts(self.constants | row.values | self._composed(row))
        number = parts["order"]["number"]
        order = self.wanted.orders.get(number)
        if order is None:
            order = self.wanted.orders[number] = WantedOrder(row.number, {})
        self._merge(order.values, parts["order"], order.row, row, "order")
        self._merge(order.facts, parts["fact"], order.row, row, "fact")
        for owner in ("customer", "supplier"):
            name = f"{owner}.code" if "code" in parts[owner] else f"{owner}.name"
            key = self._company(row, parts[owner], owner)
            if key and getattr(order, owner) not in {"", key}:
                self._contradiction(row, name, order.row, getattr(order, owner), "differs_in_order")
            elif key:
                setattr(order, owner, key)
        shipment = self._shipment(row, parts["shipment"])
        self._line(order, row, parts["line"], shipment)
        order.rows.append(row)

    def _composed(self, row: Row) -> dict[str, str]:
        composed = {}
        for name, pattern in self.profile.composed.items():
            composed[name] = _PLACEHOLDER.sub(lambda found: row.texts.get(found[1], ""), pattern)
        return composed

    def _line(self, order: WantedOrder, row: Row, values: dict[str, Any], shipment: str) -> None:
        position = values.get("position") or max((line.values["position"] for line in order.lines), default=0) + 1
        for other in order.lines:
            if other.values["position"] == position:
                index, header = self.layout.where("line.position")
                self.report.error(row.number, index, header, position, "double_position", row=other.row)
        values["position"] = position
        values["attributes"] = row.attributes
        if values.get("promised_date_original") is None:
            values["promised_date_original"] = values.get("promised_date_current")
        if values.get("promised_date_current") is None:
            values["promised_date_current"] = values["promised_date_original"]
        quantity, price = values.get("quantity"), values.get("unit_price")
        if values.get("amount") is None and quantity is not None and price is not None:
            values["amount"] = (quantity * price).quantize(CENT)
        order.lines.append(WantedLine(row.number, row.values.get("row.id") or str(position), values, shipment))

    def _shipment(self, row: Row, values: dict[str, Any]) -> str:
        number = values.get("number", "")
        if number:
            shipment = self.wanted.shipments.setdefault(number, WantedShipment(row.number, {}))
            self._merge(shipment.values, values, shipment.row, row, "shipment")
        return number

    def _company(self, row: Row, values: dict[str, Any], owner: str) -> str:
        code, name = values.pop("code", ""), values.pop("name", "")
        key = f"code:{code}" if code else f"name:{name}" if name else ""
        if not key:
            return ""
        company = self.wanted.companies.get(key)
        if company is None:
            company = WantedCompany(row.number, code, name or code, {}, set(), owner)
            self.wanted.companies[key] = company
        company.roles.add(f"is_{owner}")
        if name and name != company.name:
            self._contradiction(row, f"{owner}.name", company.row, company.name, "differs_in_company")
        self._merge(company.values, values, company.row, row, owner)
        return key

    def _merge(self, into: dict[str, Any], values: dict[str, Any], first_row: int, row: Row, owner: str) -> None:
        """Take what is not known yet; a different value is a contradiction."""
        for name, value in values.items():
            if value is None:
                continue
            if name not in into:
                into[name] = value
            elif into[name] != value:
                rule = _CONTRADICTIONS.get(owner, "differs_in_order")
                self._contradiction(row, f"{owner}.{name}", first_row, into[name], rule)

    def _contradiction(self, row: Row, target: str, first_row: int, other: Any, rule: str) -> None:
        index, header = self.layout.where(target)
        shown = other.date() if isinstance(other, datetime) else other
        text = self.layout.text_of(row, target)
        self.report.error(row.number, index, header, text, rule, row=first_row, other=str(shown)[:40])

    def finished(self) -> Wanted:
        for order in self.wanted.orders.values():
            for step in self.profile.steps:
                scopes = order.shipments if step.of_shipment else [""]
                for shipment in scopes:
                    self._milestone(order, step, shipment)
            order.fingerprint = _fingerprint(order, self.wanted)
            order.rows = []  # no longer needed; a large file would hold all its cells otherwise
        return self.wanted

    def _milestone(self, order: WantedOrder, step: Step, shipment: str) -> None:
        rows = [row for row in order.rows if not shipment or row.values.get("shipment.number") == shipment]
        finish = _latest(rows, step.finish)
        if finish is None:
            return
        due = _latest(rows, step.due) if step.due else None
        for row in rows if due else ():
            if row.values.get(step.due) not in {None, due}:
                index, header = self.layout.where(step.due)
                text = self.layout.text_of(row, step.due)
                self.report.doubt(row.number, index, header, text, "several_dates", date=str(due))
        recorded = (_latest(rows, step.recorded) if step.recorded else None) or finish
        due_at = end_of_day(due, self.zone) if due else None
        order.milestones.append(WantedMilestone(step, shipment, finish, recorded, due_at))


def end_of_day(day: date | datetime, zone: ZoneInfo) -> datetime:
    """24:00 of a calendar day: the deadline of a date (KPI rule R12)."""
    day = day.date() if isinstance(day, datetime) else day
    return datetime.combine(day + timedelta(days=1), time(0), zone)


def _latest(rows: Iterable[Row], target: str) -> Any:
    return max((value for row in rows if (value := row.values.get(target)) is not None), default=None)


def _parts(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Values by what they belong to, then by field."""
    parts: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, value in values.items():
        owner, _dot, field_name = name.partition(".")
        parts[owner][field_name] = value
    return parts


def _fingerprint(order: WantedOrder, wanted: Wanted) -> str:
    """The same for two files that say the same of an order, whatever their form."""
    said = {
        "order": order.values,
        "customer": order.customer,
        "supplier": order.supplier,
        "lines": [[line.ref, line.shipment, line.values] for line in order.lines],
        "shipments": {number: wanted.shipments[number].values for number in order.shipments},
        "milestones": [[m.step.code, m.shipment, m.finish_at, m.recorded_at, m.due_at] for m in order.milestones],
    }
    return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()
