"""Forms that give cargo another shape: split, merge, packing, photos."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models.companies import CODE_VALIDATOR
from orders.forms.steps import FilesField
from orders.models import Shipment, ShipmentLine
from orders.services.cargo import PACKING_FIELDS, RESHAPABLE
from teams.models import User
from teams.refusals import RefusedForm

MOST_MERGED = 50


class SplitForm(RefusedForm):
    """How much of each line goes into the new shipment."""

    number = forms.CharField(label=_("shipment number"), max_length=40, validators=[CODE_VALIDATOR])

    def __init__(self, *args: Any, lines: Sequence[ShipmentLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(lines)
        for line in self.lines:
            self.fields[f"take-{line.order_line_id}"] = forms.DecimalField(
                label=_("Travels apart"), min_value=0, max_digits=14, decimal_places=3, required=False
            )

    def quantities(self) -> dict[int, Decimal]:
        """Order line id to quantity, of those that travel apart."""
        return {
            line.order_line_id: amount
            for line in self.lines
            if (amount := self.cleaned_data.get(f"take-{line.order_line_id}"))
        }

    def field_of(self, name: str) -> str:
        return f"take-{name.split('.')[1]}" if name.startswith("lines.") else name

    @property
    def rows(self) -> list[tuple[ShipmentLine, forms.BoundField]]:
        return [(line, self[f"take-{line.order_line_id}"]) for line in self.lines]


class MergeForm(RefusedForm):
    """The shipments of the same team that may travel along; each has a check box."""

    others = forms.ModelMultipleChoiceField(
        label=_("Shipments that travel along"),
        queryset=Shipment.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the shipments that travel along.")},
    )

    def __init__(self, *args: Any, shipment: Shipment, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        candidates = Shipment.objects.visible_to(user).filter(team=shipment.team_id, status__in=sorted(RESHAPABLE))
        others: Any = self.fields["others"]
        nearest = candidates.exclude(pk=shipment.pk).order_by("etd", "pk").values("pk")[:MOST_MERGED]
        others.queryset = Shipment.objects.filter(pk__in=nearest).order_by("etd", "pk")


class PackingForm(RefusedForm):
    """Packages, weights and volume of each line; empty for unknown."""

    def __init__(self, *args: Any, lines: Sequence[ShipmentLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = list(lines)
        for line in self.lines:
            for name in PACKING_FIELDS:
                model_field: Any = ShipmentLine._meta.get_field(name)
                field: Any = model_field.formfield(min_value=0, required=False)
                field.initial = getattr(line, name)
                field.widget.attrs |= {"step": "any", "inputmode": "decimal", "class": "quantity-input"}
                field.widget.attrs["aria-label"] = f"{line.order_line.order.number} / {line.order_line.position}: "
                field.widget.attrs["aria-label"] += str(model_field.verbose_name)
                self.fields[f"{name}-{line.pk}"] = field

    def packing(self) -> dict[int, dict[str, Any]]:
        """Shipment line id to what was written of it."""
        return {
            line.pk: {name: self.cleaned_data[f"{name}-{line.pk}"] for name in PACKING_FIELDS} for line in self.lines
        }

    @property
    def rows(self) -> list[tuple[ShipmentLine, list[forms.BoundField]]]:
        return [(line, [self[f"{name}-{line.pk}"] for name in PACKING_FIELDS]) for line in self.lines]


class PhotoForm(RefusedForm):
    photos = FilesField(label=_("Photos"), required=True)

    def clean_photos(self) -> list[Any]:
        photos = self.cleaned_data["photos"]
        for photo in photos:
            if not (photo.content_type or "").startswith("image/"):
                raise forms.ValidationError(_("“%(name)s” is no picture.") % {"name": photo.name[:80]}, "no_picture")
        return photos
