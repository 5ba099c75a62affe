"""K16: how soon somebody who asks or complains hears from us."""

from typing import Any, ClassVar

from django.db.models import Avg, Case, CharField, Count, Min, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, Rule, steps_of
from kpi.metrics.discipline import Finished
from kpi.metrics.speed import NO_ORDER_DATE, Duration
from kpi.questions import Question
from kpi.workdays import working_hours
from orders.models import Milestone
from orders.models.milestones import REPLY_STEPS


class FirstResponse(Duration, Finished):
    """Of inquiries and claims, by the step in which a person replies; what answers by itself ends no step."""

    code = "K16"
    name = pgettext_lazy("figure", "First response")
    formula = _(
        "working hours from receiving an inquiry or a claim to the first reply, summed ÷ cases first replied to in the "
        "period"
    )
    attribution = _("first reply")
    unit = "h"
    unit_name = pgettext_lazy("unit", "working hours")
    scale = 1
    source = "helpdesk standard"
    amount = "hours"
    rules: ClassVar = {
        NO_ORDER_DATE: Rule(NO_ORDER_DATE, pgettext_lazy("rule", "No order date is recorded")),
    }

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        replied = self.finished(asked).filter(code__in=REPLY_STEPS)
        return replied.annotate(
            outcome=Case(
                When(order__ordered_at=None, then=Value(NO_ORDER_DATE)), default=Value(HIT), output_field=CharField()
            ),
            hours=_hours(replied, "closed_at", asked),
        )

    def beside(self, asked: Question) -> dict[str, Any]:
        """Cases still unanswered at the end of the period and how long they have waited; never in the mean (R2)."""
        waiting = steps_of(asked).standing_at(asked.at).filter(code__in=REPLY_STEPS, order__ordered_at__isnull=False)
        age = _hours(waiting, Value(asked.at), asked)
        found = waiting.aggregate(open_count=Count("pk"), open_mean=Avg(age))
        return {**found, "open_at": asked.at}


def _hours(steps: QuerySet[Milestone], until: Any, asked: Question) -> Case:
    """Working hours of the step's calendar since the case came in; outside of them the clock starts with the next."""
    return working_hours(
        "order__ordered_at",
        until,
        calendar="calendar",
        calendars=asked.calendars,
        since=steps.aggregate(first=Min("order__ordered_at"))["first"],
        now=asked.now,
    )
