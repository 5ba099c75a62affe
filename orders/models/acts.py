"""What one person did to many records at once: previewed, done row by row, undone as one."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from teams.models import User


class BulkActQuerySet(models.QuerySet["BulkAct"]):
    def visible_to(self, user: "User") -> Self:
        """One's own acts: only who did it looks at it and undoes it."""
        return self.filter(by=user.pk)


class BulkAct(models.Model):
    """One act of a person on many records; `operation` names an entry of orders.services.acts.OPERATIONS.

    The act stands before its first item: a process killed in the middle leaves an act with the items done so far,
    which can be undone like any other.
    """

    operation = models.CharField(max_length=30)
    values = models.JSONField(default=dict)  # what was said once for all rows, as text
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = BulkActQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk act")
        verbose_name_plural = _("bulk acts")
        # A person's recent acts.
        indexes = [models.Index(fields=["by", "-id"], name="bulkact_of_person")]

    def __str__(self) -> str:
        return f"{self.operation} {self.at}"


class ActItem(models.Model):
    """What the act did to one record, or why it was refused.

    `before` and `after` hold, as JSON values, what the operation needs to undo itself and to see whether somebody has
    worked on the record since.
    """

    class State(models.TextChoices):
        DONE = "done", pgettext_lazy("bulk act", "Done")
        REFUSED = "refused", pgettext_lazy("bulk act", "Refused")
        UNDONE = "undone", pgettext_lazy("bulk act", "Undone")
        LEFT = "left", pgettext_lazy("bulk act", "Left as it is")  # could not be undone

    act = models.ForeignKey(BulkAct, models.CASCADE, related_name="items")
    target_id = models.BigIntegerField()  # a milestone, an order or a shipment, as the operation says
    label = models.CharField(max_length=200)  # how people know the record
    state = models.CharField(max_length=8, choices=State)
    detail = models.TextField(blank=True)  # why it was refused or left
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("item of a bulk act")
        verbose_name_plural = _("items of bulk acts")
        constraints = [
            models.UniqueConstraint(fields=["act", "target_id"], name="actitem_once"),
            models.CheckConstraint(
                name="actitem_state_known", condition=Q(state__in=["done", "refused", "undone", "left"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.state}"
