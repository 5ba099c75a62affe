"""Each person's load and how old their overdue steps are, at the end of the period or now."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Value

from kpi.figures import Figure, breakdown
from kpi.metrics.steps import AGES, BEFORE_MIDNIGHT
from kpi.questions import Question
from kpi.registry import METRICS
from kpi.workdays import working_days
from orders.words import Punctuality
from teams.models import User

MOST_PEOPLE = 40


@dataclass(frozen=True)
class Carried:
    """What a person carries: load (K38, None without a step due soon) and overdue steps by age in working days."""

    key: str
    label: str
    load: Figure | None
    ages: Mapping[str, int]

    @property
    def late(self) -> int:
        return sum(self.ages.values())


def carried(asked: Question) -> tuple[list[Carried], int]:
    """Those who carry most, and how many more there are. The order is by steps, not by how well they do (R8)."""
    loads = {group.key: group.figure for group in breakdown("K38", asked, "assignee") if group.figure.count}
    ages = _ages(asked)
    people = User.objects.filter(username__in={*loads, *ages}).order_by("name", "pk")
    found = [
        Carried(person.username, str(person), loads.get(person.username), ages.get(person.username, _none()))
        for person in people
    ]
    found.sort(key=lambda each: (-(each.load.count if each.load else 0), -each.late))
    return found[:MOST_PEOPLE], max(len(found) - MOST_PEOPLE, 0)


def _none() -> dict[str, int]:
    return dict.fromkeys(AGES, 0)


def _ages(asked: Question) -> dict[str, dict[str, int]]:
    """By user name: overdue steps by age."""
    at = asked.at
    due = ExpressionWrapper(F("due_at") - BEFORE_MIDNIGHT, DateTimeField())
    days = working_days("due_day", Value(at), calendar="calendar", calendars=asked.calendars, now=asked.now)
    late = METRICS["K21"].rows(asked).filter(outcome=Punctuality.LATE, assignee__isnull=False)
    lines = late.annotate(due_day=due).annotate(days=days).order_by()
    found: dict[str, dict[str, int]] = {}
    for name, age, count in lines.values_list("assignee__username", "days").annotate(count=Count("pk")):
        ages = found.setdefault(name, _none())
        ages[next(label for label, longest in AGES.items() if age <= longest)] += count
    return found
