"""Time-and-action planning over several working calendars. Pure: no Django, no queries, no clock.

`plan` lays a network of steps out between the order and its anchors (ETD, ex-factory, promised delivery):

- What precedes an anchor is planned backward from it, as late as possible with the buffer kept before it, and checked
  by a forward pass from the order; what follows is planned forward.
- Durations and lags count in the step's own calendar: `3w` ends at the close of the third working day after the
  start's day, `4h` runs in working time, `20c` counts calendar days and keeps the local time of day. Whatever the
  unit, a step finishes in open time of its calendar or as it closes.
- Float is latest less earliest finish in working time of the step's calendar; critical is what delays the anchor (or,
  where there is none, the end) by being late itself.
- Every date names what binds it: taking that away makes the date another one.

See docs/planning.md for the definitions and the worked cases.
"""

from orders.planning.engine import anchor_instant, plan
from orders.planning.model import (
    START,
    Constraint,
    Limit,
    Plan,
    PlannedStep,
    PlanningError,
    PlanStep,
    Shortfall,
    Span,
)
from orders.planning.spans import Clock, clock_for, without_closing

__all__ = [
    "START",
    "Clock",
    "Constraint",
    "Limit",
    "Plan",
    "PlanStep",
    "PlannedStep",
    "PlanningError",
    "Shortfall",
    "Span",
    "anchor_instant",
    "clock_for",
    "plan",
    "without_closing",
]
