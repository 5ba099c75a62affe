"""Write what an import planned, many rows at a time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from customers.models import Company
from orders.fulfilment import CargoFacts, Fulfilment, LineFacts, fulfil, status_after
from orders.imports.copying import copy_in, give_keys
from orders.imports.existing import Plan, chunks, missing_roles
from orders.imports.profile import Profile
from orders.imports.wanted import WantedMilestone, WantedOrder, WantedShipment
from orders.models import Milestone, Order, OrderEvent, OrderLine, Shipment, ShipmentLine
from orders.models.events import EventKind
from orders.services.orders import search_text
from orders.workflow import SHIPMENT_INSTANTS, MilestoneStatus, OrderStatus, ShipmentStatus
from teams.models import Team, User

# So many orders are in memory as models at once.
ORDERS_AT_ONCE = 500
FACTS = tuple(field.name for field in fields(Fulfilment) if field.name != "is_all_shipped")


@dataclass(frozen=True)
class Writing:
    """Whose orders they become, by which profile and file, who does it and when."""

    team: Team
    profile: Profile
    file: str
    by: User | None
    now: datetime

    def event(self, order: Order, item: WantedOrder, kind: EventKind, **data: Any) -> OrderEvent:
        """What the timeline says of the import; the fingerprint tells the next import whether the file has changed."""
        said = {"profile": self.profile.name, "file": self.file, "row": item.row, "fingerprint": item.fingerprint}
        new = order.status if kind == EventKind.IMPORTED else ""
        return OrderEvent(
            order=order, kind=kind, by=self.by, at=self.now, recorded_at=self.now, new=new, data=said | data
        )


def write_new(plan: Plan, companies: Mapping[str, Company], writing: Writing) -> Iterator[float]:
    """Create the orders that are new, with all of theirs, as the shares that are through are asked for.

    The caller holds the transaction.
    """
    shipments: dict[str, Shipment] = {}
    through = 0
    for orders in chunks(plan.new, ORDERS_AT_ONCE):
        _write_orders(orders, plan, companies, shipments, writing)
        through += len(orders)
        yield through / len(plan.new)


def write_companies(plan: Plan, team: Team) -> dict[str, Company]:
    """Create the companies that are new; returns all by their key."""
    companies: dict[str, Company] = {}
    new: list[Company] = []
    for key, wanted in plan.wanted.companies.items():
        found = plan.companies[key]
        if found is None:
            roles = dict.fromkeys(wanted.roles, True)
            found = Company(code=plan.new_codes[key], name=wanted.name, team=team, **roles, **wanted.values)
            new.append(found)
        elif roles_to_add := missing_roles(wanted, found):
            for role in roles_to_add:
                setattr(found, role, True)
            found.save(update_fields=roles_to_add)
        companies[key] = found
    copy_in(new)
    return companies


def _write_orders(
    wanted: Sequence[WantedOrder],
    plan: Plan,
    companies: Mapping[str, Company],
    shipments: dict[str, Shipment],
    writing: Writing,
) -> None:
    team, now = writing.team, writing.now
    numbers = dict.fromkeys(number for order in wanted for number in order.shipments if number not in shipments)
    there = {s.number: s for s in Shipment.objects.filter(number__in=list(numbers))}
    new = [new_shipment(number, plan.wanted.shipments[number], team) for number in numbers if number not in there]
    copy_in(new)
    shipments |= there | {shipment.number: shipment for shipment in new}
    orders = [
        Order(
            team=team,
            source=writing.profile.name,
            status=writing.profile.order_status,
            **item.values,
            **companies_of(item, companies),
        )
        for item in wanted
    ]
    give_keys(orders)
    lines = []
    for item, order in zip(wanted, orders, strict=True):
        if order.status == OrderStatus.DRAFT:
            order.ordered_at = order.ordered_at or now
        of_order = [OrderLine(order=order, source_ref=line.ref, **line.values) for line in item.lines]
        derive(order, of_order, item, shipments)
        lines.append(of_order)
    copy_in(orders)
    copy_in(line for of_order in lines for line in of_order)
    copy_in(
        ShipmentLine(shipment=shipments[line.shipment], order_line=row, quantity=row.quantity)
        for item, of_order in zip(wanted, lines, strict=True)
        for line, row in zip(item.lines, of_order, strict=True)
        if line.shipment
    )
    copy_in(
        new_milestone(milestone, order, shipments.get(milestone.shipment), team)
        for item, order in zip(wanted, orders, strict=True)
        for milestone in item.milestones
    )
    copy_in(writing.event(order, item, EventKind.IMPORTED) for item, order in zip(wanted, orders, strict=True))


def companies_of(item: WantedOrder, companies: Mapping[str, Company]) -> dict[str, Company | None]:
    return {"customer": companies.get(item.customer), "supplier": companies.get(item.supplier)}


def derive(order: Order, lines: Sequence[OrderLine], item: WantedOrder, shipments: Mapping[str, Shipment]) -> None:
    """Set amount, search text, facts and status of an order, by the functions that every write uses."""
    if not order.country and order.customer:
        order.country = order.customer.country
    order.amount = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
    order.search_text = search_text(order, lines)
    quantities: dict[str, dict[int, Decimal]] = defaultdict(dict)
    for wanted_line, line in zip(item.lines, lines, strict=True):
        if wanted_line.shipment:
            quantities[wanted_line.shipment][line.position] = line.quantity
    cargo = [
        CargoFacts({name: getattr(shipments[number], name) for name in SHIPMENT_INSTANTS.values()}, carried)
        for number, carried in quantities.items()
    ]
    facts = fulfil(
        [
            LineFacts(line.position, line.open_quantity, line.promised_date_original, line.promised_date_current)
            for line in lines
        ],
        cargo,
        incoterm=order.incoterm,
        under_tolerance=order.under_tolerance,
        over_tolerance=order.over_tolerance,
    )
    for name in FACTS:
        setattr(order, name, getattr(facts, name))
    order.status = status_after(order.status, facts)


def new_shipment(number: str, wanted: WantedShipment, team: Team) -> Shipment:
    """A shipment in the status of the last instant that is known of it."""
    shipment = Shipment(team=team, **wanted.values)
    shipment.status = status_of(shipment)
    shipment.etd_original = shipment.etd
    return shipment


def status_of(shipment: Shipment) -> str:
    known = [move for move, name in SHIPMENT_INSTANTS.items() if getattr(shipment, name)]
    return known[-1] if known else ShipmentStatus.PLANNED


def new_milestone(wanted: WantedMilestone, order: Order, shipment: Shipment | None, team: Team) -> Milestone:
    """A step that is done already."""
    step = wanted.step
    return Milestone(
        order=order,
        shipment=shipment,
        position=step.position,
        code=step.code,
        name_zh=step.name_zh,
        name_en=step.name_en,
        stage=step.stage,
        role=step.role,
        calendar_id=team.calendar_id,
        status=MilestoneStatus.DONE,
        due_at=wanted.due_at,
        baseline_finish_at=wanted.due_at,
        actual_finish_at=wanted.finish_at,
        recorded_at=wanted.recorded_at,
        closed_at=wanted.finish_at,
    )
