from django.db import models


class Versioned(models.Model):
    """A record that two people may edit at once: each changed field raises `version` (see teams.versioning)."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class FieldChange(models.Model):
    """One changed field of a versioned record; tells a later writer who changed it to what (teams.versioning).

    `subject` is "app.model:pk"; `old` and `new` hold JSON values as the API shows them.
    """

    subject = models.CharField(max_length=80)
    version = models.PositiveIntegerField()  # of the record after this change
    field = models.CharField(max_length=60)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "version", "field"], name="fieldchange_once")]

    def __str__(self) -> str:
        return f"{self.subject} v{self.version} {self.field}"
