"""The field of a form that says with which team something of one's own is shared."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teams.models import Team, User


class ShareField(forms.ModelChoiceField):
    """A team of the person's, or nobody; the form says who that is by `offer_to`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "queryset": Team.objects.none(),
                "label": _("Share with"),
                "required": False,
                "empty_label": _("nobody, only mine"),
                **kwargs,
            }
        )

    def offer_to(self, user: User) -> None:
        self.queryset = Team.objects.joined_by(user).order_by("name", "pk")
