"""What a goal expects by a day, and from it the target of sales of any period: by working days, step by step."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from kpi.metrics.base import Metric
from kpi.models import Goal
from kpi.periods import Period
from kpi.questions import Question
from teams.worktime import WorkSchedule, working_days_between

SALES = "K32"


def quarters(period: Period) -> list[Period]:
    """The parts of a goal's time for its ladder."""
    return [bucket.period for bucket in period.buckets("quarter")]


def expected_value(goal: Goal, today: date, schedule: WorkSchedule, *, start: Decimal) -> Decimal:
    """What is to have been reached by the evening of `today`, from `start` on: evenly by working days, or within a
    quarter towards its step of the ladder."""
    if today < goal.first:
        return start
    if today >= goal.end:
        return goal.target
    if not goal.ladder:
        return start + (goal.target - start) * _elapsed(goal.first, goal.end, today, schedule)
    before = start
    for part, step in zip(quarters(Period(goal.first, goal.end, "UTC")), goal.ladder, strict=False):
        if today < part.end:
            return before + (step - before) * _elapsed(part.first, part.end, today, schedule)
        before = step
    return goal.target


def _elapsed(first: date, end: date, today: date, schedule: WorkSchedule) -> Decimal:
    """Working days from `first` to the evening of `today`, as a share of all to the day before `end`."""
    before = date.fromordinal(first.toordinal() - 1)
    last = date.fromordinal(end.toordinal() - 1)
    whole = working_days_between(before, last, schedule)
    return Decimal(working_days_between(before, min(today, last), schedule)) / whole if whole else Decimal(1)


def sales_target(asked: Question) -> Decimal:
    """The target of sales for the period of the question, in the base currency; 0 where there is none.

    It is that of the company, of the team or of the clerk that the question is about: by its filters, else by what the
    viewer sees, which for several teams is the sum of theirs. For parts of them, such as a customer, nobody sets one.
    """
    if set(asked.filters) - {"team", "clerk"}:
        return Decimal(0)
    goals: list[Goal] = asked.kept(SALES, lambda: list(Goal.objects.filter(code=SALES, dropped_at=None)))
    calendars = asked.calendars
    if not goals or not calendars:
        return Decimal(0)
    schedule = calendars[0].schedule()
    return sum((_of_period(found, asked.period, schedule) for found in _of_scope(goals, asked)), Decimal(0))


def target_line(metric: Metric, asked: Question, periods: Sequence[Period]) -> list[Decimal | None]:
    """What is to be reached by the end of each period, in the figure's unit; None where no goal covers it.

    The goal is that of the company, of the team or of the person that the question is about.
    """
    if metric.is_total:
        wanted = [sales_target(asked.within(period)) for period in periods]
        return [Decimal(metric.scale) if each else None for each in wanted]
    goals = goals_in_force(metric, asked)
    calendars = asked.calendars
    if not goals or not calendars:
        return [None] * len(periods)
    schedule = calendars[0].schedule()
    found: list[Decimal | None] = []
    for period in periods:
        covering = [goal for goal in goals if goal.first <= period.last < goal.end]
        goal = min(covering, key=lambda each: (each.end - each.first, -each.pk), default=None)
        found.append(expected_value(goal, period.last, schedule, start=goal.baseline) if goal else None)
    return found


def goals_in_force(metric: Metric, asked: Question) -> list[Goal]:
    """The goals on a figure of the one company, team or person that the question is about."""
    if set(asked.filters) - {"team", "clerk"}:
        return []
    owners = _of_scope(list(Goal.objects.filter(code=metric.code, dropped_at=None)), asked)
    return owners[0] if len(owners) == 1 else []


def _of_scope(goals: Sequence[Goal], asked: Question) -> list[list[Goal]]:
    """For each of the owners that the question is about, their goals."""
    access = asked.viewer.access if asked.viewer else None
    team, clerk = asked.filters.get("team"), asked.filters.get("clerk")
    if "clerk" in asked.filters:
        return [[goal for goal in goals if goal.owner_id == clerk and team in (None, goal.team_id)]] if clerk else []
    if "team" in asked.filters:
        teams = {team}
    elif access is None or access.sees_all:
        return [[goal for goal in goals if goal.team_id is None]]
    else:
        teams = set(access.team_scope_ids)
    if access and not access.sees_all and not teams & access.team_scope_ids:
        return [[goal for goal in goals if goal.owner_id == access.user_id]]
    return [[goal for goal in goals if goal.team_id == each and goal.owner_id is None] for each in teams]


def _of_period(goals: Sequence[Goal], period: Period, schedule: WorkSchedule) -> Decimal:
    """The part that falls into the period, of the shortest goal that covers it; the newest of equals."""
    covering = [goal for goal in goals if goal.first <= period.first and goal.end >= period.end]
    if not covering:
        return Decimal(0)
    goal = min(covering, key=lambda each: (each.end - each.first, -each.pk))
    eve = date.fromordinal(period.first.toordinal() - 1)
    ends: Any = [expected_value(goal, day, schedule, start=Decimal(0)) for day in (eve, period.last)]
    return ends[1] - ends[0]
