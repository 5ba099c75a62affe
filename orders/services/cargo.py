"""Cargo given another shape: a shipment split in two, several merged into one, how it is packed, photos of loading."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.models import DocumentKind, Milestone, Order, OrderDocument, Shipment, ShipmentLine
from orders.models.events import EventKind
from orders.services import flow
from orders.services import shipments as services
from orders.services.documents import add_document
from orders.workflow import SHIPMENT_MOVES, ShipmentStatus
from teams.errors import InvalidInput
from teams.models import User

# What may still be loaded otherwise.
RESHAPABLE = frozenset({ShipmentStatus.PLANNED, ShipmentStatus.BOOKED})
PACKING_FIELDS = ("packages", "net_weight_kg", "gross_weight_kg", "volume_m3")
# Whatever the part of the cargo that goes another way keeps of its shipment.
_KEPT_FIELDS = ("team", "owner", "mode", "forwarder", "origin", "destination")


class CannotReshape(InvalidInput):
    """These shipments cannot be split or merged so."""

    code = "cannot_reshape"


@transaction.atomic
def split_shipment(*, shipment_id: int, number: str, lines: Mapping[int, Decimal], by: User, now: datetime) -> Shipment:
    """Take `lines` (order line id to quantity) out into a new shipment `number`, which is planned for itself.

    Raises:
        CannotReshape: nothing would go, or nothing stay, or more than there is.
        TransitionNotAllowed: the cargo is loaded.
        DomainError: the number exists.
    """
    shipment = _lock_all([shipment_id])[0]
    aboard = dict(ShipmentLine.objects.filter(shipment=shipment).values_list("order_line_id", "quantity"))
    taken = {pk: quantity for pk, quantity in lines.items() if quantity}
    faults = {
        f"lines.{pk}.quantity": _("At most %(count)s are aboard.") % {"count": f"{aboard[pk].normalize():f}"}
        for pk, quantity in taken.items()
        if pk in aboard and quantity > aboard[pk]
    }
    if faults or not taken.keys() <= aboard.keys():
        raise CannotReshape(_("More would be taken out than is aboard."), fields=faults)
    rest = {pk: left for pk, quantity in aboard.items() if (left := quantity - taken.get(pk, Decimal(0))) > 0}
    if not taken or not rest:
        raise CannotReshape(_("Say what travels apart; something has to stay in each of both."))
    services.edit_shipment(shipment_id=shipment.pk, values={}, lines=rest, seen_version=None, by=by, now=now)
    values: dict[str, Any] = {name: getattr(shipment, name) for name in _KEPT_FIELDS}
    return services.create_shipment(values={**values, "number": number}, lines=taken, by=by, now=now)


@transaction.atomic
def merge_shipments(*, into_id: int, from_ids: Sequence[int], by: User, now: datetime) -> Shipment:
    """Let the cargo of `from_ids` travel in the shipment `into_id`; those are cancelled.

    Raises:
        CannotReshape: none to merge, or they belong to different teams.
        TransitionNotAllowed: one is loaded already.
    """
    others = [pk for pk in dict.fromkeys(from_ids) if pk != into_id]
    if not others:
        raise CannotReshape(_("Choose the shipments that travel along."))
    into, *rest = _lock_all([into_id, *others])
    if {shipment.team_id for shipment in rest} != {into.team_id}:
        raise CannotReshape(_("Shipments of different teams cannot travel as one."))
    lines = dict(ShipmentLine.objects.filter(shipment=into).values_list("order_line_id", "quantity"))
    for pk, quantity in ShipmentLine.objects.filter(shipment__in=rest).values_list("order_line_id", "quantity"):
        lines[pk] = lines.get(pk, Decimal(0)) + quantity
    reason = _("Travels with %(number)s") % {"number": into.number}
    for shipment in rest:
        services.cancel_shipment(shipment_id=shipment.pk, reason=reason, by=by, now=now)
    return services.edit_shipment(shipment_id=into.pk, values={}, lines=lines, seen_version=None, by=by, now=now)


def _lock_all(ids: Sequence[int]) -> list[Shipment]:
    """The shipments in the order of `ids`, with all orders aboard locked first and by id (C30).

    Raises:
        TransitionNotAllowed: one is loaded already.
    """
    aboard = ShipmentLine.objects.filter(shipment__in=ids).values_list("order_line__order_id", flat=True)
    for order_id in sorted(set(aboard)):
        flow.lock_order(order_id)
    found = {s.pk: s for s in Shipment.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
    for shipment in found.values():
        if shipment.status not in RESHAPABLE:
            workflow.check_transition(
                SHIPMENT_MOVES | {shipment.status: frozenset()},
                shipment.status,
                ShipmentStatus.PLANNED,
                labels=ShipmentStatus,
            )
    return [found[pk] for pk in ids]


@transaction.atomic
def set_packing(*, shipment_id: int, packing: Mapping[int, Mapping[str, Any]], by: User, now: datetime) -> Shipment:
    """Write how the goods are packed: shipment line id to packages, net and gross kg and m³, None for unknown.

    Raises:
        CannotReshape: a line weighs less with its packing than without.
    """
    shipment = Shipment.objects.select_for_update(no_key=True).get(pk=shipment_id)
    rows = {line.pk: line for line in shipment.lines.select_related("order_line__order")}
    touched: set[int] = set()
    for pk, values in packing.items():
        line = rows.get(pk)
        if line is None:
            continue
        net, gross = values.get("net_weight_kg"), values.get("gross_weight_kg")
        if net is not None and gross is not None and gross < net:
            message = _("The gross weight is at least the net weight.")
            raise CannotReshape(message, fields={f"gross_weight_kg-{pk}": message})
        changed = [name for name in PACKING_FIELDS if name in values and getattr(line, name) != values[name]]
        for name in changed:
            setattr(line, name, values[name])
        if changed:
            line.save(update_fields=changed)
            touched.add(line.order_line.order_id)
    for order in Order.objects.filter(pk__in=touched).order_by("pk"):
        flow.record(order, EventKind.EDITED, by=by, now=now, shipment=shipment, data={"packing": True})
    return shipment


@transaction.atomic
def add_loading_photos(
    *, shipment_id: int, uploads: Iterable[UploadedFile], order_ids: Sequence[int], by: User, now: datetime
) -> list[OrderDocument]:
    """Keep photos of the loading with each of the orders aboard, as evidence of its loading.

    Raises:
        FileRefused: one is no picture, empty or too large; none is kept then.
    """
    documents: list[OrderDocument] = []
    aboard = set(ShipmentLine.objects.filter(shipment=shipment_id).values_list("order_line__order_id", flat=True))
    photos = list(uploads)
    for order_id in sorted(aboard & set(order_ids)):
        step = Milestone.objects.open().filter(order=order_id, code="LOADED", shipment__in=[shipment_id]).first()
        step = step or Milestone.objects.open().filter(order=order_id, code="LOADED", shipment=None).first()
        for photo in photos:
            photo.seek(0)
            documents.append(
                add_document(
                    order_id=order_id, kind=DocumentKind.LOAD_PHOTO, upload=photo, by=by, now=now, milestone=step
                )
            )
    return documents
