"""What holds for every plan, found out with random networks on random calendars with random facts.

The run tells at its end how many networks were drawn (tests/conftest.py). Each property that could hold
by accident has a control: the same check must find a fault in a plan that was broken on purpose.
"""

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from orders.planning import START, Constraint, Plan, PlannedStep, PlanStep, Span, clock_for
from teams.worktime import working_time_between
from tests.orders import planning_kit as kit
from tests.orders.planning_kit import DAY, HOUR, SCHEDULES, TICK, Case, cases, china, schedules, step

pytestmark = pytest.mark.usefixtures("tell_planning_counts")
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


def directly_before(case: Case, code: str) -> set[str]:
    leads = {each.code for each in case.steps if any(other == code for other, _lead in each.latest)}
    return leads | {other for other, _lag in case.by_code[code].dependencies}


def past_of(case: Case) -> set[str]:
    """The steps that are done with everything before them."""
    before = {each.code: directly_before(case, each.code) for each in case.steps}
    return {code for code in before if case.actuals.keys() >= _reached(code, before) | {code}}


def _reached(code: str, edges: Mapping[str, set[str]]) -> set[str]:
    found, ahead = set(), [code]
    while ahead:
        new = edges[ahead.pop()] - found
        found |= new
        ahead += new
    return found


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
    past = past_of(case)
    for each in case.steps:
        end = plan[each.code].latest_finish_at
        if (end is None) is not (each.code in past) and plan[each.code].is_backward:
            yield f"{each.code} is asked for though it is long done, or not though it comes before an anchor"
        if end is None or not plan[each.code].is_backward:
            continue
        for other, lag in each.dependencies:
            late = plan[other].latest_finish_at
            if other in past:
                continue
            if late is None or (other not in case.hanging and leads_to(case, each.code, late, lag) > end):
                yield f"latest of {other} breaks that of {each.code}"
        for lead in case.steps:
            late = plan[lead.code].latest_finish_at
            for other, lead_time in lead.latest:
                is_asked = other == each.code and lead.code not in {*case.hanging, *past}
                if is_asked and (late is None or clock_of(case, lead.code).after(late, lead_time) > end):
                    yield f"latest of {lead.code} is less than {lead_time} before that of {each.code}"


def _due_faults(case: Case, plan: Plan) -> Iterator[str]:
    # A pause moves internal deadlines even past the anchor; what is done out of turn misses nothing any more.
    is_in_turn = all(other in case.actuals for each in case.steps if each.code in case.actuals
                     for other in directly_before(case, each.code))  # fmt: skip
    is_kept = plan.is_feasible and not case.pauses and is_in_turn
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


@settings(relaxed, max_examples=3500)
@given(cases())
def test_plan_breaks_no_dependency_lag_limit_anchor_or_closing_time(case):
    assert faults_of(case, case.plan()) == []


@settings(relaxed, max_examples=200)
@given(cases(most=40))
def test_plan_of_many_steps_breaks_nothing_either(case):
    assert faults_of(case, case.plan()) == []


@settings(relaxed, max_examples=300)
@given(cases(), st.lists(schedules(), min_size=2, max_size=4))
def test_plan_breaks_nothing_on_any_calendar(case, drawn):
    any_calendar = dict(zip(case.calendars, drawn * 4, strict=False))
    case = case.but(calendars=any_calendar)

    assert faults_of(case, case.plan()) == []


CHAIN = Case(
    (
        step("CUT", "2w", calendar="factory", latest="SHIP-3w"),
        step("SEW", "3w", "CUT+1w", calendar="factory"),
        step("SHIP", "0", "SEW", calendar="carrier"),
        step("PAY", "20c", "SHIP", calendar="bank"),
    ),
    {START: china("2026-03-02 09:00"), "SHIP": china("2026-04-10 18:00")},
    {name: SCHEDULES[name] for name in ("factory", "carrier", "bank")},
    china("2026-03-02 09:00"),
    {},
    {},
)


@pytest.mark.parametrize(
    ("code", "field", "days"),
    [
        ("SEW", "earliest_finish_at", -2),  # before CUT and the lag
        ("PAY", "earliest_finish_at", -1),
        ("CUT", "latest_finish_at", 3),  # SEW could not be finished by its own latest
        ("CUT", "due_at", 7),
        ("SEW", "due_at", 7),  # after the ship date
        ("SHIP", "due_at", 1),  # an anchor that moved
        ("PAY", "due_at", 3),  # a Saturday
        ("CUT", "start_at", 40),
    ],
)
def test_faults_are_found_in_a_plan_that_is_broken_on_purpose(code, field, days):
    plan = CHAIN.plan()
    broken = replace(plan[code], **{field: getattr(plan[code], field) + days * DAY})

    assert faults_of(CHAIN, plan) == []
    assert faults_of(CHAIN, replace(plan, steps={**plan.steps, code: broken})) != []


@settings(relaxed, max_examples=300)
@given(cases(), st.randoms(use_true_random=False), st.sampled_from(["UTC", "America/New_York", "Asia/Shanghai"]))
def test_recomputing_changes_nothing(case, source, zone):
    """Neither a second time, nor with the steps in another order, on pickled calendars, in another zone."""
    steps = list(case.steps)
    source.shuffle(steps)
    there = {code: at.astimezone(ZoneInfo(zone)) for code, at in case.anchors.items()}
    plan = case.plan()

    again = case.but(
        steps=tuple(steps),
        anchors=there,
        calendars=pickle.loads(pickle.dumps(case.calendars)),  # noqa: S301  our own
    ).plan()

    assert case.plan() == plan
    assert again == plan
    assert all(planned.due_at.utcoffset() == timedelta(0) for planned in again.steps.values())


def related(case: Case) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The ancestors and the descendants of each step: by dependency, by `latest`, by `within`."""
    before: dict[str, set[str]] = {
        each.code: {o for o, _lag in (*each.dependencies, *each.within)} for each in case.steps
    }
    for each in case.steps:
        for other, _lead in each.latest:
            before[other].add(each.code)
    after = {code: {other for other in before if code in before[other]} for code in before}
    return {code: _reached(code, before) for code in before}, {code: _reached(code, after) for code in before}


@settings(relaxed, max_examples=1000)
@given(cases(), st.data())
def test_a_step_that_has_nothing_to_do_with_a_change_stays_where_it_is(case, data):
    code = data.draw(st.sampled_from([each.code for each in case.steps]))
    if data.draw(st.booleans()):
        changed = case.with_step(code, duration=Span(data.draw(st.integers(0, 9)), "w"))
    else:
        changed = case.but(actuals={**case.actuals, code: case.now + data.draw(st.integers(0, 400)) * HOUR})
    ancestors, descendants = related(case)
    strangers = set(ancestors) - ancestors[code] - descendants[code] - {code}
    # What is planned forward from an ancestor's due instant moves with that; a period moves with what it counts from.
    beside = set().union(*(descendants[ancestor] for ancestor in ancestors[code]))
    has_periods = any(each.within for each in case.steps)
    is_plain = not case.pauses and not any(each.is_hard or each.limits for each in case.steps)

    before, after = case.plan(), changed.plan()

    for each in strangers:
        assert after[each].earliest_finish_at == before[each].earliest_finish_at
        if before[each].is_backward and not has_periods:
            assert after[each].latest_finish_at == before[each].latest_finish_at
        if not has_periods and (each not in beside or (is_plain and before[each].is_backward)):
            assert after[each].due_at == before[each].due_at
            assert after[each].start_at == before[each].start_at or each in beside


def test_steps_before_and_after_a_change_do_move():
    longer = CHAIN.with_step("SEW", duration=Span(9, "w"))

    assert longer.plan()["CUT"].due_at < CHAIN.plan()["CUT"].due_at
    assert longer.plan()["PAY"].due_at == CHAIN.plan()["PAY"].due_at  # the anchor stands between
    assert (
        longer.but(anchors={START: CHAIN.anchors[START]}).plan()["PAY"].due_at > CHAIN.plan()["SHIP"].earliest_finish_at
    )


FROM_BEFORE = {"start", "after", "now", "expected", "pause"}


def without(case: Case, code: str, constraint: Constraint) -> Case:
    """The case without what `constraint` says of step `code`; an instant moves out of the way."""
    each, far, other = case.by_code[code], 90 * DAY, constraint.step
    match constraint.kind:
        case "start":
            return case.but(anchors={**case.anchors, START: case.anchors[START] - far})
        case "now":
            return case.but(now=case.now - far)
        case "expected":
            return case.with_step(code, expected_at=None)
        case "pause":
            return case.but(pauses={key: own for key, own in case.pauses.items() if key != code})
        case "anchor":
            return case.but(anchors={**case.anchors, code: case.anchors[code] + far})
        case "limit":
            return case.with_step(code, limits=())
        case "within":
            return case.with_step(code, within=_not_to(each.within, other))
        case "latest":
            return case.with_step(code, latest=_not_to(each.latest, other))
        case "before":
            return case.with_step(other, dependencies=_not_to(case.by_code[other].dependencies, code))
        case "after":  # by dependency, or since the other one has to be done some time before
            edge, lead = (other, constraint.lag), (code, constraint.lag)
            rest = case.with_step(code, dependencies=tuple(e for e in each.dependencies if e != edge))
            return rest.with_step(other, latest=tuple(e for e in case.by_code[other].latest if e != lead))
    raise AssertionError(constraint)


def _not_to(edges, code):
    return tuple(edge for edge in edges if edge[0] != code)


@settings(relaxed, max_examples=1000)
@given(cases(), st.data())
def test_taking_the_binding_constraint_away_moves_the_date(case, data):
    """Earlier if it was held back from before. If held from behind: later, or nobody asks for the step any more."""
    plan = case.plan()
    ancestors, _descendants = related(case)
    has_periods = any(each.within for each in case.steps)  # they move with what they count from
    open_codes = [each.code for each in case.steps if each.code not in case.actuals]
    assume(open_codes)
    for code in data.draw(st.lists(st.sampled_from(open_codes), min_size=1, max_size=3, unique=True)):
        planned, freed = plan[code], case
        if has_periods and planned.binding.kind != "within":
            continue
        for constraint in (planned.binding, *planned.ties):
            freed = without(freed, code, constraint)

        new = freed.plan()
        if new[code].binding.kind == "now" and planned.binding.kind in FROM_BEFORE:  # it waits for nothing any more
            new = without(freed, code, new[code].binding).plan()
        moved = new[code]

        kit.count("binding constraints taken away", 1)
        kit.count("of them with ties", len(planned.ties) > 0)
        if planned.binding.kind in FROM_BEFORE:
            # A step before it that used the freedom to be due later may push it again.
            is_pushed = any(new[other].due_at > plan[other].due_at for other in ancestors[code])
            kit.count("of them pushed again", moved.due_at >= planned.due_at)
            assert moved.due_at < planned.due_at or is_pushed
        else:
            assert moved.due_at > planned.due_at or (planned.is_backward and not moved.is_backward)


def test_taking_away_what_does_not_bind_moves_nothing():
    case = CHAIN.but(steps=(*CHAIN.steps, step("LABEL", "1w")), calendars=SCHEDULES).with_step(
        "SEW", dependencies=(("CUT", Span(1, "w")), ("LABEL", None))
    )
    planned = case.plan()["CUT"]

    freed = without(case, "SEW", Constraint("after", planned.due_at, "LABEL"))

    assert planned.binding.kind == "before"
    assert freed.plan()["SEW"].due_at == case.plan()["SEW"].due_at


@settings(relaxed, max_examples=600)
@given(cases(), st.data())
def test_actuals_replace_plans_and_being_later_delays_nobody_less(case, data):
    codes = [each.code for each in case.steps]
    code = data.draw(st.sampled_from(codes))
    early = case.now - data.draw(st.integers(0, 300)) * HOUR
    late = early + data.draw(st.integers(0, 300)) * HOUR

    # Who starts later may have missed a pause: that is no delay.
    plan, later = (case.but(actuals={**case.actuals, code: at}, pauses={}).plan() for at in (early, late))

    assert (plan[code].due_at, plan[code].earliest_finish_at) == (early, early)
    assert (plan[code].is_done, plan[code].is_critical, plan[code].binding.kind) == (True, False, "actual")
    for other in codes:
        assert later[other].earliest_finish_at >= plan[other].earliest_finish_at


@settings(relaxed, max_examples=600)
@given(cases(), st.data())
def test_pauses_count_by_union_in_working_time(case, data):
    free = case.but(pauses={})
    code = data.draw(st.sampled_from([each.code for each in case.steps]))
    clock, before = clock_of(case, code), free.plan()
    since = before[code].earliest_start_at + data.draw(st.integers(-100, 200)) * HOUR
    until = since + data.draw(st.integers(0, 100)) * HOUR
    middle = since + (until - since) / 3

    plan, doubled, in_parts = (
        free.but(pauses={code: spans}).plan()
        for spans in (((since, until),), ((since, until),) * 2, ((middle, until), (since, until - (until - since) / 3)))
    )

    assert doubled == in_parts == plan
    counts_working_time = case.by_code[code].duration.unit != "c"
    if counts_working_time and not clock.between(since, until):
        assert plan == before
    # A period that counts from another step moves with it, and what waits for a later due instant may hide the pause.
    is_alone = not any(each.within for each in case.steps) and before[code].binding.kind != "after"
    if counts_working_time and is_alone and plan[code].binding.kind == "pause":
        stood = clock.between(since, min(until, plan[code].due_at))
        assert clock.between(before[code].due_at, plan[code].due_at) == stood


@settings(relaxed, max_examples=400)
@given(
    st.sampled_from(sorted(SCHEDULES)),
    st.tuples(st.integers(0, 60 * 24), st.integers(1, 40), st.integers(0, 99), st.integers(0, 99)),
)
def test_a_pause_moves_the_due_instant_of_a_free_step_by_just_its_working_time(calendar, numbers):
    kit.count("networks", 1)
    offset, hours, wait, length = numbers
    begin = china("2026-09-14 00:00") + offset * HOUR
    pause = (begin + wait * HOUR, begin + (wait + length) * HOUR)
    case = Case((PlanStep("A", Span(hours, "h"), (), calendar),), {START: begin}, SCHEDULES, begin, {}, {"A": (pause,)})

    due = case.plan()["A"].due_at

    # What is worked outside the pause is the step's duration, no more and no less.
    assert working_time_between(begin, due, SCHEDULES[calendar], [pause]) == hours * HOUR
    assert working_time_between(begin, due - TICK, SCHEDULES[calendar], [pause]) < hours * HOUR


@settings(relaxed, max_examples=600)
@given(cases(has_one_anchor=True))
def test_anchor_is_short_just_if_it_lies_before_the_earliest_one(case):
    [(code, at)] = case.hanging.items()
    assume(code not in case.actuals)
    plan = case.plan()
    earliest = plan.earliest_anchors[code]

    def is_short(instant: datetime) -> bool:
        shortfalls = case.but(anchors={**case.anchors, code: instant}).plan().shortfalls
        return any(shortfall.name == "anchor" for shortfall in shortfalls)

    assert is_short(at) is (at < earliest)
    assert not is_short(earliest)
    assert is_short(earliest - TICK)


@settings(relaxed, max_examples=500)
@given(cases())
def test_shortfalls_name_chains_of_open_steps_that_wait_for_each_other(case):
    plan = case.plan()
    waits_for = {each.code: {other for other, _lag in each.dependencies} for each in case.steps}
    for each in case.steps:
        for other, _lead in each.latest:
            waits_for[other].add(each.code)

    for shortfall in plan.shortfalls:
        chain, help_days = shortfall.chain, [days for _code, days in shortfall.helps]
        assert chain[-1] == shortfall.step
        assert not set(chain) & case.actuals.keys()
        assert all(first in waits_for[second] for first, second in pairwise(chain))
        assert {code for code, _days in shortfall.helps} <= set(chain)
        assert help_days == sorted(help_days, reverse=True)
        assert shortfall.days >= 1
        assert shortfall.earliest_at > shortfall.at
    assert plan.is_feasible is (plan.shortfalls == ())


@settings(relaxed, max_examples=800)
@given(cases(), st.dates(date(2026, 2, 1), date(2026, 12, 1)))
def test_float_is_working_time_to_the_latest_and_what_is_not_final_is_marked(case, until):
    plan = case.plan(verified_until=dict.fromkeys(list(case.calendars)[:2], until))

    for each in case.steps:
        planned, clock = plan[each.code], clock_of(case, each.code)
        early, late = planned.earliest_finish_at, planned.latest_finish_at
        assert planned.float == (None if late is None else clock.between(early, late))
        assert planned.float_days == (None if late is None else clock.days_between(early, late))
        is_known = each.calendar in list(case.calendars)[:2]
        assert planned.is_provisional is (is_known and clock.local_date(max(early, planned.due_at)) > until)


@settings(relaxed, max_examples=500)
@given(cases(rich=False, has_one_anchor=True))
def test_critical_is_less_than_a_day_of_float_towards_the_earliest_anchor(case):
    plan = case.plan()
    backward = {code for code, planned in plan.steps.items() if planned.is_backward}
    [anchor] = case.hanging
    # What leads to a branch beside the anchor must not delay the end of that branch either.
    assume(all(not directly_before(case, code) & backward - {anchor} for code in plan.steps.keys() - backward))

    tight = case.but(anchors={**case.anchors, **plan.earliest_anchors}, buffer=None).plan()

    for code in backward:
        clock, planned = clock_of(case, code), tight[code]
        has_a_day = planned.float_days > 0 and planned.float >= clock.day_length
        assert plan[code].is_critical is not has_a_day
    assert plan[anchor].is_critical or plan[anchor].earliest_finish_at < plan.earliest_anchors[anchor]
