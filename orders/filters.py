"""The filters of the order list: one set for the page and the REST API, so that a link and a query mean the same.

Every choice comes from what the viewer may see. Rules are those of `OrderQuerySet`; nothing is decided here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Company
from orders.models import Order, ProcessTemplate
from orders.models.templates import in_language
from orders.words import Side, Stage
from orders.workflow import OPEN_ORDER, OrderStatus
from teams.models import Organization, Team, User

# Not a status: stands for every status of an order that is not closed or cancelled.
OPEN = "open"
YES_NO = [("true", pgettext_lazy("filter", "Yes")), ("false", pgettext_lazy("filter", "No"))]
# One form in every language: “03/04/2026” is another day in London than in New York.
ISO_DATE = ["%Y-%m-%d"]
SORTABLE = ("number", "ordered_at", "current_promised_date", "promised_date", "status")


class KeyChoiceField(forms.ModelChoiceField):
    """A row chosen by its readable key (a team's code, a person's username), or by its id as API answers show it."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        key = self.to_field_name or "pk"
        choices: QuerySet = self.queryset  # type: ignore[assignment]  # set by the filter for each request
        text = str(value)[:254]
        rows = choices.filter(**{key: text})
        # Beyond 18 digits it is no id, and Postgres would refuse to compare.
        if text.isascii() and text.isdigit() and len(text) <= 18:
            rows = choices.filter(Q(**{key: text}) | Q(pk=int(text)))
        # Postgres knows no NUL, so no key holds one.
        found = [] if "\x00" in text else list(rows[:2])
        if not found:
            raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": text})
        return next((row for row in found if str(getattr(row, key)) == text), found[0])


class KeyChoiceFilter(django_filters.ModelChoiceFilter):
    field_class = KeyChoiceField


def visible(rows_of: Callable[[User], QuerySet]) -> Callable[[HttpRequest | None], QuerySet]:
    """The choices that the person behind the request may see; none without a request."""

    def choices(request: HttpRequest | None) -> QuerySet:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return rows_of(User(is_active=False)).none()
        return rows_of(user)

    return choices


def people_of(user: User) -> QuerySet[User]:
    """Colleagues: people of the teams that the person sees."""
    return User.objects.filter(memberships__team__in=Team.objects.visible_to(user)).distinct().order_by("name", "pk")


class OrderFilter(django_filters.FilterSet):
    """`status` may be given several times and knows `open`; dates are inclusive and mean the promise in force now."""

    status = django_filters.MultipleChoiceFilter(
        label=_("status"),
        choices=[(OPEN, pgettext_lazy("order status", "Open")), *OrderStatus.choices],
        method="filter_status",
    )
    overdue = django_filters.ChoiceFilter(label=_("overdue"), choices=YES_NO, method="filter_overdue")
    at_risk = django_filters.ChoiceFilter(label=_("at risk"), choices=YES_NO, method="filter_at_risk")
    clerk = KeyChoiceFilter(label=_("clerk"), queryset=visible(people_of), to_field_name="username")
    team = KeyChoiceFilter(
        label=_("team"),
        queryset=visible(lambda user: Team.objects.visible_to(user).order_by("name", "pk")),
        to_field_name="code",
    )
    customer = KeyChoiceFilter(
        label=_("customer"),
        queryset=visible(lambda user: Company.objects.visible_to(user).order_by("name", "pk")),
        to_field_name="code",
    )
    template = django_filters.ChoiceFilter(
        label=_("process template"), field_name="template__code", choices=lambda: template_choices()
    )
    stage = django_filters.ChoiceFilter(label=_("stage"), choices=Stage.choices, method="filter_stage")
    waiting_on = django_filters.ChoiceFilter(label=_("waiting on"), choices=Side.choices, method="filter_waiting_on")
    promised_after = django_filters.DateFilter(
        label=_("promised from"), field_name="current_promised_date", lookup_expr="gte", input_formats=ISO_DATE
    )
    promised_before = django_filters.DateFilter(
        label=_("promised until"), field_name="current_promised_date", lookup_expr="lte", input_formats=ISO_DATE
    )
    q = django_filters.CharFilter(label=_("search"), method="filter_q", max_length=200)
    ordering = django_filters.OrderingFilter(
        label=_("order"),
        fields=[(name, name) for name in SORTABLE],
        field_labels={
            "number": _("order number"),
            "ordered_at": _("ordered"),
            "current_promised_date": _("promised date"),
            "promised_date": _("first promised date"),
            "status": _("status"),
        },
    )

    class Meta:
        model = Order
        fields: list[str] = []

    def __init__(self, *args: Any, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now or timezone.now()

    def filter_status(self, orders: QuerySet, name: str, values: list[str]) -> QuerySet:
        wanted = {value for value in values if value != OPEN} | (set(OPEN_ORDER) if OPEN in values else set())
        return orders.filter(status__in=sorted(wanted)) if wanted else orders

    def filter_overdue(self, orders: Any, name: str, value: str) -> QuerySet:
        late = orders.overdue(self.now)
        return late if value == "true" else orders.exclude(pk__in=late.values("pk"))

    def filter_at_risk(self, orders: Any, name: str, value: str) -> QuerySet:
        risky = orders.at_risk(self.now, self._zone())
        return risky if value == "true" else orders.exclude(pk__in=risky.values("pk"))

    def filter_stage(self, orders: Any, name: str, value: str) -> QuerySet:
        return orders.in_stage(value)

    def filter_waiting_on(self, orders: Any, name: str, value: str) -> QuerySet:
        return orders.waiting_on(value)

    def filter_q(self, orders: Any, name: str, value: str) -> QuerySet:
        return orders.search(value)

    def _zone(self) -> str:
        organization = getattr(self.request, "organization", None) or Organization.current()
        return organization.timezone


def named_choices(user: User) -> dict[str, list[tuple[str, str]]]:
    """What `clerk`, `team` and `template` may be for the reader: value and label, as their own choices are, but read
    by one statement."""
    first, second = in_language("name_zh", "name_en"), in_language("name_en", "name_zh")
    wanted = {
        "clerk": (people_of(user), "username", _first_of("name", "username"), "name"),
        "team": (Team.objects.visible_to(user), "code", F("name"), "name"),
        "template": (ProcessTemplate.objects.filter(is_current=True), "code", _first_of(first, second), "code"),
    }
    parts = [
        rows.order_by()
        .annotate(choice_of=Value(name), choice=F(key), choice_label=label, choice_place=F(by))
        .values_list("choice_of", "choice", "choice_label", "choice_place", "pk")
        for name, (rows, key, label, by) in wanted.items()
    ]
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in wanted}
    for name, value, shown, *_order in parts[0].union(*parts[1:], all=True).order_by("choice_place", "pk"):
        found[name].append((value, shown))
    return found


def _first_of(name: str, other: str) -> Coalesce:
    """The column `name`, where it is empty the other one."""
    return Coalesce(NullIf(name, Value("")), other)


def template_choices() -> list[tuple[str, str]]:
    """Templates by code, every version under one name."""
    rows = ProcessTemplate.objects.order_by("code", "-version")
    return [(row.code, row.name) for row in rows if row.is_current]
