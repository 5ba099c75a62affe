"""Spans of working days, working hours and calendar days on a calendar, forward and back.

Every forward function has an exact inverse, so that both passes of a plan agree: `finish_after(s) <= f` holds for just
those starts `s` that are not later than `start_before(f)`, and the same for `after` and `before`.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from orders.planning.model import Span
from teams.worktime import (
    WorkSchedule,
    add_working_days,
    add_working_time,
    end_of_working_day,
    is_working_day,
    is_working_time,
    next_opening,
    working_days_between,
    working_time_between,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TICK = timedelta(microseconds=1)  # the smallest step of an instant
SECOND = timedelta(seconds=1)
KEPT_ANSWERS = 20_000  # per calendar and question
KEPT_CLOCKS = 64
Answer = TypeVar("Answer")
PauseSpans = Sequence[tuple[datetime, datetime]]


@lru_cache(maxsize=64)
def without_closing(timezone: str) -> WorkSchedule:
    """Open at all hours: the clock of carriers and of legal periods."""
    return WorkSchedule.from_dict({"timezone": timezone, "hours": {day: [["00:00", "24:00"]] for day in WEEKDAYS}})


class Clock:
    """Spans on one calendar. It keeps what it was asked: plans ask for the same closing times again and again."""

    def __init__(self, schedule: WorkSchedule) -> None:
        self.schedule = schedule
        self.zone = ZoneInfo(schedule.timezone)
        # What "a day" of float is: the longest one of the week; a calendar of single dates counts eight hours.
        lengths = [sum(closing - opening for opening, closing in hours) for hours in schedule.week]
        self.day_length = timedelta(seconds=max(lengths) or 8 * 3600)
        self._kept: defaultdict[Callable, dict[Any, Any]] = defaultdict(dict)

    def _asked(self, work: Callable[..., Answer], at: datetime, *more: Any) -> Answer:
        # In UTC: of an hour that comes twice, both passes are one and the same local time.
        question = (at if at.tzinfo is UTC else at.astimezone(UTC), *more)
        kept = self._kept[work]
        answer = kept.get(question)
        if answer is None:
            if len(kept) >= KEPT_ANSWERS:
                kept.clear()
            answer = kept[question] = work(*question, self.schedule)
        return answer

    def after(self, start: datetime, span: Span | None) -> datetime:
        """The instant `span` after `start`.

        Working days end at the close of the n-th working day after the start's day (a start outside a working day
        counts from the last one before it), hours run in working time, calendar days keep the local time of day: where
        the clocks skip it, they end as they do; from the second pass of an hour, they count from its end.
        """
        return self._asked(_after, start, span.amount, span.unit) if span and span.amount else start

    def before(self, end: datetime, span: Span | None) -> datetime:
        """The last instant whose `after` is not later than `end`; for working days the last one of a local date."""
        return self._asked(_before, end, span.amount, span.unit) if span and span.amount else end

    def settle(self, at: datetime) -> datetime:
        """The first instant from `at` on at which something can be finished: in open time, or as it closes."""
        return self._asked(_settle, at)

    def settle_back(self, at: datetime) -> datetime:
        """The last instant up to `at` at which something can be finished: in open time, or as it closes."""
        return self._asked(_settle_back, at)

    def finish_after(self, start: datetime, duration: Span) -> datetime:
        """When work that begins at `start` and takes `duration` is finished: in working time, or as it closes."""
        finish = self.after(start, duration)
        # Working days and hours end in working time by themselves.
        return self.settle(finish) if duration.unit == "c" or not duration.amount else finish

    def start_before(self, finish: datetime, duration: Span) -> datetime:
        """The last start from which work that takes `duration` is finished by `finish`."""
        ends_anywhere = duration.unit == "c" or not duration.amount
        return self.before(self.settle_back(finish) if ends_anywhere else finish, duration)

    def end_of_period(self, start: datetime, span: Span) -> datetime:
        """The instant `span` after `start`; a period of calendar days, as a law counts it, ends with its local day."""
        at = self.after(start, span)
        if span.unit != "c":
            return at
        day = self.local_date(at) + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC) - TICK

    def stretched(self, start: datetime, finish: datetime, pauses: PauseSpans, duration: Span) -> datetime:
        """`finish` moved out by the working time that the union of `pauses` covers between `start` and then.

        Calendar days run through, so a pause of a step that counts them counts at all hours; it is finished in working
        time all the same.
        """
        if not pauses:
            return finish
        clock = without_closing(self.schedule.timezone) if duration.unit == "c" else self.schedule
        amount = working_time_between(start, finish, clock)
        at = add_working_time(start, amount, clock, pauses=pauses) if amount else finish
        return self.settle(at) if at > finish else finish

    def open_from(self, at: datetime) -> datetime:
        """The first open instant from `at` on."""
        return self._asked(next_opening, at)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; negative if `end` lies before."""
        return self._asked(working_time_between, start, end.astimezone(UTC))

    def days_between(self, start: datetime, end: datetime) -> int:
        """Working days from the local date of `start`, which is not counted, to that of `end`; negative if earlier."""
        return self._asked(_days_between, start, end.astimezone(UTC))

    def local_date(self, at: datetime) -> date:
        """The date of `at` where the calendar is."""
        return at.astimezone(self.zone).date()


_clocks: dict[str, Clock] = {}


def clock_for(schedule: WorkSchedule) -> Clock:
    """The clock of a schedule, shared by all plans that use one with the same rules."""
    clock = _clocks.get(schedule.key)
    if clock is None:
        if len(_clocks) >= KEPT_CLOCKS:
            _clocks.clear()
        clock = _clocks[schedule.key] = Clock(schedule)
    return clock


def forget() -> None:
    """Drop what the clocks remember: every answer can be found again."""
    _clocks.clear()


def _after(start: datetime, amount: int, unit: str, schedule: WorkSchedule) -> datetime:
    if unit == "h":
        return add_working_time(start, timedelta(hours=amount), schedule)
    if unit == "c":
        return _in_days(start, amount, schedule)
    return end_of_working_day(add_working_days(_local_date(start, schedule), amount, schedule), schedule)


def _before(end: datetime, amount: int, unit: str, schedule: WorkSchedule) -> datetime:
    if unit == "h":
        return add_working_time(end, -timedelta(hours=amount), schedule)
    if unit == "c":
        return _days_before(end, amount, schedule)
    first = _last_day_ended(end, schedule)
    if amount > 1:
        first = add_working_days(first, 1 - amount, schedule)
    return datetime(first.year, first.month, first.day, tzinfo=_zone(schedule.timezone)).astimezone(UTC) - TICK


def _settle(at: datetime, schedule: WorkSchedule) -> datetime:
    if is_working_time(at, schedule) or is_working_time(at - TICK, schedule):
        return at
    return next_opening(at, schedule)


def _settle_back(at: datetime, schedule: WorkSchedule) -> datetime:
    if is_working_time(at, schedule) or is_working_time(at - TICK, schedule):
        return at
    return add_working_time(at, -TICK, schedule) + TICK


def _last_day_ended(at: datetime, schedule: WorkSchedule) -> date:
    """The last local working day whose work is over at `at`."""
    day = _local_date(at, schedule)
    if not is_working_day(day, schedule):
        day = add_working_days(day, -1, schedule)
    while end_of_working_day(day, schedule) > at:
        day = add_working_days(day, -1, schedule)
    return day


def _days_between(start: datetime, end: datetime, schedule: WorkSchedule) -> int:
    return working_days_between(_local_date(start, schedule), _local_date(end, schedule), schedule)


def _local_date(at: datetime, schedule: WorkSchedule) -> date:
    return at.astimezone(_zone(schedule.timezone)).date()


def _in_days(at: datetime, days: int, schedule: WorkSchedule) -> datetime:
    wall = _last_reading(at, _zone(schedule.timezone)) + timedelta(days=days)
    told, other = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    return told if _is_told(wall, told) else _clock_change(other, told, wall.tzinfo)


def _days_before(end: datetime, days: int, schedule: WorkSchedule) -> datetime:
    zone = _zone(schedule.timezone)
    local = end.astimezone(zone)
    # No span ends in the second pass of an hour: just before the end of the first one will do as well.
    wall = (_last_reading(end, zone) - TICK if local.fold else local) - timedelta(days=days)
    told, other = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    return told if _is_told(wall, told) else _clock_change(other, told, zone) - TICK


def _last_reading(at: datetime, zone: ZoneInfo) -> datetime:
    """The local time at `at`; in the second pass of an hour that comes twice its end, so that time never runs back."""
    local = at.astimezone(zone)
    if not local.fold:
        return local
    return (_clock_change(local.replace(fold=0).astimezone(UTC), at, zone) - TICK).astimezone(zone) + TICK


def _is_told(wall: datetime, at: datetime) -> bool:
    """Whether clocks show the local time `wall` at `at`: an hour that they skip is never shown."""
    return at.astimezone(wall.tzinfo).replace(tzinfo=None, fold=0) == wall.replace(tzinfo=None, fold=0)


def _clock_change(before: datetime, after: datetime, zone: tzinfo | None) -> datetime:
    """The instant in (before, after] from which another offset holds, to the second."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)


_zone = lru_cache(maxsize=64)(ZoneInfo)
