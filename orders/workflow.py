"""Statuses and the moves between them. Pure: no queries, no clock. Nothing else decides what may follow what."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from orders.words import Incoterm
from teams.errors import DomainError


class OrderStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("order status", "Draft")
    CONFIRMED = "confirmed", pgettext_lazy("order status", "Confirmed")
    ON_HOLD = "on_hold", pgettext_lazy("order status", "On hold")
    SHIPPED = "shipped", pgettext_lazy("order status", "Shipped")
    DELIVERED = "delivered", pgettext_lazy("order status", "Delivered")
    CLOSED = "closed", pgettext_lazy("order status", "Closed")
    CANCELLED = "cancelled", pgettext_lazy("order status", "Cancelled")


class MilestoneStatus(models.TextChoices):
    PENDING = "pending", pgettext_lazy("milestone status", "Not started")
    ACTIVE = "active", pgettext_lazy("milestone status", "In progress")
    DONE = "done", pgettext_lazy("milestone status", "Done")
    SKIPPED = "skipped", pgettext_lazy("milestone status", "Skipped")
    CANCELLED = "cancelled", pgettext_lazy("milestone status", "Cancelled")


class ShipmentStatus(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("shipment status", "Planned")
    BOOKED = "booked", pgettext_lazy("shipment status", "Booked")
    LOADED = "loaded", pgettext_lazy("shipment status", "Loaded")
    DEPARTED = "departed", pgettext_lazy("shipment status", "Departed")
    ARRIVED = "arrived", pgettext_lazy("shipment status", "Arrived")
    DELIVERED = "delivered", pgettext_lazy("shipment status", "Delivered")
    CANCELLED = "cancelled", pgettext_lazy("shipment status", "Cancelled")


O, M, S = OrderStatus, MilestoneStatus, ShipmentStatus  # noqa: E741  read the tables below as tables

# Shipped and delivered follow from the shipments (orders.fulfilment), so people never choose them;
# they stand here because a correction of a shipment may also lead back.
ORDER_MOVES: dict[str, frozenset[str]] = {
    O.DRAFT: frozenset({O.CONFIRMED, O.CANCELLED}),
    O.CONFIRMED: frozenset({O.ON_HOLD, O.SHIPPED, O.DELIVERED, O.CANCELLED}),
    O.ON_HOLD: frozenset({O.CONFIRMED, O.SHIPPED, O.DELIVERED, O.CANCELLED}),
    O.SHIPPED: frozenset({O.CONFIRMED, O.ON_HOLD, O.DELIVERED}),
    O.DELIVERED: frozenset({O.CONFIRMED, O.SHIPPED, O.CLOSED}),
    O.CLOSED: frozenset(),
    O.CANCELLED: frozenset(),
}
# Inquiries and claims have no goods to deliver.
MOVES_WITHOUT_CARGO = {**ORDER_MOVES, O.CONFIRMED: ORDER_MOVES[O.CONFIRMED] | {O.CLOSED}}
MILESTONE_MOVES: dict[str, frozenset[str]] = {
    M.PENDING: frozenset({M.ACTIVE, M.DONE, M.SKIPPED, M.CANCELLED}),
    M.ACTIVE: frozenset({M.PENDING, M.DONE, M.SKIPPED, M.CANCELLED}),
    M.DONE: frozenset({M.ACTIVE, M.PENDING}),  # reopen
    M.SKIPPED: frozenset({M.ACTIVE, M.PENDING}),  # reopen
    M.CANCELLED: frozenset(),
}
SHIPMENT_MOVES: dict[str, frozenset[str]] = {
    S.PLANNED: frozenset({S.BOOKED, S.CANCELLED}),
    S.BOOKED: frozenset({S.LOADED, S.CANCELLED}),
    S.LOADED: frozenset({S.DEPARTED}),
    S.DEPARTED: frozenset({S.ARRIVED}),
    S.ARRIVED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset(),
    S.CANCELLED: frozenset(),
}

OPEN_MILESTONE = (M.PENDING, M.ACTIVE)
CLOSED_MILESTONE = (M.DONE, M.SKIPPED, M.CANCELLED)
RUNNING_ORDER = (O.CONFIRMED, O.SHIPPED, O.DELIVERED)  # its milestones' clocks run
OPEN_ORDER = (O.DRAFT, O.CONFIRMED, O.ON_HOLD, O.SHIPPED, O.DELIVERED)
CONFIRMED_ORDER = (O.CONFIRMED, O.ON_HOLD, O.SHIPPED, O.DELIVERED, O.CLOSED)
BEFORE_DEPARTURE = (S.PLANNED, S.BOOKED, S.LOADED)  # a shipment's cut-offs still matter

# The field of a shipment that each move stamps, in the order in which cargo travels.
SHIPMENT_INSTANTS: dict[str, str] = {
    S.BOOKED: "booked_at",
    S.LOADED: "loaded_at",
    S.DEPARTED: "atd",
    S.ARRIVED: "ata",
    S.DELIVERED: "delivered_at",
}

# Incoterms 2020: the move of the cargo with which the seller has delivered (glossary A2). Goods at the disposal of
# the buyer or of the first carrier are loaded; alongside and on board are proved by the departure.
DELIVERY_MOVE: dict[str, str] = {
    Incoterm.EXW: S.LOADED,
    Incoterm.FCA: S.LOADED,
    Incoterm.CPT: S.LOADED,
    Incoterm.CIP: S.LOADED,
    Incoterm.FAS: S.DEPARTED,
    Incoterm.FOB: S.DEPARTED,
    Incoterm.CFR: S.DEPARTED,
    Incoterm.CIF: S.DEPARTED,
    Incoterm.DAP: S.DELIVERED,
    Incoterm.DPU: S.DELIVERED,
    Incoterm.DDP: S.DELIVERED,
    Incoterm.DDU: S.DELIVERED,
    Incoterm.DOM: S.DELIVERED,
}


class TransitionNotAllowed(DomainError):
    """The status has moved on, or the move skips a step."""

    code = "transition_not_allowed"


def check_transition(
    moves: Mapping[str, frozenset[str]], old: str, new: str, *, labels: type[models.TextChoices]
) -> None:
    """Refuse a move that the table does not hold.

    Raises:
        TransitionNotAllowed: naming both statuses in the reader's language.
    """
    if new not in moves[old]:
        raise TransitionNotAllowed(
            _("This is not possible: it is “%(old)s” and cannot become “%(new)s”.")
            % {"old": labels(old).label, "new": labels(new).label},
            fields={"status": _("The status is %(old)s.") % {"old": labels(old).label}},
        )


def delivery_move(incoterm: str) -> str:
    """The shipment status that delivers under `incoterm`; without one, arrival at the customer."""
    return DELIVERY_MOVE.get(incoterm, ShipmentStatus.DELIVERED)
