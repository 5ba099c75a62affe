"""The order page: what is next and who holds it, then steps, lines, shipments, documents and the timeline."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from orders.fulfilment import CargoFacts, LineFacts, fulfil, reached_at
from orders.models import (
    Inspection,
    Milestone,
    Order,
    OrderDocument,
    OrderLine,
    Payment,
    PromiseChange,
    SampleRound,
    Shipment,
)
from orders.pages.axis import draw_axis
from orders.pages.plan import Outlook, outlook_of, read_live, shortfalls_of
from orders.pages.register import ListedStep, OrderRow
from orders.pages.steps import StepRow, rows_of, with_row_data
from orders.pages.timeline import read_timeline
from orders.services.flow import cargo_of
from orders.words import Stage
from orders.workflow import ORDER_MOVES, MilestoneStatus, OrderStatus, ShipmentStatus, delivery_move
from teams.models import User
from teams.permissions import Permission, RoleCode


@dataclass
class StageGroup:
    """Consecutive steps of one stage."""

    name: str
    rows: list[StepRow]

    @property
    def done_count(self) -> int:
        return sum(not row.milestone.is_open for row in self.rows)


@dataclass
class LineRow:
    """An order line with its four dates: wished, promised first, promised now, delivered."""

    line: OrderLine
    shipped: Decimal
    delivered: Decimal
    delivered_at: datetime | None
    changes: list[PromiseChange] = field(default_factory=list)
    is_broken: bool = False  # the promise has passed and it is not delivered
    predicted: date | None = None  # of a line not delivered yet: by its own sailing, else by the order's plan


@dataclass
class ShipmentRow:
    shipment: Shipment
    quantities: list[tuple[OrderLine, Decimal]]


def with_sheet_data(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Orders with the records that the page names, and whether there is anything to read of samples and the like."""
    parts: dict[str, Any] = {"has_samples": SampleRound, "has_inspections": Inspection, "has_payments": Payment}
    return orders.select_related(
        "customer", "supplier", "team", "clerk", "sales_rep", "logistics_owner", "template", "plan"
    ).annotate(**{name: Exists(model.objects.filter(order=OuterRef("pk"))) for name, model in parts.items()})


def read_sheet(
    order: Order, *, user: User, now: datetime, all_events: bool = False, is_fresh: bool = False
) -> dict[str, Any]:
    """Everything the order's body shows, as its template's context. The order itself is read anew, unless it has just
    been read `with_sheet_data`."""
    if not is_fresh:
        order = with_sheet_data(Order.objects.all()).get(pk=order.pk)
    sees_money = user.access.sees_money(order.team_id)
    steps = with_row_data(Milestone.objects.filter(order=order)).select_related(None)  # the order is in hand
    steps = steps.select_related("assignee", "calendar", "closed_by", "delay_reason")
    milestones = list(steps.order_by("position", "pk"))
    for milestone in milestones:
        milestone.order = order
    rows = rows_of(milestones, user=user, now=now)
    ids, limit = [milestone.pk for milestone in milestones], 1000 if all_events else 60
    entries, has_older = read_timeline(order, milestone_ids=ids, sees_money=sees_money, limit=limit)
    moves = _moves(order, user)
    goods = _goods(order, user, now)
    plan = _plan(order, rows, goods["shipments"], now)
    _predict(order, goods["lines"], goods["shipments"], plan["outlook"])
    return {
        "order": order,
        "view": "order",
        "sees_money": sees_money,
        "next_rows": _next(rows),
        "groups": [StageGroup(str(Stage(stage).label), list(part)) for stage, part in groupby(rows, _stage)],
        "summary": _strip(order, rows),
        **plan,
        "moves": moves,
        "may_change_lines": "edit" in moves and bool(order.confirmed_at),
        "may": {permission.name.lower(): user.access.allows(permission, order.team_id) for permission in Permission},
        "entries": entries,
        "has_older": has_older,
        **goods,
        "documents": _documents(order),
        **_checks(order),
        "money": _money(order, rows, sees_money=sees_money),
        "newest_event": max((entry.event_id for entry in entries), default=0),
    }


def _checks(order: Any) -> dict[str, Any]:
    """Samples and inspections; an order `with_sheet_data` that has none costs no query."""
    samples = order.samples.select_related("by").order_by("kind", "-round")
    inspections = order.inspections.select_related("by").order_by("-inspected_on", "-pk")
    return {
        "samples": list(samples) if order.has_samples else [],
        "inspections": list(inspections) if order.has_inspections else [],
    }


@dataclass(frozen=True)
class Money:
    """Payments received against the amount, and the steps that wait for money. Amounts only for who sees them."""

    gates: list[StepRow]
    payments: list[Payment] = field(default_factory=list)
    received: Decimal = Decimal(0)
    open: Decimal = Decimal(0)


def _money(order: Any, rows: list[StepRow], *, sees_money: bool) -> Money:
    gates = [row for row in rows if row.milestone.stage == Stage.PAY or row.milestone.role == RoleCode.FINANCE]
    if not sees_money:
        return Money(gates)
    found = order.payments.select_related("by").order_by("received_on", "pk")
    payments = list(found) if order.has_payments else []
    received = sum((payment.amount for payment in payments), Decimal(0))
    return Money(gates, payments, received, order.amount - received)


def _stage(row: StepRow) -> str:
    return row.milestone.stage


def _next(rows: list[StepRow]) -> list[StepRow]:
    """The steps that can be worked on now, most urgent first."""
    active = [row for row in rows if row.milestone.status == MilestoneStatus.ACTIVE]
    late_first = sorted(active, key=lambda row: (row.milestone.due_at is None, row.milestone.due_at, row.milestone.pk))
    return late_first[:4]


def _strip(order: Order, rows: list[StepRow]) -> OrderRow:
    """The same bar as in the list of orders."""
    return OrderRow(order, [_listed(row) for row in rows], late_count=sum(row.is_overdue for row in rows))


def _listed(row: StepRow) -> ListedStep:
    step = row.milestone
    return ListedStep(
        *(step.position, step.status, step.name_zh, step.name_en, step.due_at, step.waiting_on),
        holder=str(step.assignee) if step.assignee else None,
        is_late=row.is_overdue,
        is_stopped=row.pause is not None,
    )


def _plan(order: Order, rows: list[StepRow], shipments: list[ShipmentRow], now: datetime) -> dict[str, Any]:
    """The time axis, and what is to be expected of a running order; from the rows in hand."""
    milestones = [row.milestone for row in rows]
    numbers = {row.shipment.pk: row.shipment.number for row in shipments}
    live = read_live(order, milestones, now=now, shipments=numbers)
    tones = {row.milestone.pk: row.tone for row in rows}
    return {
        "axis": draw_axis(milestones, tones, order.current_promised_date, now, live=live, shipments=numbers),
        "outlook": outlook_of(live) if live else None,
        "shortfalls": shortfalls_of(live.plan, live.nodes, live.milestones, numbers) if live else [],
        "has_plan": order.plan is not None,
    }


def _moves(order: Order, user: User) -> list[str]:
    """The moves of the order that its status and the reader's roles allow."""
    follow = ORDER_MOVES[order.status]
    access, team = user.access, order.team_id
    may_move = access.allows(Permission.ORDER_MOVE, team)
    is_open = order.status not in {OrderStatus.CLOSED, OrderStatus.CANCELLED}
    offered = {
        "confirm": order.status == OrderStatus.DRAFT and may_move,
        "resume": order.status == OrderStatus.ON_HOLD and may_move,
        "close": OrderStatus.CLOSED in follow and order.status == OrderStatus.DELIVERED and may_move,
        "promise": is_open and bool(order.confirmed_at) and access.allows(Permission.PROMISE_CHANGE, team),
        "edit": is_open and access.allows(Permission.ORDER_EDIT, team),
        "hold": OrderStatus.ON_HOLD in follow and may_move,
        "cancel": OrderStatus.CANCELLED in follow and access.allows(Permission.ORDER_CANCEL, team),
    }
    return [name for name, is_offered in offered.items() if is_offered]


def _goods(order: Order, user: User, now: datetime) -> dict[str, Any]:
    """Lines with what was shipped and delivered of them, and the shipments that the reader may see."""
    cargo = cargo_of(order)
    changes: dict[int, list[PromiseChange]] = {}
    for change in PromiseChange.objects.filter(line__order=order).select_related("by").order_by("-at", "-pk"):
        changes.setdefault(change.line_id, []).append(change)
    lines = list(order.lines.order_by("position"))
    today = timezone.localdate(now)
    line_rows = [_line_row(order, line, cargo, changes.get(line.pk, []), today) for line in lines]
    by_id = {line.pk: line for line in lines}
    shipments = Shipment.objects.visible_to(user).filter(lines__order_line__order=order).distinct()
    shipment_rows = []
    for shipment in shipments.select_related("forwarder").prefetch_related("lines").order_by("etd", "pk"):
        parts = [
            (by_id[part.order_line_id], part.quantity) for part in shipment.lines.all() if part.order_line_id in by_id
        ]
        shipment_rows.append(ShipmentRow(shipment, parts))
    return {"lines": line_rows, "shipments": shipment_rows}


def _line_row(
    order: Order, line: OrderLine, cargo: list[CargoFacts], changes: list[PromiseChange], today: date
) -> LineRow:
    facts = fulfil(
        [LineFacts(line.pk, line.open_quantity, line.promised_date_original, line.promised_date_current)],
        cargo,
        incoterm=order.incoterm,
        under_tolerance=order.under_tolerance,
        over_tolerance=order.over_tolerance,
    )
    row = LineRow(
        line,
        shipped=_moved(line, cargo, ShipmentStatus.DEPARTED),
        delivered=_moved(line, cargo, delivery_move(order.incoterm)),
        delivered_at=facts.delivered_at,
        changes=changes,
    )
    promised = line.promised_date_current
    row.is_broken = bool(order.is_open and promised and promised < today and not facts.delivered_at)
    return row


def _predict(order: Order, lines: list[LineRow], shipments: list[ShipmentRow], outlook: Outlook | None) -> None:
    """When each line will be delivered: as its last sailing says once all of it is aboard, else as the plan does."""
    if not order.is_open:
        return
    by_plan = timezone.localdate(outlook.predicted_at) if outlook and outlook.predicted_at else None
    departs = delivery_move(order.incoterm) in {ShipmentStatus.BOOKED, ShipmentStatus.LOADED, ShipmentStatus.DEPARTED}
    for row in lines:
        if row.delivered_at:
            continue
        sailings = [
            (quantity, each.shipment.etd if departs else each.shipment.eta)
            for each in shipments
            for line, quantity in each.quantities
            if line.pk == row.line.pk and each.shipment.status != ShipmentStatus.CANCELLED
        ]
        days = [day for _quantity, day in sailings if day]
        is_aboard = sum(quantity for quantity, _day in sailings) >= row.line.open_quantity
        row.predicted = max(days) if is_aboard and days and len(days) == len(sailings) else by_plan


def _moved(line: OrderLine, cargo: list[CargoFacts], move: str) -> Decimal:
    """How much of the line has made `move`."""
    return sum(
        (part.quantities.get(line.pk, Decimal(0)) for part in cargo if reached_at(part.instants, move)), Decimal(0)
    )


def _documents(order: Order) -> list[OrderDocument]:
    documents = order.documents.select_related("milestone", "uploaded_by", "decided_by")
    return list(documents.order_by("-uploaded_at", "-pk"))
