"""`plan`: the passes put together, the due instants, and what falls short."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from orders.planning.model import (
    START,
    Constraint,
    Plan,
    PlannedStep,
    PlanningError,
    PlanStep,
    Span,
)
from orders.planning.network import Network, in_utc
from orders.planning.passes import (
    BEYOND_CALENDAR,
    Backward,
    Facts,
    Forward,
    backward_pass,
    forward_pass,
    limits_of,
    push_out,
)
from orders.planning.shortfalls import Missed, find_shortfalls
from orders.planning.spans import Clock, PauseSpans
from teams.worktime import WorkSchedule

SpanOrNone = TypeVar("SpanOrNone", Span, Span | None)


def plan(
    steps: Iterable[PlanStep],
    anchors: Mapping[str, datetime],
    calendars: Mapping[str, WorkSchedule],
    actuals: Mapping[str, datetime],
    pauses: Mapping[str, PauseSpans],
    now: datetime,
    *,
    buffer: Span | None = None,
    verified_until: Mapping[str, date] | None = None,
) -> Plan:
    """Lay `steps` out between `anchors[START]`, the order's own instant, and the other anchors (step to instant).

    `calendars` maps the steps' calendar keys to schedules, `actuals` steps to true finishes, which replace plans,
    `pauses` steps to the spans (from, to) in which their clock stood; their union extends the step's own deadline.
    A step that runs cannot be finished before `now`. `buffer` is kept free before each anchor. Dates later than
    `verified_until` of their calendar are marked provisional. `steps` may stand in any order.

    Raises:
        PlanningError: the network has a circle, an unknown step or an impossible span; a calendar has no open time or
            does not reach far enough; an instant has no time zone.
        ScheduleError: a pause ends before it begins.
    """
    network = Network.of(steps, calendars)
    facts = _facts_of(network, anchors, actuals, pauses, now)
    early = forward_pass(network, facts)
    hanging = {code: at for code, at in facts.anchors.items() if code != START}
    pushed = push_out(network, facts, early)
    limits = limits_of(network, pushed.leaves)
    past = _past(network, facts)
    late = backward_pass(network, hanging, limits=limits, past=past)
    kept = late
    if buffer and buffer.amount:
        kept = backward_pass(network, hanging, limits=limits, past=past, buffer=buffer)
    least = {code: pushed.finish[code] for code in hanging}
    backward_steps = network.before(hanging)
    tight = backward_pass(network, least, limits=_ends(network, early, backward_steps), past=past)
    due, binding = _dues(network, facts, early, late, kept, limits, backward_steps)
    planned: dict[str, PlannedStep] = {}
    try:
        for code in network.steps:
            last = tight.finish.get(code)
            latest = late.finish.get(code, last if code not in backward_steps else None)
            planned[code] = _planned_step(
                network, facts, early, code, latest, last, due[code], binding[code], code in backward_steps,
                verified_until or {},
            )  # fmt: skip
    except BEYOND_CALENDAR as error:
        raise PlanningError("out_of_calendar", code) from error
    missed = Missed(network, facts, early, late, pushed, limits)
    return Plan(planned, dict(facts.anchors), least, find_shortfalls(missed))


def anchor_instant(
    steps: Iterable[PlanStep], calendars: Mapping[str, WorkSchedule], anchor: str, target: str, at: datetime
) -> datetime:
    """The instant of step `anchor` with which step `target` is finished at `at`: the last one if `target` comes after
    it, the first one if it comes before.

    Raises:
        PlanningError: see `plan`; `unknown_anchor` if one of the two steps is not there.
    """
    network, at = Network.of(steps, calendars), in_utc(target, at)
    for code in (anchor, target):
        if code not in network.steps:
            raise PlanningError("unknown_anchor", code)
    if anchor == target:
        return at
    late = backward_pass(network, {target: at}, limits={})
    if anchor in late.finish:
        return late.finish[anchor]
    # Only what follows the target counts: the rest of what the anchor waits for may have begun long before.
    between = {code for code in network.before([anchor]) if target in network.before([code])}
    following = [
        replace(step, dependencies=_within(between, step.dependencies), latest=_within(between, step.latest), within=())
        for code, step in network.steps.items()
        if code in between
    ]
    if anchor not in between:
        return at
    network = Network.of(following, calendars)
    facts = Facts({START: at, target: at}, {target: at}, {}, at)
    return push_out(network, facts, forward_pass(network, facts)).finish[anchor]


def _within(codes: set[str], edges: Iterable[tuple[str, SpanOrNone]]) -> tuple[tuple[str, SpanOrNone], ...]:
    return tuple(edge for edge in edges if edge[0] in codes)


def _facts_of(
    network: Network,
    anchors: Mapping[str, datetime],
    actuals: Mapping[str, datetime],
    pauses: Mapping[str, PauseSpans],
    now: datetime,
) -> Facts:
    if START not in anchors:
        raise PlanningError("no_start", START)
    for code in anchors:
        if code != START and code not in network.steps:
            raise PlanningError("unknown_anchor", code)
    return Facts(
        {code: in_utc(code, at) for code, at in anchors.items()},
        {code: in_utc(code, at) for code, at in actuals.items()},
        {code: [(in_utc(code, a), in_utc(code, b)) for a, b in spans] for code, spans in pauses.items() if spans},
        in_utc(START, now),
    )


def _past(network: Network, facts: Facts) -> set[str]:
    """The steps that are done with everything before them: nobody asks by when they could be."""
    found: set[str] = set()
    for code, step in network.steps.items():
        if code in facts.actuals:
            before = [*[other for other, _lag in step.dependencies], *[other for other, _span in network.leads[code]]]
            if found.issuperset(before):
                found.add(code)
    return found


def _ends(network: Network, early: Forward, backward_steps: set[str]) -> dict[str, list[Constraint]]:
    """The steps with which the network ends must be finished when the last of them is; for floats after the anchor."""
    last = [code for code, waiting in network.successors.items() if not waiting and code not in backward_steps]
    end = max((early.finish[code] for code in last), default=None)
    return {code: [Constraint("end", end, code)] for code in last} if end else {}


def _dues(
    network: Network,
    facts: Facts,
    early: Forward,
    late: Backward,
    kept: Backward,
    limits: Mapping[str, Sequence[Constraint]],
    backward_steps: set[str],
) -> tuple[dict[str, datetime], dict[str, list[Constraint]]]:
    """When each step is due, and what keeps it there."""
    due: dict[str, datetime] = {}
    binding: dict[str, list[Constraint]] = {}
    leaves: dict[str, datetime] = {}
    code = ""
    try:
        for code, step in network.steps.items():
            due[code], binding[code] = _due(
                network, facts, early, late, kept, limits.get(code, ()), leaves, step, code in backward_steps
            )
            leaves[code] = facts.actuals.get(code, due[code])
    except BEYOND_CALENDAR as error:
        raise PlanningError("out_of_calendar", code) from error
    return due, binding


def _due(
    network: Network,
    facts: Facts,
    early: Forward,
    late: Backward,
    kept: Backward,
    limits: Sequence[Constraint],
    leaves: Mapping[str, datetime],
    step: PlanStep,
    is_backward: bool,
) -> tuple[datetime, list[Constraint]]:
    code, clock = step.code, network.clocks[step.code]
    if code in facts.actuals:
        return early.finish[code], early.binding[code]
    if code in facts.anchors:
        return facts.anchors[code], late.binding[code]
    if is_backward and step.is_hard:
        return late.finish[code], late.binding[code]
    base, binding, is_kept = early.work_finish[code], early.binding[code], False
    if is_backward and kept.finish[code] >= base:
        base, binding, is_kept = kept.finish[code], kept.binding[code], True
    spans = facts.pauses.get(code, ())
    # A clock that stood before the planned start stood as well: people begin early where they can.
    at = base
    if spans:
        begin = min([early.start[code], *(start for start, _end in spans)])
        at = clock.stretched(begin, base, spans, step.duration)
    if at > base:
        binding, is_kept = [Constraint("pause", at)], False
    follow = _following(network, leaves, step)
    last = max([finish for finish, _other, _lag in follow], default=at)
    if last >= at and not (last == at and is_kept):
        holding = [Constraint("after", leaves[other], other, lag) for finish, other, lag in follow if finish == last]
        if last > at:
            at, binding = last, holding
        else:
            named = {(constraint.step, constraint.lag) for constraint in binding if constraint.kind == "after"}
            binding = [*binding, *(tie for tie in holding if (tie.step, tie.lag) not in named)]
    if not limits:
        return at, binding
    hard = {limit.name for limit in step.limits if limit.is_hard}
    caps = [c for c in limits if c.kind == "within" or c.name in hard]
    capped = min((clock.settle_back(c.at) for c in caps), default=at)
    if capped < at:
        return capped, [c for c in caps if clock.settle_back(c.at) == capped]
    return at, binding


def _following(
    network: Network, leaves: Mapping[str, datetime], step: PlanStep
) -> list[tuple[datetime, str, Span | None]]:
    """How early `step` can be due if those before it are finished no sooner than they are due themselves."""
    clock = network.clocks[step.code]
    found = [
        (clock.finish_after(clock.after(leaves[other], lag), step.duration), other, lag)
        for other, lag in step.dependencies
    ]
    for other, span in network.leads[step.code]:
        found.append((clock.settle(network.clocks[other].after(leaves[other], span)), other, span))
    return found


def _planned_step(
    network: Network,
    facts: Facts,
    early: Forward,
    code: str,
    latest: datetime | None,
    tight: datetime | None,
    due: datetime,
    binding: Sequence[Constraint],
    is_backward: bool,
    verified_until: Mapping[str, date],
) -> PlannedStep:
    step, clock = network.steps[code], network.clocks[code]
    finish, is_done = early.finish[code], code in facts.actuals
    start = early.start[code]
    if not is_done:
        if is_backward:
            start = max(start, clock.open_from(clock.start_before(due, step.duration)) if step.duration.amount else due)
        start = min(start, due)
    until = verified_until.get(step.calendar)
    return PlannedStep(
        code=code,
        start_at=start,
        earliest_start_at=early.start[code],
        earliest_finish_at=finish,
        latest_finish_at=latest,
        due_at=due,
        float=clock.between(finish, latest) if latest else None,
        float_days=clock.days_between(finish, latest) if latest else None,
        is_critical=not is_done and tight is not None and not _has_a_day(finish, tight, clock),
        binding=binding[0],
        ties=tuple(binding[1:]),
        is_done=is_done,
        is_backward=is_backward,
        is_provisional=until is not None and clock.local_date(max(due, finish)) > until,
    )


def _has_a_day(finish: datetime, latest: datetime, clock: Clock) -> bool:
    """Whether a whole working day lies between: a chain that ends within a day leaves hours that help nobody."""
    return clock.between(finish, latest) >= clock.day_length and clock.days_between(finish, latest) > 0
