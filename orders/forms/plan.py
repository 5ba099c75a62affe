"""The form of re-planning: what somebody wants to change with a plan, and what applying it asks for."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.forms.orders import DateInput, TermsFields, blank
from orders.forms.steps import InstantInput, ReasonField
from orders.models import Milestone, Order, ProcessTemplate
from orders.services.plans import Changes
from orders.words import Incoterm, Mode, PaymentTerms, Side
from teams.refusals import RefusedForm

TERMS = (
    *("payment_terms", "incoterm", "mode", "country", "third_party_inspection", "wood_packaging"),
    *("statutory_inspection", "lc_latest_shipment", "lc_expiry", "lc_presentation_days"),
)

# As they are filled in: the dates of a letter of credit beside its name.
TERMS_SHOWN = (
    *("payment_terms", "lc_latest_shipment", "lc_expiry", "lc_presentation_days", "incoterm", "mode", "country"),
    *("third_party_inspection", "wood_packaging", "statutory_inspection"),
)


class ReplanForm(TermsFields, RefusedForm):
    """What shall change; whatever is left as it was shown changes nothing (hidden first values)."""

    promised_date = forms.DateField(
        label=_("New promised date"), required=False, widget=DateInput(), help_text=_("For all lines. Empty: as it is.")
    )
    step = forms.ChoiceField(label=_("Step that slips"), required=False)
    expected_at = forms.DateTimeField(
        label=_("Expected finish"),
        required=False,
        widget=InstantInput(),
        help_text=_("Empty: the step goes by its plan again."),
    )
    template = forms.ModelChoiceField(
        label=_("Process template"), queryset=ProcessTemplate.objects.none(), required=False, empty_label=_("as it is")
    )
    incoterm = forms.ChoiceField(label=_("Incoterm"), choices=blank(Incoterm.choices), required=False)
    mode = forms.ChoiceField(label=_("mode"), choices=blank(Mode.choices), required=False)
    payment_terms = forms.ChoiceField(label=_("payment terms"), choices=blank(PaymentTerms.choices), required=False)

    def __init__(self, *args: Any, order: Order, milestones: list[Milestone], **kwargs: Any) -> None:
        super().__init__(*args, initial={name: getattr(order, name) for name in TERMS}, **kwargs)
        self.order = order
        self.open_steps = {str(m.pk): m for m in milestones if m.is_open and m.pk}
        step: Any = self.fields["step"]
        step.choices = blank((pk, capfirst(m.name)) for pk, m in self.open_steps.items())
        newer: Any = self.fields["template"]
        newer.queryset = newer_versions(order)
        if not newer.queryset.exists():
            del self.fields["template"]
        for name in TERMS:
            self.fields[name].show_hidden_initial = True

    @property
    def terms_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in TERMS_SHOWN]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("expected_at") and not given.get("step"):
            self.add_error("step", _("Which step is it?"))
        return given

    def changes(self) -> Changes:
        """What the writer truly changed."""
        given = self.cleaned_data
        terms = {name: given[name] for name in TERMS if name in self.changed_data}
        expected: dict[int, datetime | None] = {}
        if given.get("step"):
            expected[int(given["step"])] = given["expected_at"]
        return Changes(given["promised_date"], terms, expected, given.get("template"))

    def field_of(self, name: str) -> str:
        return "expected_at" if name.startswith("expected.") else name


def newer_versions(order: Order) -> Any:
    """The current version of the order's process, where the order has an older one."""
    if order.template is None:
        return ProcessTemplate.objects.none()
    newer = ProcessTemplate.objects.filter(code=order.template.code, is_current=True)
    return newer.filter(version__gt=order.template.version)


class ApplyForm(RefusedForm):
    """Why, and against which plan the preview was made."""

    seen_plan = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    side = forms.ChoiceField(
        label=_("Because of"), choices=Side.choices, widget=forms.RadioSelect, initial=Side.INTERNAL, required=False
    )
    reason = ReasonField(required=False, widget=forms.TextInput)
    submit = pgettext_lazy("button", "Apply")


class UndoForm(forms.Form):
    change = forms.IntegerField(min_value=1)
