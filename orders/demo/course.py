"""The course of an order: when each step was planned, truly done and typed. Pure over a World."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from random import Random

from orders.demo.deals import Deal
from orders.demo.world import World, to_minute
from orders.grammar import HOURS_PER_DAY, StepSpec, in_order
from orders.overlays import Terms
from orders.planning import Clock, Plan, PlannedStep, clock_for
from orders.words import CLOCK_STOPPING_SIDES, Stage
from teams.worktime import add_working_time, next_opening

WORKING_DAY = timedelta(hours=7.5)
# Cargo goes with the sailing that was planned, however early the goods are ready: what part of its float is used up.
_USED_BY_CARGO = (0.8, 0.95)
# What part of its time a step takes that would be late otherwise.
_CAUGHT_UP = (0.6, 0.9)


@dataclass(frozen=True)
class Trouble:
    """Step `code` takes `days` working days longer, because of a delay reason; what waits for it follows."""

    code: str
    days: float
    reason: str
    side: str


@dataclass(frozen=True)
class Wait:
    """A pause of a step that has ended."""

    side: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Done:
    """When a step was truly finished, and when that was typed."""

    finished_at: datetime
    recorded_at: datetime


@dataclass
class Course:
    """Times of one order. Steps whose `recorded_at` lies after now have not happened yet.

    `seed` makes it repeat itself: a second run with other pauses or trouble changes only what follows from them.
    `haste` is the part of its float that a step leaves unused, from 0 (done as it falls due) to 1 (as early as can be).
    """

    world: World
    template: str
    deal: Deal
    confirmed_at: datetime
    seed: float
    haste: float = 0.7
    trouble: Trouble | None = None
    waits: dict[str, Wait] = field(default_factory=dict)
    stuck: dict[str, datetime] = field(default_factory=dict)  # not finished before then
    plan: Plan = field(init=False)
    done: dict[str, Done] = field(default_factory=dict)

    @property
    def ordered_at(self) -> datetime:
        return self.deal.ordered_at

    @property
    def terms(self) -> Terms:
        return self.deal.inputs.basis.shape.terms

    @cached_property
    def specs(self) -> Mapping[str, StepSpec]:
        """The order's steps by code."""
        return {spec.code: spec for spec in self.world.specs(self.template, self.terms)}

    @property
    def ends_at(self) -> datetime:
        """When the last step was typed."""
        return max(done.recorded_at for done in self.done.values())

    def run(self) -> None:
        """Work out every step."""
        pauses = {code: [(w.start, w.end)] for code, w in self.waits.items() if w.side in CLOCK_STOPPING_SIDES}
        self.plan = replace(self.deal.inputs, pauses=pauses).plan() if pauses else self.deal.plan
        self.done = {}
        for spec in _in_order(tuple(self.specs.values())):
            rng = Random(f"{self.seed}:{spec.code}")
            finished_at = self._finish(spec, rng)
            self.done[spec.code] = Done(finished_at, self._record(spec, finished_at, rng))

    def begins_at(self, code: str) -> datetime:
        """When the step became active."""
        return max(
            [self.confirmed_at, *(self.done[other].recorded_at for other, _lag in self.specs[code].dependencies)]
        )

    def is_late(self, code: str) -> bool:
        return self.done[code].finished_at > self.plan[code].due_at

    def _finish(self, spec: StepSpec, rng: Random) -> datetime:
        before = [self.done[code].finished_at for code, _lag in spec.dependencies]
        if not before and not spec.duration.amount:
            return self.ordered_at
        schedule = self.world.schedule_of(spec)
        clock, step = clock_for(schedule), self.plan[spec.code]
        at = self._expected(spec, step, clock, rng)
        if spec.duration.unit == "c":
            at -= timedelta(hours=rng.uniform(2, 40))
        elif "H" not in spec.flags and rng.random() < 0.06:
            late = timedelta(hours=rng.uniform(0.2, 0.8) * _hours(spec))
            at = add_working_time(max(at, step.due_at), late, schedule)
        else:
            at = add_working_time(at, -_early(spec, rng), schedule)
        if self.trouble and self.trouble.code == spec.code:
            at = add_working_time(at, self.trouble.days * WORKING_DAY, schedule)
        wait = self.waits.get(spec.code)
        resumed = [wait.end + timedelta(minutes=rng.randrange(20, 200))] if wait else []
        return to_minute(max([at, *before, *resumed, self.stuck.get(spec.code, at)]))

    def _expected(self, spec: StepSpec, step: PlannedStep, clock: Clock, rng: Random) -> datetime:
        """As long after what it waits for as the template says; before the anchor, some of the float is used up."""
        starts = [clock.after(self.done[code].finished_at, lag) for code, lag in spec.dependencies]
        start = max(starts, default=self.ordered_at)
        at = clock.finish_after(start, spec.duration)
        if wait := self.waits.get(spec.code):
            at = clock.stretched(start, at, [(wait.start, wait.end)], spec.duration)
        if at > step.due_at and spec.duration.unit != "c":  # people catch up with what they can
            hurried = clock.between(start, at) * rng.uniform(*_CAUGHT_UP)
            at = min(at, max(step.due_at, add_working_time(start, hurried, clock.schedule)))
        used = rng.uniform(*_USED_BY_CARGO) if spec.stage == Stage.SHIP else 1 - self.haste
        if step.is_backward and step.due_at > step.earliest_finish_at:
            at = max(at, step.earliest_finish_at + used * (step.due_at - step.earliest_finish_at))
        return at

    def _record(self, spec: StepSpec, finished_at: datetime, rng: Random) -> datetime:
        """Typed a little later, in office hours, and after everything the step depends on."""
        typed = next_opening(finished_at + timedelta(minutes=rng.randrange(3, 50)), self.world.office)
        return to_minute(max(typed, self.begins_at(spec.code) + timedelta(minutes=rng.randrange(2, 15))))


@lru_cache(maxsize=512)
def _in_order(specs: tuple[StepSpec, ...]) -> Sequence[StepSpec]:
    return in_order(specs)


def _hours(spec: StepSpec) -> float:
    """How much working time the step takes at most a day; what people are early or late by goes with it."""
    if spec.duration.unit == "h":
        return float(spec.duration.amount)
    return float(HOURS_PER_DAY if spec.duration.amount else 2)


def _early(spec: StepSpec, rng: Random) -> timedelta:
    return timedelta(hours=rng.uniform(0.05, 0.75) * _hours(spec))
