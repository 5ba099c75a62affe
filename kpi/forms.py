"""What a manager asks of the dashboard: a named period or two days, and filters; all of it stands in the address."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy

from customers.models import Company
from kpi.dimensions import DIMENSIONS
from kpi.errors import BadQuestion
from kpi.models import CHECK_KINDS
from kpi.periods import months_before
from kpi.questions import Question, read_filters, read_period
from kpi.remembering import remember
from kpi.subjects import ORDERS, Subject
from orders.filters import people_of
from orders.models import Order, ProcessTemplate
from orders.words import Incoterm, Mode, Stage
from teams.models import Organization, Team, User
from teams.permissions import RoleCode
from teams.refusals import DayInput

# Those always in sight, and those behind “More filters”.
FILTERS = ("team", "clerk", "customer")
MORE_FILTERS = (
    *("grade", "supplier", "country", "mode", "incoterm", "template"),
    *("assignee", "role", "stage", "forwarder", "check"),
)
MOST_CHOICES = 300
DEFAULT = "this_month"
CUSTOM = "custom"
PRESETS: dict[str, Promise] = {
    "this_month": gettext_lazy("This month"),
    "last_month": gettext_lazy("Last month"),
    "quarter": gettext_lazy("This quarter"),
    "year": gettext_lazy("This year"),
    "months12": gettext_lazy("Last 12 months"),
    "custom": pgettext_lazy("period", "From … until …"),
}


def preset_days(name: str, today: date) -> tuple[date, date]:
    """First day and first day no longer counted, of a named period."""
    month = today.replace(day=1)
    if name == "last_month":
        return months_before(month, 1), month
    if name == "quarter":
        first = months_before(month, (month.month - 1) % 3)
        return first, months_before(first, -3)
    if name == "year":
        return date(today.year, 1, 1), date(today.year + 1, 1, 1)
    if name == "months12":
        return months_before(month, 11), months_before(month, -1)
    return month, months_before(month, -1)


class QuestionForm(forms.Form):
    """`until` is the last day that counts, as people say it; the API's `to` is the day after."""

    period = forms.ChoiceField(label=pgettext_lazy("dashboard", "Period"), required=False, choices=PRESETS.items())
    since = forms.DateField(label=pgettext_lazy("period", "From"), required=False, widget=DayInput())
    until = forms.DateField(label=pgettext_lazy("period", "Until"), required=False, widget=DayInput())

    def __init__(self, data: Mapping[str, str], *, user: User, now: datetime) -> None:
        super().__init__(data)
        self.user, self.now = user, now

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", gettext_lazy("This lies before the first day."))
        return found

    @property
    def preset(self) -> str:
        """The period in force; two days win over a name."""
        if self.cleaned_data.get("since") and self.cleaned_data.get("until"):
            return CUSTOM
        name = self.cleaned_data.get("period") or DEFAULT
        return DEFAULT if name == CUSTOM else name

    def days(self) -> tuple[date, date]:
        """First day, and first day no longer counted."""
        if self.preset == CUSTOM:
            return self.cleaned_data["since"], self.cleaned_data["until"] + timedelta(days=1)
        return preset_days(self.preset, self.now.astimezone(Organization.current().zone).date())

    def question(self, *, subject: Subject = ORDERS) -> Question:
        """The question asked; what cannot be read is told beside it and left out."""
        faults: dict[str, str] = {}
        self.is_valid()
        first, end = self.days()
        try:
            period = read_period({"from": first.isoformat(), "to": end.isoformat()}, now=self.now)
        except BadQuestion as bad:
            faults |= {"since": " ".join(bad.fields.values())}
            first, end = preset_days(DEFAULT, self.now.date())
            period = read_period({"from": first.isoformat(), "to": end.isoformat()}, now=self.now)
        filters: dict[str, Any] = {}
        for code in DIMENSIONS:
            if not self.data.get(code):
                continue
            try:
                filters |= read_filters({code: self.data[code]}, viewer=self.user, subject=subject)
            except BadQuestion as bad:
                faults[code] = bad.fields.get(code, str(bad))
        for name, text in faults.items():
            self.add_error(name if name in self.fields else None, text)
        return Question(period, self.user, self.now, filters)

    def query(self) -> dict[str, str]:
        """The same question for a link: no more than what was asked."""
        kept = {code: self.data[code] for code in DIMENSIONS if self.data.get(code)}
        if self.preset == CUSTOM:
            since, until = self.cleaned_data["since"], self.cleaned_data["until"]
            return {"since": since.isoformat(), "until": until.isoformat(), **kept}
        return {**({"period": self.preset} if self.preset != DEFAULT else {}), **kept}


@dataclass(frozen=True)
class Filter:
    """One filter as the page offers it: `value` is the one in force, `choices` are keys and labels."""

    code: str
    name: Promise
    value: str
    choices: Sequence[tuple[str, str]]
    is_more: bool


def filters_of(user: User, chosen: Mapping[str, str], subject: Subject) -> list[Filter]:
    """The filters that fit rows of the subject; one query each at most, and none while they are remembered."""
    offered = remember(f"kpi-filters:{user.pk}:{subject.code}:{get_language()}", lambda: _choices(user, subject))
    found = []
    for code, pairs in offered.items():
        value, choices = chosen.get(code, ""), [(key, label) for key, label in pairs]
        if value and value not in {key for key, _label in choices}:
            choices = [(value, value), *choices]
        if choices:
            found.append(Filter(code, DIMENSIONS[code].name, value, choices, code in MORE_FILTERS))
    return found


def _choices(user: User, subject: Subject) -> dict[str, list[tuple[str, str]]]:
    """For each filter that fits, keys and labels in the language in force."""
    offered = _offered(user)
    return {
        code: [(str(key), str(label)) for key, label in offered[code]()]
        for code in (*FILTERS, *MORE_FILTERS)
        if DIMENSIONS[code].path_from(subject)
    }


def _offered(user: User) -> dict[str, Callable[[], Iterable[tuple[Any, Any]]]]:
    companies = Company.objects.visible_to(user).order_by("name", "pk")

    def people() -> Any:
        return people_of(user).values_list("username", "name")[:MOST_CHOICES]

    def countries() -> Any:
        seen = Order.objects.visible_to(user).exclude(country="")
        found = list(seen.order_by().values_list("country", flat=True).distinct()[:MOST_CHOICES])
        named = DIMENSIONS["country"].labels(found)
        return sorted((named[code] for code in found), key=lambda pair: pair[1])

    def templates() -> Any:
        found = ProcessTemplate.objects.order_by("code", "-version").distinct("code")
        return [(each.code, each.name) for each in found[:MOST_CHOICES]]

    return {
        "team": lambda: Team.objects.visible_to(user).order_by("name", "pk").values_list("code", "name"),
        "clerk": people,
        "assignee": people,
        "customer": lambda: companies.customers().values_list("code", "name")[:MOST_CHOICES],
        "supplier": lambda: companies.suppliers().values_list("code", "name")[:MOST_CHOICES],
        "forwarder": lambda: companies.filter(is_forwarder=True).values_list("code", "name")[:MOST_CHOICES],
        "country": countries,
        "template": templates,
        "grade": lambda: Company.Grade.choices,
        "mode": lambda: Mode.choices,
        "incoterm": lambda: Incoterm.choices,
        "role": lambda: RoleCode.choices,
        "stage": lambda: Stage.choices,
        "check": lambda: CHECK_KINDS.items(),
    }


class ChangeForm(forms.Form):
    """A change of how work is done, which control charts have to know of."""

    day = forms.DateField(label=gettext_lazy("First day of the change"), widget=DayInput())
    title = forms.CharField(label=gettext_lazy("What was changed"), max_length=120)
    only_this = forms.BooleanField(label=gettext_lazy("Only for this figure"), required=False, initial=True)
