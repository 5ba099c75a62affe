"""What an edit of a calendar moves: asked of the apps above, which register here when they start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from teams.models import CalendarEdit


@dataclass(frozen=True)
class Progress:
    """How far the plans made with a calendar follow a saved edit."""

    total: int
    done: int
    moved: int
    is_finished: bool
    failed: int = 0


@dataclass(frozen=True)
class Listener:
    """One app whose dates depend on calendars.

    `count` gets an edit that is being proposed, in the transaction that writes it: it fills `total`, `checked`,
    `affected`, `milestones_affected`, `examples`, `counted_at` and sets the status to `ready`, now or later from a
    worker; until then the status stays `counting`. One of `examples` is {"order": number, "steps": int,
    "largest": code of the step, "old": ISO instant, "new": ISO instant}; with "name_zh" and "name_en" the step is
    called by its name.
    `saved` is called inside the transaction that saves the edit, once the calendar has its new version. It writes
    rows; `WorkCalendar.schedule` is not asked there, since what it caches would outlive a rollback.
    `progress` tells how far re-planning is; None while there is nothing to tell.
    """

    count: Callable[[CalendarEdit, datetime], None]
    saved: Callable[[CalendarEdit, datetime], None]
    progress: Callable[[CalendarEdit], Progress | None]


_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    if listener not in _listeners:
        _listeners.append(listener)


def listeners() -> tuple[Listener, ...]:
    return tuple(_listeners)
