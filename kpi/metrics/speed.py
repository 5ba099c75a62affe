"""Speed: K11 order cycle time and K14 order to ship. Attributed to the period in which the order finished (R2)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django.db.models import (
    Aggregate,
    Avg,
    Case,
    CharField,
    Count,
    DecimalField,
    F,
    Func,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, Metric, Percentile, Rule, orders_of
from kpi.questions import Question
from kpi.workdays import working_days
from orders.models import Order
from teams.models import WorkCalendar

NO_ORDER_DATE, NO_SHIP_DATE = "no_order_date", "no_ship_date"
DAY_SECONDS = timedelta(days=1) // timedelta(seconds=1)


class Days(Func):
    """Calendar days, with their fraction, from the second instant to the first."""

    template = f"(EXTRACT(EPOCH FROM (%(expressions)s)) / {DAY_SECONDS})"
    arg_joiner = " - "
    arity = 2
    output_field = DecimalField()


class _Duration(Metric):
    hits = (HIT,)
    misses = ()
    is_higher_better = False
    amount = "days"
    rules: ClassVar = {
        NO_ORDER_DATE: Rule(NO_ORDER_DATE, pgettext_lazy("rule", "No order date is recorded")),
        NO_SHIP_DATE: Rule(NO_SHIP_DATE, pgettext_lazy("rule", "Delivered, but no departure is recorded")),
    }

    def sums(self) -> dict[str, Aggregate]:
        return {
            **super().sums(),
            "p50": Percentile(self.amount, "0.5"),
            "p90": Percentile(self.amount, "0.9"),
        }

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {name: counted[0][name] if counted else None for name in ("p50", "p90")}


class CycleTime(_Duration):
    code = "K11"
    name = pgettext_lazy("figure", "Order cycle time")
    formula = _("calendar days from order to full delivery, summed ÷ orders fully delivered in the period")
    attribution = _("full delivery")
    unit = "d"
    unit_name = pgettext_lazy("unit", "days")
    source = "SCOR RS.1.1"
    day = "delivered_at"
    ordering = ("delivered_at", "pk")

    def rows(self, asked: Question) -> QuerySet[Order]:
        period = asked.period
        finished = orders_of(asked).filter(delivered_at__gte=period.start_at, delivered_at__lt=period.end_at)
        return finished.annotate(
            outcome=Case(
                When(ordered_at=None, then=Value(NO_ORDER_DATE)),
                default=Value(HIT),
                output_field=CharField(),
            ),
            days=Days("delivered_at", "ordered_at"),
        )

    def beside(self, asked: Question) -> dict[str, Any]:
        """Work in progress at the end of the period: how many orders, and their mean age, never in the mean (R2)."""
        at = min(asked.period.end_at, asked.now)
        under_way = orders_of(asked).under_way(at)
        age = Days(Value(at), F("ordered_at"))
        found = under_way.aggregate(open_count=Count("pk"), open_mean=Avg(age))
        return {**found, "open_at": at}


class OrderToShip(_Duration):
    code = "K14"
    name = pgettext_lazy("figure", "Order to ship")
    formula = _(
        "working days of the team from order to the departure of the last shipment, summed ÷ orders wholly shipped "
        "in the period"
    )
    attribution = _("departure of the last shipment; where it is not known, full delivery")
    unit = "wd"
    unit_name = pgettext_lazy("unit", "working days")
    source = "own"
    day = "finished_at"

    def rows(self, asked: Question) -> QuerySet[Order]:
        span = {"gte": asked.period.start_at, "lt": asked.period.end_at}
        shipped = Q(**{f"shipped_at__{end}": at for end, at in span.items()})
        # It belongs to the period, yet nobody knows how long it took.
        unknown = Q(shipped_at=None, **{f"delivered_at__{end}": at for end, at in span.items()})
        wholly_shipped = orders_of(asked).filter(shipped | unknown)
        days_until = partial(
            working_days,
            "ordered_at",
            calendar="team__calendar",
            calendars=list(WorkCalendar.objects.all()),
            now=asked.now,
        )
        return wholly_shipped.annotate(
            finished_at=Coalesce("shipped_at", "delivered_at"),
            outcome=Case(
                When(shipped_at=None, then=Value(NO_SHIP_DATE)),
                When(ordered_at=None, then=Value(NO_ORDER_DATE)),
                default=Value(HIT),
                output_field=CharField(),
            ),
            days=days_until("shipped_at"),
            days_to_first=days_until("first_shipped_at"),
        )

    def sums(self) -> dict[str, Aggregate]:
        return {**super().sums(), "first_total": Sum("days_to_first")}

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        mean = counted[0]["first_total"] / counted[0]["row_count"] if counted else None
        return {**super().statistics(counted), "first_shipment_mean": mean}
