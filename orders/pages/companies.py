"""The orders of a company, for the pages of customers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from customers.models import Company
from customers.registry import OrderCounts
from orders.models import Milestone, Order
from teams.models import User


class CompanyOrders:
    """The app's part in `customers.registry.OrderBook`."""

    def counts(self, company_ids: Collection[int], *, viewer: User, now: datetime) -> Mapping[int, OrderCounts]:
        late = Exists(Milestone.objects.overdue(now).filter(order=OuterRef("pk")))
        orders = Order.objects.visible_to(viewer).open().filter(customer__in=company_ids).annotate(is_late=late)
        rows = (
            orders.order_by().values("customer").annotate(total=Count("pk"), late=Count("pk", filter=Q(is_late=True)))
        )
        return {row["customer"]: OrderCounts(row["total"], row["late"]) for row in rows}

    def newest(self, company: Company, *, viewer: User, now: datetime, limit: int) -> Sequence[Order]:
        late = Exists(Milestone.objects.overdue(now).filter(order=OuterRef("pk")))
        orders = Order.objects.visible_to(viewer).filter(Q(customer=company) | Q(supplier=company))
        return list(orders.annotate(is_late=late).select_related("clerk").order_by("-ordered_at", "-pk")[:limit])
