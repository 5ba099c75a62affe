"""How people look at the order list: views they saved and shared, and the columns they keep."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from teams.models.sharing import SharedQuerySet

if TYPE_CHECKING:
    pass


class SavedView(models.Model):
    """A named address of the order list: filters, sorting, grouping and columns, never rows.

    Who opens a shared view sees through it what they may see anyway.
    """

    by = models.ForeignKey("teams.User", models.CASCADE, related_name="saved_views", verbose_name=_("person"))
    team = models.ForeignKey(
        "teams.Team", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team")
    )  # shared with
    name = models.CharField(_("name"), max_length=40)
    query = models.TextField(max_length=2000, blank=True)  # as in the address, without "?"
    created_at = models.DateTimeField()

    objects = SharedQuerySet["SavedView"].as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint(fields=["by", "name"], name="savedview_name_once")]

    def __str__(self) -> str:
        return self.name


class ListColumns(models.Model):
    """The columns of the order list that a person keeps, as keys of orders.pages.order_columns."""

    user = models.OneToOneField("teams.User", models.CASCADE, related_name="list_columns")
    columns = models.JSONField(default=list)

    class Meta:
        verbose_name = _("columns of a list")
        verbose_name_plural = _("columns of lists")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.columns}"
