"""The rows that API answers are made of: what the reader may see, with all that an answer shows, in few queries."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Count, Prefetch, Q, QuerySet

from orders.models import ClockPause, Milestone, Order, OrderDocument, OrderLine, Shipment, ShipmentLine
from orders.models.orders import UNLISTED
from orders.workflow import MilestoneStatus
from teams.models import User

# Joined rows, by the few fields that an answer shows of them. People and steps come by queries of their own: Postgres
# takes ten times as long to plan a statement of eight tables as one of five.
_NAMES = {
    "customer": ("code", "name"),
    "supplier": ("code", "name"),
    "team": ("code", "name"),
    "template": ("code", "version", "name_zh", "name_en"),
}
_PEOPLE = ("clerk", "sales_rep", "logistics_owner")
_STEP_FIELDS = ("order", "code", "name_zh", "name_en", "due_at", "float_minutes", "waiting_on", "assignee")


def orders_for(user: User) -> QuerySet[Order]:
    """Orders as the API lists them, newest first; `add_details` adds what is read for a page at once."""
    own = [field.name for field in Order._meta.concrete_fields if field.name not in UNLISTED]
    joined = [f"{relation}__{name}" for relation, names in _NAMES.items() for name in names]
    seen = Order.objects.visible_to(user)
    return seen.select_related(*_NAMES).only(*own, *joined).order_by("-ordered_at", "-pk")


def add_details(orders: Iterable[Any], now: datetime) -> None:
    """Give the orders what their answers tell of steps and people: counts, lateness, the steps going on with the next
    due first, and names. Three queries, however many orders there are."""
    found = {order.pk: order for order in orders}
    if not found:
        return
    closed = Q(status__in=[MilestoneStatus.DONE, MilestoneStatus.SKIPPED])
    steps = Milestone.objects.filter(order__in=found)
    counts = steps.with_lateness(now).order_by().values("order").annotate(
        all=Count("pk", filter=~Q(status=MilestoneStatus.CANCELLED)),
        closed=Count("pk", filter=closed),
        late=BoolOr("is_late"),
    )  # fmt: skip
    by_order = {row["order"]: row for row in counts}
    for key, order in found.items():
        row = by_order.get(key, {"all": 0, "closed": 0, "late": False})
        order.step_count, order.closed_step_count, order.is_overdue = row["all"], row["closed"], row["late"]
        order.going_on = []
    for step in steps.active().only(*_STEP_FIELDS).order_by("due_at", "position", "pk"):
        found[step.order_id].going_on.append(step)
    _name_people(list(found.values()))


def _name_people(orders: Sequence[Any]) -> None:
    """Whom the orders and their steps name, each person once and by their name only."""
    whom = [(order, name) for order in orders for name in _PEOPLE]
    whom += [(step, "assignee") for order in orders for step in order.going_on]
    keys = {key for row, name in whom if (key := getattr(row, f"{name}_id")) is not None}
    people = User.objects.only("username", "name").in_bulk(keys) if keys else {}
    for row, name in whom:
        key = getattr(row, f"{name}_id")
        if key is not None:
            setattr(row, name, people[key])


def _named(relations: Iterable[str]) -> list[Prefetch]:
    """People by their name only."""
    return [Prefetch(relation, User.objects.only("username", "name")) for relation in relations]


def with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    """One order's page: its lines and all its steps as well."""
    return orders.prefetch_related(
        Prefetch("lines", OrderLine.objects.order_by("position")),
        Prefetch("milestones", _with_parts(Milestone.objects.order_by("position", "pk")), to_attr="steps"),
    )


def milestones_for(user: User) -> QuerySet[Milestone]:
    """Milestones of the orders that the person sees, the next due first."""
    return _with_parts(Milestone.objects.visible_to(user)).order_by("due_at", "pk")


def _with_parts(milestones: QuerySet[Milestone]) -> QuerySet[Milestone]:
    own = [field.name for field in Milestone._meta.concrete_fields]
    return (
        milestones.select_related("order", "shipment", "assignee", "calendar")
        .only(
            *own,
            *("order__number", "order__team_id", "order__status", "shipment__number", "calendar__code"),
            *("assignee__username", "assignee__name"),
        )
        .prefetch_related(
            Prefetch("pauses", ClockPause.objects.select_related("by").order_by("from_at", "pk")),
            "delay_reason",
            *_named(["closed_by"]),
        )
    )


def shipments_for(user: User) -> QuerySet[Shipment]:
    """Shipments by ETD. A person who sees only part of a shipment's orders sees only the lines of these."""
    seen = ShipmentLine.objects.filter(order_line__order__in=Order.objects.visible_to(user))
    lines = seen.select_related("order_line__order").order_by("pk")
    return (
        Shipment.objects.visible_to(user)
        .select_related("team", "owner", "forwarder")
        .prefetch_related(Prefetch("lines", lines, to_attr="seen_lines"))
        .order_by("etd", "pk")
    )


def documents_for(user: User) -> QuerySet[OrderDocument]:
    """Documents of the orders that the person sees, newest first."""
    return (
        OrderDocument.objects.visible_to(user)
        .select_related("order", "milestone", "uploaded_by", "decided_by")
        .order_by("-uploaded_at", "-pk")
    )
