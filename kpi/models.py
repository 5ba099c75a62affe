"""What figures keep or read of their own."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.models import Order
from orders.models.checks import InspectionKind, SampleKind

# The kinds of both, which no sample and inspection share.
CHECK_KINDS = dict((*SampleKind.choices, *InspectionKind.choices))


class Check(models.Model):
    """A sample decided or a lot inspected, as one kind of row; a view of the database, never written.

    `round` counts the samples of a kind of an order; of inspections, one more than those before of its kind after
    which the goods had to come back.
    """

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", pgettext_lazy("check", "Accepted")
        CONCESSION = "concession", pgettext_lazy("check", "Released by concession")
        REFUSED = "refused", pgettext_lazy("check", "Refused")

    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="+", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=10)
    decided_on = models.DateField(_("decided on"))
    round = models.PositiveIntegerField(_("round"))
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    by = models.ForeignKey("teams.User", models.DO_NOTHING, related_name="+")

    class Meta:
        managed = False
        db_table = "kpi_check"
        verbose_name = _("check")
        verbose_name_plural = _("checks")

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind} {self.round}"


class ProcessChangeQuerySet(models.QuerySet["ProcessChange"]):
    def of_figure(self, code: str) -> Self:
        """Changes declared for this figure, and those for all."""
        return self.filter(Q(code=code) | Q(code=""))


class ProcessChange(models.Model):
    """A change of how work is done, declared by a person: limits of control charts begin anew on its day."""

    day = models.DateField(_("first day of the change"))
    title = models.CharField(_("what was changed"), max_length=120)
    code = models.CharField(_("figure"), max_length=8, blank=True)  # empty: all figures
    by = models.ForeignKey("teams.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ProcessChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("declared change")
        verbose_name_plural = _("declared changes")
        constraints = [models.UniqueConstraint(fields=["code", "day", "title"], name="processchange_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.title}"
