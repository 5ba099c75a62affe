"""What a figure counts: orders, steps, shipments, checks or reminders, and the way from a row to each dimension."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Subject:
    """`order` is the lookup prefix that leads to a row's order, None where a row has no one order.

    `paths` are lookups of dimensions that differ from the order's own; empty: this subject cannot be split by it.
    `joined` are what a listed row shows of others.
    """

    code: str  # as the API's `of` says it
    name: Promise
    counted: Promise
    order: str | None
    paths: Mapping[str, str] = field(default_factory=dict)
    joined: tuple[str, ...] = ()

    def path(self, dimension: str, order_path: str) -> str:
        """The lookup of a dimension; empty where it makes no sense."""
        if dimension in self.paths:
            return self.paths[dimension]
        return f"{self.order}{order_path}" if order_path and self.order is not None else ""


# The annotation `OrderQuerySet.with_cause` gives an order; its field for steps is `delay_reason`.
CAUSE = "cause"

ORDERS = Subject(
    "orders",
    pgettext_lazy("subject", "orders"),
    pgettext_lazy("subject", "orders counted"),
    order="",
    paths={"reason": CAUSE},
    joined=("customer", "team", "clerk"),
)
STEPS = Subject(
    "milestones",
    pgettext_lazy("subject", "steps"),
    pgettext_lazy("subject", "steps counted"),
    order="order__",
    paths={"assignee": "assignee", "role": "role", "stage": "stage", "reason": "delay_reason"},
    joined=("order__customer", "assignee"),
)
SHIPMENTS = Subject(
    "shipments",
    pgettext_lazy("subject", "shipments"),
    pgettext_lazy("subject", "shipments counted"),
    order=None,
    paths={"team": "team", "mode": "mode", "assignee": "owner", "forwarder": "forwarder"},
    joined=("team", "owner", "forwarder"),
)
CHECKS = Subject(
    "checks",
    pgettext_lazy("subject", "checks"),
    pgettext_lazy("subject", "checks counted"),
    order="order__",
    paths={"assignee": "by", "check": "kind"},
    joined=("order__customer", "by"),
)
REMINDERS = Subject(
    "reminders",
    pgettext_lazy("subject", "reminders"),
    pgettext_lazy("subject", "reminders counted"),
    order=None,
    paths={"assignee": "recipient"},
    joined=("recipient",),
)
COMPANIES = Subject(
    "customers",
    pgettext_lazy("subject", "customers"),
    pgettext_lazy("subject", "customers counted"),
    order=None,
    paths={"customer": "pk", "grade": "grade"},
)
SUBJECTS = (ORDERS, STEPS, SHIPMENTS, CHECKS, REMINDERS, COMPANIES)
