"""The rows that API answers are made of: what the reader may see, with all that an answer shows, in few queries."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from orders.models import ClockPause, Milestone, Order, OrderDocument, OrderLine, Shipment, ShipmentLine
from orders.workflow import MilestoneStatus
from teams.models import User

# Joined rows, by the few fields that an answer shows of them. People come by queries of their own: Postgres takes ten
# times as long to plan a statement of eight tables as one of five.
_NAMES = {
    "customer": ("code", "name"),
    "supplier": ("code", "name"),
    "team": ("code", "name"),
    "template": ("code", "version", "name_zh", "name_en"),
}
_PEOPLE = ("clerk", "sales_rep", "logistics_owner")


def orders_for(user: User, now: datetime) -> QuerySet[Order]:
    """Orders as the API lists them: newest first, with progress and the steps that are going on."""
    own = [field.name for field in Order._meta.concrete_fields if field.name != "search_text"]
    joined = [f"{relation}__{name}" for relation, names in _NAMES.items() for name in names]
    steps = Milestone.objects.filter(order=OuterRef("pk")).exclude(status=MilestoneStatus.CANCELLED).order_by()
    closed = Q(status__in=[MilestoneStatus.DONE, MilestoneStatus.SKIPPED])
    counts = steps.values("order").annotate(all=Count("pk"), closed=Count("pk", filter=closed))
    going_on = Milestone.objects.active().order_by("due_at", "position", "pk").select_related("assignee")
    return (
        Order.objects.visible_to(user)
        .select_related(*_NAMES)
        .only(*own, *joined)
        .annotate(
            step_count=Coalesce(Subquery(counts.values("all")), 0),
            closed_step_count=Coalesce(Subquery(counts.values("closed")), 0),
        )
        .with_lateness(now)
        .prefetch_related(Prefetch("milestones", going_on.only(*_STEP_FIELDS), to_attr="going_on"), *_named(_PEOPLE))
        .order_by("-ordered_at", "-pk")
    )


_STEP_FIELDS = (
    "order",
    "position",
    "code",
    "name_zh",
    "name_en",
    "due_at",
    "float_minutes",
    "waiting_on",
    "assignee__username",
    "assignee__name",
)


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
