"""Forms of companies, contacts and interactions; of an existing row only what the person changed is handed on."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.api import colleagues_of
from customers.models import Company, Contact, Interaction
from teams.countries import country_choices
from teams.models import Team, User, WorkCalendar
from teams.models.people import LANGUAGES
from teams.permissions import Permission
from teams.refusals import DayInput, RefusedForm

PARTS = [
    ("customer", pgettext_lazy("companies", "Customers")),
    ("supplier", pgettext_lazy("companies", "Suppliers")),
    ("forwarder", pgettext_lazy("companies", "Forwarders")),
]
COMPANY_FIELDS = (
    *("name", "name_en", "code", "is_customer", "is_dealer", "is_supplier", "is_forwarder", "country", "city"),
    *("address", "grade", "timezone", "calendar", "language", "owner", "note"),
)
CONTACT_FIELDS = ("name", "title", "phone", "email", "messenger", "is_primary", "note")
NEXT_CONTACT = time(9)


class RowForm(RefusedForm):
    """Fields of a model; each carries what the person saw, so a colleague's change is not taken for theirs."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    model: Any
    names: tuple[str, ...]

    def __init__(self, *args: Any, row: Any = None, **kwargs: Any) -> None:
        if row is not None:
            seen = {name: row._meta.get_field(name).value_from_object(row) for name in (*self.names, "version")}
            kwargs["initial"] = {**seen, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.row = row
        widgets: dict[str, type[forms.Widget] | forms.Widget] = {"note": forms.Textarea(attrs={"rows": 3})}
        self.fields.update(fields_for_model(self.model, fields=self.names, widgets=widgets))
        for name in self.names:
            self.fields[name].show_hidden_initial = row is not None

    def values(self) -> dict[str, Any]:
        names = self.names if self.row is None else [name for name in self.names if name in self.changed_data]
        return {name: self.cleaned_data[name] for name in names}


class CompanyForm(RowForm):
    model, names = Company, COMPANY_FIELDS

    team = forms.ModelChoiceField(label=_("team"), queryset=Team.objects.none(), required=False)
    is_other = forms.BooleanField(label=_("It is another company; create it"), required=False)

    def __init__(self, *args: Any, user: User, row: Company | None = None, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset = colleagues_of(user).order_by("name", "pk")
        calendar: Any = self.fields["calendar"]
        calendar.queryset = WorkCalendar.objects.order_by("code")
        calendar.empty_label = _("as usual for their part")
        self.fields["country"] = forms.ChoiceField(
            label=_("country"), required=False, choices=[("", "—"), *country_choices()]
        )
        self.fields["country"].show_hidden_initial = row is not None
        self.fields["language"] = forms.ChoiceField(
            label=_("language"), required=False, choices=[("", "—"), *LANGUAGES]
        )
        self.fields["language"].show_hidden_initial = row is not None
        if row is not None:
            del self.fields["team"], self.fields["is_other"]
            return
        allowed = user.access.teams_allowing(Permission.COMPANY_EDIT)
        teams = Team.objects.order_by("name", "pk")
        team: Any = self.fields["team"]
        team.queryset = teams if allowed is None else teams.filter(pk__in=allowed)
        team.required = allowed is not None
        team.empty_label = _("shared by all teams") if allowed is None else None

    @property
    def part_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("is_customer", "is_dealer", "is_supplier", "is_forwarder")]


class ContactForm(RowForm):
    model, names = Contact, CONTACT_FIELDS


class InteractionForm(RefusedForm):
    """Noted in a few seconds: what was said; the rest has defaults."""

    channel = forms.ChoiceField(label=_("channel"), choices=Interaction.Channel.choices)
    direction = forms.ChoiceField(label=_("direction"), choices=Interaction.Direction.choices)
    contact = forms.ModelChoiceField(
        label=_("contact"), queryset=Contact.objects.none(), required=False, empty_label=_("nobody in particular")
    )
    summary = forms.CharField(
        label=_("What was said"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("What was said")}),
    )
    next_contact = forms.DateField(label=_("next contact"), required=False, widget=DayInput())

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        contact: Any = self.fields["contact"]
        contact.queryset = company.contacts.order_by("-is_primary", "name", "pk")

    def values(self) -> dict[str, Any]:
        """`next_contact` becomes 09:00 of that day in the reader's zone."""
        found = dict(self.cleaned_data)
        day = found.pop("next_contact")
        at = timezone.make_aware(datetime.combine(day, NEXT_CONTACT)) if day else None
        return {**found, "next_action_at": at}

    def field_of(self, name: str) -> str:
        return "next_contact" if name == "next_action_at" else name


class CompanyFilterForm(forms.Form):
    """The filters of the list, as they stand in the address."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    part = forms.ChoiceField(label=pgettext_lazy("company", "Relation"), required=False, choices=[("", ""), *PARTS])
    country = forms.CharField(label=_("country"), required=False, max_length=2)
    grade = forms.ChoiceField(label=_("grade"), required=False, choices=[("", ""), *Company.Grade.choices])
    owner = forms.CharField(label=_("owner"), required=False, max_length=150)
