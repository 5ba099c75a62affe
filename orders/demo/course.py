"""The course of an order: when it was placed, when each step was planned, truly done and typed. Pure over a World."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from orders.demo.world import ZONE, Span, World
from orders.grammar import HOURS_PER_DAY, StepSpec
from orders.planning import Plan
from teams.worktime import add_working_time, next_opening

WORKING_DAY = timedelta(hours=7.5)


@dataclass(frozen=True)
class Trouble:
    """From step `code` on everything is `days` working days behind plan, because of a delay reason."""

    code: str
    days: float
    reason: str
    side: str


@dataclass(frozen=True)
class Done:
    """When a step was truly finished, and when that was typed."""

    finished_at: datetime
    recorded_at: datetime


@dataclass
class Course:
    """Times of one order. Steps whose `recorded_at` lies after now have not happened yet."""

    world: World
    template: str
    ordered_at: datetime
    confirmed_at: datetime
    trouble: Trouble | None = None
    pauses: dict[str, list[Span]] = field(default_factory=dict)
    stuck: dict[str, datetime] = field(default_factory=dict)  # not finished before then
    plan: Plan = field(init=False)
    done: dict[str, Done] = field(default_factory=dict)

    def run(self, rng: Random) -> None:
        """Work out every step; a second run with other pauses tells the story again from the start."""
        self.plan = self.world.plan(self.template, self.ordered_at, self.pauses)
        self.done = {}
        late_from = self.plan[self.trouble.code].start_at if self.trouble else None
        for spec in self.world.in_order(self.template):
            finished_at = self._finish(spec, rng, late_from)
            self.done[spec.code] = Done(finished_at, self._record(spec, finished_at, rng))

    def _finish(self, spec: StepSpec, rng: Random, late_from: datetime | None) -> datetime:
        due = self.plan[spec.code].finish_at
        schedule = self.world.schedule_of(spec)
        before = [self.done[code].finished_at for code, _lag in spec.dependencies]
        if not before and not spec.duration.amount:
            return self.ordered_at
        if late_from and self.trouble and due >= late_from:
            at = add_working_time(due, self.trouble.days * WORKING_DAY - _early(spec, rng), schedule)
        elif spec.duration.unit == "c":
            at = due - timedelta(hours=rng.uniform(2, 40))
        elif rng.random() < 0.1:
            at = add_working_time(due, timedelta(hours=rng.uniform(0.3, 0.9) * _hours(spec)), schedule)
        else:
            at = add_working_time(due, -_early(spec, rng), schedule)
        ends = [span[1] + timedelta(minutes=rng.randrange(20, 200)) for span in self.pauses.get(spec.code, ())]
        return _minute(max([at, *before, *ends, self.stuck.get(spec.code, at)]))

    def _record(self, spec: StepSpec, finished_at: datetime, rng: Random) -> datetime:
        """Typed a little later, in office hours, and after everything the step depends on."""
        typed = next_opening(finished_at + timedelta(minutes=rng.randrange(3, 50)), self.world.office)
        first = max([self.confirmed_at, *(self.done[code].recorded_at for code, _lag in spec.dependencies)])
        return _minute(max(typed, first + timedelta(minutes=rng.randrange(2, 15))))

    @property
    def ends_at(self) -> datetime:
        """When the last step was typed."""
        return max(done.recorded_at for done in self.done.values())


def begin(
    world: World, template: str, rng: Random, *, code: str, due: datetime, latest: datetime | None = None
) -> tuple[datetime, datetime]:
    """When an order was placed and confirmed so that its step `code` is due on the day of `due`."""
    ordered = due
    for _attempt in range(8):
        off = due.astimezone(ZONE).date() - world.plan(template, ordered)[code].finish_at.astimezone(ZONE).date()
        if not off:
            break
        ordered += off
    local = ordered.astimezone(ZONE).replace(hour=9, minute=0, second=0, microsecond=0)
    ordered = next_opening(local + timedelta(minutes=rng.randrange(0, 480)), world.office)
    confirmed = ordered + timedelta(minutes=rng.randrange(12, 45))
    last = (latest or world.now) - timedelta(minutes=30)
    if confirmed > last:
        confirmed, ordered = last, last - timedelta(minutes=rng.randrange(12, 300))
    return _minute(ordered), _minute(confirmed)


def _hours(spec: StepSpec) -> float:
    """How much working time the step takes at most a day; what people are early or late by goes with it."""
    if spec.duration.unit == "h":
        return float(spec.duration.amount)
    return float(HOURS_PER_DAY if spec.duration.amount else 2)


def _early(spec: StepSpec, rng: Random) -> timedelta:
    return timedelta(hours=rng.uniform(0.05, 0.75) * _hours(spec))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
