"""Working time: what a deadline, a reminder and a clock count in. Pure: no Django, no clock, no database.

A `WorkSchedule` says when work is done in one time zone. An instant is an aware datetime in any zone; results are in
UTC. Where systems differ:

- An amount used up exactly at closing ends at closing; walking back, one used up exactly at opening ends at opening.
- Zero gives the start if it is open, else the next opening. The opening instant is open, the closing instant is not.
- A pause counts only where it overlaps open time, and pauses that overlap each other count once.
- Open time is real elapsed time: a clock change inside a segment makes it longer or shorter. A local time that occurs
  twice means the first; one that is skipped is read with the offset before the change (RFC 5545). A date the zone
  skips altogether has no open time.
- Of the rules for one date the first that speaks wins: holiday, `date_hours`, `extra_workdays`, weekday.
- Segments of a date that touch or overlap are one. One that crosses midnight (`["22:00", "06:00"]`) belongs to the
  date on which it begins; a holiday cuts it at midnight, since a holiday has no open time.
"""

from teams.worktime.arithmetic import (
    NaiveInstant,
    Pause,
    add_working_time,
    is_working_time,
    next_opening,
    working_time_between,
)
from teams.worktime.days import NotWorked, add_working_days, end_of_working_day, is_working_day, working_days_between
from teams.worktime.schedule import WorkSchedule
from teams.worktime.spec import ScheduleError, WorktimeError
from teams.worktime.years import CalendarExhausted

__all__ = [
    "CalendarExhausted",
    "NaiveInstant",
    "NotWorked",
    "Pause",
    "ScheduleError",
    "WorkSchedule",
    "WorktimeError",
    "add_working_days",
    "add_working_time",
    "end_of_working_day",
    "is_working_day",
    "is_working_time",
    "next_opening",
    "working_days_between",
    "working_time_between",
]
