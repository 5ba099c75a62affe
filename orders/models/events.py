from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.words import Side


class EventKind(models.TextChoices):
    CREATED = "created", pgettext_lazy("event", "Created")
    IMPORTED = "imported", pgettext_lazy("event", "Imported")
    EDITED = "edited", pgettext_lazy("event", "Changed")
    CONFIRMED = "confirmed", pgettext_lazy("event", "Confirmed")
    HELD = "held", pgettext_lazy("event", "Put on hold")
    RESUMED = "resumed", pgettext_lazy("event", "Taken up again")
    CANCELLED = "cancelled", pgettext_lazy("event", "Cancelled")
    CLOSED = "closed", pgettext_lazy("event", "Closed")
    SHIPPED = "shipped", pgettext_lazy("event", "Shipped")
    DELIVERED = "delivered", pgettext_lazy("event", "Delivered")
    STATUS = "status", pgettext_lazy("event", "Status follows the shipments")
    PROMISE = "promise", pgettext_lazy("event", "Promise moved")
    COMPLETED = "completed", pgettext_lazy("event", "Step completed")
    SKIPPED = "skipped", pgettext_lazy("event", "Step skipped")
    REOPENED = "reopened", pgettext_lazy("event", "Step reopened")
    PAUSED = "paused", pgettext_lazy("event", "Clock paused")
    UNPAUSED = "unpaused", pgettext_lazy("event", "Clock runs again")
    ASSIGNED = "assigned", pgettext_lazy("event", "Assigned")
    DUE = "due", pgettext_lazy("event", "Due date moved")
    PLANNED = "planned", pgettext_lazy("event", "Plan changed")
    MOVED = "moved", pgettext_lazy("event", "Shipment moved")
    DOCUMENT = "document", pgettext_lazy("event", "Document added")
    DOCUMENT_DECIDED = "document_decided", pgettext_lazy("event", "Document decided")
    SAMPLE = "sample", pgettext_lazy("event", "Sample")
    INSPECTED = "inspected", pgettext_lazy("event", "Inspected")
    PAID = "paid", pgettext_lazy("event", "Payment received")
    COMMENT = "comment", pgettext_lazy("event", "Comment")


class OrderEvent(models.Model):
    """What happened to an order, its milestones and shipments; append-only, kept so by a trigger.

    `at` is when it happened in business truth, `recorded_at` when it was typed. `old`, `new` are statuses or dates as
    text, `data` further plain values.
    """

    order = models.ForeignKey("orders.Order", models.PROTECT, related_name="events")
    milestone = models.ForeignKey("orders.Milestone", models.PROTECT, null=True, related_name="events")
    shipment = models.ForeignKey("orders.Shipment", models.PROTECT, null=True, related_name="events")
    kind = models.CharField(max_length=20, choices=EventKind)
    old = models.CharField(max_length=80, blank=True)
    new = models.CharField(max_length=80, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, null=True, related_name="+")  # null: the system itself
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reason = models.TextField(blank=True, max_length=4000)
    side = models.CharField(max_length=14, choices=Side, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        # The timeline of an order, newest first.
        indexes = [models.Index(fields=["order", "-recorded_at", "-id"], name="orderevent_timeline")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind} {self.at}"
