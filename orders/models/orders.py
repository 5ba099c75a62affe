"""The order, its lines, and how their promises changed."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import StrIndex
from django.utils.translation import gettext_lazy as _

from customers.models.companies import CODE_VALIDATOR
from orders.models.templates import ProcessTemplate
from orders.words import Incoterm, Mode, PaymentTerms, Priority, Punctuality, Side
from orders.workflow import CONFIRMED_ORDER, OPEN_ORDER, RUNNING_ORDER, OrderStatus
from teams.models.changes import Versioned

if TYPE_CHECKING:
    from orders.models.milestones import MilestoneQuerySet
    from teams.models import User


def _milestones() -> "MilestoneQuerySet":
    """The milestones' queryset; by name, since milestones' module imports this one."""
    return apps.get_model("orders", "Milestone").objects.all()


class EndOfDay(Func):
    """The instant at which a date ends, 24:00 in `zone`; compare with `<`: 24:00 itself is the next day."""

    template = "((%(expressions)s + 1)::timestamp AT TIME ZONE %(zone)s)"
    output_field = models.DateTimeField()

    def __init__(self, expression: str, *, zone: str) -> None:
        super().__init__(expression)
        self.zone = zone

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra_context: Any) -> tuple[str, Any]:
        sql, params = super().as_sql(compiler, connection, *args, zone="%s", **extra_context)
        return sql, (*params, self.zone)


def doubled(text: Any) -> Func:
    """Each character twice: 海天 becomes 海海天天, so that two characters hold trigrams and have an index."""
    return Func(
        text, Value("(.)"), Value(r"\1\1"), Value("g"), function="regexp_replace", output_field=models.TextField()
    )


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user: "User") -> Self:
        """Orders of the teams the person oversees, and the person's own ones in other teams.

        Own: they are clerk, sales representative or logistics owner, or a milestone is assigned to them; or that holds
        for somebody on leave for whom they stand in.
        """
        access = user.access
        if access.sees_all:
            return self
        if not access.team_ids:
            return self.none()
        who = [user.pk, *sorted(access.principal_ids)]
        assigned = Exists(_milestones().filter(order=OuterRef("pk"), assignee__in=who))
        own = Q(clerk__in=who) | Q(sales_rep__in=who) | Q(logistics_owner__in=who) | Q(assigned)
        return self.filter(Q(team__in=access.team_scope_ids) | Q(team__in=access.own_scope_ids) & own)

    def open(self) -> Self:
        return self.filter(status__in=OPEN_ORDER)

    def overdue(self, at: datetime) -> Self:
        """Orders with at least one milestone overdue at the instant `at`."""
        return self.filter(Exists(_milestones().overdue(at).filter(order=OuterRef("pk"))))

    def at_risk(self, at: datetime, zone: str) -> Self:
        """Open orders not yet delivered, with a step overdue or the promise already broken at the instant `at`."""
        late_step = Exists(_milestones().overdue(at).filter(order=OuterRef("pk")))
        broken = Q(current_promised_date__isnull=False) & Q(promise_ends_at__lte=at)
        return self.alias(promise_ends_at=EndOfDay("current_promised_date", zone=zone)).filter(
            Q(late_step) | broken, status__in=OPEN_ORDER, delivered_at=None
        )

    def waiting_on(self, side: str) -> Self:
        """Orders with an open milestone that waits on `side`."""
        return self.filter(Exists(_milestones().open().filter(order=OuterRef("pk"), waiting_on=side)))

    def in_stage(self, stage: str) -> Self:
        """Orders with an active milestone of `stage`."""
        return self.filter(Exists(_milestones().active().filter(order=OuterRef("pk"), stage=stage)))

    def search(self, text: str) -> Self:
        """Number, customer PO, customer or product contains `text`; every word must be found somewhere.

        Trigrams serve words from three characters on; the doubled text serves two, a word in Chinese.
        """
        found = self
        for word in text.lower().split()[:5]:
            if len(word) > 2:
                found = found.filter(search_text__contains=word)
            else:
                # The plain look first: it is cheap where the list is walked instead of the index.
                found = found.alias(
                    search_place=StrIndex("search_text", Value(word)), search_doubled=doubled(F("search_text"))
                ).filter(search_place__gt=0, search_doubled__contains="".join(char * 2 for char in word))
        return found

    def with_cause(self) -> Self:
        """Make `cause` known to filters: the delay reason of the step that was latest of those that have one."""
        late = _milestones().filter(order=OuterRef("pk"), delay_reason__isnull=False)
        # An open one is later than any that is closed.
        latest = late.order_by((F("closed_at") - F("due_at")).desc(nulls_first=True), "pk")
        return self.alias(cause=Subquery(latest.values("delay_reason")[:1]))

    def eligible(self) -> Self:
        """Orders that count in KPIs: confirmed and real; a cancelled one only if it had been confirmed (R3)."""
        return self.filter(
            Q(status__in=CONFIRMED_ORDER) | Q(status=OrderStatus.CANCELLED, confirmed_at__isnull=False), is_test=False
        )

    def of_goods(self) -> Self:
        """Orders that end in a delivery; an inquiry or a claim delivers nothing, so it is neither on time nor late."""
        others = ProcessTemplate.objects.exclude(kind=ProcessTemplate.Kind.ORDER)
        return self.exclude(template__in=others.values("pk"))

    def under_way(self, at: datetime) -> Self:
        """Ordered by the instant `at`, and by then neither delivered nor closed nor cancelled."""
        ended = Q(delivered_at__lte=at) | Q(closed_at__lte=at) | Q(cancelled_at__lte=at)
        return self.filter(~ended, ordered_at__lte=at).exclude(status=OrderStatus.DRAFT)

    def judged(self, at: datetime, zone: str, *, day: str = "promised_date") -> Self:
        """Annotate `punctuality`: the original promise (R10) as it stood at `at`, its day ending at 24:00 in `zone`.

        `day` names another date to judge by, such as the one that the customer had requested.

        Void: the customer cancelled before the due day was over (R3). Any other cancellation is late, since we no
        longer deliver. Not delivered is late once the due day is over (R1). Null without a promise.
        """
        end = F("judged_day_ends_at")
        cancelled = Q(status=OrderStatus.CANCELLED, cancelled_at__lte=at)
        return self.alias(judged_day_ends_at=EndOfDay(day, zone=zone)).annotate(
            punctuality=Case(
                When(**{day: None}, then=Value(None)),
                When(cancelled & Q(cancelled_side=Side.CUSTOMER, cancelled_at__lt=end), then=Value(Punctuality.VOID)),
                When(cancelled, then=Value(Punctuality.LATE)),
                When(delivered_at__lte=at, delivered_at__lt=end, then=Value(Punctuality.ON_TIME)),
                When(judged_day_ends_at__lte=at, then=Value(Punctuality.LATE)),
                default=Value(Punctuality.RUNNING),
                output_field=models.CharField(),
            )
        )


# Long columns that no list of orders shows.
UNLISTED = ("search_text", "plan_shape")
# `source` of orders that were kept here from their first day.
OWN_SOURCES = ("", "demo")


class Order(Versioned):
    """A customer's order from the PO to the closed file.

    `status` changes only in orders.services, by the table in orders.workflow. The facts from `promised_date` down to
    `is_in_full` are derived from lines and shipments by orders.fulfilment and never typed.
    """

    number = models.CharField(_("order number"), max_length=40, unique=True, validators=[CODE_VALIDATOR])
    # Empty only in a draft that somebody began with a number.
    customer = models.ForeignKey(
        "customers.Company", models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("customer")
    )
    supplier = models.ForeignKey(
        "customers.Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="supplied_orders",
        verbose_name=_("supplier"),
    )
    customer_po_no = models.CharField(_("customer PO"), max_length=80, blank=True)
    team = models.ForeignKey("teams.Team", models.PROTECT, related_name="orders", verbose_name=_("team"))
    clerk = models.ForeignKey(
        "teams.User", models.PROTECT, null=True, blank=True, related_name="clerk_orders", verbose_name=_("clerk")
    )
    sales_rep = models.ForeignKey(
        "teams.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sales_orders",
        verbose_name=_("sales representative"),
    )
    logistics_owner = models.ForeignKey(
        "teams.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="logistics_orders",
        verbose_name=_("logistics coordinator"),
    )
    # Empty for orders imported with their dates only.
    template = models.ForeignKey(
        "orders.ProcessTemplate",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        verbose_name=_("process template"),
    )
    status = models.CharField(_("status"), max_length=10, choices=OrderStatus, default=OrderStatus.DRAFT)
    # Empty only where an imported source does not know it.
    ordered_at = models.DateTimeField(_("ordered"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    cancelled_side = models.CharField(_("cancelled by"), max_length=14, choices=Side, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    incoterm = models.CharField(_("Incoterm"), max_length=3, choices=Incoterm, blank=True)
    payment_terms = models.CharField(_("payment terms"), max_length=12, choices=PaymentTerms, blank=True)
    mode = models.CharField(_("mode"), max_length=12, choices=Mode, blank=True)
    country = models.CharField(_("destination country"), max_length=2, blank=True)  # ISO 3166-1 alpha-2
    destination = models.CharField(_("destination"), max_length=120, blank=True)
    third_party_inspection = models.BooleanField(_("third-party inspection"), default=False)
    wood_packaging = models.BooleanField(_("wood packaging"), default=False)
    statutory_inspection = models.BooleanField(_("statutory inspection goods"), default=False)
    # The letter of credit's dates (UCP 600): hard cut-offs of the plan.
    lc_latest_shipment = models.DateField(_("L/C latest shipment"), null=True, blank=True)
    lc_expiry = models.DateField(_("L/C expiry"), null=True, blank=True)
    lc_presentation_days = models.PositiveSmallIntegerField(
        _("L/C presentation, days after shipment"), default=21, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    # Base currency per unit of `currency` on the order date; history does not move with rates (R11).
    fx_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, default=1)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, default=0)
    priority = models.CharField(_("priority"), max_length=6, choices=Priority, default=Priority.NORMAL)
    # Share of a line's quantity that may be missing, or delivered on top, and still count as in full.
    under_tolerance = models.DecimalField(_("under-delivery allowed"), max_digits=5, decimal_places=4, default=0)
    over_tolerance = models.DecimalField(_("over-delivery allowed"), max_digits=5, decimal_places=4, default=0)
    note = models.TextField(_("note"), blank=True, max_length=4000)
    is_test = models.BooleanField(_("test order, not in figures"), default=False)
    source = models.CharField(max_length=40, blank=True)  # import profile that brought it
    # The change that made the plan in force; none before confirmation and for orders imported with their dates only.
    plan = models.OneToOneField(
        "orders.PlanChange", models.PROTECT, null=True, blank=True, editable=False, related_name="in_force_for"
    )
    # Which steps that plan has (orders.basis.Shape as JSON), so that lists need not read it.
    plan_shape = models.JSONField(null=True, editable=False)

    promised_date = models.DateField(null=True, editable=False)  # due0: latest original promise of open lines
    current_promised_date = models.DateField(null=True, editable=False)
    shipped_at = models.DateTimeField(null=True, editable=False)  # departure of the last shipment, all shipped
    first_shipped_at = models.DateTimeField(null=True, editable=False)
    first_delivered_at = models.DateTimeField(null=True, editable=False)  # Incoterm delivery of the first shipment
    delivered_at = models.DateTimeField(null=True, editable=False)  # full(o): last line reached full quantity
    is_first_in_full = models.BooleanField(null=True, editable=False)  # full at first_delivered_at, not over
    is_in_full = models.BooleanField(null=True, editable=False)  # at delivered_at, not over
    search_text = models.TextField(default="", editable=False)  # lower case: number, PO, customer, products

    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.CheckConstraint(name="order_status_known", condition=Q(status__in=OrderStatus.values)),
            models.CheckConstraint(
                name="order_customer_known_once_confirmed",
                condition=Q(customer__isnull=False) | Q(status__in=["draft", "cancelled"]),
            ),
            models.CheckConstraint(
                name="order_cancelled_at_follows_status",
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | ~Q(status="cancelled") & Q(cancelled_at=None),
            ),
            models.CheckConstraint(
                name="order_amount_and_rate_not_negative", condition=Q(amount__gte=0, fx_rate__gt=0)
            ),
            models.CheckConstraint(
                name="order_lc_expires_after_shipment",
                condition=Q(lc_latest_shipment=None) | Q(lc_expiry=None) | Q(lc_expiry__gte=F("lc_latest_shipment")),
            ),
            models.CheckConstraint(
                name="order_lc_presentation_days_positive", condition=Q(lc_presentation_days__range=(1, 90))
            ),
            models.CheckConstraint(
                name="order_tolerances_are_shares",
                condition=Q(under_tolerance__range=(0, 1)) & Q(over_tolerance__range=(0, 1)),
            ),
        ]
        indexes = [
            # Lists, newest first, for a team, a clerk, a status.
            models.Index(fields=["-ordered_at", "-id"], name="order_newest"),
            models.Index(fields=["team", "-ordered_at", "-id"], name="order_team_newest"),
            models.Index(fields=["clerk", "-ordered_at", "-id"], name="order_clerk_newest"),
            models.Index(fields=["customer", "-ordered_at"], name="order_customer_newest"),
            models.Index(fields=["supplier"], name="order_supplier"),
            # Desks: all that runs in a team.
            models.Index(fields=["team"], include=["id"], condition=Q(status__in=RUNNING_ORDER), name="order_running"),
            # K01, K05: attributed by the original promise; K04, K11: by delivery; K14: by shipping.
            models.Index(fields=["promised_date", "team"], name="order_promised"),
            models.Index(fields=["delivered_at"], name="order_delivered"),
            models.Index(fields=["first_delivered_at"], name="order_first_delivered"),
            models.Index(fields=["shipped_at"], name="order_shipped"),
            # K13, K32: by confirmation.
            models.Index(fields=["confirmed_at"], name="order_confirmed"),
            # OrderQuerySet.search
            GinIndex(fields=["search_text"], name="order_search_trgm", opclasses=["gin_trgm_ops"]),
            GinIndex(OpClass(doubled(F("search_text")), name="gin_trgm_ops"), name="order_search_doubled"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ORDER


class OrderLine(models.Model):
    """A product of an order with its four dates: wished, promised first, promised now, and (derived) delivered."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    position = models.PositiveIntegerField(_("line"), validators=[MinValueValidator(1)])
    product_code = models.CharField(_("product code"), max_length=80, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=14, decimal_places=3)
    cancelled_quantity = models.DecimalField(_("cancelled quantity"), max_digits=14, decimal_places=3, default=0)
    unit = models.CharField(_("unit"), max_length=20, blank=True, default="pcs")
    unit_price = models.DecimalField(_("unit price"), max_digits=16, decimal_places=4, null=True, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2, null=True, blank=True)
    insurance_cost = models.DecimalField(_("insurance"), max_digits=14, decimal_places=2, null=True, blank=True)
    requested_date = models.DateField(_("requested date"), null=True, blank=True)
    promised_date_original = models.DateField(_("first promised date"), null=True, blank=True)
    promised_date_current = models.DateField(_("promised date"), null=True, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)  # further columns of a source, as text
    source_ref = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="orderline_position_once"),
            models.CheckConstraint(name="orderline_quantity_positive", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="orderline_cancelled_within_quantity",
                condition=Q(cancelled_quantity__gte=0) & Q(cancelled_quantity__lte=F("quantity")),
            ),
            models.CheckConstraint(
                name="orderline_money_not_negative",
                condition=(Q(unit_price=None) | Q(unit_price__gte=0)) & (Q(amount=None) | Q(amount__gte=0)),
            ),
        ]
        # K02: attributed by what the customer requested.
        indexes = [models.Index(fields=["requested_date"], name="orderline_requested")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.position} {self.product_code}"

    @property
    def open_quantity(self):
        """Ordered less cancelled: what has to be delivered."""
        return self.quantity - self.cancelled_quantity


class PromiseChange(models.Model):
    """A promise moved: old value, new value, who, why, at whose wish. Append-only."""

    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="promise_changes")
    old_date = models.DateField(null=True)
    new_date = models.DateField()
    reason = models.CharField(max_length=300)
    side = models.CharField(max_length=14, choices=Side)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("promise change")
        verbose_name_plural = _("promise changes")

    def __str__(self) -> str:
        return f"{self.line_id}: {self.old_date} → {self.new_date}"
