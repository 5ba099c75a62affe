"""Forms of order lines: the editor of a draft's lines, and the change of one line after confirmation."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.filters import ISO_DATE
from orders.forms.orders import DateInput
from orders.forms.steps import ReasonField
from orders.models import Order, OrderLine

# What a browser's form may carry (1,000 fields); longer orders come by sheet or API.
MAX_LINES = 60


class _PositionField(forms.IntegerField):
    """Says which stored line a form is about; it is not typed, so it never counts as a change."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class LineForm(forms.Form):
    """A line of a draft; `position` is that of a stored line, empty for a new one."""

    product_code = forms.CharField(label=_("product code"), max_length=80, required=False)
    description = forms.CharField(label=_("description"), max_length=300, required=False)
    quantity = forms.DecimalField(label=_("quantity"), max_digits=14, decimal_places=3, min_value=0)
    unit = forms.CharField(label=_("unit"), max_length=20, initial="pcs", required=False)
    unit_price = forms.DecimalField(label=_("unit price"), max_digits=16, decimal_places=4, min_value=0, required=False)
    # One form of dates: what is pasted from a sheet as 3/4/26 is another day in London than in New York.
    requested_date = forms.DateField(
        label=_("requested date"), required=False, widget=DateInput(), input_formats=ISO_DATE
    )
    promised_date_original = forms.DateField(
        label=_("promised date"), required=False, widget=DateInput(), input_formats=ISO_DATE
    )
    position = _PositionField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, sees_money: bool = True, keeps_shown: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sees_money:
            del self.fields["unit_price"]
        for name, field in self.fields.items():
            field.show_hidden_initial = keeps_shown and name != "position"

    def clean_quantity(self) -> Any:
        quantity = self.cleaned_data["quantity"]
        if quantity == 0:
            raise forms.ValidationError(_("The quantity must be more than zero."))
        return quantity

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        is_used = self.has_changed() or bool(given.get("position"))
        if not given.get("product_code") and not given.get("description") and is_used:
            self.add_error("product_code", _("Name the product by code or description."))
        return given


class _Lines(forms.BaseFormSet):
    default_error_messages = {
        **forms.BaseFormSet.default_error_messages,
        "too_few_forms": _("The order needs at least one line."),
    }

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = pgettext_lazy("a line", "Remove")

    @property
    def kept_forms(self) -> list[Any]:
        """The lines that were filled in and are not removed."""
        stored = self.initial_form_count()
        removed = self.deleted_forms
        return [
            form
            for index, form in enumerate(self.forms)
            if form not in removed and (index < stored or form.has_changed())
        ]

    def values(self, promised: date | None = None) -> list[dict[str, Any]]:
        """The lines to write; `promised` stands in where a line has no date."""
        lines = []
        for form in self.kept_forms:
            line = {name: value for name, value in form.cleaned_data.items() if name not in {"DELETE", "position"}}
            line["promised_date_original"] = line.get("promised_date_original") or promised
            if form.cleaned_data.get("position"):
                line["position"] = form.cleaned_data["position"]
            lines.append(line)
        return lines


class _StoredLines(_Lines):
    """The lines of a draft. Each field carries what the writer saw, so that only their own changes count as theirs."""

    def __init__(self, data: Any = None, *, order: Order, sees_money: bool) -> None:
        super().__init__(
            data,
            prefix="lines",
            initial=[_initial(line) for line in order.lines.order_by("position")],
            form_kwargs={"sees_money": sees_money, "keeps_shown": True},
        )

    def clean(self) -> None:
        if self.has_changed() and not self.kept_forms:
            raise forms.ValidationError(self.default_error_messages["too_few_forms"], code="too_few_forms")


def _initial(line: OrderLine) -> dict[str, Any]:
    """The stored values as people write them: 100 rather than 100.000."""
    values = {name: getattr(line, name) for name in LineForm.base_fields}
    return {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in values.items()}


_EDITOR: dict[str, Any] = {
    "extra": 1,
    "max_num": MAX_LINES,
    "absolute_max": MAX_LINES,
    "validate_max": True,
    "can_delete": True,
}
LineFormSet: Any = forms.formset_factory(LineForm, formset=_Lines, min_num=1, validate_min=True, **_EDITOR)
StoredLineFormSet: Any = forms.formset_factory(LineForm, formset=_StoredLines, **_EDITOR)


class LineChangeForm(forms.Form):
    """What may change of a line after confirmation; only what the writer changed is handed on."""

    cancelled_quantity = forms.DecimalField(
        label=_("Cancelled quantity"),
        max_digits=14,
        decimal_places=3,
        min_value=0,
        help_text=_("In total; it is no longer to be delivered."),
    )
    requested_date = forms.DateField(label=_("Requested date"), required=False, widget=DateInput())
    reason = ReasonField(widget=forms.TextInput)

    def __init__(self, data: Any = None, *, line: OrderLine) -> None:
        initial = {"cancelled_quantity": f"{line.cancelled_quantity.normalize():f}"}
        super().__init__(data, initial={**initial, "requested_date": line.requested_date})
        for name in ("cancelled_quantity", "requested_date"):
            self.fields[name].show_hidden_initial = True
            self.fields[name].widget.attrs["id"] = f"id_line{line.position}_{name}"
        self.fields["cancelled_quantity"].widget.attrs["autofocus"] = True
        self.fields["reason"].widget.attrs["id"] = f"id_line{line.position}_reason"

    def clean_requested_date(self) -> date | None:
        wanted = self.cleaned_data["requested_date"]
        if wanted is None and "requested_date" in self.changed_data:
            raise forms.ValidationError(_("Write another date; a wish is not taken back without one."))
        return wanted

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.errors and not self._changed():
            raise forms.ValidationError(_("Nothing is changed yet: write another quantity or date."))
        return given

    def _changed(self) -> list[str]:
        return [name for name in self.changed_data if name != "reason"]

    def values(self) -> dict[str, Any]:
        names = [*self._changed(), "reason"]
        return {name: self.cleaned_data[name] for name in names}
