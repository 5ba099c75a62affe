"""Customers: K30 repurchase, over the year that ends with the period."""

from datetime import timedelta
from typing import ClassVar

from django.db.models import Case, CharField, Count, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.models import Company
from kpi.metrics.base import HIT, MISS, Metric, orders_of
from kpi.questions import Question
from kpi.subjects import COMPANIES
from orders.models import Order
from orders.workflow import OrderStatus

YEAR = timedelta(days=365)


class Repurchase(Metric):
    """Over the orders that the viewer sees; one cancelled since is no purchase."""

    code = "K30"
    name = pgettext_lazy("figure", "Customers who bought again")
    formula = _(
        "customers with at least two orders confirmed in the 365 days before the end of the period, or before now ÷ "
        "customers with at least one"
    )
    attribution = _("the end of the period, or now while it lasts")
    subject = COMPANIES
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    is_higher_better = True
    is_stock = True
    source = "own"
    ordering = ("code", "pk")
    rules: ClassVar = {}

    def rows(self, asked: Question) -> QuerySet[Company]:
        placed = purchases(asked)
        by_customer = placed.order_by().values("customer").annotate(count=Count("pk"))
        of_company = by_customer.filter(customer=OuterRef("pk")).values("count")
        return Company.objects.filter(pk__in=by_customer.values("customer")).annotate(
            order_count=Subquery(of_company, output_field=IntegerField()),
            outcome=Case(When(order_count__gte=2, then=Value(HIT)), default=Value(MISS), output_field=CharField()),
        )


def purchases(asked: Question) -> QuerySet[Order]:
    """Orders confirmed in the year that ends with the period, or now."""
    at = asked.at
    orders = orders_of(asked) if asked.period.start_at <= asked.now else Order.objects.none()
    placed = orders.filter(confirmed_at__gte=at - YEAR, confirmed_at__lt=at)
    return placed.exclude(status=OrderStatus.CANCELLED, cancelled_at__lte=at)
