"""What holds for every plan, found out with random networks on random calendars with random facts.

The constants count the networks; the run tells their sum at its end (tests/conftest.py). Each property that could hold
by accident has a control: the same check must find a fault in a plan that was broken on purpose.
"""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orders.planning import START, Constraint, Plan, PlannedStep, PlanStep, Span, clock_for
from tests.orders import planning_kit as kit
from tests.orders.planning_kit import DAY, HOUR, PLAIN, SCHEDULES, TICK, Case, cases, china, step

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def clock_of(case: Case, code: str):
    return clock_for(case.calendars[case.by_code[code].calendar])


def leaves(case: Case, plan: Plan, code: str) -> datetime:
    """From when the successors of a step may go on as things stand: an anchor holds them until its own instant."""
    finish = plan[code].earliest_finish_at
    return finish if code in case.actuals else max(finish, case.hanging.get(code, finish))


def leads_to(case: Case, code: str, start: datetime, lag: Span | None) -> datetime:
    """When a step is finished whose predecessor is at `start`."""
    clock = clock_of(case, code)
    return clock.finish_after(clock.after(start, lag), case.by_code[code].duration)


def open_steps(case: Case, plan: Plan) -> Iterator[tuple[PlanStep, PlannedStep]]:
    return ((each, plan[each.code]) for each in case.steps if each.code not in case.actuals)


def is_pinned(case: Case, each: PlanStep, planned: PlannedStep) -> bool:
    """Whether a due instant is given from outside: an anchor, a cut-off."""
    capped = planned.binding.kind in {"limit", "within"}
    return each.code in case.hanging or capped or (each.is_hard and planned.is_backward)


def faults_of(case: Case, plan: Plan) -> list[str]:
    """Everything about a plan that must never be."""
    return [*_early_faults(case, plan), *_late_faults(case, plan), *_due_faults(case, plan), *_place_faults(case, plan)]


def _early_faults(case: Case, plan: Plan) -> Iterator[str]:
    for each, planned in open_steps(case, plan):
        for other, lag in each.dependencies:
            if planned.earliest_finish_at < leads_to(case, each.code, leaves(case, plan, other), lag):
                yield f"{each.code} is finished before {other} lets it"
        if planned.earliest_finish_at < case.now and all(o in case.actuals for o, _lag in each.dependencies):
            yield f"{each.code} runs and is finished before now"
        if planned.earliest_start_at > planned.earliest_finish_at:
            yield f"{each.code} starts after its finish"


def _late_faults(case: Case, plan: Plan) -> Iterator[str]:
    """Being finished at its latest, no step keeps another one from its own latest finish."""
    for each in case.steps:
        if not plan[each.code].is_backward:
            continue
        end = plan[each.code].latest_finish_at
        assert end
        for other, lag in each.dependencies:
            late = plan[other].latest_finish_at
            if late is None or (other not in case.hanging and leads_to(case, each.code, late, lag) > end):
                yield f"latest of {other} breaks that of {each.code}"
        for lead in case.steps:
            late = plan[lead.code].latest_finish_at
            for other, lead_time in lead.latest:
                if other == each.code and lead.code not in case.hanging:
                    if late is None or clock_of(case, lead.code).after(late, lead_time) > end:
                        yield f"latest of {lead.code} is less than {lead_time} before that of {each.code}"


def _due_faults(case: Case, plan: Plan) -> Iterator[str]:
    # A pause moves internal deadlines even past the anchor; an anchor that has happened asks for nothing any more.
    is_kept = plan.is_feasible and not case.pauses and not case.hanging.keys() & case.actuals.keys()
    for each, planned in open_steps(case, plan):
        pinned = is_pinned(case, each, planned)
        for other, lag in each.dependencies:
            if (is_kept or not pinned) and planned.due_at < leads_to(case, each.code, plan[other].due_at, lag):
                yield f"{each.code} is due before {other} lets it"
        for other, lead in each.latest:
            late = is_kept and other not in case.actuals and clock_of(case, each.code).after(planned.due_at, lead)
            if late and late > plan[other].due_at:
                yield f"{each.code} is due less than {lead} before {other}"
        for limit in each.limits:
            if (limit.is_hard or is_kept) and each.code not in case.hanging and planned.due_at > limit.at:
                yield f"{each.code} is due after {limit.name}"
        if each.code in case.hanging and planned.due_at != case.hanging[each.code]:
            yield f"the anchor {each.code} has moved"
        if planned.start_at > planned.due_at:
            yield f"{each.code} is to start after it is due"


def _place_faults(case: Case, plan: Plan) -> Iterator[str]:
    """Dates outside the working time of their calendar; the closing instant is fine."""
    for each, planned in open_steps(case, plan):
        clock = clock_of(case, each.code)
        dates = {"earliest": planned.earliest_finish_at}
        if each.code not in case.hanging:
            dates |= {"due": planned.due_at, "latest": planned.latest_finish_at or planned.due_at}
        yield from (f"{each.code} {name} {at}" for name, at in dates.items() if clock.settle(at) != at)


@settings(relaxed, max_examples=3000)
@given(cases())
def test_plan_breaks_no_dependency_lag_limit_anchor_or_closing_time(case):
    assert faults_of(case, case.plan()) == []
