"""Forms of edited sheets: the upload, and what is decided."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.imports.reading import MAX_BYTES
from orders.services.imports import too_large
from orders.services.merges import MINE, THEIRS
from orders.words import Side
from teams.refusals import RefusedForm


class MergeUploadForm(RefusedForm):
    file = forms.FileField(
        label=_("Edited sheet"),
        help_text=_(
            "A list exported here, edited and saved as xlsx or csv. Nothing is written before you have seen it."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > MAX_BYTES:
            raise forms.ValidationError(too_large(), "too_large")
        return upload


class DecisionForm(RefusedForm):
    """Why dates move; which side is taken in each conflict comes as `cell-<row>:<column>`."""

    side = forms.ChoiceField(
        label=_("At whose wish the promise moves"), choices=Side.choices, required=False, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=_("Why the dates move"), max_length=300, required=False)

    def decisions(self) -> dict[str, str]:
        prefix = "cell-"
        return {
            name.removeprefix(prefix)[:80]: value
            for name, value in self.data.items()
            if name.startswith(prefix) and value in (MINE, THEIRS)
        }
