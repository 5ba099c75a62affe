"""Plans of orders: the changes that made them, and the jobs that re-plan many orders."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.words import Side


class PlanCause(models.TextChoices):
    """Why a plan was made or changed."""

    CONFIRMED = "confirmed", pgettext_lazy("cause of a plan", "Order confirmed")
    REPLAN = "replan", pgettext_lazy("cause of a plan", "Re-planned")
    CALENDAR = "calendar", pgettext_lazy("cause of a plan", "Work calendar changed")
    TEMPLATE = "template", pgettext_lazy("cause of a plan", "New template version")
    UNDO = "undo", pgettext_lazy("cause of a plan", "Undone")


class PlanChange(models.Model):
    """One change of an order's plan: one event, applied at once, undone at once.

    Append-only but for `is_undone`, and for a calendar's new version in `basis` where it gives the same dates.

    `basis` is what the plan is computed from (orders.basis.Basis as JSON): with it, the template and the calendar
    versions it names, every due instant can be computed again. `moves` lists what moved, for the people and the undo.
    """

    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="plan_changes")
    cause = models.CharField(max_length=10, choices=PlanCause)
    before = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")  # the plan that it replaced
    job = models.ForeignKey("orders.PlanJob", models.PROTECT, null=True, related_name="changes")
    basis = models.JSONField()
    moves = models.JSONField(default=list)
    # Old and new values of what was changed with it, as {"fields": …, "promises": …}; the undo restores them.
    values = models.JSONField(default=dict)
    reason = models.TextField(blank=True, max_length=4000)
    side = models.CharField(max_length=14, choices=Side, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, null=True, related_name="+")  # null: the system itself
    at = models.DateTimeField()
    is_undone = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("change of plan")
        verbose_name_plural = _("changes of plan")
        constraints = [
            models.CheckConstraint(name="planchange_cause_known", condition=Q(cause__in=PlanCause.values)),
            # A job that is taken up again after a kill finds the orders it has done.
            models.UniqueConstraint(
                fields=["job", "order"], condition=Q(job__isnull=False), name="planchange_once_a_job"
            ),
        ]
        indexes = [models.Index(fields=["order", "-id"], name="planchange_of_order")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.cause} {self.at}"


class PlanJobQuerySet(models.QuerySet["PlanJob"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None)


class PlanJob(models.Model):
    """Many orders are re-planned, batch by batch, by a worker; taken up again where it stopped.

    `kind` says why; `edit` is the calendar edit, `template` the version that the chosen orders `order_ids` move to. All
    orders up to `last_order_id` are done.
    """

    class Kind(models.TextChoices):
        COUNT = "count", pgettext_lazy("plan job", "Count what a calendar edit moves")
        CALENDAR = "calendar", pgettext_lazy("plan job", "Re-plan after a calendar edit")
        TEMPLATE = "template", pgettext_lazy("plan job", "Move to a new template version")

    kind = models.CharField(max_length=10, choices=Kind)
    calendar = models.ForeignKey("teams.WorkCalendar", models.PROTECT, null=True, related_name="+")
    edit = models.ForeignKey("teams.CalendarEdit", models.PROTECT, null=True, related_name="+")
    template = models.ForeignKey("orders.ProcessTemplate", models.PROTECT, null=True, related_name="+")
    order_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)  # orders with at least one due instant moved
    failed = models.PositiveIntegerField(default=0)
    last_order_id = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    faults = models.JSONField(default=list)  # order number and message of those that could not be planned

    objects = PlanJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("planning job")
        verbose_name_plural = _("planning jobs")
        constraints = [
            models.CheckConstraint(name="planjob_kind_known", condition=Q(kind__in=["count", "calendar", "template"]))
        ]
        # PlanJobQuerySet.unfinished, asked by every tick.
        indexes = [models.Index(fields=["id"], name="planjob_unfinished", condition=Q(finished_at=None))]

    def __str__(self) -> str:
        return f"{self.kind} {self.done}/{self.total}"

    @property
    def what(self) -> str:
        """Which calendar or template it is about."""
        return str(self.template or self.calendar or "")

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None
