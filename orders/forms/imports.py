"""Forms of an import: the upload, and what a person corrects of how the sheet is read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.imports import profile as profiles
from orders.imports.reading import LEAVE_OUT, MAX_BYTES
from orders.imports.report import letter
from orders.imports.sheets import Choice
from orders.models import ImportProfile, ImportRun
from orders.models.templates import in_language
from orders.services.imports import too_large
from teams.models import Team, User
from teams.permissions import Permission
from teams.refusals import RefusedForm
from teams.share_field import ShareField

# What the sheet page offers; other profiles are for the command line.
PROFILES = ("orders", "scms")


class UploadForm(RefusedForm):
    file = forms.FileField(
        label=_("Sheet"),
        help_text=_("xlsx, xls or csv, at most 20 MB. Nothing is written before you have seen what it would do."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt,.tsv"}),
    )
    team = forms.ModelChoiceField(label=_("team"), queryset=Team.objects.none(), empty_label=None)
    profile = forms.ChoiceField(label=_("What the columns mean"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = teams_for(user)
        team: Any = self.fields["team"]
        team.queryset = teams
        team.initial = teams.first()
        profile: Any = self.fields["profile"]
        profile.choices = profile_choices(user)

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > MAX_BYTES:
            raise forms.ValidationError(too_large(), "too_large")
        return upload


def profile_choices(user: User) -> list[tuple[Any, Any]]:
    """The shipped profiles, and those that the person or a colleague saved."""
    known = [(name, profiles.load(name)) for name in PROFILES]
    shipped = [(name, in_language(each.title_zh or each.title, each.title)) for name, each in known]
    saved = [(each.name, each.name) for each in ImportProfile.objects.visible_to(user).order_by("name")]
    return [*shipped, (_("Saved"), saved)] if saved else shipped


def teams_for(user: User) -> Any:
    """The teams for which the person may create orders."""
    allowed = user.access.teams_allowing(Permission.ORDER_CREATE)
    teams = Team.objects.visible_to(user).order_by("name", "pk")
    return teams if allowed is None else teams.filter(pk__in=allowed)


class ReadingForm(RefusedForm):
    """The sheet, its header row, a field for each column, and which of two numbers is the day."""

    sheet = forms.ChoiceField(label=_("Sheet of the workbook"), required=False)
    header_row = forms.IntegerField(label=_("Row with the headers"), min_value=1, max_value=100_000, required=False)
    date_order = forms.ChoiceField(
        label=_("Dates such as 03/04/26"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("dmy", pgettext_lazy("date", "day first: 3 April 2026")),
            ("mdy", pgettext_lazy("date", "month first: 4 March 2026")),
        ],
    )

    year = forms.TypedChoiceField(
        label=_("Year of dates such as 9月20日"), required=False, coerce=int, widget=forms.RadioSelect
    )
    profile_name = forms.CharField(label=_("Name of the profile"), max_length=40, required=False)
    profile_team = ShareField()

    def __init__(self, data: Any = None, *, run: ImportRun, user: User) -> None:
        reading = run.reading
        own = ImportProfile.objects.filter(by=user, name=run.saved_profile)
        kept = own.first() if run.saved_profile else None
        initial = {name: reading[name] for name in ("sheet", "header_row", "date_order")}
        if kept is not None:
            initial |= {"profile_name": kept.name, "profile_team": kept.team_id}
        super().__init__(data, initial=initial)
        self.run, self.is_saving = run, bool(data and "save" in data)
        team: Any = self.fields["profile_team"]
        team.offer_to(user)
        sheet: Any = self.fields["sheet"]
        sheet.choices = [(name, name or "—") for name in reading["sheets"]]
        if len(reading["sheets"]) < 2:
            del self.fields["sheet"]
        if not reading["asks_date_order"]:
            del self.fields["date_order"]
        year: Any = self.fields["year"]
        year.initial = reading.get("year") or None
        year.choices = [(each, str(each)) for each in range(run.created_at.year - 1, run.created_at.year + 3)]
        if not reading.get("asks_year"):
            del self.fields["year"]
        known = [(column.header, label_of(column.header)) for column in profiles.load(run.profile).columns]
        choices = [("", _("keep as text")), (LEAVE_OUT, _("leave out")), *known]
        for index, header in enumerate(reading["headers"]):
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=header or "—",
                required=False,
                choices=choices,
                initial=reading["mapping"].get(str(index), ""),
                widget=forms.Select(attrs={"class": "control control-sm", "aria-label": header or "—"}),
            )

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        seen: dict[str, str] = {}
        for name, value in list(given.items()):
            if name.startswith("column_") and value not in ("", LEAVE_OUT):
                if value in seen:
                    self.add_error(name, _("Another column is read as this already."))
                seen.setdefault(value, name)
        if self.is_saving and not given.get("profile_name") and "profile_name" not in self.errors:
            self.add_error("profile_name", _("Give it a name."))
        return given

    def choice(self) -> Choice:
        """What was corrected; another sheet or header row is matched anew."""
        given, reading = self.cleaned_data, self.run.reading
        sheet, row = given.get("sheet") or reading["sheet"], given.get("header_row") or reading["header_row"]
        mapping = {
            int(name.removeprefix("column_")): value for name, value in given.items() if name.startswith("column_")
        }
        if (sheet, row) != (reading["sheet"], reading["header_row"]):
            # Another sheet has another header row, unless that was said as well.
            row = 0 if sheet != reading["sheet"] and row == reading["header_row"] else row
            mapping = {}
        return Choice(sheet, row, mapping, given.get("date_order") or "", given.get("year") or 0)

    @property
    def columns(self) -> list[dict[str, Any]]:
        """Header, samples and field of each column, with a letter as a spreadsheet shows it."""
        reading = self.run.reading
        return [
            {
                "letter": letter(index),
                "header": header,
                "samples": reading["samples"][index],
                "field": self[f"column_{index}"],
                "is_guess": index in reading["guessed"],
            }
            for index, header in enumerate(reading["headers"])
        ]


# The profile's headers in the reader's language.
LABELS: dict[str, Any] = {
    "number": _("order number"),
    "customer": _("customer"),
    "customer_code": _("customer code"),
    "supplier": _("supplier"),
    "customer_po_no": _("customer PO"),
    "position": _("line"),
    "product_code": _("product code"),
    "description": _("description"),
    "quantity": _("quantity"),
    "unit": _("unit"),
    "unit_price": _("unit price"),
    "amount": _("amount"),
    "currency": _("currency"),
    "fx_rate": _("exchange rate"),
    "ordered_date": _("ordered"),
    "requested_date": _("requested date"),
    "promised_date": _("promised date"),
    "incoterm": _("Incoterm"),
    "payment_terms": _("payment terms"),
    "mode": _("mode"),
    "country": _("destination country"),
    "destination": _("destination"),
    "priority": _("priority"),
    "note": _("note"),
}


def label_of(header: str) -> str:
    return str(LABELS.get(header, header))
