"""Deadlines of milestones: K20 SLA attainment, K21 overdue now, K22 overdue incidence, K23 days overdue and ageing,
K37 late steps with a reason, K39 task completion."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import inf
from typing import Any, ClassVar

from django.db.models import (
    Aggregate,
    Case,
    CharField,
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    Max,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, MISS, NOT_YET_DUE, Metric, Rule, steps_of
from kpi.questions import Question
from kpi.subjects import STEPS
from kpi.workdays import working_days
from orders.models import Milestone
from orders.words import Punctuality

DROPPED = Rule("R3", pgettext_lazy("rule", "Step skipped or cancelled"))
STOPPED = Rule("R5", pgettext_lazy("rule", "Late, but its clock is stopped: waiting on others"))
# Name and longest of the ages in working days; a step late by less than a working day stands in the first.
AGES = {"0": 0, "1-2": 2, "3-5": 5, "6-10": 10, ">10": inf}


class Steps(Metric):
    subject = STEPS
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    source = "own"


# A date's deadline is 24:00 (R12), the first instant of the next day: so a deadline belongs to the day that it ends.
BEFORE_MIDNIGHT = timedelta(microseconds=1)


class _ByDeadline(Steps):
    """Attributed to the period of the deadline; late and still open counts as late (R1)."""

    family = "deadline"
    attribution = _("due instant of the step")
    day = "due_within"
    ordering = ("due_at", "pk")
    rules: ClassVar = {
        Punctuality.RUNNING: NOT_YET_DUE,
        Punctuality.VOID: DROPPED,
        Punctuality.WAITING: STOPPED,
    }

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        period = asked.period
        due = steps_of(asked).due_within(period.start_at, period.end_at)
        due_within = ExpressionWrapper(F("due_at") - BEFORE_MIDNIGHT, DateTimeField())
        return due.judged(asked.now).annotate(outcome=F("punctuality"), due_within=due_within)


class SlaAttainment(_ByDeadline):
    code = "K20"
    name = pgettext_lazy("figure", "Steps on time (SLA)")
    formula = _("steps finished by their due instant ÷ steps due in the period that are finished or overdue")
    is_higher_better = True
    hits = (Punctuality.ON_TIME,)
    misses = (Punctuality.LATE,)


class OverdueIncidence(_ByDeadline):
    code = "K22"
    name = pgettext_lazy("figure", "Steps that became overdue")
    formula = _("steps due in the period that were finished late or are overdue ÷ steps due in the period")
    is_higher_better = False
    hits = (Punctuality.LATE,)
    misses = (Punctuality.ON_TIME,)


class DaysOverdue(_ByDeadline):
    code = "K23"
    name = pgettext_lazy("figure", "Days overdue")
    formula = _("working days from due to finish, or to now, summed ÷ late steps due in the period")
    unit = "wd"
    unit_name = pgettext_lazy("unit", "working days")
    scale = 1
    is_higher_better = False
    amount = "days"
    # Late by whole days: a line for each number of days, instead of computing it again for each sum and each age;
    # and for K37 whether there is a reason.
    grain = ("days", "has_reason")
    hits = (Punctuality.LATE,)
    misses = ()
    rules: ClassVar = {Punctuality.WAITING: STOPPED}

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        finish = Least(Coalesce("closed_at", Value(asked.now)), Value(asked.now))
        days = working_days("due_within", finish, calendar="calendar", calendars=asked.calendars, now=asked.now)
        has_reason = Case(When(delay_reason__isnull=False, then=Value(True)), default=Value(False))
        late = Case(When(punctuality=Punctuality.LATE, then=days))
        return super().rows(asked).annotate(days=late, has_reason=has_reason)

    def sums(self) -> dict[str, Aggregate]:
        return {"row_count": Count("pk")}

    def total(self, row: Mapping[str, Any]) -> int:
        return row["days"] * row["row_count"]

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        ages = dict.fromkeys(AGES, 0)
        for row in counted:
            ages[next(name for name, longest in AGES.items() if row["days"] <= longest)] += row["row_count"]
        return {"ages": ages}


class TaskCompletion(_ByDeadline):
    """Beside K20, which leaves out whose clock stands: the total never excludes anything (R5)."""

    code = "K39"
    name = pgettext_lazy("figure", "Steps on time, waiting included")
    formula = _("steps finished by their due instant ÷ all steps due in the period, those waiting on others included")
    is_higher_better = True
    hits = (Punctuality.ON_TIME,)
    misses = (Punctuality.LATE, Punctuality.WAITING)
    rules: ClassVar = {Punctuality.RUNNING: NOT_YET_DUE, Punctuality.VOID: DROPPED}


class CauseCoded(_ByDeadline):
    code = "K37"
    name = pgettext_lazy("figure", "Late steps with a reason")
    formula = _("late steps due in the period with a delay reason ÷ late steps due in the period")
    is_higher_better = True
    hits = (HIT,)
    misses = (MISS,)
    rules: ClassVar = {Punctuality.WAITING: STOPPED}

    def outcome_of(self, line: Mapping[str, Any]) -> Any:
        if line["outcome"] != Punctuality.LATE:
            return line["outcome"]
        return HIT if line["has_reason"] else MISS

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        late: Any = super().rows(asked)
        return late.filter(punctuality__in=[Punctuality.LATE, Punctuality.WAITING]).annotate(
            outcome=Case(
                When(punctuality=Punctuality.WAITING, then=Value(Punctuality.WAITING)),
                When(delay_reason__isnull=False, then=Value(HIT)),
                default=Value(MISS),
                output_field=CharField(),
            )
        )


class OverdueStock(Steps):
    code = "K21"
    name = pgettext_lazy("figure", "Steps overdue")
    formula = _("open steps past due whose clock runs ÷ open steps, at the end of the period or now")
    attribution = _("open at the end of the period, or now while it lasts")
    is_higher_better = False
    is_stock = True
    hits = (Punctuality.LATE,)
    misses = (Punctuality.RUNNING, Punctuality.WAITING)

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        at = asked.at
        steps = steps_of(asked) if asked.period.start_at <= asked.now else Milestone.objects.none()
        # Open means that late is exactly `overdue(at)`; a step without a deadline cannot be late.
        standing = steps.standing_at(at).judged(at)
        return standing.annotate(outcome=Coalesce("punctuality", Value(Punctuality.RUNNING)))

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {"late_waiting": sum(row["row_count"] for row in counted if row["outcome"] == Punctuality.WAITING)}

    def beside(self, asked: Question) -> dict[str, Any]:
        """The same by order: orders with an overdue step, of those with an open one."""
        is_late = Case(When(outcome=Punctuality.LATE, then=Value(1)), default=Value(0))
        by_order = self.rows(asked).order_by().values("order").annotate(has_late=Max(is_late))
        found = by_order.aggregate(open_orders=Count("order"), overdue_orders=Coalesce(Sum("has_late"), 0))
        return {**found, "at": asked.at}
