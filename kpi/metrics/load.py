"""Load: K38, what lies before people against the time they have."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, DecimalField, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, Number, Rule, steps_of
from kpi.metrics.steps import Steps
from kpi.questions import Question
from orders.models import Milestone
from teams.models import Leave, Membership
from teams.worktime import add_working_days, working_time_between

NOBODY = "nobody"
DAYS_AHEAD = 10
# Nobody records the touch time of a step yet, so each counts alike: an estimate, and called so.
STEP_HOURS = Decimal(1)
HOUR = timedelta(hours=1)


class Workload(Steps):
    code = "K38"
    name = pgettext_lazy("figure", "Workload")
    formula = _(
        "open steps due within 10 working days, overdue ones included, at an estimated hour each ÷ working hours that "
        "the people who carry them have in these days, less their leave"
    )
    attribution = _("open at the end of the period, or now while it lasts")
    is_higher_better = False
    is_stock = True
    is_measured = True
    amount = "hours"
    grain = ("assignee",)
    hits = (HIT,)
    misses = ()
    above_name = pgettext_lazy("figure", "hours of work, estimated")
    below_name = pgettext_lazy("figure", "hours there are")
    rules: ClassVar = {NOBODY: Rule(NOBODY, pgettext_lazy("rule", "Nobody carries it"))}

    def rows(self, asked: Question) -> QuerySet[Milestone]:
        at = asked.at
        steps = steps_of(asked) if asked.period.start_at <= asked.now else Milestone.objects.none()
        return (
            steps.standing_at(at)
            .due_by(_horizon(asked, at))
            .annotate(
                hours=Value(STEP_HOURS, output_field=DecimalField()),
                outcome=Case(When(assignee=None, then=Value(NOBODY)), default=Value(HIT), output_field=CharField()),
            )
        )

    def measure(self, counted: Sequence[Mapping[str, Any]], asked: Question) -> Number:
        capacities = _capacities(asked, asked.at)
        return sum((capacities(person) for person in {row["assignee"] for row in counted}), Decimal(0))


def _horizon(asked: Question, at: datetime) -> datetime:
    """The end of the tenth working day from then on, by the organisation's first calendar."""
    if not asked.calendars:
        return at
    schedule = asked.calendars[0].schedule()
    zone = ZoneInfo(schedule.timezone)
    last = add_working_days(at.astimezone(zone).date(), DAYS_AHEAD, schedule)
    return _midnight(last + timedelta(days=1), zone)


def _capacities(asked: Question, at: datetime) -> Any:
    """Working hours of a person between `at` and the horizon, on the calendar of their first team, less their leave."""
    horizon = _horizon(asked, at)
    calendars = {each.pk: each for each in asked.calendars}
    of_person = asked.kept(
        "calendars of people",
        lambda: dict(Membership.objects.order_by("-team").values_list("user", "team__calendar")),
    )
    leaves = asked.kept("leaves", lambda: list(Leave.objects.values_list("user", "from_date", "to_date")))
    known = asked.kept(f"hours from {at.isoformat()}", dict)

    def capacity(person: int) -> Decimal:
        if person not in known:
            calendar = calendars.get(of_person.get(person) or 0)
            schedule = (calendar or asked.calendars[0]).schedule()
            zone = ZoneInfo(schedule.timezone)
            away = [
                (_midnight(first, zone), _midnight(last + timedelta(days=1), zone))
                for user, first, last in leaves
                if user == person
            ]
            known[person] = Decimal(working_time_between(at, horizon, schedule, away) / HOUR)
        return known[person]

    return capacity


def _midnight(day: date, zone: Any) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
