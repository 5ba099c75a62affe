"""The passes over a network: how early each step can be finished, and how late it may be.

Each keeps beside a date the constraints that would keep it there: those whose own answer is that very date.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders.planning.model import START, Constraint, PlanningError, PlanStep, Span
from orders.planning.network import Network
from orders.planning.spans import Answer, Clock, PauseSpans
from teams.worktime import CalendarExhausted

# Of constraints that give the same date, the first is told first.
_TELLING = ("pause", "expected", "after", "start", "now")


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
    found = Forward()
    for code, step in network.steps.items():
        with_calendar(code, _go_forward, network, facts, found, step)
    return found


def _go_forward(network: Network, facts: Facts, found: Forward, step: PlanStep) -> None:
    code, clock = step.code, network.clocks[step.code]
    begin = facts.anchors[START]
    starts = [Constraint("start", begin)]
    starts += [
        Constraint("after", clock.after(found.leaves[other], lag), other, lag) for other, lag in step.dependencies
    ]
    found.start[code] = start = max(candidate.at for candidate in starts)
    if actual := facts.actuals.get(code):
        found.start[code] = min(start, actual)
        found.finish[code] = found.work_finish[code] = found.leaves[code] = actual
        found.binding[code] = [Constraint("actual", actual)]
        return
    worked = clock.finish_after(start, step.duration)
    paused = clock.stretched(start, worked, facts.pauses.get(code, ()), step.duration)
    waits: list[Constraint] = []
    if all(other in facts.actuals for other, _lag in step.dependencies):  # it runs
        waits.append(Constraint("now", clock.settle(facts.now)))
    if step.expected_at:
        waits.append(Constraint("expected", clock.settle(step.expected_at)))
    finish = max([paused, *(wait.at for wait in waits)])
    found.work_finish[code] = max([worked, *(wait.at for wait in waits)])
    found.finish[code] = finish
    anchor = facts.anchors.get(code)
    found.leaves[code] = max(finish, anchor) if anchor else finish
    binding = [wait for wait in waits if wait.at == finish]
    if finish == paused and paused > worked:
        binding.append(Constraint("pause", paused))
    elif finish == worked:
        # Several starts can lead to the same finish, since working days end at their close.
        binding += [c for c in starts if c.at == start or clock.finish_after(c.at, step.duration) == finish]
    found.binding[code] = sorted(binding, key=lambda c: _TELLING.index(c.kind))


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
    pushed = Pushed()
    for code in network.steps:
        with_calendar(code, _push, network, facts, early, pushed, code)
    return pushed


def _push(network: Network, facts: Facts, early: Forward, pushed: Pushed, code: str) -> None:
    step, clock = network.steps[code], network.clocks[code]
    if code in facts.actuals:
        pushed.finish[code] = pushed.leaves[code] = facts.actuals[code]
        return
    waits = [(clock.after(pushed.leaves[other], lag), other) for other, lag in step.dependencies]
    at, source = early.finish[code], ""
    if waits:
        start, other = max(waits, key=lambda wait: wait[0])
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


def backward_pass(
    network: Network,
    anchors: Mapping[str, datetime],
    *,
    limits: Mapping[str, Sequence[Constraint]],
    buffer: Span | None = None,
) -> Backward:
    """As late as possible from `anchors`; a step that nothing asks for by some date is left out.

    `limits` are further instants by which steps must be finished. `buffer` is kept free before each anchor, counted in
    the calendar of the step before it.
    """
    found = Backward()
    for code in reversed(list(network.steps)):
        candidates = with_calendar(code, _latest_of, network, anchors, limits, found, code, buffer)
        if candidates:
            clock = network.clocks[code]
            settled = [with_calendar(code, clock.settle_back, candidate.at) for candidate in candidates]
            found.finish[code] = anchors[code] if code in anchors else min(settled)
            found.binding[code] = [c for c, at in zip(candidates, settled, strict=True) if at == min(settled)]
    return found


def _latest_of(
    network: Network,
    anchors: Mapping[str, datetime],
    limits: Mapping[str, Sequence[Constraint]],
    found: Backward,
    code: str,
    buffer: Span | None,
) -> list[Constraint]:
    if code in anchors:
        return [Constraint("anchor", anchors[code], code)]
    clock = network.clocks[code]
    candidates = list(limits.get(code, ()))
    for other, lag in network.successors[code]:
        if other in found.finish:
            theirs = network.clocks[other]
            start = theirs.start_before(found.finish[other], network.steps[other].duration)
            at = theirs.before(start, lag)
            candidates.append(Constraint("before", _kept_free(at, other, anchors, buffer, clock), other, lag))
    for other, span in network.steps[code].latest:
        if other in found.finish:
            at = clock.before(found.finish[other], span)
            candidates.append(Constraint("latest", _kept_free(at, other, anchors, buffer, clock), other, span))
    return candidates


def _kept_free(
    at: datetime, other: str, anchors: Mapping[str, datetime], buffer: Span | None, clock: Clock
) -> datetime:
    return clock.before(at, buffer) if buffer and other in anchors else at


def limits_of(network: Network, reference: Mapping[str, datetime]) -> dict[str, list[Constraint]]:
    """The instants by which steps must be finished: their limits, and `within` counted from the finishes given."""
    found: dict[str, list[Constraint]] = {}
    for code, step in network.steps.items():
        clock = network.clocks[code]
        own = [Constraint("limit", limit.at, code, name=limit.name) for limit in step.limits]
        own += [
            Constraint("within", clock.end_of_period(reference[other], span), other, span)
            for other, span in step.within
        ]
        if own:
            found[code] = own
    return found


def with_calendar(code: str, work: Callable[..., Answer], *args: Any) -> Answer:
    """Call `work`; a calendar that reaches no further is told with the step at fault."""
    try:
        return work(*args)
    except (CalendarExhausted, OverflowError) as error:
        raise PlanningError("out_of_calendar", code) from error
