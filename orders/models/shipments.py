"""Shipments: cargo that travels together, with its cut-offs and true instants."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.contrib.postgres.aggregates import BoolAnd
from django.db import models
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models.companies import CODE_VALIDATOR
from orders.cutoffs import CUTOFFS
from orders.models.milestones import Milestone, MilestoneQuerySet
from orders.models.orders import Order, OrderLine
from orders.words import Mode
from orders.workflow import BEFORE_DEPARTURE, OPEN_MILESTONE, ShipmentStatus
from teams.models.changes import Versioned

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
        own = Q(owner__in=[user.pk, *access.principal_ids]) | carries_own
        return self.filter(Q(team__in=access.team_scope_ids) | Q(team__in=access.own_scope_ids) & own)

    def moving(self) -> Self:
        """Neither delivered nor cancelled."""
        return self.exclude(status__in=[ShipmentStatus.DELIVERED, ShipmentStatus.CANCELLED])

    def search(self, text: str, user: "User") -> Self:
        """Number, booking, B/L, container, vessel or forwarder contains `text`, or an order on board that they see."""
        own = ("number", "booking_no", "bl_no", "container_no", "vessel", "forwarder__name")
        found = Q(*((f"{name}__icontains", text) for name in own), _connector=Q.OR)
        aboard = ShipmentLine.objects.filter(order_line__order__in=Order.objects.visible_to(user).search(text))
        return self.filter(found | Q(pk__in=aboard.values("shipment")))

    def with_cutoffs(self) -> Self:
        """Annotate for each cut-off whether it is met: the cargo has departed, or the step that proves it is closed.

        An order's step speaks for a shipment only if all of the order travels in it: with two shipments nobody knows
        which of them the step was about, and a false alarm costs less than a missed cut-off.
        """
        if CUTOFFS[0].met in self.query.annotations:
            return self
        return self.annotate(
            **{
                cutoff.met: Case(
                    When(~Q(status__in=BEFORE_DEPARTURE), then=Value(True)),
                    default=Coalesce(Subquery(_are_closed(_proofs(cutoff.steps))), Value(False)),
                )
                for cutoff in CUTOFFS
            }
        )

    def cutoff_missed(self, at: datetime) -> Self:
        """A cut-off has passed at the instant `at` and is not met."""
        return self.with_cutoffs().filter(_cutoff_missed(at))

    def by_urgency(self, at: datetime, today: date) -> Self:
        """The board's order, with `urgency` and `board_date` annotated.

        A missed cut-off first, then those that should have departed before `today`, those to come by ETD, those
        without ETD, and those on their way by ETA.
        """
        waiting = Q(status__in=BEFORE_DEPARTURE)
        return (
            self.with_cutoffs()
            .annotate(
                urgency=Case(
                    When(_cutoff_missed(at), then=Value(Urgency.CUTOFF)),
                    When(waiting & Q(etd__lt=today), then=Value(Urgency.LATE)),
                    When(waiting & Q(etd__isnull=False), then=Value(Urgency.COMING)),
                    When(waiting, then=Value(Urgency.UNDATED)),
                    When(status__in=[ShipmentStatus.DEPARTED, ShipmentStatus.ARRIVED], then=Value(Urgency.UNDER_WAY)),
                    default=Value(Urgency.FINISHED),
                    output_field=IntegerField(),
                ),
                board_date=Case(When(urgency=Urgency.UNDER_WAY, then=F("eta")), default=F("etd")),
            )
            .order_by("urgency", "board_date", "pk")
        )


class Urgency(models.IntegerChoices):
    """What a shipment calls for on the board, most urgent first."""

    CUTOFF = 0, pgettext_lazy("shipments", "Cut-off passed")
    LATE = 1, pgettext_lazy("shipments", "ETD passed, not departed")
    COMING = 2, pgettext_lazy("shipments", "To depart")
    UNDATED = 3, pgettext_lazy("shipments", "ETD not known")
    UNDER_WAY = 4, pgettext_lazy("shipments", "On the way")
    FINISHED = 5, pgettext_lazy("shipments", "Finished")


def _cutoff_missed(at: datetime) -> Q:
    """On the annotations of `with_cutoffs`; departed cargo has met them all."""
    return Q(*(Q((f"{cutoff.field}__lt", at), (cutoff.met, False)) for cutoff in CUTOFFS), _connector=Q.OR)


def _are_closed(milestones: MilestoneQuerySet) -> Any:
    """One row, whether every milestone is closed; null without any."""
    are_closed = BoolAnd(~Q(status__in=OPEN_MILESTONE))
    return milestones.order_by().values(one=Value(1)).annotate(are_closed=are_closed).values("are_closed")


def _proofs(steps: tuple[str, ...]) -> MilestoneQuerySet:
    """Milestones `steps` that speak for the shipment of the outer query."""
    aboard = ShipmentLine.objects.filter(shipment=OuterRef(OuterRef("pk")))
    elsewhere = (
        ShipmentLine.objects.filter(order_line__order=OuterRef("order"))
        .exclude(shipment=OuterRef(OuterRef("pk")))
        .exclude(shipment__status=ShipmentStatus.CANCELLED)
    )
    speaks = Q(shipment=OuterRef("pk")) | Q(shipment=None) & ~Exists(elsewhere)
    return Milestone.objects.filter(speaks, order__in=aboard.values("order_line__order"), code__in=steps)


class Shipment(Versioned):
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
    # The first one known, frozen: on-time shipment is judged by it (K03).
    etd_original = models.DateField(_("first ETD"), null=True, blank=True, editable=False)
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
            # K03: attributed by the first ETD.
            models.Index(fields=["etd_original"], name="shipment_etd_original"),
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
    # How it is packed, for the packing list; empty where nobody has said it yet.
    packages = models.PositiveIntegerField(_("packages"), null=True, blank=True)
    net_weight_kg = models.DecimalField(_("net weight, kg"), max_digits=12, decimal_places=3, null=True, blank=True)
    gross_weight_kg = models.DecimalField(_("gross weight, kg"), max_digits=12, decimal_places=3, null=True, blank=True)
    volume_m3 = models.DecimalField(_("volume, m³"), max_digits=12, decimal_places=3, null=True, blank=True)

    class Meta:
        verbose_name = _("shipment line")
        verbose_name_plural = _("shipment lines")
        constraints = [
            models.UniqueConstraint(fields=["shipment", "order_line"], name="shipmentline_once"),
            models.CheckConstraint(name="shipmentline_quantity_positive", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.shipment_id}: {self.order_line_id} × {self.quantity}"
