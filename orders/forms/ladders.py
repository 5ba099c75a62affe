"""The form of one ladder: three amounts with their units. What makes sense, orders.services.ladders decides."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orders.grammar import Ladder
from orders.models.ladders import NOBODY
from orders.services.ladders import RUNGS
from teams.refusals import RefusedForm

UNITS = [
    ("h", pgettext_lazy("unit of a reminder", "working hours")),
    ("w", pgettext_lazy("unit of a reminder", "working days")),
    ("c", pgettext_lazy("unit of a reminder", "calendar days")),
    (NOBODY, pgettext_lazy("unit of a reminder", "nobody")),
]
LABELS = {
    "soon": gettext_lazy("owner, before it is due"),
    "lead": gettext_lazy("lead, after it was due"),
    "manager": gettext_lazy("manager, after it was due"),
}


class PlaceForm(RefusedForm):
    """Where a ladder is written, for what needs no more: to take it back.

    `seen` is what the team says there so far; `checked` what the last preview was made for.
    """

    team = forms.CharField(label=gettext_lazy("team"), max_length=40, widget=forms.HiddenInput)
    template = forms.CharField(label=gettext_lazy("process"), max_length=40, widget=forms.HiddenInput)
    step = forms.CharField(label=gettext_lazy("step"), max_length=40, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)
    checked = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)

    @property
    def wanted(self) -> dict[str, str] | None:
        """The rungs by name in the grammar of ladders; None to take back what is said."""
        return None

    def take(self, **values: str) -> None:
        """Hand hidden values back with the answer: saving goes on from there."""
        sent = QueryDict(mutable=True)
        sent.update(self.data)
        for name, value in values.items():
            sent[name] = value
        self.data = sent

    @property
    def faults(self) -> list[str]:
        """What is wrong with a field that nobody sees."""
        hidden = [field for field in self.hidden_fields() if field.errors]
        return [f"{field.label}: {message}" for field in hidden for message in field.errors]


class LadderForm(PlaceForm):
    """A ladder as it is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in RUNGS:
            attrs = {"inputmode": "numeric", "autocomplete": "off", "size": 4}
            amount = forms.CharField(max_length=20, required=False, widget=forms.TextInput(attrs=attrs))
            amount.label = LABELS[name]
            self.fields[f"{name}_amount"] = amount
            self.fields[f"{name}_unit"] = forms.ChoiceField(label=gettext_lazy("unit"), choices=UNITS)

    @property
    def rungs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Amount and unit of each rung, to be shown."""
        return [(self[f"{name}_amount"], self[f"{name}_unit"]) for name in RUNGS]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for name in RUNGS:
            amount, unit = given.get(f"{name}_amount", ""), given.get(f"{name}_unit", NOBODY)
            # An amount beside "nobody" says nothing.
            if unit != NOBODY and not amount.isdecimal():
                self.add_error(f"{name}_amount", _("Write a whole number, or choose “nobody”."))
        return given

    @property
    def wanted(self) -> dict[str, str]:
        given = self.cleaned_data
        return {name: _rung(given[f"{name}_amount"], given[f"{name}_unit"]) for name in RUNGS}

    def field_of(self, name: str) -> str:
        return f"{name}_amount" if name in RUNGS else name


def _rung(amount: str, unit: str) -> str:
    if unit == NOBODY:
        return NOBODY
    number = int(amount)
    return f"{number}{unit}" if number else "0"


def initial_of(ladder: Ladder | None, *, is_blank: bool) -> dict[str, Any]:
    """The cells that show a ladder; `is_blank`: there is none to begin from."""
    if is_blank:
        return {f"{name}_unit": "w" for name in RUNGS}
    cells: dict[str, Any] = {}
    for name in RUNGS:
        span = getattr(ladder, name, None)
        cells[f"{name}_amount"] = span.amount if span else ""
        cells[f"{name}_unit"] = span.unit if span else NOBODY
    return cells
