"""How a figure is defined: rows attributed to a period, what became of each, and what is counted.

One definition serves page, API, command, drill-down and export. `rows` gives every row attributed to the period with
the annotation `outcome`; an outcome is a hit (numerator), a miss (denominator only) or the rule that excludes the row.
So a figure and all its groups are one GROUP BY, and a drill-down is the same rows with a condition on `outcome`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Aggregate, Count, FloatField, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from kpi.dimensions import DIMENSIONS
from kpi.models import Check
from kpi.questions import Question
from kpi.subjects import CHECKS, ORDERS, REMINDERS, SHIPMENTS, STEPS, Subject
from orders import reminders
from orders.models import Milestone, Order, Shipment, ShipmentLine
from orders.models.milestones import MilestoneQuerySet
from orders.models.orders import OrderQuerySet
from orders.models.shipments import ShipmentQuerySet
from teams.models import Membership, Notification

HIT, MISS = "hit", "miss"
Number = int | Decimal


@dataclass(frozen=True)
class Rule:
    """Why a row is left out: a rule of the catalogue (R1 …) or a missing fact, with its words."""

    code: str
    label: Promise


NOT_YET_DUE = Rule("R1", pgettext_lazy("rule", "Not yet due"))


class Percentile(Aggregate):
    """Percentile with linear interpolation (R7 of Hyndman and Fan), as `percentile_cont` computes it."""

    template = "percentile_cont(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    name = "Percentile"
    output_field = FloatField()
    arity = 1

    def __init__(self, expression: Any, share: str, **extra: Any) -> None:
        super().__init__(expression, share=share, **extra)


class Metric:
    """A figure of the catalogue. Sub-classes are the definitions; an instance holds no state.

    Numerator and denominator are counts of rows unless `amount` names an annotation that is summed: then the figure
    is its mean, or with `weight` the share of that annotation's sum, or the ratio to what `measure` says. `scale` turns
    their ratio into `unit`.
    """

    code: ClassVar[str]
    name: ClassVar[Promise]
    formula: ClassVar[Promise]  # in words
    attribution: ClassVar[Promise]  # which date puts a row into a period
    unit: ClassVar[str]
    unit_name: ClassVar[Promise]
    is_higher_better: ClassVar[bool]
    source: ClassVar[str]
    formula_version: ClassVar[int] = 1
    subject: ClassVar[Subject] = ORDERS  # what its rows are
    is_stock: ClassVar[bool] = False  # taken at the end of the period, not over it
    falls_twice: ClassVar[bool] = False  # a row can fall into several periods
    # Figures of one family read the same rows by the same outcomes; the one with an amount knows all their sums.
    family: ClassVar[str] = ""

    hits: ClassVar[Sequence[str]] = (HIT,)
    misses: ClassVar[Sequence[str]] = (MISS,)
    rules: ClassVar[Mapping[str, Rule]] = {}
    amount: ClassVar[str] = ""
    weight: ClassVar[str] = ""  # the annotation whose sum is the denominator
    is_measured: ClassVar[bool] = False  # the denominator is no sum over rows: a target, a capacity
    above_name: ClassVar[Promise | None] = None  # what the two sums are, where the denominator is no number of rows
    below_name: ClassVar[Promise | None] = None
    is_total: ClassVar[bool] = False  # a goal on it is a sum to be reached from nothing, not a level
    is_money: ClassVar[bool] = False  # there only for who sees amounts, over the teams whose amounts they see
    grain: ClassVar[Sequence[str]] = ()  # annotations that part the rows further, where that spares the database work
    scale: ClassVar[int] = 1
    day: ClassVar[str]  # the date or instant by which periods are cut
    is_date: ClassVar[bool] = False
    ordering: ClassVar[Sequence[str]] = ("pk",)  # of drill-downs; ends in a unique field

    def rows(self, asked: Question) -> QuerySet:
        """Every row attributed to the period, counted or excluded, with `outcome`, and `amount` where there is one."""
        raise NotImplementedError

    def sums(self) -> dict[str, Aggregate]:
        """Aggregates per outcome; those beyond these two are for `statistics`."""
        sums: dict[str, Aggregate] = {"row_count": Count("pk")}
        if self.amount:
            sums["total"] = Sum(self.amount)
        if self.weight:
            sums["weighed"] = Sum(self.weight)
        return sums

    def outcome_of(self, line: Mapping[str, Any]) -> Any:
        """What became of the rows of a line of aggregates, which may have been read for another of the family."""
        return line["outcome"]

    def total(self, row: Mapping[str, Any]) -> Number:
        """What a line of aggregates adds to the numerator."""
        return row["total"] if self.amount else row["row_count"]

    def below(self, counted: Sequence[Mapping[str, Any]], asked: Question) -> Number:
        """The denominator, from the lines of the counted outcomes."""
        if self.is_measured:
            return self.measure(counted, asked)
        return sum(row["weighed" if self.weight else "row_count"] for row in counted)

    def measure(self, counted: Sequence[Mapping[str, Any]], asked: Question) -> Number:
        """What the numerator is measured against; 0 where there is no such thing (R7)."""
        raise NotImplementedError

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What is shown beside the figure, from the aggregates of the counted outcomes."""
        return {}

    def beside(self, asked: Question) -> dict[str, Any]:
        """What is shown beside a single figure and needs rows of its own, such as work in progress (R2)."""
        return {}

    @property
    def is_apart(self) -> bool:
        """Each period is counted by itself, since no date of a row says which one it belongs to."""
        return self.is_stock or self.falls_twice

    @property
    def is_share(self) -> bool:
        """In per cent, and never more than 100."""
        return self.unit == "%" and not self.is_measured

    @property
    def is_of_rows(self) -> bool:
        """The denominator is the number of rows: a rate or a mean, which can be closed and explained by its rows."""
        return not (self.weight or self.is_measured)

    @property
    def counted(self) -> tuple[str, ...]:
        return (*self.hits, *self.misses)


def orders_of(asked: Question) -> OrderQuerySet:
    """Orders that count in figures, that the viewer may see (R14), and that pass the filters."""
    orders = Order.objects.eligible().of_goods()
    if asked.viewer is not None:
        orders = orders.visible_to(asked.viewer)
    return orders.with_cause().filter(**_conditions(asked, ORDERS))


def steps_of(asked: Question) -> MilestoneQuerySet:
    """Milestones of such orders."""
    steps = Milestone.objects.filter(order__in=Order.objects.eligible())
    if asked.viewer is not None:
        steps = steps.visible_to(asked.viewer)
    return steps.filter(**_conditions(asked, STEPS))


def shipments_of(asked: Question) -> ShipmentQuerySet:
    """Shipments that carry goods of an order that counts; one that carries nothing yet belongs to nobody's figure."""
    aboard = ShipmentLine.objects.filter(order_line__order__in=Order.objects.eligible())
    shipments = Shipment.objects.filter(pk__in=aboard.values("shipment"))
    if asked.viewer is not None:
        shipments = shipments.visible_to(asked.viewer)
    return shipments.filter(**_conditions(asked, SHIPMENTS))


def checks_of(asked: Question) -> QuerySet[Check]:
    """Samples decided and lots inspected, of orders that count and that the viewer may see."""
    orders = Order.objects.eligible()
    if asked.viewer is not None:
        orders = orders.visible_to(asked.viewer)
    return Check.objects.filter(order__in=orders, **_conditions(asked, CHECKS))


def reminders_of(asked: Question) -> QuerySet[Notification]:
    """Reminders of steps: everybody's, those of the people in the teams that the viewer oversees, and own ones."""
    found = Notification.objects.filter(kind__in=reminders.KINDS)
    if asked.viewer is not None and not asked.viewer.access.sees_all:
        overseen = Membership.objects.filter(team__in=asked.viewer.access.team_scope_ids)
        found = found.filter(Q(recipient=asked.viewer) | Q(recipient__in=overseen.values("user")))
    return found.filter(**_conditions(asked, REMINDERS))


def _conditions(asked: Question, subject: Subject) -> dict[str, Any]:
    paths = {code: DIMENSIONS[code].path_from(subject) for code in asked.filters}
    return {
        f"{paths[code]}__isnull" if value is None else paths[code]: True if value is None else value
        for code, value in asked.filters.items()
    }
