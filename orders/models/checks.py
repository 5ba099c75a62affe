"""What is checked about an order's goods and money: sample rounds, inspections, payments received."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders import aql
from orders.models.orders import Order


class SampleKind(models.TextChoices):
    PROTO = "proto", pgettext_lazy("sample", "First sample")
    FIT = "fit", pgettext_lazy("sample", "Fit sample")
    LAB_DIP = "lab_dip", pgettext_lazy("sample", "Lab dip")
    SIZE_SET = "size_set", pgettext_lazy("sample", "Size set")
    PP = "pp", pgettext_lazy("sample", "Pre-production sample")
    TOP = "top", pgettext_lazy("sample", "Top-of-production sample")
    SHIPMENT = "shipment", pgettext_lazy("sample", "Shipment sample")
    OTHER = "other", pgettext_lazy("sample", "Other sample")


class SampleRound(models.Model):
    """A sample sent to the customer, and what they said; one refused is followed by another round of its kind."""

    class Verdict(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("sample", "Waiting for the customer")
        APPROVED = "approved", pgettext_lazy("sample", "Approved")
        COMMENTS = "comments", pgettext_lazy("sample", "Approved with comments")
        REFUSED = "refused", pgettext_lazy("sample", "Refused")

    order = models.ForeignKey(Order, models.PROTECT, related_name="samples", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=10, choices=SampleKind)
    round = models.PositiveSmallIntegerField(_("round"))
    sent_on = models.DateField(_("sent on"))
    courier_no = models.CharField(_("courier number"), max_length=60, blank=True)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict, default=Verdict.WAITING)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    comments = models.TextField(_("comments"), max_length=2000, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sample round")
        verbose_name_plural = _("sample rounds")
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "round"], name="sampleround_once"),
            models.CheckConstraint(
                name="sampleround_verdict_known",
                condition=Q(verdict__in=["waiting", "approved", "comments", "refused"]),
            ),
            models.CheckConstraint(
                name="sampleround_decided_follows_verdict",
                condition=Q(verdict="waiting", decided_on=None) | ~Q(verdict="waiting") & Q(decided_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind} {self.round}"


class InspectionKind(models.TextChoices):
    """Inspections by when they are made (glossary A4)."""

    IQC = "IQC", pgettext_lazy("inspection", "Incoming (IQC)")
    DUPRO = "DUPRO", pgettext_lazy("inspection", "During production (DUPRO)")
    FRI = "FRI", pgettext_lazy("inspection", "Final random (FRI)")
    OQC = "OQC", pgettext_lazy("inspection", "Outgoing (OQC)")


class Inspection(models.Model):
    """A lot inspected by ISO 2859-1, single sampling, normal inspection; one critical defect fails it.

    `sample_size` and the acceptance numbers are those of orders.aql for lot, level and AQL on the day of inspection.
    """

    class Disposition(models.TextChoices):
        RELEASE = "release", pgettext_lazy("disposition", "Released")
        CONCESSION = "concession", pgettext_lazy("disposition", "Released by concession")
        REWORK = "rework", pgettext_lazy("disposition", "Rework and inspect again")
        SORT = "sort", pgettext_lazy("disposition", "Sort piece by piece")
        REJECT = "reject", pgettext_lazy("disposition", "Rejected")

    order = models.ForeignKey(Order, models.PROTECT, related_name="inspections", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=8, choices=InspectionKind)
    inspected_on = models.DateField(_("inspected on"))
    lot_size = models.PositiveIntegerField(_("lot size"), validators=[MinValueValidator(2)])
    level = models.CharField(_("inspection level"), max_length=3, choices=[(level, level) for level in aql.LEVELS])
    aql_major = models.CharField(_("AQL, major"), max_length=5, choices=[(each, each) for each in aql.AQLS])
    aql_minor = models.CharField(_("AQL, minor"), max_length=5, choices=[(each, each) for each in aql.AQLS])
    sample_size = models.PositiveIntegerField(_("sample size"))
    accept_major = models.PositiveSmallIntegerField()
    accept_minor = models.PositiveSmallIntegerField()
    critical = models.PositiveIntegerField(_("critical defects"), default=0)
    major = models.PositiveIntegerField(_("major defects"), default=0)
    minor = models.PositiveIntegerField(_("minor defects"), default=0)
    has_passed = models.BooleanField(_("passed"))
    disposition = models.CharField(_("disposition"), max_length=10, choices=Disposition)
    inspector = models.CharField(_("inspector"), max_length=80, blank=True)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        constraints = [
            models.CheckConstraint(
                name="inspection_sample_within_lot", condition=Q(sample_size__gt=0, sample_size__lte=F("lot_size"))
            ),
            models.CheckConstraint(
                name="inspection_passed_follows_defects",
                condition=Q(has_passed=False)
                | Q(critical=0, major__lte=F("accept_major"), minor__lte=F("accept_minor")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind} {self.inspected_on}"


class Payment(models.Model):
    """Money received for an order, in the order's currency."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2)
    received_on = models.DateField(_("received on"))
    reference = models.CharField(_("bank reference"), max_length=80, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [models.CheckConstraint(name="payment_amount_positive", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return f"{self.order_id} {self.received_on}"
