"""What follows from every write to an order: steps become active, due instants and reminders are recomputed.

Everything here is a function of the rows; doing it twice changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from orders.basis import Basis, Shape
from orders.fulfilment import CargoFacts, Fulfilment, LineFacts, fulfil, status_after
from orders.models import ClockPause, Ladders, Milestone, Order, OrderEvent, OrderLine, ShipmentLine, TeamLadder
from orders.models.events import EventKind
from orders.network import Node, open_before
from orders.plan_words import refusal_of
from orders.planning import PlanningError
from orders.schedule import PLANNED_FIELDS, lay_out, next_reminder, nodes_of
from orders.workflow import (
    RUNNING_ORDER,
    SHIPMENT_INSTANTS,
    MilestoneStatus,
    OrderStatus,
    ShipmentStatus,
)
from teams.errors import DomainError, InvalidInput
from teams.models import Organization, User
from teams.notifications import outbox
from teams.worktime import CalendarExhausted

_EVENT_OF_STATUS: dict[str, EventKind] = {
    OrderStatus.SHIPPED: EventKind.SHIPPED,
    OrderStatus.DELIVERED: EventKind.DELIVERED,
}
_REFRESHED = (*PLANNED_FIELDS, "status", "waiting_on", "next_reminder_at")


def refreshed_values(milestone: Milestone) -> list[Any]:
    """What `save_moved` compares."""
    return [getattr(milestone, name) for name in _REFRESHED]


def lock_order(order_id: int) -> Order:
    """The order's row, locked; every writer of an order takes this lock first (C30)."""
    rows = Order.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("template").get(pk=order_id)


def record(order: Order, kind: str, *, by: User | None, now: datetime, **fields: Any) -> OrderEvent:
    """Append an event; `at` (business truth) is `now` unless given."""
    return OrderEvent.objects.create(order=order, kind=kind, by=by, recorded_at=now, **{"at": now, **fields})


def business_zone() -> ZoneInfo:
    """The zone of business dates."""
    return ZoneInfo(Organization.current().timezone)


def basis_of(order: Order) -> Basis | None:
    """What the plan in force is computed from; None for an order that was never planned."""
    return Basis.from_dict(order.plan.basis) if order.plan else None


def steps_before(order: Order) -> Mapping[str, Node]:
    """The order's network by step key; empty for an order without a template."""
    if order.plan_shape:
        return nodes_of(Shape.from_dict(order.plan_shape))
    return nodes_of(Shape(order.template_id)) if order.template_id else {}


def refresh(order: Order, *, now: datetime, has_moved_dates: bool = True) -> dict[int, Milestone]:
    """Recompute activity, due instants, ladders and reminders of the locked order's milestones; returns them by key.

    Due instants follow from the plan's basis and the pauses; a caller that touched neither says so.
    """
    milestones = list(
        order.milestones.select_related("calendar").prefetch_related(
            Prefetch("pauses", ClockPause.objects.order_by("from_at"))
        )
    )
    before = {m.pk: refreshed_values(m) for m in milestones}
    pauses = {m.pk: list(m.pauses.all()) for m in milestones}
    if has_moved_dates:
        recompute(order, milestones, pauses, now=now)
    else:
        activate(order, milestones, pauses, now=now)
    save_moved(order, milestones, before, now=now)
    return {milestone.pk: milestone for milestone in milestones}


def save_moved(
    order: Order,
    milestones: Sequence[Milestone],
    before: Mapping[int, Sequence[Any]],
    *,
    now: datetime,
    is_told: bool = True,
) -> None:
    """Save what `recompute` changed; drop messages about what is no longer so. `before` holds the old `_REFRESHED`.

    `is_told`: each moved due instant gets an event of its own; a change of plan has one for all.
    """
    changed = [m for m in milestones if before[m.pk] != refreshed_values(m)]
    if changed:
        if is_told:
            _record_moved_dates(order, changed, before, now)
        Milestone.objects.bulk_update(changed, _REFRESHED)
        due = _REFRESHED.index("due_at")
        outbox.cancel(
            subjects=[m.subject for m in changed if m.next_reminder_at is None or before[m.pk][due] != m.due_at],
            reason="moved_on",
        )


def drop_messages(milestones: Iterable[Milestone]) -> None:
    """Drop what is not sent yet about steps that are no longer wanted."""
    outbox.cancel(subjects=[milestone.subject for milestone in milestones], reason="moved_on")


def recompute(
    order: Order,
    milestones: Sequence[Milestone],
    pauses: Mapping[int, Sequence[ClockPause]],
    *,
    now: datetime,
    ladders: Ladders | None = None,
) -> None:
    """Write on the rows in hand what follows from them: activity, due instants, ladders, reminders. Saves nothing.

    `pauses` maps milestone keys to their pauses, earliest first; `ladders` are those of the order's team, if read.
    """
    for milestone in milestones:
        milestone.order = order
    if basis := basis_of(order):
        ladders = TeamLadder.objects.of_order(order) if ladders is None else ladders
        try:
            lay_out(milestones, basis, [pause for spans in pauses.values() for pause in spans], ladders)
        except PlanningError as error:
            raise refusal_of(error, nodes_of(basis.shape)) from error
        except CalendarExhausted as error:
            raise CalendarTooShort(_("A work calendar of this order has no working time that far away.")) from error
    activate(order, milestones, pauses, now=now)


def activate(
    order: Order, milestones: Sequence[Milestone], pauses: Mapping[int, Sequence[ClockPause]], *, now: datetime
) -> None:
    """The part of `recompute` that leaves due instants alone: who is active, whom it waits on, its next reminder."""
    nodes = steps_before(order)
    is_open = {m.key: m.is_open for m in milestones}
    is_running = order.status in RUNNING_ORDER
    for milestone in milestones:
        own = pauses.get(milestone.pk, ())
        if milestone.is_open:
            _refresh_activity(milestone, own, bool(open_before(nodes, milestone.key, is_open)))
            is_stopped = not is_running or any(pause.stops_at(now) for pause in own)
            milestone.next_reminder_at = next_reminder(milestone, is_stopped)
        else:
            milestone.next_reminder_at, milestone.waiting_on = None, ""


def _refresh_activity(milestone: Milestone, pauses: Sequence[ClockPause], waits: bool) -> None:
    milestone.status = MilestoneStatus.PENDING if waits else MilestoneStatus.ACTIVE
    running = [pause.side for pause in pauses if pause.to_at is None]
    milestone.waiting_on = running[-1] if running else _side_by_flag(milestone)


def _side_by_flag(milestone: Milestone) -> str:
    """Whom an active step waits on by its nature: the customer (C), a supplier or third party (S), or us."""
    if milestone.status != MilestoneStatus.ACTIVE:
        return ""
    return "customer" if milestone.has_flag("C") else "supplier" if milestone.has_flag("S") else "internal"


def _record_moved_dates(
    order: Order, changed: Sequence[Milestone], before: Mapping[int, Sequence[Any]], now: datetime
) -> None:
    due = _REFRESHED.index("due_at")
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order=order,
            milestone=milestone,
            kind=EventKind.DUE,
            old=before[milestone.pk][due].isoformat(),
            new=milestone.due_at.isoformat(),
            at=now,
            recorded_at=now,
        )
        for milestone in changed
        if before[milestone.pk][due] and milestone.due_at and before[milestone.pk][due] != milestone.due_at
    )


def refresh_fulfilment(order: Order, *, by: User | None, now: datetime) -> Fulfilment:
    """Derive the locked order's facts from its lines and shipments, and its status from the facts."""
    facts = fulfil(
        line_facts(order.lines.all()),
        cargo_of(order),
        incoterm=order.incoterm,
        under_tolerance=order.under_tolerance,
        over_tolerance=order.over_tolerance,
    )
    fields = [name for name in Fulfilment.__dataclass_fields__ if name != "is_all_shipped"]
    for name in fields:
        setattr(order, name, getattr(facts, name))
    old, order.status = order.status, status_after(order.status, facts)
    order.save(update_fields=[*fields, "status"])
    if order.status != old:
        kind = _EVENT_OF_STATUS.get(order.status, EventKind.STATUS)
        at = (order.delivered_at if order.status == OrderStatus.DELIVERED else order.shipped_at) or now
        record(order, kind, by=by, now=now, at=at, old=old, new=order.status)
    return facts


def line_facts(lines: Iterable[OrderLine]) -> list[LineFacts]:
    """Order lines as facts."""
    return [
        LineFacts(line.pk, line.open_quantity, line.promised_date_original, line.promised_date_current)
        for line in lines
    ]


def cargo_of(order: Order) -> list[CargoFacts]:
    """The order's shipments as facts, without cancelled ones."""
    shipments: dict[int, CargoFacts] = {}
    rows = (
        ShipmentLine.objects.filter(order_line__order=order)
        .exclude(shipment__status=ShipmentStatus.CANCELLED)
        .select_related("shipment")
    )
    for row in rows:
        instants = {name: getattr(row.shipment, name) for name in SHIPMENT_INSTANTS.values()}
        cargo = shipments.setdefault(row.shipment_id, CargoFacts(instants, {}))
        cargo.quantities[row.order_line_id] = cargo.quantities.get(row.order_line_id, Decimal(0)) + row.quantity
    return list(shipments.values())


def listed(names: Iterable[str]) -> str:
    """Names one after the other, as the reader's language puts them."""
    return pgettext("between names", ", ").join(names)


class CalendarTooShort(DomainError):
    """A calendar ends, or is closed at all hours, before a step of the order could finish."""

    code = "calendar_exhausted"


class ReasonMissing(InvalidInput):
    """A move that has to be explained came without a reason."""

    code = "reason_missing"


def require_reason(reason: str) -> str:
    """The reason, stripped.

    Raises:
        ReasonMissing: it is empty.
    """
    if not reason.strip():
        raise ReasonMissing(_("Please give a reason."), fields={"reason": _("Please give a reason.")})
    return reason.strip()
