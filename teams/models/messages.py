"""Messages on their way out: each carries one or many of a person's items over one channel, under its own name."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from teams.models.channels import Channel
from teams.models.notifications import Notification


class MessageStatus(models.TextChoices):
    QUEUED = "queued", pgettext_lazy("message", "Queued")
    SENDING = "sending", pgettext_lazy("message", "Sending")
    SENT = "sent", pgettext_lazy("message", "Sent")
    FAILED = "failed", pgettext_lazy("message", "Failed")
    CANCELLED = "cancelled", pgettext_lazy("message", "Cancelled")


class Urgency(models.TextChoices):
    URGENT = "urgent", pgettext_lazy("urgency", "At once, in working hours")
    DIGEST = "digest", pgettext_lazy("urgency", "In the morning digest")
    INBOX = "inbox", pgettext_lazy("urgency", "In the inbox only")


class Deferral(models.TextChoices):
    """Why a message that could go now does not."""

    QUIET = "quiet", pgettext_lazy("deferral", "outside the person's working hours")
    SPACING = "spacing", pgettext_lazy("deferral", "so soon after another one")
    LIMIT = "limit", pgettext_lazy("deferral", "the person's messages of the day are used up")
    CHANNEL = "channel", pgettext_lazy("deferral", "the channel rests after failures")
    RATE = "rate", pgettext_lazy("deferral", "the channel asked for a pause")


OPEN_MESSAGE = (MessageStatus.QUEUED, MessageStatus.SENDING)


class MessageQuerySet(models.QuerySet["Message"]):
    def open(self) -> Self:
        return self.filter(status__in=OPEN_MESSAGE)

    def waiting(self, now: datetime) -> Self:
        """Due and not sent, in whatever worker's hands; its oldest tells how far delivery lags."""
        return self.open().filter(not_before__lte=now)

    def claimable(self, now: datetime, *, leases_before: datetime) -> Self:
        """Queued and due, or left behind by a worker whose lease ended before `leases_before`; of a channel in use
        that does not rest."""
        return self.filter(
            Q(status=MessageStatus.QUEUED) | Q(status=MessageStatus.SENDING, lease_until__lt=leases_before),
            Q(channel__resumes_at=None) | Q(channel__resumes_at__lte=now),
            not_before__lte=now,
            channel__off_at=None,
        )


class Message(models.Model):
    """An outbox row of a channel. `delivery_id` stays the same however often it is sent, so receivers can drop repeats.

    A digest is the only one of its person, channel and local day; urgent ones are put together when they are claimed.
    `facts` keeps, by item, what was told at the first try, so that a repeat has the same text.
    """

    delivery_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey("teams.User", models.CASCADE, related_name="messages")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="messages")
    urgency = models.CharField(max_length=6, choices=[c for c in Urgency.choices if c[0] != Urgency.INBOX])
    digest_date = models.DateField(null=True, blank=True)  # in the person's time zone
    status = models.CharField(max_length=10, choices=MessageStatus, default=MessageStatus.QUEUED)
    created_at = models.DateTimeField()
    planned_at = models.DateTimeField()  # when it was first to go; later than that it says so
    not_before = models.DateTimeField()
    deferral = models.CharField(max_length=10, choices=Deferral, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Tries that ended with the death of their worker: the message may be what kills it.
    deaths = models.PositiveSmallIntegerField(default=0)
    # Tries that failed by the message's own fault or for an unknown one; a channel that is away counts for none.
    failures = models.PositiveSmallIntegerField(default=0)
    # Set before each send: an expired lease with it means "outcome unknown", the repeat is marked as such.
    attempt_started_at = models.DateTimeField(null=True, blank=True)
    is_possible_repeat = models.BooleanField(default=False)
    facts = models.JSONField(default=dict)
    last_error = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=300, blank=True)
    cancelled_reason = models.CharField(max_length=40, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(
                name="message_sent_at_follows_status",
                condition=Q(status="sent", sent_at__isnull=False) | ~Q(status="sent") & Q(sent_at=None),
            ),
            models.CheckConstraint(
                name="message_lease_while_sending",
                condition=Q(status="sending", lease_until__isnull=False) | ~Q(status="sending") & Q(lease_until=None),
            ),
            models.CheckConstraint(name="message_status_known", condition=Q(status__in=MessageStatus.values)),
            models.CheckConstraint(
                name="message_digest_has_a_day",
                condition=Q(urgency="digest", digest_date__isnull=False) | Q(urgency="urgent", digest_date=None),
            ),
            models.UniqueConstraint(name="message_one_digest_a_day", fields=["recipient", "channel", "digest_date"]),
        ]
        indexes = [
            # MessageQuerySet.claimable and waiting: only rows still to be sent are in it.
            models.Index(fields=["not_before"], name="message_to_send", condition=Q(status__in=["queued", "sending"])),
            # What could not be sent, for doctor.
            models.Index(fields=["created_at"], name="message_failed", condition=Q(status="failed")),
            # What a person had on a day: their limit.
            models.Index(fields=["recipient", "channel", "attempt_started_at"], name="message_of_person"),
            # The delivery page: newest failures and the rest by channel.
            models.Index(fields=["channel", "status", "-id"], name="message_by_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}"


class MessageItem(models.Model):
    """An item goes out over a channel: once, whatever happens. `dropped_reason` is why it was left out in the end."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="items")
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="outings")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+")
    dropped_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("item of a message")
        verbose_name_plural = _("items of messages")
        constraints = [models.UniqueConstraint(name="messageitem_once_per_channel", fields=["notification", "channel"])]

    def __str__(self) -> str:
        return f"{self.notification_id} in {self.message_id}"
