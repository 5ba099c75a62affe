"""Forms of shipments: their fields, how much of each order line travels, moves and cancellation."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.forms.models import fields_for_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from customers.models import Company
from orders.filters import people_of
from orders.forms.steps import InstantInput
from orders.models import OrderLine, Shipment
from orders.pages.shipments import MONEY_FIELDS, OWNER_FILTERS, STATUS_FILTERS
from orders.words import Mode
from orders.workflow import SHIPMENT_INSTANTS
from teams.models import User
from teams.refusals import DayInput, RefusedForm

CUTOFF_FIELDS = ("si_cutoff_at", "vgm_cutoff_at", "cy_cutoff_at", "customs_cutoff_at")
SECTIONS: list[tuple[Any, tuple[str, ...]]] = [
    (gettext_lazy("Voyage"), ("number", "mode", "etd", "eta", "vessel", "voyage", "origin", "destination")),
    (gettext_lazy("Cut-offs"), CUTOFF_FIELDS),
    (gettext_lazy("Booking"), ("forwarder", "owner", "booking_no", "container_no", "seal_no", "weight_kg")),
    (gettext_lazy("Papers"), ("bl_no", "bl_release_mode", *MONEY_FIELDS, "note")),
]
FIELDS = [name for _title, names in SECTIONS for name in names]
LINE = "line-"


class ShipmentForm(RefusedForm):
    """A shipment's fields and quantities. Of an existing one only what the person changed is handed on.

    Each field carries the value that the person saw, so that what a colleague changed meanwhile is not taken for
    their change.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        user: User,
        team_id: int,
        lines: Sequence[OrderLine],
        shipment: Shipment | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.shipment, self.lines = shipment, list(lines)
        sees_money = user.access.sees_money(team_id)
        widgets: dict[str, type[forms.Widget] | forms.Widget] = {name: InstantInput() for name in CUTOFF_FIELDS}
        widgets |= {"etd": DayInput(), "eta": DayInput(), "note": forms.Textarea(attrs={"rows": 3})}
        names = [name for name in FIELDS if sees_money or name not in MONEY_FIELDS]
        self.fields.update(fields_for_model(Shipment, fields=names, widgets=widgets))
        self._limit("forwarder", Company.objects.visible_to(user).filter(is_forwarder=True))
        self._limit("owner", people_of(user).filter(memberships__team=team_id))
        for name in names:
            self.fields[name].show_hidden_initial = shipment is not None
        for line in self.lines:
            self.fields[f"{LINE}{line.pk}"] = forms.DecimalField(
                label=_("Quantity"), max_digits=14, decimal_places=3, min_value=0, required=False
            )
            self.fields[f"{LINE}{line.pk}"].widget.attrs |= {"inputmode": "decimal", "step": "any"}

    def _limit(self, name: str, rows: Any) -> None:
        """Offer what the person may choose, and the value that is there already."""
        field: Any = self.fields[name]
        chosen = getattr(self.shipment, f"{name}_id", None)
        offered = Q(pk__in=rows.order_by().values("pk")) | Q(pk=chosen)
        field.queryset = rows.model._default_manager.filter(offered).order_by("name", "pk")

    def values(self) -> dict[str, Any]:
        names = [name for name in FIELDS if name in self.fields]
        if self.shipment is not None:
            names = [name for name in names if name in self.changed_data]
        return {name: self.cleaned_data[name] for name in names}

    def quantities(self) -> dict[int, Decimal]:
        """Order line id to quantity, of the lines that travel."""
        return {line.pk: amount for line in self.lines if (amount := self.cleaned_data.get(f"{LINE}{line.pk}"))}

    @property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in SECTIONS]

    @property
    def line_fields(self) -> list[tuple[OrderLine, forms.BoundField]]:
        return [(line, self[f"{LINE}{line.pk}"]) for line in self.lines]

    def field_of(self, name: str) -> str:
        if name.startswith("lines.") and name.endswith(".quantity"):
            return LINE + name.split(".")[1]
        return name


class MoveForm(RefusedForm):
    """The true instant of a move; empty means now."""

    to = forms.ChoiceField(widget=forms.HiddenInput, choices=[(move, move) for move in SHIPMENT_INSTANTS])
    at = forms.DateTimeField(
        label=gettext_lazy("When it happened"),
        required=False,
        widget=InstantInput(),
        help_text=gettext_lazy("Empty: now."),
    )

    def field_of(self, name: str) -> str:
        return "at" if name in SHIPMENT_INSTANTS.values() else name


class CancelForm(RefusedForm):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)


class ShipmentFilterForm(forms.Form):
    """The filters of the list, as they stand in the address."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=200)
    status = forms.ChoiceField(label=gettext_lazy("Status"), required=False, choices=STATUS_FILTERS)
    mode = forms.ChoiceField(
        label=pgettext_lazy("shipments", "Mode"),
        required=False,
        choices=[("", pgettext_lazy("shipments", "Any mode")), *Mode.choices],
    )
    owner = forms.ChoiceField(
        label=gettext_lazy("Whose"),
        required=False,
        choices=[("", pgettext_lazy("shipments", "Everybody's")), *OWNER_FILTERS],
    )
    etd_from = forms.DateField(label=gettext_lazy("ETD from"), required=False, widget=DayInput())
    etd_to = forms.DateField(label=gettext_lazy("ETD until"), required=False, widget=DayInput())
