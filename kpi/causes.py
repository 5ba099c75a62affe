"""A01: the Pareto of delay reasons, over the late steps that K23 counts."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db.models import Count, F, Sum
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from kpi.dimensions import DIMENSIONS, labels_of
from kpi.figures import Figure, figure, members
from kpi.questions import Question
from kpi.spc import ParetoRow, pareto

ENOUGH = 95  # percent of late steps with a reason (K37), below which a Pareto would mislead
DAYS, COUNT, AMOUNT = "days", "count", "amount"
WEIGHTS: dict[str, Promise] = {
    DAYS: pgettext_lazy("weight", "Days late"),
    COUNT: pgettext_lazy("weight", "Late steps"),
    AMOUNT: pgettext_lazy("weight", "Amount × days"),
}


@dataclass(frozen=True)
class Cause:
    """A bar: `row.key` is the code of the reason, `none` without one."""

    row: ParetoRow
    label: str
    count: int


@dataclass(frozen=True)
class Causes:
    """`coded` is K37 over the same rows; the Pareto is kept back while it is below 95 %."""

    weight: str
    rows: list[Cause]
    coded: Figure

    @property
    def is_trusted(self) -> bool:
        return self.coded.value is not None and self.coded.value >= ENOUGH


def causes(asked: Question, weight: str = DAYS, *, sees_money: Callable[[int], bool] | None = None) -> Causes:
    """The delay reasons of the period's late steps, heaviest first.

    Args:
        weight: working days late, number of steps, or amount in the base currency at the order-date rate (R11) × days.
        sees_money: whether the amounts of a team's orders may be used; those of others weigh nothing.
    """
    rows = members("K23", asked).order_by().values("delay_reason", "order__team", "days")
    found = rows.annotate(count=Count("pk"), worth=Sum(F("order__amount") * F("order__fx_rate")))
    totals: dict[int | None, Fraction] = {}
    counts: dict[int | None, int] = {}
    for row in found:
        reason, days = row["delay_reason"], row["days"]
        counts[reason] = counts.get(reason, 0) + row["count"]
        totals[reason] = (
            totals.get(reason, Fraction(0))
            + {
                DAYS: Fraction(days * row["count"]),
                COUNT: Fraction(row["count"]),
                AMOUNT: Fraction(row["worth"] or Decimal(0)) * days
                if sees_money is None or sees_money(row["order__team"])
                else Fraction(0),
            }[weight]
        )
    names = labels_of(DIMENSIONS["reason"], list(totals))
    keys = {names[reason][0]: reason for reason in totals}
    labels = {key: names[reason][1] for key, reason in keys.items()}
    bars = pareto({key: totals[reason] for key, reason in keys.items()})
    return Causes(weight, [Cause(bar, labels[bar.key], counts[keys[bar.key]]) for bar in bars], figure("K37", asked))
