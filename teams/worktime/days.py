"""Counting whole working days. A working day is a local date on which work begins, however short."""

from bisect import bisect_left, bisect_right
from datetime import date, datetime

from teams.worktime.arithmetic import as_datetime
from teams.worktime.schedule import WorkSchedule
from teams.worktime.spec import DAY, WorktimeError


class NotWorked(WorktimeError):
    """A date on which no work begins has no end of the working day."""


def is_working_day(day: date, schedule: WorkSchedule) -> bool:
    """Whether work begins on the local date `day`."""
    worked = schedule.years.year(day.year).worked
    index = bisect_left(worked, day.toordinal())
    return index < len(worked) and worked[index] == day.toordinal()


def add_working_days(day: date, days: int, schedule: WorkSchedule) -> date:
    """Return the `days`-th working day after the local date `day`; a negative number counts the working days before it.

    Zero gives `day` if it is worked, else the next working day: no answer is ever a day without work.

    Raises:
        CalendarExhausted: the schedule has not that many working days.
    """
    worked = schedule.years.year(day.year).worked
    # Where the answer stands among the worked dates of the year: the first after `day` is number 1, the last before -1.
    next_index = (bisect_right if days > 0 else bisect_left)(worked, day.toordinal())
    return date.fromordinal(schedule.years.worked_ordinal(day.year, next_index + days - (days > 0)))


def working_days_between(start: date, end: date, schedule: WorkSchedule) -> int:
    """Return how many local dates d with start < d <= end are worked; negative, the two swapped, if end < start."""
    if end < start:
        return -working_days_between(end, start, schedule)
    years = schedule.years
    whole_years = sum(years.totals(number).worked_count for number in range(start.year, end.year))
    until_start = bisect_right(years.year(start.year).worked, start.toordinal())
    until_end = bisect_right(years.year(end.year).worked, end.toordinal())
    return whole_years - until_start + until_end


def end_of_working_day(day: date, schedule: WorkSchedule) -> datetime:
    """Return the last closing of the work that begins on the local date `day`, in UTC. A night shift ends on the next.

    Raises:
        CalendarExhausted: the day ends after the year 9999.
        NotWorked: no work begins on that date.
    """
    if not is_working_day(day, schedule):
        raise NotWorked(f"{day} is not a working day")
    years = schedule.years
    closing = years.hours_of(day.toordinal())[-1][1]
    if closing > DAY and years.is_holiday(day.toordinal() + 1):
        closing = DAY
    return as_datetime(years.instant(day.toordinal(), closing))
