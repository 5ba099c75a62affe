"""Forms of the calendar editor: each gives a change of `teams.calendar_changes`; the service checks it."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from teams.calendar_changes import FIRST_DAY, HOUR_FIELDS, LAST_DAY, MAX_NAME, NORMAL
from teams.calendar_content import EVERY_WEEK, LAST, MAKEUP, Content
from teams.calendar_words import spans_words, weekday_name
from teams.countries import country_choices
from teams.models import WorkCalendar
from teams.models.calendars import DayKind
from teams.refusals import DayInput, RefusedForm

_SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~～至到]\s*(\d{1,2})[:：](\d{2})")
_BETWEEN = re.compile(r"[\s,，、;；]*")
NAME_EXAMPLE = gettext_lazy("e.g. factory anniversary")


class ChangeForm(RefusedForm):
    """Dates have names of their own, since `from` is a word of Python."""

    def field_of(self, name: str) -> str:
        return {"from": "from_date", "to": "to_date"}.get(name, name)

    def iso(self, name: str) -> str:
        value: date | None = self.cleaned_data[name]
        return value.isoformat() if value else ""


class DaysForm(ChangeForm):
    """Days off, make-up workdays, or back to normal, for one date or several."""

    day = forms.ChoiceField(
        label=pgettext_lazy("calendar day", "This day is"),
        choices=[*DayKind.choices, (NORMAL, pgettext_lazy("calendar day", "Back to normal"))],
        widget=forms.RadioSelect,
    )
    from_date = forms.DateField(label=pgettext_lazy("dates", "from"), widget=DayInput())
    to_date = forms.DateField(label=pgettext_lazy("dates", "until"), required=False, widget=DayInput())
    name = forms.CharField(
        label=gettext_lazy("name"),
        required=False,
        max_length=MAX_NAME,
        widget=forms.TextInput(attrs={"placeholder": NAME_EXAMPLE}),
    )

    def changes(self) -> dict[str, Any]:
        first, last = self.iso("from_date"), self.iso("to_date")
        return {
            **{"kind": "days", "day": self.cleaned_data["day"], "name": self.cleaned_data["name"]},
            **{"from": first, "to": last or first},
        }


class RecurringForm(ChangeForm):
    day = forms.ChoiceField(label=pgettext_lazy("calendar day", "These days are"), choices=DayKind.choices)
    nth = forms.TypedChoiceField(label=gettext_lazy("which of the month"), coerce=int)
    weekday = forms.TypedChoiceField(label=gettext_lazy("weekday"), coerce=int)
    from_date = forms.DateField(label=pgettext_lazy("dates", "from"), widget=DayInput())
    to_date = forms.DateField(label=pgettext_lazy("dates", "until"), widget=DayInput())
    name = forms.CharField(label=gettext_lazy("name"), required=False, max_length=MAX_NAME)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nth: Any = self.fields["nth"]
        nth.choices = [
            (EVERY_WEEK, _("every week")),
            *((number, _("number %(nth)d") % {"nth": number}) for number in range(1, 6)),
            (LAST, _("the last one")),
        ]
        weekday: Any = self.fields["weekday"]
        weekday.choices = [(number, weekday_name(number)) for number in range(1, 8)]

    def changes(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            **{"kind": "recurring", "day": values["day"], "weekday": values["weekday"], "nth": values["nth"]},
            **{"from": self.iso("from_date"), "to": self.iso("to_date"), "name": values["name"]},
        }


class ImportForm(ChangeForm):
    """The statutory days of a year."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))
    year = forms.IntegerField(label=gettext_lazy("year"), min_value=FIRST_DAY.year, max_value=LAST_DAY.year)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country: Any = self.fields["country"]
        country.choices = country_choices()

    def changes(self) -> dict[str, Any]:
        return {"kind": "import", **self.cleaned_data}


class HoursField(forms.CharField):
    """Spans of a day as people write them: 08:30–12:00, 13:30–18:00."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=200)

    def clean(self, value: Any) -> list[list[int]]:
        text = super().clean(value)
        spans, at = [], 0
        for match in _SPAN.finditer(text):
            start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
            is_clock = max(start_minute, end_minute) < 60 and max(start_hour, end_hour) <= 24
            if not is_clock or not _BETWEEN.fullmatch(text[at : match.start()]):
                break
            spans.append([start_hour * 60 + start_minute, end_hour * 60 + end_minute])
            at = match.end()
        if not _BETWEEN.fullmatch(text[at:]):
            raise ValidationError(_("Write spans such as 08:30–12:00, 13:30–18:00."))
        return spans


class HoursForm(RefusedForm):
    """Names, zone and hours of a calendar."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=MAX_NAME)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=MAX_NAME)
    timezone = forms.ChoiceField(label=gettext_lazy("time zone"))

    def __init__(self, *args: Any, content: Content, version: int, **kwargs: Any) -> None:
        initial = {
            **{"version": version, "name_zh": content.name_zh, "name_en": content.name_en},
            **{"timezone": content.timezone},
            **{name: spans_words(content.hours.get(number, ())) for number, name in enumerate(HOUR_FIELDS, start=1)},
        }
        super().__init__(*args, **{**kwargs, "initial": initial})
        zone: Any = self.fields["timezone"]
        zones = {name for name in available_timezones() if "/" in name and not name.startswith("Etc/")}
        zone.choices = [(name, name.replace("_", " ")) for name in sorted({*zones, "UTC", content.timezone})]
        for number, name in enumerate(HOUR_FIELDS, start=1):
            self.fields[name] = HoursField()
            self.fields[name].label = _("Make-up workday") if number == MAKEUP else weekday_name(number)

    @property
    def hour_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in HOUR_FIELDS]

    def field_of(self, name: str) -> str:
        return HOUR_FIELDS[0] if name == "hours" else name

    def changes(self) -> dict[str, Any]:
        values: Mapping[str, Any] = self.cleaned_data
        return {
            "kind": "hours",
            **{name: values[name] for name in ("name_zh", "name_en", "timezone")},
            "hours": {str(number): values[name] for number, name in enumerate(HOUR_FIELDS, start=1)},
        }


class NewCalendarForm(RefusedForm):
    """A calendar begins as a copy of another one."""

    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=MAX_NAME)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=MAX_NAME)
    code = forms.CharField(
        label=gettext_lazy("code"),
        max_length=40,
        validators=[validate_slug],
        help_text=gettext_lazy("Stands in addresses: letters, digits, dash and underscore."),
    )
    copy_of = forms.ModelChoiceField(label=gettext_lazy("Begins as a copy of"), queryset=WorkCalendar.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        copy_of: Any = self.fields["copy_of"]
        copy_of.queryset = WorkCalendar.objects.order_by("code")
        copy_of.empty_label = None


class MakeupForm(forms.Form):
    follows = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes")
