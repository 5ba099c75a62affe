"""Delivery reliability: K01 OTD, K04 in full, K05 OTIF. What is late is judged by orders, here it is counted."""

from typing import ClassVar

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, MISS, NOT_YET_DUE, Metric, Rule, orders_of
from kpi.questions import Question
from orders.models import Order
from orders.words import Punctuality

WITHDRAWN = Rule("R3", pgettext_lazy("rule", "Cancelled by the customer before it was due"))
NOT_IN_FULL = "not_in_full"


class Delivery(Metric):
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    is_higher_better = True


class _ByPromise(Delivery):
    """Attributed to the period of the original promise, so that late and undelivered orders do not vanish (R1)."""

    family = "promise"
    attribution = _("original promised date")
    day = "promised_date"
    is_date = True
    ordering = ("promised_date", "pk")
    rules: ClassVar = {Punctuality.RUNNING: NOT_YET_DUE, Punctuality.VOID: WITHDRAWN}

    def rows(self, asked: Question) -> QuerySet[Order]:
        period = asked.period
        due = orders_of(asked).filter(promised_date__gte=period.first, promised_date__lt=period.end)
        # On time means that every line had its quantity; more than the tolerance allows is not in full.
        over = Q(punctuality=Punctuality.ON_TIME) & ~Q(is_in_full=True)
        outcome = Case(When(over, then=Value(NOT_IN_FULL)), default=F("punctuality"), output_field=CharField())
        return due.judged(asked.now, period.zone).annotate(outcome=outcome)


class OnTimeDelivery(_ByPromise):
    code = "K01"
    name = pgettext_lazy("figure", "On-time delivery (OTD)")
    formula = _("orders delivered in full by the end of the day first promised ÷ orders first promised for the period")
    source = "SCOR RL.2.2"
    hits = (Punctuality.ON_TIME, NOT_IN_FULL)
    misses = (Punctuality.LATE,)


class OnTimeInFull(_ByPromise):
    code = "K05"
    name = pgettext_lazy("figure", "On time in full (OTIF)")
    formula = _(
        "orders delivered by the end of the day first promised, with the quantities ordered, within the tolerance "
        "agreed ÷ orders first promised for the period"
    )
    source = "SCOR RL.2.1, RL.2.2"
    hits = (Punctuality.ON_TIME,)
    misses = (Punctuality.LATE, NOT_IN_FULL)


class InFull(Delivery):
    code = "K04"
    name = pgettext_lazy("figure", "In full at first delivery")
    formula = _(
        "orders whose first delivery brought every line's quantity, within the tolerance agreed ÷ orders with their "
        "first delivery in the period"
    )
    attribution = _("first delivery")
    source = "SCOR RL.2.1"
    day = "first_delivered_at"
    ordering = ("first_delivered_at", "pk")

    def rows(self, asked: Question) -> QuerySet[Order]:
        period = asked.period
        begun = orders_of(asked).filter(first_delivered_at__gte=period.start_at, first_delivered_at__lt=period.end_at)
        full = When(is_first_in_full=True, then=Value(HIT))
        return begun.annotate(outcome=Case(full, default=Value(MISS), output_field=CharField()))
