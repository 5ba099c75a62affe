"""A list that was exported, edited and sent back: what it would change, what was decided, what became of it."""

from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from teams.models import User


class SheetMergeQuerySet(models.QuerySet["SheetMerge"]):
    def visible_to(self, user: "User") -> Self:
        """One's own: it shows what this person may see."""
        return self.filter(by=user.pk)

    def queued(self) -> Self:
        return self.filter(status=SheetMerge.Status.QUEUED)


def stored_name(merge: "SheetMerge", filename: str) -> str:
    """A random name: nothing of the uploaded name reaches the disk."""
    return f"merges/{uuid4().hex}"


class SheetMerge(models.Model):
    """An edited sheet; it is compared anew each time it is looked at, and once more when it is taken.

    `decisions` maps “row:column” to [“mine” or “theirs”, what stood here when that was said]. `report` says what became
    of it. What was written is one `BulkAct`, undone like any other.
    """

    class Status(models.TextChoices):
        PREVIEW = "preview", pgettext_lazy("import", "To be looked at")
        QUEUED = "queued", pgettext_lazy("import", "Being taken")
        DONE = "done", pgettext_lazy("import", "Taken")
        FAILED = "failed", pgettext_lazy("import", "Refused")

    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    filename = models.CharField(_("file name"), max_length=200)
    file = models.FileField(upload_to=stored_name, max_length=120)
    status = models.CharField(max_length=8, choices=Status, default=Status.PREVIEW)
    decisions = models.JSONField(default=dict)
    side = models.CharField(_("At whose wish"), max_length=14, blank=True)
    reason = models.CharField(_("Reason"), max_length=300, blank=True)
    report = models.JSONField(default=dict)
    act = models.ForeignKey("orders.BulkAct", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    objects = SheetMergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("edited sheet")
        verbose_name_plural = _("edited sheets")
        constraints = [
            models.CheckConstraint(
                name="sheetmerge_status_known", condition=Q(status__in=["preview", "queued", "done", "failed"])
            )
        ]
        indexes = [
            # A person's sheets, newest first.
            models.Index(fields=["by", "-id"], name="sheetmerge_of_person"),
            # SheetMergeQuerySet.queued, asked by every tick.
            models.Index(fields=["id"], name="sheetmerge_queued", condition=Q(status="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.filename} {self.status}"
