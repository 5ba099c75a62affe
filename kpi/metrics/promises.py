"""What was wished and what was promised: K02 OTD to request and K09 promise changes."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import (
    Aggregate,
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, MISS, NOT_YET_DUE, Metric, Rule, orders_of
from kpi.metrics.delivery import WITHDRAWN, Delivery
from kpi.questions import Question
from orders.models import Order, OrderLine
from orders.models.orders import PromiseChange
from orders.words import Punctuality, Side

NO_WISH = "no_requested_date"
WANTED = Q(cancelled_quantity__lt=F("quantity"))


class OnTimeToRequest(Delivery):
    code = "K02"
    name = pgettext_lazy("figure", "On time to request")
    formula = _("orders delivered in full by the end of the day requested ÷ orders requested for the period")
    attribution = _("latest requested date of the lines; without one, the first promise")
    source = "SCOR RL.2.2"
    day = "wished_date"
    is_date = True
    ordering = ("wished_date", "pk")
    hits = (Punctuality.ON_TIME,)
    misses = (Punctuality.LATE,)
    rules: ClassVar = {
        NO_WISH: Rule(NO_WISH, pgettext_lazy("rule", "No requested date is recorded")),
        Punctuality.RUNNING: NOT_YET_DUE,
        Punctuality.VOID: WITHDRAWN,
    }

    def rows(self, asked: Question) -> QuerySet[Order]:
        period = asked.period
        wished = OrderLine.objects.filter(WANTED, requested_date__isnull=False)
        near = wished.filter(requested_date__gte=period.first, requested_date__lt=period.end)
        of_order = wished.filter(order=OuterRef("pk")).order_by().values("order")
        orders = orders_of(asked).filter(
            Q(pk__in=near.values("order")) | Q(promised_date__gte=period.first, promised_date__lt=period.end)
        )
        requested = Subquery(of_order.annotate(last=Max("requested_date")).values("last"), output_field=DateField())
        found = orders.annotate(requested_date=requested).annotate(
            wished_date=Coalesce("requested_date", "promised_date")
        )
        judged = found.judged(asked.now, period.zone, day="requested_date")
        return judged.filter(wished_date__gte=period.first, wished_date__lt=period.end).annotate(
            outcome=Case(
                When(requested_date=None, then=Value(NO_WISH)), default=F("punctuality"), output_field=CharField()
            )
        )


class PromiseChanges(Metric):
    """Customers' own wishes are told apart: they are no fault of ours, but they are changes."""

    code = "K09"
    name = pgettext_lazy("figure", "Promise changed")
    formula = _(
        "orders whose promise was moved at least once after confirmation ÷ orders first promised for the period"
    )
    attribution = _("original promised date")
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    is_higher_better = False
    source = "own"
    day = "promised_date"
    is_date = True
    ordering = ("promised_date", "pk")
    rules: ClassVar = {Punctuality.VOID: WITHDRAWN}

    def rows(self, asked: Question) -> QuerySet[Order]:
        period = asked.period
        due = orders_of(asked).filter(promised_date__gte=period.first, promised_date__lt=period.end)
        moved = _changes(asked).filter(line__order=OuterRef("pk")).order_by().values("line__order")
        counted = moved.annotate(found=Count("at", distinct=True)).values("found")
        at_their_wish = Exists(_changes(asked).filter(line__order=OuterRef("pk"), side=Side.CUSTOMER))
        return due.judged(asked.now, period.zone).annotate(
            change_count=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0)),
            is_wished=at_their_wish,
            outcome=Case(
                When(punctuality=Punctuality.VOID, then=Value(Punctuality.VOID)),
                When(Exists(_changes(asked).filter(line__order=OuterRef("pk"))), then=Value(HIT)),
                default=Value(MISS),
                output_field=CharField(),
            ),
        )

    def sums(self) -> dict[str, Aggregate]:
        return {
            **super().sums(),
            "changes": Sum("change_count"),
            "wished": Count("pk", filter=Q(is_wished=True)),
        }

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        count = sum(row["row_count"] for row in counted)
        changes = sum(row["changes"] for row in counted)
        return {"changes_mean": changes / count if count else None, "wished": sum(row["wished"] for row in counted)}

    def beside(self, asked: Question) -> dict[str, Any]:
        """Calendar days by which promises were moved, for each side; moved forward counts negative."""
        changes = _changes(asked).filter(line__order__in=self.rows(asked).order_by().values("pk"))
        slips = changes.values("side").annotate(days=Sum(F("new_date") - F("old_date")))
        return {"slip_days": {row["side"]: row["days"].days for row in slips.order_by("side")}}


def _changes(asked: Question) -> QuerySet[PromiseChange]:
    """Promises moved after the order was confirmed; the first promise of a line is none."""
    after = PromiseChange.objects.filter(at__lte=asked.now, old_date__isnull=False)
    return after.filter(line__order__confirmed_at__lt=F("at"))
