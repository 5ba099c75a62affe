"""Figures, groups and members as JSON. Numbers are numbers; money stands only in the figures that are about money."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.closing import Closed
from kpi.figures import Figure
from kpi.metrics.base import Metric
from kpi.periods import Period
from kpi.subjects import CHECKS, COMPANIES, ORDERS, REMINDERS, SHIPMENTS, STEPS, SUBJECTS
from teams.api.fields import InstantField


def number(value: Any) -> Any:
    """A JSON number: whole as an integer, else with up to six decimals."""
    if isinstance(value, Decimal | float):
        return int(value) if value == int(value) else round(float(value), 6)
    return value


def plain(value: Any) -> Any:
    """Statistics as JSON, however deep."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return number(value) if not hasattr(value, "isoformat") else value.isoformat()


def metric_as_json(metric: Metric) -> dict[str, Any]:
    return {
        "code": metric.code,
        "name": str(metric.name),
        "unit": metric.unit,
        "formula": str(metric.formula),
        "formula_version": metric.formula_version,
        "attribution": str(metric.attribution),
        "source": metric.source,
        "is_higher_better": metric.is_higher_better,
        "is_stock": metric.is_stock,
        "of": metric.subject.code,
    }


def period_as_json(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "to": period.end.isoformat(), "timezone": period.zone}


def closed_as_json(metric: Metric, closed: Closed | None) -> dict[str, Any] | None:
    """What a closed period was closed with, and what it was restated to."""
    if closed is None:
        return None
    return {
        "value": number(closed.value(metric, current=False)),
        "numerator": number(closed.closed[0]),
        "denominator": closed.closed[1],
        "closed_at": closed.closed_at.isoformat(),
        "restated_value": number(closed.value(metric, current=True)),
        "restatements": len(closed.restated),
    }


def figure_as_json(figure: Figure) -> dict[str, Any]:
    """What the contract asks for, but `members_url`, which needs to know its address."""
    metric = figure.metric
    return {
        "code": figure.code,
        "name": str(metric.name),
        "value": number(figure.value),
        "numerator": number(figure.numerator),
        "denominator": number(figure.denominator),
        "count": figure.count,
        "unit": metric.unit,
        "formula": str(metric.formula),
        "formula_version": metric.formula_version,
        "is_small": figure.is_small,
        "excluded": [{"rule": each.rule, "count": each.count, "label": str(each.label)} for each in figure.excluded],
        "statistics": plain(dict(figure.statistics)),
        "period": period_as_json(figure.period),
    }


class MetricAnswer(serializers.Serializer):
    """A figure's definition."""

    code = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField(help_text=_("%, d (calendar days), wd (working days) or h (working hours)"))
    formula = serializers.CharField()
    formula_version = serializers.IntegerField()
    attribution = serializers.CharField(help_text=_("the date that puts a row into a period"))
    source: Any = serializers.CharField()  # a field of the answer, not of the serializer
    is_higher_better = serializers.BooleanField()
    is_stock = serializers.BooleanField(help_text=_("taken at the end of the period instead of over it"))
    of = serializers.ChoiceField([subject.code for subject in SUBJECTS])
    url = serializers.URLField()


class MetricListAnswer(serializers.Serializer):
    results = MetricAnswer(many=True)


class ExcludedAnswer(serializers.Serializer):
    rule = serializers.CharField()
    count = serializers.IntegerField()
    label: Any = serializers.CharField()
    members_url = serializers.URLField()


class PeriodAnswer(serializers.Serializer):
    """Half open: `to` is the first day that is no longer counted."""

    to = serializers.DateField()
    timezone = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:
        # "from" is a word of Python.
        return {"from": serializers.DateField(), **super().get_fields()}


class FigurePart(serializers.Serializer):
    value = serializers.FloatField(allow_null=True, help_text=_("in `unit`; null when nothing is counted"))
    numerator = serializers.FloatField()
    denominator = serializers.FloatField()
    count = serializers.IntegerField(help_text=_("rows counted"))
    is_small = serializers.BooleanField(help_text=_("fewer than five rows"))
    excluded = ExcludedAnswer(many=True)
    statistics = serializers.DictField()
    period = PeriodAnswer()
    members_url = serializers.URLField()


class GroupAnswer(FigurePart):
    key = serializers.CharField()
    label: Any = serializers.CharField()


class ClosedAnswer(serializers.Serializer):
    """The figure as its months were closed; `restated_value` with what was corrected since."""

    value = serializers.FloatField(allow_null=True)
    numerator = serializers.FloatField()
    denominator = serializers.IntegerField()
    closed_at = serializers.DateTimeField()
    restated_value = serializers.FloatField(allow_null=True)
    restatements = serializers.IntegerField()


class FigureAnswer(FigurePart):
    closed = ClosedAnswer(allow_null=True)
    code = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    formula = serializers.CharField()
    formula_version = serializers.IntegerField()
    by = serializers.CharField(required=False)
    groups = GroupAnswer(many=True, required=False)


class _Member(serializers.Serializer):
    outcome = serializers.CharField(help_text=_("what became of it: on_time, late, hit, miss, or why it is left out"))
    measure = serializers.SerializerMethodField(help_text=_("what is summed; null where rows are counted"))
    weight = serializers.SerializerMethodField(help_text=_("what the sum is divided by; null: the row is one"))

    def get_measure(self, row: Any) -> float | None:
        metric: Metric = self.context["metric"]
        return number(getattr(row, metric.amount)) if metric.amount else None

    def get_weight(self, row: Any) -> float | None:
        metric: Metric = self.context["metric"]
        return number(getattr(row, metric.weight)) if metric.weight else None


class OrderMember(_Member):
    number = serializers.CharField()
    customer = serializers.CharField(source="customer.code", default=None)
    customer_name = serializers.CharField(source="customer.name", default=None)
    team = serializers.CharField(source="team.code")
    clerk = serializers.CharField(source="clerk.username", default=None)
    status = serializers.CharField()
    ordered_at = InstantField()
    promised_date = serializers.DateField()
    first_delivered_at = InstantField()
    shipped_at = InstantField()
    delivered_at = InstantField()


class _OfOrder(_Member):
    """Of something that belongs to an order."""

    id = serializers.IntegerField()
    order = serializers.CharField(source="order.number")
    customer = serializers.CharField(source="order.customer.code", default=None)
    customer_name = serializers.CharField(source="order.customer.name", default=None)


class MilestoneMember(_OfOrder):
    code = serializers.CharField()
    name = serializers.CharField()
    stage = serializers.CharField()
    role = serializers.CharField()
    assignee = serializers.CharField(source="assignee.username", default=None)
    status = serializers.CharField()
    waiting_on = serializers.CharField()
    due_at = InstantField()
    baseline_finish_at = InstantField()
    closed_at = InstantField()
    recorded_at = InstantField()


class CheckMember(_OfOrder):
    kind = serializers.CharField()
    round = serializers.IntegerField()
    verdict = serializers.CharField()
    decided_on = serializers.DateField()
    by = serializers.CharField(source="by.username")


class ShipmentMember(_Member):
    number = serializers.CharField()
    team = serializers.CharField(source="team.code")
    owner = serializers.CharField(source="owner.username", default=None)
    forwarder = serializers.CharField(source="forwarder.code", default=None)
    status = serializers.CharField()
    mode = serializers.CharField()
    etd_original = serializers.DateField()
    etd = serializers.DateField()
    atd = InstantField()


class ReminderMember(_Member):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    recipient = serializers.CharField(source="recipient.username")
    shown_at = InstantField()
    acknowledged_at = InstantField()


class CustomerMember(_Member):
    code = serializers.CharField()
    name = serializers.CharField()
    grade = serializers.CharField()
    order_count = serializers.IntegerField()


# By the code of the subject.
MEMBERS: Mapping[str, type[_Member]] = {
    ORDERS.code: OrderMember,
    STEPS.code: MilestoneMember,
    SHIPMENTS.code: ShipmentMember,
    CHECKS.code: CheckMember,
    REMINDERS.code: ReminderMember,
    COMPANIES.code: CustomerMember,
}
