"""Evidence: files of an order, versioned, accepted or refused."""

from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models.orders import Order

if TYPE_CHECKING:
    from teams.models import User


class DocumentKind(models.TextChoices):
    """Standard documents of the trade (glossary A4)."""

    CPO = "CPO", pgettext_lazy("document", "Customer PO")
    PI = "PI", pgettext_lazy("document", "Proforma invoice")
    SC = "SC", pgettext_lazy("document", "Sales contract")
    REVIEW = "REVIEW", pgettext_lazy("document", "Contract-review sheet")
    BANK_SLIP = "BANK_SLIP", pgettext_lazy("document", "Bank slip")
    TECHPACK = "TECHPACK", pgettext_lazy("document", "Tech pack")
    SAMPLE_REC = "SAMPLE_REC", pgettext_lazy("document", "Sample approval record")
    SPO = "SPO", pgettext_lazy("document", "Supplier PO")
    PROD_NOTICE = "PROD_NOTICE", pgettext_lazy("document", "Production order")
    IQC = "IQC", pgettext_lazy("document", "Incoming inspection report")
    DUPRO = "DUPRO", pgettext_lazy("document", "During-production inspection report")
    FRI = "FRI", pgettext_lazy("document", "Final random inspection report")
    OQC = "OQC", pgettext_lazy("document", "Outgoing inspection report")
    ARTWORK = "ARTWORK", pgettext_lazy("document", "Artwork and shipping marks")
    SO = "SO", pgettext_lazy("document", "Shipping order")
    SI = "SI", pgettext_lazy("document", "Shipping instruction")
    VGM = "VGM", pgettext_lazy("document", "Verified gross mass")
    LOAD_PHOTO = "LOAD_PHOTO", pgettext_lazy("document", "Loading photos")
    CI = "CI", pgettext_lazy("document", "Commercial invoice")
    PL = "PL", pgettext_lazy("document", "Packing list")
    CUSTOMS = "CUSTOMS", pgettext_lazy("document", "Export declaration")
    BL = "BL", pgettext_lazy("document", "Bill of lading")
    SWB = "SWB", pgettext_lazy("document", "Sea waybill")
    AWB = "AWB", pgettext_lazy("document", "Air waybill")
    CO = "CO", pgettext_lazy("document", "Certificate of origin")
    INS = "INS", pgettext_lazy("document", "Insurance certificate")
    FUMI = "FUMI", pgettext_lazy("document", "Fumigation certificate")
    COC = "COC", pgettext_lazy("document", "Certificate of conformity")
    TEST = "TEST", pgettext_lazy("document", "Test report")
    COC_TEST = "COC/TEST", pgettext_lazy("document", "Test report or certificate")
    VAT_INV = "VAT_INV", pgettext_lazy("document", "VAT invoice")
    DN = "DN", pgettext_lazy("document", "Delivery note")
    POD = "POD", pgettext_lazy("document", "Proof of delivery")
    CLAIM = "CLAIM", pgettext_lazy("document", "Claim")
    EIGHT_D = "8D", pgettext_lazy("document", "8D report")
    OTHER = "OTHER", pgettext_lazy("document", "Other document")


class OrderDocumentQuerySet(models.QuerySet["OrderDocument"]):
    def visible_to(self, user: "User") -> Self:
        """Documents of the orders that the person may see."""
        if user.access.sees_all:
            return self
        return self.filter(order__in=Order.objects.visible_to(user))

    def evidence(self) -> Self:
        """Documents that prove something: all but refused ones."""
        return self.exclude(status=OrderDocument.Status.REFUSED)


PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def stored_name(document: "OrderDocument", filename: str) -> str:
    """A random name: nothing of the uploaded name reaches the disk."""
    return f"documents/{uuid4().hex}"


class OrderDocument(models.Model):
    """A file of an order. Downloads go through a view that checks the right to the order."""

    class Status(models.TextChoices):
        SUBMITTED = "submitted", pgettext_lazy("document status", "Submitted")
        ACCEPTED = "accepted", pgettext_lazy("document status", "Accepted")
        REFUSED = "refused", pgettext_lazy("document status", "Refused")

    order = models.ForeignKey(Order, models.PROTECT, related_name="documents", verbose_name=_("order"))
    milestone = models.ForeignKey(
        "orders.Milestone",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
        verbose_name=_("milestone"),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=DocumentKind)
    version = models.PositiveIntegerField(_("version"), default=1)
    file = models.FileField(upload_to=stored_name, max_length=120)
    filename = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(max_length=80)  # by content, not by name
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.SUBMITTED)
    uploaded_by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    decided_by = models.ForeignKey("teams.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True)

    objects = OrderDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "version"], name="orderdocument_version_once"),
            models.CheckConstraint(
                name="orderdocument_decision_follows_status",
                condition=Q(status="submitted", decided_at=None) | ~Q(status="submitted") & Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"

    @property
    def is_picture(self) -> bool:
        """Whether a small picture of it can be drawn."""
        return self.content_type in PICTURES
