"""Forms of samples, inspections and payments."""

from typing import Any

from django import forms
from django.utils import timezone

from orders.models import Inspection, Payment, SampleKind, SampleRound
from teams.refusals import DayInput, RefusedForm


class _ModelFields(RefusedForm):
    """Fields as the model has them."""

    model: Any
    names: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()

    def __init__(self, *args: Any, prefix_id: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widgets: dict[str, type[forms.Widget] | forms.Widget] = {
            name: DayInput() for name in self.names if name.endswith("_on")
        }
        fields = forms.models.fields_for_model(self.model, fields=self.names, widgets=widgets)
        self.fields.update(fields)
        for name, field in self.fields.items():
            field.widget.attrs["id"] = f"id_{type(self).__name__.lower()}{prefix_id}_{name}"
            if name.endswith("_on"):
                field.required = True
                field.initial = timezone.localdate
            if name in self.needed:
                field.required = True
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 2


class SampleForm(_ModelFields):
    model, names = SampleRound, ("kind", "sent_on", "courier_no")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].initial = SampleKind.PP


class VerdictForm(_ModelFields):
    model, names, needed = SampleRound, ("verdict", "decided_on", "comments"), ("verdict",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        verdict: Any = self.fields["verdict"]
        verdict.initial = None
        verdict.choices = [("", "—"), *SampleRound.Verdict.choices[1:]]


class InspectionForm(_ModelFields):
    model = Inspection
    names = (
        *("kind", "inspected_on", "lot_size", "level", "aql_major", "aql_minor", "critical", "major", "minor"),
        *("disposition", "inspector", "note"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in {"kind": "FRI", "level": "II", "aql_major": "2.5", "aql_minor": "4.0"}.items():
            self.fields[name].initial = value


class PaymentForm(_ModelFields):
    model, names = Payment, ("amount", "received_on", "reference")
