"""What figures keep or read of their own."""

from django.db import models
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
