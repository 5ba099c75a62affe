"""What a review is started with, and what is agreed in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kpi import pages
from kpi.models import ReviewAction, ReviewPage
from kpi.periods import Period
from teams.models import Team
from teams.refusals import DayInput, RefusedForm


class ReviewForm(RefusedForm):
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), empty_label=None)
    period = forms.TypedChoiceField(label=_("Period"))

    def __init__(self, data: Mapping[str, Any] | None = None, *, teams: Any, periods: Sequence[Period]) -> None:
        super().__init__(data)
        named = {f"{period.first}/{period.end}": period for period in periods}
        period: Any = self.fields["period"]
        period.choices = [(key, pages.period_text(each)) for key, each in named.items()]
        period.coerce = named.__getitem__
        team: Any = self.fields["team"]
        team.queryset = teams


class NoteForm(forms.ModelForm):
    class Meta:
        model = ReviewPage
        fields = ("note",)
        widgets = {"note": forms.Textarea(attrs={"rows": 5, "class": "control"})}


class ActionForm(RefusedForm):
    text = forms.CharField(
        label=_("What is to be done"),
        max_length=ReviewAction._meta.get_field("text").max_length,
    )
    due_date = forms.DateField(label=_("By"), widget=DayInput())
