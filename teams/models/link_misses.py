"""How often links led nowhere, by day: guesses stand out from people who tapped twice."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Miss(models.TextChoices):
    FORGED = "forged", pgettext_lazy("link", "Unknown")
    REPLAYED = "replayed", pgettext_lazy("link", "Used before")
    EXPIRED = "expired", pgettext_lazy("link", "Expired")
    REVOKED = "revoked", pgettext_lazy("link", "No longer allowed")  # the person left, or sees the order no more


class LinkMissQuerySet(models.QuerySet["LinkMiss"]):
    def since(self, day: date) -> Self:
        return self.filter(on_date__gte=day)

    def totals(self) -> dict[str, int]:
        """How many of each kind; none is left out."""
        counted = self.values_list("kind").annotate(total=Sum("count")).order_by()
        return {**dict.fromkeys(Miss.values, 0), **dict(counted)}


class LinkMiss(models.Model):
    """One row for each kind and day (UTC). What an address beyond its limit tries is refused uncounted."""

    kind = models.CharField(max_length=8, choices=Miss)
    on_date = models.DateField()
    count = models.PositiveIntegerField(default=0)

    objects = LinkMissQuerySet.as_manager()

    class Meta:
        verbose_name = _("link that led nowhere")
        verbose_name_plural = _("links that led nowhere")
        constraints = [
            models.UniqueConstraint(name="linkmiss_one_a_day", fields=["kind", "on_date"]),
            models.CheckConstraint(name="linkmiss_kind_known", condition=Q(kind__in=Miss.values)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on_date}: {self.count}"
