"""What people keep for themselves and may share with a team."""

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from teams.models import User

Row = TypeVar("Row", bound=models.Model)


class SharedQuerySet(models.QuerySet[Row]):
    """Of rows with `by`, whose they are, and `team`, with which they are shared."""

    def visible_to(self, user: "User") -> Self:
        """One's own, and those shared with a team that the person belongs to."""
        return self.filter(Q(by=user.pk) | Q(team__memberships__user=user.pk)).distinct()
