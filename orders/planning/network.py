"""The steps as a network: checked, in an order in which each stands after those it depends on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from orders.planning.model import LONGEST_SPAN, PlanningError, PlanStep, Span
from orders.planning.spans import Clock, clock_for
from teams.worktime import WorkSchedule

Edge = tuple[str, Span | None]  # the other step, and the lag


@dataclass(frozen=True)
class Network:
    """Steps by code in topological order, with the clock of each."""

    steps: Mapping[str, PlanStep]
    clocks: Mapping[str, Clock]

    @classmethod
    def of(cls, steps: Iterable[PlanStep], calendars: Mapping[str, WorkSchedule]) -> "Network":
        """Check the steps and put them in order.

        Raises:
            PlanningError: see there.
        """
        found: dict[str, PlanStep] = {}
        for step in steps:
            if step.code in found:
                raise PlanningError("duplicate_step", step.code)
            found[step.code] = _in_utc(step)
        found = dict(sorted(found.items()))  # so that the order they came in decides nothing, not even ties
        for step in found.values():
            _check(step, found, calendars)
        ordered = _in_order(found)
        clocks = {name: clock_for(schedule) for name, schedule in calendars.items()}
        return cls(ordered, {code: clocks[step.calendar] for code, step in ordered.items()})

    @cached_property
    def successors(self) -> Mapping[str, list[Edge]]:
        """The steps that wait for each, with their lags."""
        waiting: dict[str, list[Edge]] = {code: [] for code in self.steps}
        for step in self.steps.values():
            for code, lag in step.dependencies:
                waiting[code].append((step.code, lag))
        return waiting

    @cached_property
    def leads(self) -> Mapping[str, list[tuple[str, Span]]]:
        """The steps that have to be finished some time before each."""
        waiting: dict[str, list[tuple[str, Span]]] = {code: [] for code in self.steps}
        for step in self.steps.values():
            for code, span in step.latest:
                waiting[code].append((step.code, span))
        return waiting

    def before(self, codes: Iterable[str]) -> set[str]:
        """`codes` and every step that some of them wait for, by dependency or by `latest`."""
        found: set[str] = set()
        ahead = list(codes)
        while ahead:
            code = ahead.pop()
            if code not in found:
                found.add(code)
                ahead += [other for other, _lag in self.steps[code].dependencies]
                ahead += [other for other, _span in self.leads[code]]
        return found


def in_utc(code: str, at: datetime) -> datetime:
    """`at` in UTC: instants of one zone are compared by the clock on the wall, which is wrong as it is put back.

    Raises:
        PlanningError: `at` has no time zone.
    """
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise PlanningError("naive_instant", code, at=at.isoformat())
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise PlanningError("out_of_calendar", code) from error


def _in_utc(step: PlanStep) -> PlanStep:
    if not step.limits and not step.expected_at:
        return step
    limits = tuple(replace(limit, at=in_utc(step.code, limit.at)) for limit in step.limits)
    return replace(step, limits=limits, expected_at=step.expected_at and in_utc(step.code, step.expected_at))


def _check(step: PlanStep, known: Mapping[str, PlanStep], calendars: Mapping[str, WorkSchedule]) -> None:
    for code in [other for other, _lag in (*step.dependencies, *step.latest, *step.within)]:
        if code not in known:
            raise PlanningError("unknown_step", step.code, names=code)
    for span in [step.duration, *(lag for _code, lag in (*step.dependencies, *step.latest, *step.within) if lag)]:
        if span.unit not in LONGEST_SPAN or not 0 <= span.amount <= LONGEST_SPAN[span.unit]:
            raise PlanningError("too_long", step.code, span=str(span))
    schedule = calendars.get(step.calendar)
    if schedule is None:
        raise PlanningError("unknown_calendar", step.code, calendar=step.calendar)
    if not any(schedule.week) and not any(hours for _day, hours in schedule.dates):
        raise PlanningError("no_open_time", step.code, calendar=step.calendar)


def _in_order(steps: Mapping[str, PlanStep]) -> dict[str, PlanStep]:
    """Each after those it depends on, those that must be done some time before it, and those it counts from."""
    waits_for: dict[str, dict[str, None]] = {  # sets that keep their order
        code: {other: None for other, _lag in (*step.dependencies, *step.within)} for code, step in steps.items()
    }
    for code, step in steps.items():
        for other, _span in step.latest:
            waits_for[other][code] = None
    followers: dict[str, list[str]] = {code: [] for code in steps}
    for code, others in waits_for.items():
        for other in others:
            followers[other].append(code)
    left = {code: len(others) for code, others in waits_for.items()}
    ready = [code for code, count in left.items() if not count]
    ordered: dict[str, PlanStep] = {}
    for code in ready:  # grows while it is walked
        ordered[code] = steps[code]
        for follower in followers[code]:
            left[follower] -= 1
            if not left[follower]:
                ready.append(follower)
    if len(ordered) < len(steps):
        circle = _circle({code: waits_for[code].keys() - ordered.keys() for code in steps if code not in ordered})
        raise PlanningError("circle", circle[0], codes=", ".join(circle))
    return ordered


def _circle(waits_for: Mapping[str, set[str]]) -> list[str]:
    """The steps of one circle, each waiting for the next."""
    path: list[str] = []
    code = next(iter(waits_for))
    while code not in path:
        path.append(code)
        code = min(waits_for[code])
    return path[path.index(code) :]
