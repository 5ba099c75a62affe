"""The order list in groups: one counting query; a group's rows are the list with one more filter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from orders.filters import template_choices
from orders.models import Milestone
from orders.words import Side, Stage
from orders.workflow import OrderStatus

MOST = 100
GROUPS: dict[str, Any] = {
    "status": _("status"),
    "customer": _("customer"),
    "clerk": _("clerk"),
    "team": _("team"),
    "template": _("process template"),
    "stage": _("stage"),
    "waiting_on": _("waiting on"),
}
# By the steps of the orders; an order with steps in two stages is in both groups, as the filters have it.
BY_STEP = {"stage", "waiting_on"}


@dataclass(frozen=True)
class Group:
    """`key` is what the filter of the same name takes; empty where there is nothing to ask for."""

    key: str
    label: str
    count: int
    late: int


def groups_of(orders: QuerySet, by: str, now: datetime) -> list[Group]:
    """The groups of a filtered list, at most `MOST`, in the order people expect of them."""
    late = Milestone.objects.overdue(now).values("order")
    return _by_step(orders, by, late) if by in BY_STEP else _by_field(orders, by, late)


_FIELDS = {
    "status": ("status", "status"),
    "customer": ("customer__code", "customer__name"),
    "clerk": ("clerk__username", "clerk__name"),
    "team": ("team__code", "team__name"),
    "template": ("template__code", "template__code"),
}


def _by_field(orders: QuerySet, by: str, late_orders: QuerySet) -> list[Group]:
    key, name = _FIELDS[by]
    late = Count("pk", filter=Q(pk__in=late_orders))
    rows = orders.order_by().values(key=F(key), name=F(name)).annotate(count=Count("pk"), late=late)
    named = _names(by)
    groups = [
        Group(str(row["key"] or ""), named(row["name"] or row["key"] or ""), row["count"], row["late"])
        for row in rows.order_by("-count", "key")[:MOST]
    ]
    if by == "status":
        places = {status: at for at, status in enumerate(OrderStatus.values)}
        groups.sort(key=lambda group: places.get(group.key, 99))
    return groups


def _by_step(orders: QuerySet, by: str, late_orders: QuerySet) -> list[Group]:
    steps = Milestone.objects.active() if by == "stage" else Milestone.objects.open()
    steps = steps.filter(order__in=orders.order_by().values("pk")).exclude(**{by: ""})
    late = Count("order", distinct=True, filter=Q(order__in=late_orders))
    counted = steps.order_by().values_list(by).annotate(count=Count("order", distinct=True), late=late)
    words = Stage if by == "stage" else Side
    found = {key: (count, late) for key, count, late in counted}
    return [Group(word.value, str(word.label), *found[word.value]) for word in words if word.value in found]


def _names(by: str) -> Callable[[str], str]:
    nothing = pgettext("group", "none")
    words: dict[str, Any] = {}
    if by == "status":
        words = dict(OrderStatus.choices)
    elif by == "template":
        words = dict(template_choices())
    return lambda value: str(words.get(value, value)) or nothing
