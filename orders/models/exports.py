"""A long list that a worker writes as a workbook."""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from teams.models import User


class ExportRunQuerySet(models.QuerySet["ExportRun"]):
    def visible_to(self, user: "User") -> Self:
        """One's own: it holds what this person may see."""
        return self.filter(by=user.pk)

    def waiting(self, at: datetime) -> Self:
        """Not written yet, and nobody is at it."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=at), status=ExportRun.Status.QUEUED)


def stored_name(run: "ExportRun", filename: str) -> str:
    """A random name that tells nothing."""
    return f"exports/{uuid4().hex}"


class ExportRun(models.Model):
    """A list by its address: the filters in `query`, one row per order, line or step as `shape` says.

    What the person may see is asked when the file is written, not when it was asked for.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("export", "Being written")
        DONE = "done", pgettext_lazy("export", "Ready")
        FAILED = "failed", pgettext_lazy("export", "Failed")

    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    shape = models.CharField(max_length=10)
    query = models.TextField(blank=True, max_length=4000)
    status = models.CharField(max_length=8, choices=Status, default=Status.QUEUED)
    total = models.PositiveIntegerField(default=0)  # orders
    done = models.PositiveIntegerField(default=0)  # rows written so far
    file = models.FileField(upload_to=stored_name, max_length=120, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects = ExportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = [
            models.CheckConstraint(name="exportrun_status_known", condition=Q(status__in=["queued", "done", "failed"])),
            models.CheckConstraint(name="exportrun_shape_known", condition=Q(shape__in=["orders", "lines", "steps"])),
        ]
        indexes = [
            models.Index(fields=["by", "-id"], name="exportrun_of_person"),
            # ExportRunQuerySet.waiting, asked by every tick.
            models.Index(fields=["id"], name="exportrun_waiting", condition=Q(status="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.shape} {self.status}"
