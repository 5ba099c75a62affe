"""Adding and measuring working time."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from teams.worktime.schedule import WorkSchedule
from teams.worktime.spec import DAY, ScheduleError, WorktimeError
from teams.worktime.years import SECOND, CalendarExhausted, Years

# Instants [from, to) in which nothing counts; `None` as the end of a pause that still lasts.
Pause: TypeAlias = tuple[datetime, datetime | None]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) + 2 * DAY * SECOND


class NaiveInstant(WorktimeError):
    """A datetime without a time zone, of which nobody can say which instant it is."""


def add_working_time(
    start: datetime, amount: timedelta, schedule: WorkSchedule, pauses: Iterable[Pause] = ()
) -> datetime:
    """Return the instant by which `amount` of working time outside `pauses` has passed since `start`, in UTC.

    Zero gives `start` if it is open, else the next opening; a negative amount walks back.

    Raises:
        CalendarExhausted: the schedule has no open time that far away.
        NaiveInstant: a datetime has no time zone.
        ScheduleError: a pause ends before it begins.
    """
    if pauses:
        return as_datetime(_advance_with_pauses(_as_instant(start), _micros(amount), schedule.years, _as_spans(pauses)))
    return as_datetime(schedule.years.advance(_as_instant(start), _micros(amount)))


def working_time_between(
    start: datetime, end: datetime, schedule: WorkSchedule, pauses: Iterable[Pause] = ()
) -> timedelta:
    """Return the working time in [start, end) outside `pauses`; negative when `end` is before `start`.

    Raises:
        NaiveInstant: a datetime has no time zone.
        ScheduleError: a pause ends before it begins.
    """
    first, last = _as_instant(start), _as_instant(end)
    if last < first:
        return -working_time_between(end, start, schedule, pauses)
    years = schedule.years
    open_time = years.between(first, last)
    for paused_from, paused_to in _as_spans(pauses):
        overlap_from, overlap_to = max(first, paused_from), min(last, paused_to)
        if overlap_from < overlap_to:
            open_time -= years.between(overlap_from, overlap_to)
    return timedelta(microseconds=open_time)


def is_working_time(at: datetime, schedule: WorkSchedule, pauses: Iterable[Pause] = ()) -> bool:
    """Whether work is done at the instant `at`: an opening instant is open, a closing one is not; no pause is open.

    Raises:
        NaiveInstant: a datetime has no time zone.
        ScheduleError: a pause ends before it begins.
    """
    instant = _as_instant(at)
    if any(paused_from <= instant < paused_to for paused_from, paused_to in _as_spans(pauses)):
        return False
    return schedule.years.is_open(instant)


def next_opening(at: datetime, schedule: WorkSchedule) -> datetime:
    """Return the first instant from `at` on that is open, in UTC: `at` itself while work is done.

    Raises:
        CalendarExhausted: no open time follows.
        NaiveInstant: `at` has no time zone.
    """
    return add_working_time(at, timedelta(0), schedule)


def _advance_with_pauses(instant: int, amount: int, years: Years, spans: list[tuple[int, int]]) -> int:
    backward = amount < 0
    for paused_from, paused_to in reversed(spans) if backward else spans:
        # The side of the pause that is met first, and the one that is left.
        met, left = (paused_to, paused_from) if backward else (paused_from, paused_to)
        if (instant <= left) if backward else (instant >= left):
            continue
        if (met < instant) if backward else (met > instant):
            worked = years.between(min(met, instant), max(met, instant))
            # Zero needs an instant that is open, and the first one of a pause is not: it takes some time before it.
            if worked and worked >= abs(amount):
                return years.advance(instant, amount)
            amount += worked if backward else -worked
        instant = left
    if instant >= FOREVER:
        raise CalendarExhausted("the last pause never ends")
    return years.advance(instant, amount)


def _as_spans(pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """Pauses as their union, in order."""
    spans: list[tuple[int, int]] = []
    for position, (paused_from, paused_to) in enumerate(pauses):
        first = _as_instant(paused_from)
        last = FOREVER if paused_to is None else _as_instant(paused_to)
        if last < first:
            raise ScheduleError(f"pauses[{position}]", f"ends at {paused_to}, before it begins at {paused_from}")
        if first < last:
            spans.append((first, last))
    if len(spans) < 2:
        return spans
    spans.sort()
    union = [spans[0]]
    for first, last in spans[1:]:
        if first <= union[-1][1]:
            union[-1] = union[-1][0], max(last, union[-1][1])
        else:
            union.append((first, last))
    return union


def _as_instant(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    try:
        since = moment - EPOCH
    except TypeError as error:
        if isinstance(moment, datetime):
            raise NaiveInstant(f"{moment} has no time zone; working time needs aware datetimes") from error
        raise
    return (since.days * DAY + since.seconds) * SECOND + since.microseconds


def _micros(amount: timedelta) -> int:
    return (amount.days * DAY + amount.seconds) * SECOND + amount.microseconds


def as_datetime(instant: int) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=instant)
    except OverflowError as error:
        raise CalendarExhausted("the answer lies outside the years 1 to 9999") from error
