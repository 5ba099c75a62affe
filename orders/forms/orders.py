"""Forms of an order: new, edit, and its moves. They check shape; the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Company
from customers.models.companies import CODE_VALIDATOR
from orders.filters import KeyChoiceField, people_of
from orders.forms.steps import ReasonField
from orders.models import Order, OrderLine, ProcessTemplate
from orders.words import Incoterm, Mode, PaymentTerms, Priority, Side
from teams.countries import country_choices
from teams.models import Team, User
from teams.permissions import Permission

# Amounts exist only for those who may see them; without them the rest of the form stays the same.
MONEY = ("currency", "fx_rate")
PRESENTATION_DAYS = 21
_HEAD = ("number", "customer", "customer_po_no")
_REST = (
    *("clerk", "sales_rep", "logistics_owner", "incoterm", "mode", "payment_terms"),
    *("lc_latest_shipment", "lc_expiry", "lc_presentation_days", "country", "destination", "supplier"),
    *("third_party_inspection", "wood_packaging", "statutory_inspection", "currency", "fx_rate", "priority", "note"),
)


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class CompanyField(KeyChoiceField):
    """Found by typing: the browser offers what the server finds; the code is what is sent."""

    widget = forms.TextInput

    def __init__(self, queryset: Any = None, **kwargs: Any) -> None:
        super().__init__(
            queryset=queryset if queryset is not None else Company.objects.none(), to_field_name="code", **kwargs
        )
        self.error_messages["invalid_choice"] = _("There is no company with the code “%(value)s”.")

    def prepare_value(self, value: Any) -> Any:
        return value.code if isinstance(value, Company) else value

    def to_python(self, value: Any) -> Any:
        # "ACME · Acme Inc." as the list of the browser offers it.
        return super().to_python(str(value).partition(" · ")[0].strip() if value else value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(data or "").partition(" · ")[0].strip()


def blank(choices: Any) -> list[tuple[str, Any]]:
    return [("", "—"), *choices]


class TermsFields(forms.Form):
    """The terms that add steps to an order or set it hard dates."""

    country = forms.ChoiceField(label=_("destination country"), required=False)
    third_party_inspection = forms.BooleanField(label=_("third-party inspection"), required=False)
    wood_packaging = forms.BooleanField(label=_("wood packaging"), required=False)
    statutory_inspection = forms.BooleanField(label=_("statutory inspection goods"), required=False)
    lc_latest_shipment = forms.DateField(label=_("L/C latest shipment"), required=False, widget=DateInput())
    lc_expiry = forms.DateField(label=_("L/C expiry"), required=False, widget=DateInput())
    lc_presentation_days = forms.IntegerField(
        label=_("L/C presentation, days after shipment"),
        required=False,
        min_value=1,
        max_value=90,
        initial=PRESENTATION_DAYS,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        stored = self.initial.get("country") or ""
        known = country_choices()
        # A code that no list knows any more must not be lost by saving something else.
        country.choices = blank([*known, *([(stored, stored)] if stored not in {"", *dict(known)} else [])])

    def clean_lc_presentation_days(self) -> int:
        # Left empty it is the 21 days of UCP 600, article 14 c.
        return self.cleaned_data["lc_presentation_days"] or PRESENTATION_DAYS

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        latest, expiry = given.get("lc_latest_shipment"), given.get("lc_expiry")
        if latest and expiry and expiry < latest:
            self.add_error("lc_expiry", _("The letter of credit expires before its latest shipment date."))
        return given


class OrderForm(TermsFields):
    """The order's own fields. An edit sends only what differs from what the writer saw (hidden initial values)."""

    number = forms.CharField(label=_("order number"), max_length=40, validators=[CODE_VALIDATOR])
    customer = CompanyField(label=_("customer"), required=False)
    customer_po_no = forms.CharField(label=_("customer PO"), max_length=80, required=False)
    template = forms.ModelChoiceField(
        label=_("process template"), queryset=ProcessTemplate.objects.none(), required=False
    )
    clerk = forms.ModelChoiceField(label=_("clerk"), queryset=User.objects.none(), required=False)
    sales_rep = forms.ModelChoiceField(label=_("sales representative"), queryset=User.objects.none(), required=False)
    logistics_owner = forms.ModelChoiceField(
        label=_("logistics coordinator"), queryset=User.objects.none(), required=False
    )
    incoterm = forms.ChoiceField(label=_("Incoterm"), choices=blank(Incoterm.choices), required=False)
    mode = forms.ChoiceField(label=_("mode"), choices=blank(Mode.choices), required=False)
    payment_terms = forms.ChoiceField(label=_("payment terms"), choices=blank(PaymentTerms.choices), required=False)
    destination = forms.CharField(label=_("destination"), max_length=120, required=False)
    supplier = CompanyField(label=_("supplier"), required=False)
    currency = forms.RegexField(label=_("currency"), regex=r"^[A-Z]{3}\Z", max_length=3, initial="USD")
    fx_rate = forms.DecimalField(label=_("exchange rate"), max_digits=18, decimal_places=8, initial=1, min_value=0)
    priority = forms.ChoiceField(label=_("priority"), choices=Priority.choices, initial=Priority.NORMAL)
    note = forms.CharField(label=_("note"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    field_order = [*_HEAD, "template", *_REST]

    def __init__(self, *args: Any, user: User, team: Team | None, sees_money: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        companies = Company.objects.visible_to(user)
        self._choose("customer", companies.customers())
        self._choose("supplier", companies.suppliers())
        people = people_of(user).filter(is_active=True)
        if team is not None:
            people = people.filter(memberships__team=team)
        for name in ("clerk", "sales_rep", "logistics_owner"):
            self._choose(name, people)
        self._choose("template", ProcessTemplate.objects.filter(is_current=True).order_by("kind", "code"))
        if not sees_money:
            for name in MONEY:
                del self.fields[name]

    def _choose(self, name: str, rows: Any) -> None:
        field: Any = self.fields[name]
        field.queryset = rows
        if field.empty_label:
            field.empty_label = "—"

    def clean_fx_rate(self) -> Any:
        rate = self.cleaned_data["fx_rate"]
        if rate is not None and rate <= 0:
            raise forms.ValidationError(_("The exchange rate must be more than zero."))
        return rate


class NewOrderForm(OrderForm):
    team = forms.ModelChoiceField(label=_("team"), queryset=Team.objects.none(), empty_label=None)
    ordered_date = forms.DateField(label=_("ordered"), widget=DateInput())
    # Typed once; lines without a date of their own take it.
    promised_date = forms.DateField(
        label=_("promised date"), required=False, widget=DateInput(), help_text=_("For all lines without their own.")
    )

    field_order = [*_HEAD, "team", "template", "ordered_date", "promised_date", *_REST]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, team=None, **kwargs)
        teams = Team.objects.visible_to(user)
        allowed = user.access.teams_allowing(Permission.ORDER_CREATE)
        self._choose("team", (teams if allowed is None else teams.filter(pk__in=allowed)).order_by("name", "pk"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        team = given.get("team")
        for name in ("clerk", "sales_rep", "logistics_owner"):
            person = given.get(name)
            if team and person and not person.memberships.filter(team=team).exists():
                self.add_error(name, _("%(person)s is not in this team.") % {"person": person})
        return given


class EditOrderForm(OrderForm):
    """`version` is that of the order when the form was shown; `changes()` what the writer truly changed."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, order: Order, user: User, **kwargs: Any) -> None:
        initial = {name: getattr(order, name) for name in self.base_fields if hasattr(order, name)}
        kwargs["initial"] = {**initial, **kwargs.get("initial", {})}
        super().__init__(*args, user=user, team=order.team, sees_money=user.access.sees_money(order.team_id), **kwargs)
        if order.confirmed_at:
            # Milestones stand on the template, figures on the customer.
            for name in ("template", "customer"):
                del self.fields[name]
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "version"

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "version"}


class MoveForm(forms.Form):
    """A move of the order; `title` and `submit` are what the reader sees."""

    title: Any = ""
    submit: Any = ""
    is_grave = False

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order

    def values(self) -> dict[str, Any]:
        return self.cleaned_data


class ConfirmForm(MoveForm):
    title = _("Confirm the order: its promise is frozen, its steps are laid down")
    submit = pgettext_lazy("button", "Confirm")


class ResumeForm(MoveForm):
    title = _("Take the order up again: its clocks run on")
    submit = pgettext_lazy("button", "Resume")
    reason = ReasonField(label=_("Note"), required=False)


class CloseForm(MoveForm):
    title = _("Close the order: its file is complete")
    submit = pgettext_lazy("button", "Close order")
    reason = ReasonField(label=_("Note"), required=False)


class _SideForm(MoveForm):
    side = forms.ChoiceField(label=_("Because of"), choices=Side.choices, widget=forms.RadioSelect)
    reason = ReasonField()


class HoldForm(_SideForm):
    title = _("Put the order on hold: its clocks stand")
    submit = pgettext_lazy("button", "Hold")


class CancelForm(_SideForm):
    title = _("Cancel the order: this cannot be undone")
    submit = pgettext_lazy("button", "Cancel order")
    is_grave = True


class PromiseForm(_SideForm):
    """Another date for some lines or all; the first promise stays frozen, so on-time figures do not improve."""

    title = _("Move the promise; the first one stays for the figures")
    submit = pgettext_lazy("button", "Move the promise")
    new_date = forms.DateField(label=_("New date"), widget=DateInput())
    line_ids = forms.ModelMultipleChoiceField(
        label=_("Lines"), queryset=OrderLine.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    field_order = ["new_date", "line_ids", "side", "reason"]

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, order=order, **kwargs)
        lines: Any = self.fields["line_ids"]
        lines.queryset = order.lines.order_by("position")
        lines.label_from_instance = lambda line: f"{line.position} · {line.product_code or line.description}"
        lines.initial = [line.pk for line in lines.queryset]

    def suggest(self, position: str) -> None:
        """Check only the line at `position`, where there is one."""
        lines: Any = self.fields["line_ids"]
        chosen = [line.pk for line in lines.queryset if str(line.position) == position]
        lines.initial = chosen or lines.initial

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "line_ids": [line.pk for line in self.cleaned_data["line_ids"]]}


MOVE_FORMS: dict[str, type[MoveForm]] = {
    "confirm": ConfirmForm,
    "hold": HoldForm,
    "resume": ResumeForm,
    "cancel": CancelForm,
    "close": CloseForm,
    "promise": PromiseForm,
}
