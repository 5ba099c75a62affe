"""Operations on shipments: the moves of cargo, for many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from orders.models import ActItem, Milestone, Shipment, ShipmentLine
from orders.services import shipments as services
from orders.services.acts.operation import Operation, refuse_if_changed
from teams.access import require
from teams.models import User
from teams.permissions import Permission

Undo = tuple[dict[str, Any], dict[str, Any]]


class MoveShipments(Operation):
    """`at`: when it truly happened, empty for now. Taken back while the cargo has not moved on."""

    permission = Permission.SHIPMENT_MOVE

    def __init__(self, to: str) -> None:
        self.code = f"ship-{to}"
        self.to = to

    def targets(self, user: User) -> QuerySet[Shipment]:
        return Shipment.objects.visible_to(user)

    def orders_of(self, targets: Iterable[Shipment]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        aboard = ShipmentLine.objects.filter(shipment__in=list(targets)).order_by("shipment_id", "order_line__order_id")
        for shipment_id, order_id in aboard.values_list("shipment_id", "order_line__order_id").distinct():
            found[shipment_id].append(order_id)
        return found

    def label(self, target: Shipment) -> str:
        return target.number

    def team_of(self, target_id: int) -> int | None:
        return Shipment.objects.filter(pk=target_id).values_list("team_id", flat=True).first()

    def allow(self, user: User, target: Shipment) -> None:
        require(user, self.permission, team_id=target.team_id)

    def do(self, target: Shipment, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        open_before = _open_steps(target.pk)
        etd = target.etd_original
        services.move_shipment(shipment_id=target.pk, to=self.to, at=values.get("at"), by=by, now=now)
        closed = sorted(open_before - _open_steps(target.pk))
        return {"has_first_etd": etd is not None}, {"steps": closed}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        shipment = Shipment.objects.get(pk=item.target_id)
        refuse_if_changed(shipment.status != self.to)
        services.take_back_move(shipment_id=shipment.pk, step_ids=item.after["steps"], by=by, now=now)
        if not item.before["has_first_etd"]:
            Shipment.objects.filter(pk=shipment.pk).update(etd_original=None)


def _open_steps(shipment_id: int) -> set[int]:
    """The open steps of the orders aboard."""
    aboard = ShipmentLine.objects.filter(shipment=shipment_id).values("order_line__order")
    return set(Milestone.objects.open().filter(order__in=aboard).values_list("pk", flat=True))
