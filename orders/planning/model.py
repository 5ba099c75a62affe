"""What a plan is made of: the steps it gets, and the dates, constraints and shortfalls it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

START = "(start)"  # the anchor from which steps without predecessors run: the order's own instant; no step's code
LONGEST_SPAN = {"w": 400, "c": 400, "h": 3200}  # beyond a year it is a slip of the pen


@dataclass(frozen=True)
class Span:
    """An amount of time: `w` working days, `h` working hours, `c` calendar days."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


@dataclass(frozen=True)
class Limit:
    """An instant by which a step must be finished, such as a CY cut-off or an L/C's latest shipment date.

    A hard one is never moved: it caps the due instant, and a plan that misses it says so.
    """

    name: str
    at: datetime
    is_hard: bool = True


@dataclass(frozen=True)
class PlanStep:
    """What the plan needs of a step. `code` is unique in the plan; a step of a shipment has one of its own.

    `dependencies` are finish-to-start with a lag, `latest` says how long before another step (as a rule the anchor) it
    must be finished. `within` says how long after another step at the latest. `is_hard` (flag H) marks an outside
    cut-off. `expected_at`: its owner does not expect it to be finished before that instant.
    """

    code: str
    duration: Span
    dependencies: tuple[tuple[str, Span | None], ...] = ()
    calendar: str = "office"
    latest: tuple[tuple[str, Span], ...] = ()
    within: tuple[tuple[str, Span], ...] = ()
    limits: tuple[Limit, ...] = ()
    is_hard: bool = False
    expected_at: datetime | None = None


class Constraint(NamedTuple):
    """What keeps a date where it is.

    `kind`: `after` (a predecessor `step` with `lag`), `before` (a successor `step` with `lag`), `latest` (must be done
    `lag` before `step`), `within` (at the latest `lag` after `step`), `anchor`, `start` (the order's own instant),
    `limit` (a Limit called `name`), `now` (a running step cannot finish in the past), `expected` (its owner's word),
    `pause` (the clock stood), `actual` (it has happened). `at` is the instant that it gives.
    """

    kind: str
    at: datetime
    step: str = ""
    lag: Span | None = None
    name: str = ""


@dataclass(frozen=True)
class PlannedStep:
    """Where a step stands in the plan; instants in UTC.

    `latest_finish_at` and `float` are None where nothing asks for the step by some date, or no longer: it is done with
    all before it. `float` is working time of
    the step's own calendar, negative when it is late; `float_days` counts its working days. `binding` is what keeps
    `due_at` where it is, `ties` are further constraints that would keep it there just as well.
    """

    code: str
    start_at: datetime
    earliest_start_at: datetime
    earliest_finish_at: datetime
    latest_finish_at: datetime | None
    due_at: datetime
    float: timedelta | None
    float_days: int | None
    is_critical: bool
    binding: Constraint
    ties: tuple[Constraint, ...] = ()
    is_done: bool = False
    is_backward: bool = False  # planned backward from an anchor
    is_provisional: bool = False  # its calendar is not final by then

    @property
    def finish_at(self) -> datetime:
        """When it is finished as things stand: the actual finish, else the earliest."""
        return self.earliest_finish_at


@dataclass(frozen=True)
class Shortfall:
    """A date that cannot be kept as promised.

    `step` cannot be finished by the limit called `name` (the anchor's own instant is called "anchor"); the `chain` of
    steps that leads there is short by `days` working days. `helps` are its open steps with their working days, largest
    first: shortening them would help.
    """

    step: str
    name: str
    at: datetime
    earliest_at: datetime
    days: int
    chain: tuple[str, ...]
    helps: tuple[tuple[str, int], ...]
    is_hard: bool = True


@dataclass(frozen=True)
class Plan:
    """The planned steps by code; `anchors` the instants they hang from, `earliest_anchors` how early those could be."""

    steps: Mapping[str, PlannedStep] = field(default_factory=dict)
    anchors: Mapping[str, datetime] = field(default_factory=dict)
    earliest_anchors: Mapping[str, datetime] = field(default_factory=dict)
    shortfalls: tuple[Shortfall, ...] = ()

    def __getitem__(self, code: str) -> PlannedStep:
        return self.steps[code]

    @property
    def is_feasible(self) -> bool:
        return not self.shortfalls

    @property
    def critical(self) -> list[str]:
        """The critical steps in the order of their earliest finish."""
        return sorted(
            (code for code, step in self.steps.items() if step.is_critical),
            key=lambda code: (self.steps[code].earliest_finish_at, self.steps[code].earliest_start_at),
        )


class PlanningError(ValueError):
    """The network, or what it hangs from, makes no plan.

    `reason`: `circle`, `unknown_step`, `duplicate_step`, `unknown_calendar`, `no_open_time`, `too_long`, `no_start`,
    `naive_instant`, `unknown_anchor`, `out_of_calendar`. `step` is the step at fault,
    `details` further plain values.
    """

    def __init__(self, reason: str, step: str = "", **details: Any) -> None:
        extra = ", ".join(f"{name}={value}" for name, value in details.items())
        super().__init__(f"{reason}: {step} {extra}".strip())
        self.reason = reason
        self.step = step
        self.details = details
