"""The passes over a network: how early each step can be finished, and how late it may be.

Each keeps beside a date the constraints that would keep it there: those whose own answer is that very date.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orders.planning.model import START, Constraint, PlanningError, Span
from orders.planning.network import Network
from orders.planning.spans import PauseSpans
from teams.worktime import CalendarExhausted

BEYOND_CALENDAR = (CalendarExhausted, OverflowError)


@dataclass
class Forward:
    """How early: by code, when a step can start and finish, and what keeps it from finishing earlier."""

    start: dict[str, datetime] = field(default_factory=dict)
    work_finish: dict[str, datetime] = field(default_factory=dict)  # without its own pauses
    finish: dict[str, datetime] = field(default_factory=dict)
    leaves: dict[str, datetime] = field(default_factory=dict)  # from when its successors may go on
    binding: dict[str, list[Constraint]] = field(default_factory=dict)


@dataclass
class Backward:
    """How late: by code, the last finish that keeps every date after it, and what keeps it from being later."""

    finish: dict[str, datetime] = field(default_factory=dict)
    start: dict[str, datetime] = field(default_factory=dict)  # by when it must be begun for that
    binding: dict[str, list[Constraint]] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What has happened, and what the steps hang from."""

    anchors: Mapping[str, datetime]
    actuals: Mapping[str, datetime]
    pauses: Mapping[str, PauseSpans]
    now: datetime


def forward_pass(network: Network, facts: Facts) -> Forward:
    """As early as possible from START, with what has happened in place of plans."""
    found, code = Forward(), ""
    try:
        for code in network.steps:
            _go_forward(network, facts, found, code)
    except BEYOND_CALENDAR as error:
        raise PlanningError("out_of_calendar", code) from error
    return found


def _go_forward(network: Network, facts: Facts, found: Forward, code: str) -> None:
    step, clock, begin = network.steps[code], network.clocks[code], facts.anchors[START]
    waits = [(clock.after(found.leaves[other], lag), other, lag) for other, lag in step.dependencies]
    start = max([begin, *[at for at, _other, _lag in waits]])
    if actual := facts.actuals.get(code):
        found.start[code] = min(start, actual)
        found.finish[code] = found.work_finish[code] = found.leaves[code] = actual
        found.binding[code] = [Constraint("actual", actual)]
        return
    worked = clock.finish_after(start, step.duration)
    paused = clock.stretched(start, worked, facts.pauses.get(code, ()), step.duration)
    is_running = all(other in facts.actuals for other, _lag in step.dependencies)
    now = clock.settle(facts.now) if is_running else begin
    expected = clock.settle(step.expected_at) if step.expected_at else begin
    finish = max(paused, now, expected)
    found.start[code] = start
    found.work_finish[code] = max(worked, now, expected)
    found.finish[code] = finish
    anchor = facts.anchors.get(code)
    found.leaves[code] = max(finish, anchor) if anchor else finish
    # What tells most stands first.
    binding = [Constraint("pause", paused)] if finish == paused > worked else []
    if step.expected_at and finish == expected:
        binding.append(Constraint("expected", expected))
    if finish == worked:
        # Several starts can lead to the same finish, since working days end at their close.
        binding += [
            Constraint("after", at, other, lag)
            for at, other, lag in waits
            if at == start or clock.finish_after(at, step.duration) == finish
        ]
        if begin == start or clock.finish_after(begin, step.duration) == finish:
            binding.append(Constraint("start", begin))
    if is_running and finish == now:
        binding.append(Constraint("now", now))
    found.binding[code] = binding


@dataclass
class Pushed:
    """The earliest finishes with which no `latest` is broken, and the step that each of them waits for."""

    finish: dict[str, datetime] = field(default_factory=dict)
    leaves: dict[str, datetime] = field(default_factory=dict)  # from when successors may go on: anchors hold them
    waits_for: dict[str, str] = field(default_factory=dict)


def push_out(network: Network, facts: Facts, early: Forward) -> Pushed:
    """How early every step can be finished if each `latest` is kept: it pushes out the step that it counts from.

    So ETD cannot be earlier than ten working days after the booking that must be done ETD-10w.
    """
    pushed, code = Pushed(), ""
    try:
        for code in network.steps:
            _push(network, facts, early, pushed, code)
    except BEYOND_CALENDAR as error:
        raise PlanningError("out_of_calendar", code) from error
    return pushed


def _push(network: Network, facts: Facts, early: Forward, pushed: Pushed, code: str) -> None:
    step, clock = network.steps[code], network.clocks[code]
    if code in facts.actuals:
        pushed.finish[code] = pushed.leaves[code] = facts.actuals[code]
        return
    waits = [(clock.after(pushed.leaves[other], lag), other) for other, lag in step.dependencies]
    at, source = early.finish[code], ""
    if waits:
        start, other = max(waits, key=_instant_of)
        worked = clock.finish_after(start, step.duration)
        end = clock.stretched(start, worked, facts.pauses.get(code, ()), step.duration)
        if end >= at:  # else it waits for today, or for the day that its owner named
            at, source = end, other
    for other, span in network.leads[code]:
        end = clock.settle(network.clocks[other].after(pushed.leaves[other], span))
        # Of several that push it as far, the one finished last tells the whole chain.
        if end > at or (end == at and source and pushed.leaves[other] > pushed.leaves[source]):
            at, source = end, other
    pushed.finish[code] = at
    pushed.leaves[code] = max(at, early.leaves[code])
    if source:
        pushed.waits_for[code] = source


def _instant_of(wait: tuple[datetime, str]) -> datetime:
    return wait[0]


def backward_pass(
    network: Network,
    anchors: Mapping[str, datetime],
    *,
    limits: Mapping[str, Sequence[Constraint]],
    past: Container[str] = (),
    buffer: Span | None = None,
) -> Backward:
    """As late as possible from `anchors`; what nothing asks for by some date is left out, as is `past`.

    `limits` are further instants by which steps must be finished. `buffer` is kept free before each anchor, counted in
    the calendar of the step before it.
    """
    found, code = Backward(), ""
    try:
        for code in reversed(list(network.steps)):
            if code in past:
                continue
            clock = network.clocks[code]
            if at := anchors.get(code):
                found.finish[code], found.binding[code] = at, [Constraint("anchor", at, code)]
            elif candidates := _latest_of(network, anchors, limits.get(code, ()), found, code, buffer):
                settled = [clock.settle_back(candidate.at) for candidate in candidates]
                found.finish[code] = last = min(settled)
                found.binding[code] = [c for c, at in zip(candidates, settled, strict=True) if at == last]
            else:
                continue
            found.start[code] = clock.start_before(found.finish[code], network.steps[code].duration)
    except BEYOND_CALENDAR as error:
        raise PlanningError("out_of_calendar", code) from error
    return found


def _latest_of(
    network: Network,
    anchors: Mapping[str, datetime],
    limits: Sequence[Constraint],
    found: Backward,
    code: str,
    buffer: Span | None,
) -> list[Constraint]:
    clock = network.clocks[code]
    candidates = list(limits)
    for other, lag in network.successors[code]:
        if begin := found.start.get(other):
            at = network.clocks[other].before(begin, lag)
            if buffer and other in anchors:
                at = clock.before(at, buffer)
            candidates.append(Constraint("before", at, other, lag))
    for other, span in network.steps[code].latest:
        if finish := found.finish.get(other):
            at = clock.before(finish, span)
            if buffer and other in anchors:
                at = clock.before(at, buffer)
            candidates.append(Constraint("latest", at, other, span))
    return candidates


def limits_of(network: Network, reference: Mapping[str, datetime]) -> dict[str, list[Constraint]]:
    """The instants by which steps must be finished: their limits, and `within` counted from the finishes given."""
    found: dict[str, list[Constraint]] = {}
    for code, step in network.steps.items():
        if not step.limits and not step.within:
            continue
        clock = network.clocks[code]
        found[code] = [Constraint("limit", limit.at, code, name=limit.name) for limit in step.limits]
        try:
            for other, span in step.within:
                found[code].append(Constraint("within", clock.end_of_period(reference[other], span), other, span))
        except BEYOND_CALENDAR as error:
            raise PlanningError("out_of_calendar", code) from error
    return found
