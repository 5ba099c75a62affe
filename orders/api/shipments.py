"""`shipments/`: plan, edit, and the moves of the cargo."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api import bodies, rows
from orders.api.filters import ShipmentFilter
from orders.models import OrderLine, Shipment, ShipmentLine
from orders.services import shipments as services
from orders.workflow import ShipmentStatus
from teams.access import require
from teams.api.serializers import RowAnswer, refuse_unknown
from teams.api.teams import default_team
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.errors import NotPermitted
from teams.permissions import Permission


class ShipmentLineAnswer(RowAnswer):
    """How much of an order line travels."""

    order = serializers.CharField(source="order_line.order.number", read_only=True)
    position = serializers.IntegerField(source="order_line.position", read_only=True)
    product_code = serializers.CharField(source="order_line.product_code", read_only=True)

    class Meta:
        model = ShipmentLine
        fields = read_only_fields = ("order_line", "order", "position", "product_code", "quantity")


class ShipmentAnswer(RowAnswer):
    """A shipment; `lines` are those of orders that the reader may see."""

    money_fields = ("freight_cost", "freight_currency")

    team_code = serializers.CharField(source="team.code", read_only=True)
    owner_name = serializers.CharField(source="owner.name", read_only=True, default=None)
    forwarder_code = serializers.CharField(source="forwarder.code", read_only=True, default=None)
    forwarder_name = serializers.CharField(source="forwarder.name", read_only=True, default=None)
    lines = ShipmentLineAnswer(source="seen_lines", many=True, read_only=True)

    class Meta:
        model = Shipment
        fields = read_only_fields = (
            *("id", "number", "team", "team_code", "owner", "owner_name", "forwarder", "forwarder_code"),
            *("forwarder_name", "status", "mode", "vessel", "voyage", "origin", "destination", "booking_no"),
            *("bl_no", "bl_release_mode", "container_no", "seal_no", "si_cutoff_at", "vgm_cutoff_at"),
            *("cy_cutoff_at", "customs_cutoff_at", "etd", "etd_original", "eta", "booked_at", "loaded_at"),
            *("atd", "ata", "delivered_at", "recorded_at", "weight_kg", "freight_cost", "freight_currency"),
            *("note", "lines", "version"),
        )


class ShipmentView(ListMixin, RetrieveMixin, RowsView):
    """Shipments that the reader may see, by id or number. What has a history is cancelled, never deleted."""

    queryset = Shipment.objects.none()
    serializer_class = ShipmentAnswer
    filterset_class = ShipmentFilter
    http_method_names = ["get", "post", "patch", "head"]
    key_field = "number"

    def get_queryset(self) -> QuerySet[Shipment]:
        return rows.shipments_for(self.user)

    @extend_schema(request=bodies.ShipmentBody, responses={201: ShipmentAnswer})
    def create(self, request: Request) -> Response:
        if not self.user.access.allows_somewhere(Permission.SHIPMENT_EDIT):
            raise NotPermitted(_("Your role may not do this."))
        values = self.read_body(bodies.ShipmentBody)
        quantities = _quantities(values.pop("lines"))
        if "team" not in values:
            values["team"] = _team_of(quantities) or default_team(self.user, Permission.SHIPMENT_EDIT)
        team = values["team"]
        require(self.user, Permission.SHIPMENT_EDIT, team_id=team.pk)
        if not self.user.access.sees_money(team.pk):
            refuse_unknown(name for name in bodies.ShipmentBody.money_fields if name in values)
        lines = {line.pk: quantity for line, quantity in quantities.items()}
        return self.show(services.create_shipment(values=values, lines=lines, by=self.user, now=self.now), status=201)

    @extend_schema(request=bodies.ShipmentPatch, responses=ShipmentAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        shipment = self._shipment(Permission.SHIPMENT_EDIT)
        sees_money = self.user.access.sees_money(shipment.team_id)
        values = self.read_body(bodies.ShipmentPatch, partial=True, sees_money=sees_money)
        seen, sent = values.pop("version", None), values.pop("lines", None)
        lines = None if sent is None else self._merged(shipment, _quantities(sent))
        services.edit_shipment(
            shipment_id=shipment.pk, values=values, lines=lines, seen_version=seen, by=self.user, now=self.now
        )
        return self.show(shipment)

    @extend_schema(request=bodies.CargoMoveBody, responses=ShipmentAnswer)
    @action(detail=True, methods=["post"])
    def book(self, request: Request, pk: str) -> Response:
        return self._move(ShipmentStatus.BOOKED)

    @extend_schema(request=bodies.CargoMoveBody, responses=ShipmentAnswer)
    @action(detail=True, methods=["post"])
    def load(self, request: Request, pk: str) -> Response:
        return self._move(ShipmentStatus.LOADED)

    @extend_schema(request=bodies.CargoMoveBody, responses=ShipmentAnswer)
    @action(detail=True, methods=["post"])
    def depart(self, request: Request, pk: str) -> Response:
        return self._move(ShipmentStatus.DEPARTED)

    @extend_schema(request=bodies.CargoMoveBody, responses=ShipmentAnswer)
    @action(detail=True, methods=["post"])
    def arrive(self, request: Request, pk: str) -> Response:
        return self._move(ShipmentStatus.ARRIVED)

    @extend_schema(request=bodies.CargoMoveBody, responses=ShipmentAnswer)
    @action(detail=True, methods=["post"])
    def deliver(self, request: Request, pk: str) -> Response:
        return self._move(ShipmentStatus.DELIVERED)

    @extend_schema(request=bodies.ReasonBody, responses=ShipmentAnswer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        shipment = self._shipment(Permission.SHIPMENT_MOVE)
        body = self.read_body(bodies.ReasonBody)
        return self.show(services.cancel_shipment(shipment_id=shipment.pk, by=self.user, now=self.now, **body))

    def _move(self, to: str) -> Response:
        shipment = self._shipment(Permission.SHIPMENT_MOVE)
        body = self.read_body(bodies.CargoMoveBody)
        return self.show(services.move_shipment(shipment_id=shipment.pk, to=to, by=self.user, now=self.now, **body))

    def _shipment(self, permission: Permission) -> Shipment:
        """The shipment of the address (else 404) on which the person holds `permission` (else 403)."""
        shipment = self.get_object()
        require(self.user, permission, team_id=shipment.team_id)
        return shipment

    def _merged(self, shipment: Shipment, sent: dict[OrderLine, Decimal]) -> dict[int, Decimal]:
        """The lines as sent, and those of orders that the writer does not see as they are."""
        seen = {line.pk for line in shipment.seen_lines}  # type: ignore[attr-defined]  # read by shipments_for
        kept = shipment.lines.exclude(pk__in=seen).values_list("order_line_id", "quantity")
        return {**dict(kept), **{line.pk: quantity for line, quantity in sent.items()}}


def _quantities(sent: list[dict[str, Any]]) -> dict[OrderLine, Decimal]:
    quantities = {line["order_line"]: line["quantity"] for line in sent}
    if len(quantities) < len(sent):
        raise ValidationError({"lines": [_("A line stands twice.")]})
    return quantities


def _team_of(quantities: dict[OrderLine, Decimal]) -> Any:
    """The team of the goods; the service refuses goods of several teams."""
    return next((line.order.team for line in quantities), None)
