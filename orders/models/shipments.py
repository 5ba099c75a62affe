"""Shipments: cargo that travels together, with its cut-offs and true instants."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.companies import CODE_VALIDATOR
from orders.models.orders import Order, OrderLine
from orders.words import Mode
from orders.workflow import ShipmentStatus

if TYPE_CHECKING:
    from teams.models import User


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    def visible_to(self, user: "User") -> Self:
        """Shipments of the teams the person oversees, and those carrying goods of the person's own orders."""
        access = user.access
        if access.sees_all:
            return self
        if not access.team_ids:
            return self.none()
        carries_own = Exists(
            ShipmentLine.objects.filter(shipment=OuterRef("pk"), order_line__order__in=Order.objects.visible_to(user))
        )
        return self.filter(
            Q(team__in=access.team_scope_ids) | Q(team__in=access.own_scope_ids) & (Q(owner=user.pk) | carries_own)
        )

    def moving(self) -> Self:
        """Neither delivered nor cancelled."""
        return self.exclude(status__in=[ShipmentStatus.DELIVERED, ShipmentStatus.CANCELLED])


class Shipment(models.Model):
    """Goods of one or more orders that travel together.

    ETD and ETA are business dates, cut-offs and actual events instants. `status` changes only in orders.services.
    """

    class BlRelease(models.TextChoices):
        ORIGINAL = "original", pgettext_lazy("bill of lading", "Original B/L")
        TELEX = "telex", pgettext_lazy("bill of lading", "Telex release")
        SEAWAY = "seaway", pgettext_lazy("bill of lading", "Sea waybill")

    number = models.CharField(_("shipment number"), max_length=40, unique=True, validators=[CODE_VALIDATOR])
    team = models.ForeignKey("teams.Team", models.PROTECT, related_name="shipments", verbose_name=_("team"))
    owner = models.ForeignKey(
        "teams.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="shipments",
        verbose_name=_("logistics coordinator"),
    )
    forwarder = models.ForeignKey(
        "customers.Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="forwarded_shipments",
        verbose_name=_("forwarder"),
    )
    status = models.CharField(_("status"), max_length=10, choices=ShipmentStatus, default=ShipmentStatus.PLANNED)
    mode = models.CharField(_("mode"), max_length=12, choices=Mode, blank=True)
    vessel = models.CharField(_("vessel or flight"), max_length=80, blank=True)
    voyage = models.CharField(_("voyage"), max_length=40, blank=True)
    origin = models.CharField(_("from"), max_length=120, blank=True)
    destination = models.CharField(_("to"), max_length=120, blank=True)
    booking_no = models.CharField(_("booking number"), max_length=60, blank=True)
    bl_no = models.CharField(_("B/L number"), max_length=60, blank=True)
    bl_release_mode = models.CharField(_("B/L release"), max_length=10, choices=BlRelease, blank=True)
    container_no = models.CharField(_("container"), max_length=60, blank=True)
    seal_no = models.CharField(_("seal"), max_length=60, blank=True)
    si_cutoff_at = models.DateTimeField(_("SI cut-off"), null=True, blank=True)
    vgm_cutoff_at = models.DateTimeField(_("VGM cut-off"), null=True, blank=True)
    cy_cutoff_at = models.DateTimeField(_("CY cut-off"), null=True, blank=True)
    customs_cutoff_at = models.DateTimeField(_("customs cut-off"), null=True, blank=True)
    etd = models.DateField(_("ETD"), null=True, blank=True)
    etd_original = models.DateField(_("first ETD"), null=True, blank=True, editable=False)  # frozen at booking (K03)
    eta = models.DateField(_("ETA"), null=True, blank=True)
    booked_at = models.DateTimeField(_("booked"), null=True, blank=True)
    loaded_at = models.DateTimeField(_("loaded"), null=True, blank=True)
    atd = models.DateTimeField(_("departed"), null=True, blank=True)
    ata = models.DateTimeField(_("arrived"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("last move recorded"), null=True, blank=True)
    weight_kg = models.DecimalField(_("weight, kg"), max_digits=12, decimal_places=3, null=True, blank=True)
    freight_cost = models.DecimalField(_("freight"), max_digits=14, decimal_places=2, null=True, blank=True)
    freight_currency = models.CharField(_("freight currency"), max_length=3, blank=True)
    note = models.TextField(_("note"), blank=True, max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        constraints = [
            models.CheckConstraint(name="shipment_status_known", condition=Q(status__in=ShipmentStatus.values)),
            models.CheckConstraint(
                name="shipment_delivered_at_follows_status",
                condition=Q(status="delivered", delivered_at__isnull=False)
                | ~Q(status="delivered") & Q(delivered_at=None),
            ),
        ]
        indexes = [
            # The shipment list by ETD.
            models.Index(fields=["etd", "id"], name="shipment_etd"),
            models.Index(fields=["team", "etd", "id"], name="shipment_team_etd"),
        ]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    """How much of an order line travels with a shipment."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines", verbose_name=_("shipment"))
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="shipment_lines", verbose_name=_("order line")
    )
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)

    class Meta:
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        constraints = [
            models.UniqueConstraint(fields=["shipment", "order_line"], name="shipmentline_once"),
            models.CheckConstraint(name="shipmentline_quantity_positive", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.shipment_id}: {self.order_line_id} × {self.quantity}"
