"""Speed: K11 and K12 order cycle time, K13 order to confirm, K14 order to ship; by the period of the finish (R2)."""

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
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, Metric, Percentile, Rule, orders_of
from kpi.questions import Question
from kpi.workdays import working_days, working_hours
from orders.models import ClockPause, Order
from orders.words import Side

NO_ORDER_DATE, NO_SHIP_DATE = "no_order_date", "no_ship_date"
DAY_SECONDS = timedelta(days=1) // timedelta(seconds=1)


class Days(Func):
    """Calendar days, with their fraction, from the second instant to the first."""

    template = f"(EXTRACT(EPOCH FROM (%(expressions)s)) / {DAY_SECONDS})"
    arg_joiner = " - "
    arity = 2
    output_field = DecimalField()


class Duration(Metric):
    """The mean of how long something took, with half and nine in ten of it beside."""

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


class CycleTime(Duration):
    """Gross: nothing is taken off for waiting."""

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
        at = asked.at
        under_way = orders_of(asked).under_way(at)
        age = Days(Value(at), F("ordered_at"))
        found = under_way.aggregate(open_count=Count("pk"), open_mean=Avg(age))
        return {**found, "open_at": at}


class Dwell(Func):
    """Calendar days that lie in any of the time ranges of a subquery, each counted once; 0 of none."""

    template = (
        "(SELECT COALESCE(SUM(EXTRACT(EPOCH FROM upper(part) - lower(part))), 0) / 86400"
        " FROM unnest(%(expressions)s) AS part)"
    )
    arity = 1
    output_field = DecimalField()


class NetCycleTime(CycleTime):
    """Without the time in which the customer let us wait: union of the pauses on their side."""

    code = "K12"
    name = pgettext_lazy("figure", "Order cycle time, net")
    formula = _(
        "calendar days from order to full delivery, less those of pauses on the customer's side, summed ÷ orders fully "
        "delivered in the period"
    )
    amount = "net_days"

    def rows(self, asked: Question) -> QuerySet[Order]:
        waiting = ClockPause.objects.filter(
            Q(to_at=None) | Q(to_at__gt=OuterRef("ordered_at")),
            milestone__order=OuterRef("pk"),
            side=Side.CUSTOMER,
            from_at__lt=OuterRef("delivered_at"),
        )
        ranges = (
            waiting.order_by()
            .values("milestone__order")
            .annotate(
                ranges=Func(
                    Func(
                        Greatest("from_at", OuterRef("ordered_at")),
                        Least(Coalesce("to_at", OuterRef("delivered_at")), OuterRef("delivered_at")),
                        function="tstzrange",
                    ),
                    function="range_agg",
                    output_field=TextField(),
                )
            )
        )
        dwell = Dwell(Subquery(ranges.values("ranges"), output_field=TextField()))
        return super().rows(asked).annotate(dwell=dwell, net_days=F("days") - F("dwell"))

    def sums(self) -> dict[str, Aggregate]:
        return {**super().sums(), "gross_total": Sum("days")}

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The total age never excludes anything, and stands beside (R5)."""
        gross = counted[0]["gross_total"] / counted[0]["row_count"] if counted else None
        return {**super().statistics(counted), "gross_mean": gross}


class OrderToConfirm(Duration):
    code = "K13"
    name = pgettext_lazy("figure", "Order to confirmation")
    formula = _("working hours of the team from order to confirmation, summed ÷ orders confirmed in the period")
    attribution = _("confirmation")
    unit = "h"
    unit_name = pgettext_lazy("unit", "working hours")
    source = "own"
    day = "confirmed_at"
    ordering = ("confirmed_at", "pk")
    amount = "hours"

    def rows(self, asked: Question) -> QuerySet[Order]:
        period = asked.period
        confirmed = orders_of(asked).filter(confirmed_at__gte=period.start_at, confirmed_at__lt=period.end_at)
        hours = working_hours(
            "ordered_at",
            "confirmed_at",
            calendar="team__calendar",
            calendars=asked.calendars,
            since=confirmed.aggregate(first=Min("ordered_at"))["first"],
            now=asked.now,
        )
        return confirmed.annotate(
            outcome=Case(
                When(ordered_at=None, then=Value(NO_ORDER_DATE)),
                default=Value(HIT),
                output_field=CharField(),
            ),
            hours=hours,
        )


class OrderToShip(Duration):
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
            calendars=asked.calendars,
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
