"""How the work is kept: K18 deviation from the plan, K34 suppliers, K35 recording, K36 first pass, K24 reminders."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import accumulate
from math import sqrt
from typing import Any, ClassVar

from django.db.models import (
    Aggregate,
    Case,
    CharField,
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, MISS, NOT_YET_DUE, Metric, Percentile, Rule, checks_of, reminders_of, steps_of
from kpi.metrics.steps import BEFORE_MIDNIGHT, DROPPED, STOPPED, Steps
from kpi.models import Check
from kpi.questions import Question
from kpi.subjects import CHECKS, REMINDERS
from kpi.workdays import working_days, working_hours
from orders.models import Milestone
from orders.models.orders import OWN_SOURCES
from orders.words import Punctuality
from orders.workflow import MilestoneStatus
from teams.models import Membership, Notification

NO_PLAN, IMPORTED, LATER_ROUND, UNANSWERED, NO_CALENDAR = (
    *("no_baseline", "imported", "later_round", "unanswered", "no_calendar"),
)
PROMPT_HOURS = 4


class Finished(Steps):
    """Attributed to the period in which the step was truly finished."""

    attribution = _("actual finish of the step")
    day = "closed_at"
    ordering = ("closed_at", "pk")

    def finished(self, asked: Question) -> QuerySet[Milestone]:
        period = asked.period
        return steps_of(asked).filter(
            status=MilestoneStatus.DONE, closed_at__gte=period.start_at, closed_at__lt=period.end_at
        )


class LeadTimeDeviation(Finished):
    code = "K18"
    name = pgettext_lazy("figure", "Deviation from plan")
    formula = _(
        "working days from the frozen plan's finish to the actual one, earlier ones negative, summed ÷ steps finished "
        "in the period"
    )
    unit = "wd"
    unit_name = pgettext_lazy("unit", "working days")
    scale = 1
    is_higher_better = False
    amount = "days"
    # A line for each number of days, of which there are few, instead of computing them again for each sum.
    grain = ("days",)
    hits = (HIT,)
    misses = ()
    rules: ClassVar = {NO_PLAN: Rule(NO_PLAN, pgettext_lazy("rule", "Its plan was never frozen"))}

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        planned = ExpressionWrapper(F("baseline_finish_at") - BEFORE_MIDNIGHT, DateTimeField())
        sides = [
            working_days(start, end, calendar="calendar", calendars=asked.calendars, now=asked.now)
            for start, end in ((planned, "closed_at"), ("closed_at", planned))
        ]
        return self.finished(asked).annotate(
            days=sides[0] - sides[1],
            outcome=Case(
                When(baseline_finish_at=None, then=Value(NO_PLAN)), default=Value(HIT), output_field=CharField()
            ),
        )

    def sums(self) -> dict[str, Aggregate]:
        return {"row_count": Count("pk")}

    def total(self, row: Mapping[str, Any]) -> int:
        return row["days"] * row["row_count"]

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Spread beside the mean; CV is their ratio, and says nothing where the mean is 0."""
        counts = sorted((row["days"], row["row_count"]) for row in counted)
        size = sum(count for _days, count in counts)
        if not size:
            return {"sd": None, "cv": None, "deviation_p90": None}
        mean = sum(days * count for days, count in counts) / size
        sd = sqrt(sum((days - mean) ** 2 * count for days, count in counts) / size)
        return {"sd": sd, "cv": sd / abs(mean) if mean else None, "deviation_p90": _percentile_of(counts, 0.9)}


def _percentile_of(counts: Sequence[tuple[int, int]], share: float) -> float:
    """`percentile_cont` of values that occur so many times each, ascending."""
    ends = list(accumulate(count for _value, count in counts))
    place = (ends[-1] - 1) * share
    below = int(place)
    lower, upper = (counts[bisect_right(ends, rank)][0] for rank in (below, min(below + 1, ends[-1] - 1)))
    return lower + (upper - lower) * (place - below)


class UpdateTimeliness(Finished):
    code = "K35"
    name = pgettext_lazy("figure", "Recorded in time")
    formula = _("steps recorded by the end of the working day after they were finished ÷ steps finished in the period")
    is_higher_better = True
    rules: ClassVar = {IMPORTED: Rule(IMPORTED, pgettext_lazy("rule", "Taken over from another system"))}

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        waited = working_days("closed_at", "recorded_at", calendar="calendar", calendars=asked.calendars, now=asked.now)
        return self.finished(asked).annotate(
            waited=waited,
            outcome=Case(
                When(~Q(order__source__in=OWN_SOURCES), then=Value(IMPORTED)),
                When(waited__lte=1, then=Value(HIT)),
                default=Value(MISS),
                output_field=CharField(),
            ),
        )


class SupplierOnTime(Steps):
    """Judged by the first commitment, not by the last proposal, which would flatter."""

    code = "K34"
    name = pgettext_lazy("figure", "Suppliers on time")
    formula = _("suppliers' steps finished by the frozen plan's date ÷ suppliers' steps first planned for the period")
    attribution = _("finish of the step in the frozen plan")
    source = "SCOR RL.1.2"
    is_higher_better = True
    day = "due_within"
    ordering = ("baseline_finish_at", "pk")
    hits = (Punctuality.ON_TIME,)
    misses = (Punctuality.LATE,)
    rules: ClassVar = {Punctuality.RUNNING: NOT_YET_DUE, Punctuality.VOID: DROPPED, Punctuality.WAITING: STOPPED}

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        period = asked.period
        planned = steps_of(asked).of_suppliers()
        due = planned.filter(baseline_finish_at__gt=period.start_at, baseline_finish_at__lte=period.end_at)
        due_within = ExpressionWrapper(F("baseline_finish_at") - BEFORE_MIDNIGHT, DateTimeField())
        judged = due.judged(asked.now, deadline="baseline_finish_at")
        return judged.annotate(outcome=F("punctuality"), due_within=due_within)


class FirstPassYield(Metric):
    """Of what is made or sent for the first time; later rounds are listed, since they are the same thing again."""

    code = "K36"
    name = pgettext_lazy("figure", "First-pass yield")
    formula = _("samples and inspections accepted at the first round ÷ first rounds decided in the period")
    attribution = _("day of the decision")
    subject = CHECKS
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    source = "Six Sigma FPY"
    is_higher_better = True
    day = "decided_on"
    is_date = True
    ordering = ("decided_on", "pk")
    rules: ClassVar = {LATER_ROUND: Rule(LATER_ROUND, pgettext_lazy("rule", "A later round of the same thing"))}

    def rows(self, asked: Question) -> QuerySet[Check]:
        period = asked.period
        decided = checks_of(asked).filter(decided_on__gte=period.first, decided_on__lt=period.end)
        return decided.annotate(
            outcome=Case(
                When(round__gt=1, then=Value(LATER_ROUND)),
                When(verdict=Check.Verdict.ACCEPTED, then=Value(HIT)),
                default=Value(MISS),
                output_field=CharField(),
            )
        )


class AcknowledgeTime(Metric):
    """What could not be delivered is an alarm of its own, not unanswered."""

    code = "K24"
    name = pgettext_lazy("figure", "Reminders acknowledged after")
    formula = _("working hours from a reminder's delivery to its acknowledgement, summed ÷ reminders acknowledged")
    attribution = _("delivery of the reminder")
    subject = REMINDERS
    unit = "h"
    unit_name = pgettext_lazy("unit", "working hours")
    source = "own"
    is_higher_better = False
    amount = "hours"
    day = "shown_at"
    ordering = ("shown_at", "pk")
    hits = (HIT,)
    misses = ()
    rules: ClassVar = {
        UNANSWERED: Rule(UNANSWERED, pgettext_lazy("rule", "Not yet acknowledged")),
        NO_CALENDAR: Rule(NO_CALENDAR, pgettext_lazy("rule", "The person is in no team, so no calendar is known")),
    }

    def rows(self, asked: Question) -> QuerySet[Notification]:
        period = asked.period
        shown = reminders_of(asked).filter(shown_at__gte=period.start_at, shown_at__lt=period.end_at)
        teams = Membership.objects.filter(user=OuterRef("recipient")).order_by("pk")
        hours = working_hours(
            "shown_at",
            "acknowledged_at",
            calendar="work_calendar",
            calendars=asked.calendars,
            since=period.start_at - timedelta(days=1),
            now=asked.now,
        )
        return shown.annotate(work_calendar=Subquery(teams.values("team__calendar")[:1])).annotate(
            # Most of a busy month are not acknowledged: nothing is computed for them.
            hours=Case(When(acknowledged_at__isnull=False, then=hours)),
            outcome=Case(
                When(Q(acknowledged_at=None) | Q(acknowledged_at__gt=asked.now), then=Value(UNANSWERED)),
                When(work_calendar=None, then=Value(NO_CALENDAR)),
                default=Value(HIT),
                output_field=CharField(),
            ),
        )

    def sums(self) -> dict[str, Aggregate]:
        prompt = Count("pk", filter=Q(hours__lte=PROMPT_HOURS))
        return {**super().sums(), "prompt": prompt, "p90": Percentile(self.amount, "0.9")}

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        row = counted[0] if counted else {}
        return {"prompt": row.get("prompt", 0), "acknowledge_p90": row.get("p90")}

    def beside(self, asked: Question) -> dict[str, Any]:
        """How many were delivered, acknowledged or not."""
        return {"shown": self.rows(asked).count()}
