"""What a person is to be told: the items of the outbox, and of the inbox once shown. Postgres holds them, Celery only
looks at them."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from teams.models import User


class NotificationStatus(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("notification", "Queued")
    SHOWN = "shown", pgettext_lazy("notification", "In the inbox")
    FAILED = "failed", pgettext_lazy("notification", "Failed")
    CANCELLED = "cancelled", pgettext_lazy("notification", "Cancelled")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def inbox_of(self, user: "User") -> Self:
        """What the person was told, in the product itself."""
        return self.filter(recipient=user, shown_at__isnull=False)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def older_than(self, edge: "Notification") -> Self:
        """What stands below `edge` in an inbox, newest first."""
        return self.filter(Q(shown_at__lt=edge.shown_at) | Q(shown_at=edge.shown_at, pk__lt=edge.pk))

    def waiting(self, now: datetime) -> Self:
        """Due, and not in the inbox yet; its oldest tells how far showing lags."""
        return self.filter(status=NotificationStatus.QUEUED, not_before__lte=now)

    def unsent(self) -> Self:
        return self.filter(status=NotificationStatus.QUEUED)


class Notification(models.Model):
    """One person is told one thing: an outbox row until shown, an inbox entry from then on.

    `dedupe_key` names what, step, due instant and person: a second run adds nothing, a moved date may remind again.
    `subject` names the object by a string ("orders.milestone:17"), `payload` holds plain JSON values for the text.
    How it leaves the product is a matter of its `MessageItem`s.
    """

    kind = models.CharField(max_length=40)
    recipient = models.ForeignKey("teams.User", models.CASCADE, related_name="notifications")
    subject = models.CharField(max_length=80)
    dedupe_key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=NotificationStatus, default=NotificationStatus.QUEUED)
    created_at = models.DateTimeField()
    # Not before this instant: the recipient's working time begins then.
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)  # to ask whether it is still true
    last_error = models.CharField(max_length=300, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)  # in the inbox from this instant
    cancelled_reason = models.CharField(max_length=40, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.CheckConstraint(
                name="notification_shown_at_follows_status",
                condition=Q(status="shown", shown_at__isnull=False) | ~Q(status="shown") & Q(shown_at=None),
            ),
            models.CheckConstraint(name="notification_status_known", condition=Q(status__in=NotificationStatus.values)),
        ]
        indexes = [
            # NotificationQuerySet.waiting: only rows still to be shown are in it.
            models.Index(fields=["not_before"], name="notification_to_show", condition=Q(status="queued")),
            # NotificationQuerySet.inbox_of, newest first.
            models.Index(fields=["recipient", "-shown_at", "-id"], name="notification_inbox"),
            # What could not be shown, for doctor and the delivery page.
            models.Index(fields=["created_at"], name="notification_failed", condition=Q(status="failed")),
            # outbox.cancel(subject=…)
            models.Index(fields=["subject"], name="notification_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"
