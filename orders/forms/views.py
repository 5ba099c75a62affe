"""Forms of the views of the order list."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from teams.models import User
from teams.refusals import RefusedForm
from teams.share_field import ShareField


class SaveViewForm(RefusedForm):
    name = forms.CharField(label=_("Name of the view"), max_length=40)
    team = ShareField()
    query = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team: Any = self.fields["team"]
        team.offer_to(user)
        for name, field in self.fields.items():
            field.widget.attrs["id"] = f"id_view_{name}"
