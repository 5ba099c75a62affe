"""Departures: K03 on-time shipment."""

from typing import ClassVar

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import NOT_YET_DUE, Metric, Rule, shipments_of
from kpi.questions import Question
from kpi.subjects import SHIPMENTS
from orders.models import Shipment
from orders.models.orders import EndOfDay
from orders.words import Punctuality
from orders.workflow import ShipmentStatus

CALLED_OFF = Rule("R3", pgettext_lazy("rule", "Shipment cancelled"))


class OnTimeShipment(Metric):
    """A roll-over by the carrier is late as any other; who caused it is a matter of reasons."""

    code = "K03"
    name = pgettext_lazy("figure", "On-time shipment")
    formula = _("shipments departed by the end of the first ETD ÷ shipments with their first ETD in the period")
    attribution = _("first ETD")
    subject = SHIPMENTS
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    source = "own"
    is_higher_better = True
    day = "etd_original"
    is_date = True
    ordering = ("etd_original", "pk")
    hits = (Punctuality.ON_TIME,)
    misses = (Punctuality.LATE,)
    rules: ClassVar = {Punctuality.RUNNING: NOT_YET_DUE, Punctuality.VOID: CALLED_OFF}

    def rows(self, asked: Question) -> QuerySet[Shipment]:
        period = asked.period
        planned = shipments_of(asked).filter(etd_original__gte=period.first, etd_original__lt=period.end)
        departed = Q(atd__lte=asked.now, atd__lt=F("etd_ends_at"))
        return planned.alias(etd_ends_at=EndOfDay("etd_original", zone=period.zone)).annotate(
            outcome=Case(
                When(status=ShipmentStatus.CANCELLED, then=Value(Punctuality.VOID)),
                When(departed, then=Value(Punctuality.ON_TIME)),
                When(etd_ends_at__lte=asked.now, then=Value(Punctuality.LATE)),
                default=Value(Punctuality.RUNNING),
                output_field=CharField(),
            )
        )
