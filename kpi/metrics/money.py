"""Money: K32 sales attainment and K33 collection on time, each in the base currency at the order's own rate (R11)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import BitOr
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least, TruncDate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, NOT_YET_DUE, Metric, Number, Rule, orders_of, steps_of
from kpi.metrics.steps import BEFORE_MIDNIGHT, DROPPED, Steps
from kpi.questions import Question
from kpi.targets import sales_target
from orders.models import Milestone, Order, Payment
from orders.models.milestones import FIRST_PAYMENT, LAST_PAYMENT, PAYMENT_STEPS
from orders.workflow import MilestoneStatus, OrderStatus

NO_AMOUNT, NO_PAYMENT, NOT_DUE, VOID = "no_amount", "no_payment", "running", "void"
WITHOUT_AMOUNT = Rule(NO_AMOUNT, pgettext_lazy("rule", "The order has no amount"))
_BASE: Any = DecimalField(max_digits=24, decimal_places=6)
IN_BASE = F("amount") * F("fx_rate")


class Money(Metric):
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    is_higher_better = True
    is_money = True
    source = "own"
    hits = (HIT,)
    misses = ()


class SalesAttainment(Money):
    """What was confirmed, less what was cancelled in the period, whenever it had been confirmed: never restated."""

    code = "K32"
    name = pgettext_lazy("figure", "Sales attainment")
    formula = _(
        "amounts of orders confirmed in the period, less those of orders cancelled in it, in the base currency ÷ the "
        "target of the goal set for it, by working days"
    )
    attribution = _("confirmation; for a cancelled order also the cancellation")
    day = "confirmed_at"
    ordering = ("confirmed_at", "pk")
    amount = "sold"
    is_measured = True
    is_total = True
    falls_twice = True
    above_name = pgettext_lazy("figure", "sold")
    below_name = pgettext_lazy("figure", "target")
    rules: ClassVar = {NO_AMOUNT: WITHOUT_AMOUNT}

    def rows(self, asked: Question) -> QuerySet[Order]:
        confirmed, cancelled = (
            Q(**{f"{day}__gte": asked.period.start_at, f"{day}__lt": asked.period.end_at, f"{day}__lte": asked.now})
            for day in ("confirmed_at", "cancelled_at")
        )
        cancelled &= Q(status=OrderStatus.CANCELLED, confirmed_at__isnull=False)
        orders = of_seen_money(orders_of(asked), asked, "team").filter(confirmed | cancelled)
        signs = [
            Case(When(each, then=Value(sign)), default=Value(0)) for each, sign in ((confirmed, 1), (cancelled, -1))
        ]
        return orders.annotate(
            sold=IN_BASE * (signs[0] + signs[1]),
            outcome=Case(When(amount=0, then=Value(NO_AMOUNT)), default=Value(HIT), output_field=CharField()),
        )

    def measure(self, counted: Sequence[Mapping[str, Any]], asked: Question) -> Number:
        return sales_target(asked)


# “T/T 30/70”: the only division that terms of payment name.
FIRST_SHARE = Decimal("0.3")


class CollectionOnTime(Money, Steps):
    """Payments are allocated to what was due first."""

    code = "K33"
    name = pgettext_lazy("figure", "Collected on time")
    formula = _(
        "amounts received by the day their payment step was due, allocated to what was due first ÷ amounts due in the "
        "period; an order with a deposit owes 30% with it and 70% with the balance"
    )
    attribution = _("due instant of the payment step")
    day = "due_within"
    ordering = ("due_at", "pk")
    amount = "received"
    weight = "owed"
    above_name = pgettext_lazy("figure", "received in time")
    below_name = pgettext_lazy("figure", "due")
    rules: ClassVar = {
        NO_AMOUNT: WITHOUT_AMOUNT,
        NO_PAYMENT: Rule(NO_PAYMENT, pgettext_lazy("rule", "Done, but no payment is recorded")),
        NOT_DUE: NOT_YET_DUE,
        VOID: DROPPED,
    }

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        period = asked.period
        steps = of_seen_money(steps_of(asked), asked, "order__team").filter(code__in=PAYMENT_STEPS)
        whole = F("order__amount") * F("order__fx_rate")
        first = whole * Value(FIRST_SHARE, output_field=_BASE)
        paid = Payment.objects.filter(order=OuterRef("order"), received_on__lte=OuterRef("due_day"))
        paid_sum = paid.order_by().values("order").annotate(sum=Sum("amount")).values("sum")
        parts = Subquery(_parts_of_payment(), output_field=IntegerField())
        # Of what was paid, the first part is settled first.
        settled_before = Case(When(code__in=LAST_PAYMENT, then=whole - F("owed")), default=Value(0), output_field=_BASE)
        dropped = Q(status__in=[MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED])
        return (
            steps.due_within(period.start_at, period.end_at)
            .annotate(due_within=F("due_at") - BEFORE_MIDNIGHT)
            .annotate(due_day=TruncDate("due_within", tzinfo=ZoneInfo(period.zone)), parts=parts)
            .annotate(
                owed=Case(
                    When(~Q(parts=BOTH), then=whole),
                    When(code__in=FIRST_PAYMENT, then=first),
                    default=whole - first,
                    output_field=_BASE,
                ),
                paid=Coalesce(Subquery(paid_sum, output_field=_BASE), Value(0), output_field=_BASE)
                * F("order__fx_rate"),
            )
            .annotate(
                received=Greatest(
                    Least(F("owed"), F("paid") - settled_before),
                    Value(0),
                    output_field=_BASE,
                ),
                outcome=Case(
                    When(dropped, then=Value(VOID)),
                    When(order__amount=0, then=Value(NO_AMOUNT)),
                    When(due_at__gt=asked.now, then=Value(NOT_DUE)),
                    When(
                        ~Exists(Payment.objects.filter(order=OuterRef("order"))),
                        status=MilestoneStatus.DONE,
                        then=Value(NO_PAYMENT),
                    ),
                    default=Value(HIT),
                    output_field=CharField(),
                ),
            )
        )


BOTH = 3  # the bits of a first and of a last part


def _parts_of_payment() -> QuerySet:
    """Which parts an order is paid in, of its steps that count: 1 the first, 2 the last, together 3."""
    steps = Milestone.objects.filter(order=OuterRef("order"), code__in=PAYMENT_STEPS)
    kept = steps.exclude(status__in=[MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED])
    part = Case(When(code__in=FIRST_PAYMENT, then=1), default=2, output_field=IntegerField())
    return kept.order_by().values("order").annotate(parts=BitOr(part)).values("parts")


def of_seen_money(rows: Any, asked: Question, team: str) -> Any:
    """Without the orders of teams whose amounts the viewer does not see; `team` is the lookup of a row's team."""
    access = asked.viewer.access if asked.viewer else None
    if access is None or access.all_money:
        return rows
    return rows.filter(**{f"{team}__in": access.money_team_ids})
