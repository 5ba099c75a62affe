"""Shipments: create with quantities per line, edit, and the moves booked → loaded → departed → arrived → delivered."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from orders import workflow
from orders.containers import normal_numbers
from orders.fulfilment import reached_at
from orders.models import Order, OrderLine, Shipment, ShipmentLine
from orders.models.events import EventKind
from orders.services import flow
from orders.services.milestones import (
    CLOCK_SKEW,
    EARLIEST,
    complete_by_shipments,
    complete_if_ready,
    reopen_milestone,
)
from orders.targets import STEPS_OF_MOVE
from orders.words import Mode
from orders.workflow import SHIPMENT_INSTANTS, SHIPMENT_MOVES, MilestoneStatus, OrderStatus, ShipmentStatus
from teams.errors import DomainError, InvalidInput
from teams.models import User
from teams.versioning import change_fields, change_part

# Orders whose goods may be put on a shipment: not drafts, and none that stand still or have ended.
SHIPPABLE = frozenset({OrderStatus.CONFIRMED, OrderStatus.SHIPPED, OrderStatus.DELIVERED})


class QuantityRefused(InvalidInput):
    """More than the order line has left, or not a quantity at all; `fields` names the line."""

    code = "quantity_refused"


class MoveRefused(InvalidInput):
    """The instant of a move is impossible."""

    code = "move_refused"


@transaction.atomic
def create_shipment(*, values: Mapping[str, Any], lines: Mapping[int, Decimal], by: User, now: datetime) -> Shipment:
    """Plan a shipment of `lines` (order line id to quantity), which must belong to confirmed orders.

    Raises:
        QuantityRefused: nothing to ship, or more than a line has left.
        TransitionNotAllowed: an order is not confirmed, or is closed or cancelled.
        DomainError: the number exists.
    """
    orders = _lock_orders(_orders_of_lines(lines))
    shipment = Shipment(**_normal(values, values.get("mode", "")))
    if shipment.etd:
        shipment.etd_original = shipment.etd
    try:
        with transaction.atomic():
            shipment.save()
    except IntegrityError as error:
        if "number" not in str(error):
            raise
        message = _("This shipment number exists already.")
        raise DomainError(message, code="number_taken", fields={"number": message}) from error
    _put_lines(shipment, lines)
    for order in orders:
        flow.record(order, EventKind.CREATED, by=by, now=now, shipment=shipment, new=shipment.status)
    return shipment


@transaction.atomic
def edit_shipment(
    *,
    shipment_id: int,
    values: Mapping[str, Any],
    lines: Mapping[int, Decimal] | None,
    seen_version: int | None,
    by: User,
    now: datetime,
) -> Shipment:
    """Change fields, cut-offs or quantities; quantities only until the cargo is loaded.

    Raises:
        StaleVersion, QuantityRefused, TransitionNotAllowed.
    """
    orders, shipment = _locked(shipment_id, lines or {})
    values = _normal(values, values.get("mode", shipment.mode))
    data: dict[str, Any] = {}
    if lines is not None and _change_lines(shipment, lines, seen_version=seen_version, by=by, now=now):
        data["lines"] = len(lines)  # no more: an order's timeline must not tell about another order's goods
    # The version as the writer saw it guards the fields too; that of the lines has just been raised by ourselves.
    changed = change_fields(shipment, values, seen_version=seen_version, by=by, now=now)
    if "etd" in changed and shipment.etd_original is None:
        shipment.etd_original = shipment.etd
        shipment.save(update_fields=["etd_original"])
    if changed:
        data["fields"] = {name: list(pair) for name, pair in changed.items()}
    for order in orders:
        if data:
            flow.record(order, EventKind.EDITED, by=by, now=now, shipment=shipment, data=data)
            flow.refresh_fulfilment(order, by=by, now=now)
    return shipment


@transaction.atomic
def move_shipment(
    *, shipment_id: int, to: str, by: User, now: datetime, at: datetime | None = None, reason: str = ""
) -> Shipment:
    """Record that the cargo was booked, loaded, has departed, arrived or been delivered, at the true instant `at`.

    Orders become shipped and delivered when the Incoterm says so; steps that the move proves are completed.

    Raises:
        TransitionNotAllowed: not the next move.
        MoveRefused: the instant lies in the future or before the move before it.
    """
    orders, shipment = _locked(shipment_id)
    workflow.check_transition(SHIPMENT_MOVES, shipment.status, to, labels=ShipmentStatus)
    at = at or now
    _check_move_instant(shipment, to, at, now)
    old, shipment.status, shipment.recorded_at = shipment.status, to, now
    setattr(shipment, SHIPMENT_INSTANTS[to], at)
    if to == ShipmentStatus.BOOKED and shipment.etd_original is None:
        shipment.etd_original = shipment.etd
    shipment.save(update_fields=["status", "recorded_at", "etd_original", SHIPMENT_INSTANTS[to]])
    for order in orders:
        flow.record(order, EventKind.MOVED, by=by, now=now, at=at, shipment=shipment, old=old, new=to, reason=reason)
        _follow(order, to, by=by, now=now)
    return shipment


@transaction.atomic
def cancel_shipment(*, shipment_id: int, reason: str, by: User, now: datetime) -> Shipment:
    """Cancel a shipment before it is loaded; its quantities are free again.

    Raises:
        TransitionNotAllowed, ReasonMissing.
    """
    orders, shipment = _locked(shipment_id)
    workflow.check_transition(SHIPMENT_MOVES, shipment.status, ShipmentStatus.CANCELLED, labels=ShipmentStatus)
    reason = flow.require_reason(reason)
    old, shipment.status = shipment.status, ShipmentStatus.CANCELLED
    shipment.save(update_fields=["status"])
    for order in orders:
        flow.record(
            order, EventKind.MOVED, by=by, now=now, shipment=shipment, old=old, new=shipment.status, reason=reason
        )
        flow.refresh_fulfilment(order, by=by, now=now)
    return shipment


@transaction.atomic
def take_back_move(*, shipment_id: int, step_ids: Collection[int], by: User, now: datetime) -> Shipment:
    """Undo the last move of a shipment that was recorded by mistake; the orders' facts and status follow.

    `step_ids` are the steps that the move completed; those still done are opened again.

    Raises:
        TransitionNotAllowed: nothing has moved yet, or it is cancelled.
    """
    orders, shipment = _locked(shipment_id)
    moves = [ShipmentStatus.PLANNED, *SHIPMENT_INSTANTS]
    if shipment.status not in moves[1:]:
        workflow.check_transition(
            {shipment.status: frozenset()}, shipment.status, shipment.status, labels=ShipmentStatus
        )
    old, shipment.status = shipment.status, moves[moves.index(shipment.status) - 1]
    setattr(shipment, SHIPMENT_INSTANTS[old], None)
    shipment.recorded_at = now
    shipment.save(update_fields=["status", "recorded_at", SHIPMENT_INSTANTS[old]])
    for order in orders:
        flow.record(
            order, EventKind.MOVED, by=by, now=now, shipment=shipment, old=old, new=shipment.status, reason=_("Undone")
        )
        flow.refresh_fulfilment(order, by=by, now=now)
        for step in order.milestones.filter(pk__in=step_ids, status=MilestoneStatus.DONE).order_by("position"):
            reopen_milestone(milestone_id=step.pk, reason=_("Undone"), by=by, now=now)
    return shipment


class ChangedMeanwhile(DomainError):
    """Goods of another order came aboard between looking and locking."""

    code = "changed_meanwhile"


# Modes whose cargo travels in containers with numbers by ISO 6346; air has unit load devices, trucks their plates.
_BY_CONTAINER = frozenset({Mode.FCL, Mode.LCL, Mode.SEA, Mode.RAIL})


def _normal(values: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """The values with container numbers checked, and booking and B/L numbers as their issuers write them.

    Raises:
        ContainerRefused
    """
    normal = dict(values)
    for name in ("booking_no", "bl_no"):
        if normal.get(name):
            normal[name] = " ".join(normal[name].split()).upper()
    if normal.get("container_no") and mode in _BY_CONTAINER:
        normal["container_no"] = normal_numbers(normal["container_no"])
    return normal


def _locked(shipment_id: int, lines: Mapping[int, Decimal] = MappingProxyType({})) -> tuple[list[Order], Shipment]:
    """The shipment, and the orders that it and `lines` touch; orders first, by id (C30).

    Raises:
        ChangedMeanwhile: an order came aboard that is not locked; locking it now would break the order of locks.
    """
    ids = _orders_of_lines(lines) | _orders_aboard(shipment_id)
    orders = _lock_orders(ids)
    shipment = Shipment.objects.select_for_update(no_key=True).get(pk=shipment_id)
    if not _orders_aboard(shipment_id) <= ids:
        raise ChangedMeanwhile(_("Somebody changed this shipment at the same moment. Please try again."))
    return orders, shipment


def _lock_orders(ids: set[int]) -> list[Order]:
    return [flow.lock_order(order_id) for order_id in sorted(ids)]


def _orders_of_lines(lines: Mapping[int, Decimal]) -> set[int]:
    return set(OrderLine.objects.filter(pk__in=lines).values_list("order_id", flat=True))


def _orders_aboard(shipment_id: int) -> set[int]:
    return set(ShipmentLine.objects.filter(shipment=shipment_id).values_list("order_line__order_id", flat=True))


def _change_lines(
    shipment: Shipment, lines: Mapping[int, Decimal], *, seen_version: int | None, by: User, now: datetime
) -> bool:
    """Give the shipment other quantities; returns whether they differ from those it had."""
    if shipment.status not in {ShipmentStatus.PLANNED, ShipmentStatus.BOOKED}:
        raise workflow.TransitionNotAllowed(_("The cargo is loaded; its quantities are fixed."))
    old = {str(line.order_line_id): f"{line.quantity.normalize():f}" for line in shipment.lines.all()}
    new = {str(line_id): f"{quantity.normalize():f}" for line_id, quantity in lines.items()}
    if not change_part(shipment, "lines", old=old, new=new, seen_version=seen_version, by=by, now=now):
        return False
    shipment.lines.all().delete()
    _put_lines(shipment, lines)
    return True


def _put_lines(shipment: Shipment, lines: Mapping[int, Decimal]) -> None:
    if not lines:
        message = _("Say which lines travel, and how much of each.")
        raise QuantityRefused(message, fields={"lines": message})
    rows = {row.pk: row for row in OrderLine.objects.filter(pk__in=lines).select_related("order")}
    for line_id, quantity in lines.items():
        row = rows.get(line_id)
        if row is None or row.order.team_id != shipment.team_id:
            message = _("Line %(id)s does not exist in this team.") % {"id": line_id}
            raise QuantityRefused(message, fields={"lines": message})
        if row.order.status not in SHIPPABLE:
            raise workflow.TransitionNotAllowed(
                _("Order %(number)s is “%(status)s”; it cannot be shipped.")
                % {"number": row.order.number, "status": OrderStatus(row.order.status).label}
            )
        left = quantity_left(row, without=shipment)
        allowed = left + row.open_quantity * row.order.over_tolerance
        if quantity <= 0 or quantity > allowed:
            message = _("Line %(position)s of %(number)s: %(left)s left to ship.") % {
                "position": row.position,
                "number": row.order.number,
                "left": f"{left.normalize():f}",
            }
            raise QuantityRefused(message, fields={f"lines.{line_id}.quantity": message})
        ShipmentLine.objects.create(shipment=shipment, order_line=row, quantity=quantity)


def quantity_left(line: OrderLine, without: Shipment | None = None) -> Decimal:
    """How much of a line is in no shipment yet (cancelled shipments count as none)."""
    taken = line.shipment_lines.exclude(shipment__status=ShipmentStatus.CANCELLED)
    if without is not None:
        taken = taken.exclude(shipment=without)
    return line.open_quantity - (taken.aggregate(total=Sum("quantity"))["total"] or Decimal(0))


def _check_move_instant(shipment: Shipment, to: str, at: datetime, now: datetime) -> None:
    before = [getattr(shipment, name) for name in list(SHIPMENT_INSTANTS.values())[: list(SHIPMENT_INSTANTS).index(to)]]
    message = ""
    if at > now + CLOCK_SKEW:
        message = _("This lies in the future; a move is recorded when it has happened.")
    elif at < EARLIEST:
        message = _("This is too long ago.")
    elif any(earlier and at < earlier for earlier in before):
        message = _("This lies before the move before it.")
    if message:
        raise MoveRefused(message, fields={"at": message})


def follow_cargo(order: Order, *, by: User, now: datetime) -> None:
    """Let everything follow the cargo again, because what has to be shipped has changed."""
    for move in STEPS_OF_MOVE:
        _follow(order, move, by=by, now=now)


def _follow(order: Order, move: str, *, by: User, now: datetime) -> None:
    """Let the order's facts, status and steps follow a move of its cargo."""
    cargo = flow.cargo_of(order)
    flow.refresh_fulfilment(order, by=by, now=now)
    reached = [(reached_at(shipment.instants, move), shipment.quantities) for shipment in cargo]
    moved: dict[int, Decimal] = {}
    for at, quantities in reached:
        for line_id, quantity in quantities.items() if at else ():
            moved[line_id] = moved.get(line_id, Decimal(0)) + quantity
    needed = {line.pk: line.open_quantity * (1 - order.under_tolerance) for line in order.lines.all()}
    if needed and all(moved.get(line_id, Decimal(0)) >= quantity for line_id, quantity in needed.items()):
        last = max(at for at, _quantities in reached if at)
        complete_by_shipments(order, STEPS_OF_MOVE[move], finish=last, by=by, now=now)
    complete_apart(order, move, by=by, now=now)
    flow.refresh(order, now=now)


def complete_apart(order: Order, move: str, *, by: User, now: datetime) -> None:
    """Complete steps that stand once for each shipment, as their own shipment has made the move."""
    steps = order.milestones.open().filter(code__in=STEPS_OF_MOVE[move], shipment__isnull=False)
    for milestone in steps.select_related("shipment").order_by("position"):
        at = reached_at({name: getattr(milestone.shipment, name) for name in SHIPMENT_INSTANTS.values()}, move)
        if at:
            complete_if_ready(order, milestone, finish=at, by=by, now=now)
