"""Filters of the API's lists; an unknown value is refused by its parameter's name, an unknown parameter is ignored."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.exceptions import ErrorDetail
from rest_framework.exceptions import ValidationError as ApiValidationError

from orders.filters import YES_NO, KeyChoiceFilter, people_of, visible
from orders.models import DocumentKind, Milestone, Order, OrderDocument, Shipment
from orders.words import Side, Stage
from orders.workflow import MilestoneStatus, ShipmentStatus
from teams.api.fields import DateField, InstantField
from teams.models import Team
from teams.permissions import RoleCode


class StrictField(forms.Field):
    """A query parameter read by the same field that reads it in a body."""

    def __init__(self, *, reader: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.reader = reader

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            # "+" in an address is a blank once decoded; no instant holds a blank, so nothing is guessed.
            return self.reader.to_internal_value(value.replace(" ", "+"))
        except ApiValidationError as error:
            details: list[ErrorDetail] = error.detail  # type: ignore[assignment]  # one field's
            raise forms.ValidationError([str(detail) for detail in details]) from error


class InstantFilter(django_filters.Filter):
    field_class = StrictField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, reader=InstantField(), **kwargs)


class DayFilter(django_filters.Filter):
    field_class = StrictField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, reader=DateField(), **kwargs)


def teams_choice() -> KeyChoiceFilter:
    return KeyChoiceFilter(
        queryset=visible(lambda user: Team.objects.visible_to(user).order_by("name", "pk")), to_field_name="code"
    )


def order_choice(field_name: str = "order") -> KeyChoiceFilter:
    return KeyChoiceFilter(
        field_name=field_name,
        queryset=visible(lambda user: Order.objects.visible_to(user).order_by("pk")),
        to_field_name="number",
    )


class MilestoneFilter(django_filters.FilterSet):
    """`mine` and `overdue` by the one rule each; `order` by its number."""

    mine = django_filters.ChoiceFilter(choices=YES_NO, method="filter_mine")
    overdue = django_filters.ChoiceFilter(choices=YES_NO, method="filter_overdue")
    due_before = InstantFilter(field_name="due_at", lookup_expr="lt")
    due_after = InstantFilter(field_name="due_at", lookup_expr="gte")
    role = django_filters.ChoiceFilter(choices=RoleCode.choices)
    status = django_filters.MultipleChoiceFilter(choices=MilestoneStatus.choices)
    stage = django_filters.ChoiceFilter(choices=Stage.choices)
    waiting_on = django_filters.ChoiceFilter(choices=Side.choices)
    assignee = KeyChoiceFilter(queryset=visible(people_of), to_field_name="username")
    order = order_choice()
    ordering = django_filters.OrderingFilter(fields=[("due_at", "due_at"), ("planned_start_at", "planned_start_at")])

    class Meta:
        model = Milestone
        fields: list[str] = []

    def __init__(self, *args: Any, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now or timezone.now()

    def filter_mine(self, milestones: QuerySet, name: str, value: str) -> QuerySet:
        mine = {"assignee": self.request.user}
        return milestones.filter(**mine) if value == "true" else milestones.exclude(**mine)

    def filter_overdue(self, milestones: Any, name: str, value: str) -> QuerySet:
        late = Milestone.objects.overdue(self.now)
        return milestones.overdue(self.now) if value == "true" else milestones.exclude(pk__in=late.values("pk"))


class ShipmentFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(choices=ShipmentStatus.choices)
    team = teams_choice()
    owner = KeyChoiceFilter(queryset=visible(people_of), to_field_name="username")
    order = KeyChoiceFilter(
        queryset=visible(lambda user: Order.objects.visible_to(user).order_by("pk")),
        to_field_name="number",
        method="filter_order",
    )
    etd_before = DayFilter(field_name="etd", lookup_expr="lte")
    etd_after = DayFilter(field_name="etd", lookup_expr="gte")
    ordering = django_filters.OrderingFilter(fields=[("etd", "etd"), ("eta", "eta"), ("number", "number")])

    class Meta:
        model = Shipment
        fields: list[str] = []

    def filter_order(self, shipments: QuerySet, name: str, value: Order) -> QuerySet:
        return shipments.filter(lines__order_line__order=value).distinct()


class DocumentFilter(django_filters.FilterSet):
    order = order_choice()
    kind = django_filters.ChoiceFilter(choices=DocumentKind.choices)
    status = django_filters.ChoiceFilter(choices=OrderDocument.Status.choices)

    class Meta:
        model = OrderDocument
        fields: list[str] = []
