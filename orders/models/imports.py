"""A sheet that somebody uploaded: looked at, then taken as a whole or not at all."""

from typing import TYPE_CHECKING, Self
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from teams.models.sharing import SharedQuerySet

if TYPE_CHECKING:
    from teams.models import User


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, user: "User") -> Self:
        """One's own: a sheet may hold more than a colleague is to see."""
        return self.filter(by=user.pk)

    def queued(self) -> Self:
        return self.filter(status=ImportRun.Status.QUEUED)


class ImportProfile(models.Model):
    """How sheets with certain headers are read, kept under a name: a shipped profile, and which column is which.

    `columns` maps each header of the sheet, as `orders.imports.rows.folded` writes it, to a header of the shipped
    profile `base`, to "" for text to keep, or to `orders.imports.reading.LEAVE_OUT`.
    """

    by = models.ForeignKey("teams.User", models.CASCADE, related_name="import_profiles", verbose_name=_("person"))
    team = models.ForeignKey(
        "teams.Team", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team")
    )  # shared with
    # Of the whole company, since the command line knows no person.
    name = models.CharField(_("name"), max_length=40, unique=True)
    base = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)  # of the headers, as ImportRun has it
    columns = models.JSONField(default=dict)
    date_order = models.CharField(max_length=3, blank=True)  # of orders.imports.sheets.ORDERS, empty: nothing needs it
    changed_at = models.DateTimeField()

    objects = SharedQuerySet["ImportProfile"].as_manager()

    class Meta:
        verbose_name = _("import profile")
        verbose_name_plural = _("import profiles")

    def __str__(self) -> str:
        return self.name


def stored_name(run: "ImportRun", filename: str) -> str:
    """A random name: nothing of the uploaded name reaches the disk."""
    return f"imports/{uuid4().hex}"


class ImportRun(models.Model):
    """One uploaded sheet, how it is read, what it would do, and what became of it.

    `reading` holds what was found and corrected (orders.imports.sheets.Found as JSON), `report` what the last preview
    or the import itself said. The orders are written in the transaction that sets `status` to done.
    """

    class Status(models.TextChoices):
        PREVIEW = "preview", pgettext_lazy("import", "To be looked at")
        QUEUED = "queued", pgettext_lazy("import", "Being taken")
        DONE = "done", pgettext_lazy("import", "Taken")
        FAILED = "failed", pgettext_lazy("import", "Refused")
        UNDONE = "undone", pgettext_lazy("import", "Undone")

    team = models.ForeignKey("teams.Team", models.CASCADE, related_name="+", verbose_name=_("team"))
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    profile = models.CharField(_("profile"), max_length=40)  # a shipped one
    saved_profile = models.CharField(max_length=40, blank=True)  # the name of the kept reading that it began with
    filename = models.CharField(_("file name"), max_length=200)
    file = models.FileField(upload_to=stored_name, max_length=120)
    fingerprint = models.CharField(max_length=64)  # of the headers: the same sheet again is read as it was corrected
    reading = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=Status, default=Status.PREVIEW)
    order_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)  # that it created
    left = models.JSONField(default=list)  # [number, why] of what undoing left as it is
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                name="importrun_status_known",
                condition=Q(status__in=["preview", "queued", "done", "failed", "undone"]),
            )
        ]
        indexes = [
            # A person's imports, newest first.
            models.Index(fields=["by", "-id"], name="importrun_of_person"),
            # ImportRunQuerySet.queued, asked by every tick.
            models.Index(fields=["id"], name="importrun_queued", condition=Q(status="queued")),
        ]

    def __str__(self) -> str:
        return f"{self.filename} {self.status}"
