"""Counting whole working days."""

from datetime import date, datetime

import pytest

from teams.worktime import (
    CalendarExhausted,
    NotWorked,
    WorkSchedule,
    add_working_days,
    end_of_working_day,
    is_working_day,
    working_days_between,
)

OFFICE = [["08:30", "12:00"], ["13:30", "18:00"]]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def schedule(hours=None, timezone="Asia/Shanghai", **rules):
    week = dict.fromkeys(WEEKDAYS[:5], OFFICE) if hours is None else hours
    return WorkSchedule.from_dict({"timezone": timezone, "hours": week} | rules)


CHINA = schedule(holidays=["2026-02-16", "2026-02-17"], extra_workdays=["2026-02-14"])


# 2026-03-02 is a Monday.
@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-03-02", 1, "2026-03-03"),
        ("2026-03-06", 1, "2026-03-09"),
        ("2026-03-02", 5, "2026-03-09"),
        ("2026-03-07", 1, "2026-03-09"),  # a Saturday: the first working day after it
        ("2026-03-07", 2, "2026-03-10"),
        ("2026-03-02", -1, "2026-02-27"),
        ("2026-03-07", -1, "2026-03-06"),
        ("2026-03-08", -5, "2026-03-02"),
        ("2026-03-02", 0, "2026-03-02"),
        ("2026-03-07", 0, "2026-03-09"),
        ("2026-02-13", 1, "2026-02-14"),  # a worked Saturday
        ("2026-02-13", 2, "2026-02-18"),  # over the holidays
        ("2026-02-18", -2, "2026-02-13"),
        ("2026-02-17", 0, "2026-02-18"),
        ("2026-12-31", 1, "2027-01-01"),
        ("2027-01-01", -1, "2026-12-31"),
        ("2026-03-02", 2610, "2036-03-03"),
        ("2036-03-03", -2610, "2026-03-02"),
    ],
)
def test_adding_working_days(start, days, expected):
    assert add_working_days(date.fromisoformat(start), days, CHINA) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02", "2026-03-02", 0),
        ("2026-03-02", "2026-03-03", 1),  # the start does not count, the end does
        ("2026-03-06", "2026-03-08", 0),
        ("2026-03-06", "2026-03-09", 1),
        ("2026-02-13", "2026-02-18", 2),
        ("2025-12-31", "2026-12-31", 260),
        ("2026-03-03", "2026-03-02", -1),
        ("2026-03-09", "2026-03-06", -1),
    ],
)
def test_working_days_between(start, end, expected):
    assert working_days_between(date.fromisoformat(start), date.fromisoformat(end), CHINA) == expected


@pytest.mark.parametrize("number", range(7))
def test_every_weekday_can_be_the_only_one(number):
    weekly = schedule({WEEKDAYS[number]: OFFICE})
    day = date(2026, 3, 2 + number)

    assert [one for one in range(1, 29) if is_working_day(date(2026, 3, one), weekly)] == [
        one for one in range(1, 29) if date(2026, 3, one).weekday() == number
    ]
    assert add_working_days(day, 1, weekly) == date(2026, 3, 9 + number)


def test_a_date_without_hours_is_not_worked():
    rules = schedule(date_hours={"2026-03-02": [], "2026-03-07": [["10:00", "10:30"]]})

    assert not is_working_day(date(2026, 3, 2), rules)
    assert is_working_day(date(2026, 3, 7), rules)


def test_a_night_shift_is_one_working_day():
    night = schedule({"fri": [["22:00", "06:00"]]})

    assert is_working_day(date(2026, 3, 6), night)
    assert not is_working_day(date(2026, 3, 7), night)


def test_a_date_that_the_zone_skips_is_not_worked():
    apia = schedule(dict.fromkeys(WEEKDAYS, OFFICE), "Pacific/Apia")

    assert add_working_days(date(2011, 12, 29), 1, apia) == date(2011, 12, 31)
    assert not is_working_day(date(2011, 12, 30), apia)


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_schedule_without_working_days_raises(days):
    empty = schedule({}, date_hours={"2026-03-02": []})

    with pytest.raises(CalendarExhausted):
        add_working_days(date(2026, 3, 2), days, empty)
    assert working_days_between(date(2026, 1, 1), date(2026, 12, 31), empty) == 0


@pytest.mark.parametrize(
    ("start", "days"), [(date.max, 1), (date.min, -1), (date(2026, 3, 2), 10**9), (date(2026, 3, 2), -(10**9))]
)
def test_days_beyond_the_calendar_raise(start, days):
    with pytest.raises(CalendarExhausted):
        add_working_days(start, days, CHINA)


@pytest.mark.parametrize(
    ("rules", "day", "expected"),
    [
        ({}, "2026-03-02", "2026-03-02T18:00+08:00"),
        ({"date_hours": {"2026-03-02": [["08:00", "09:00"]]}}, "2026-03-02", "2026-03-02T09:00+08:00"),
        ({"hours": {"mon": [["22:00", "06:00"]]}}, "2026-03-02", "2026-03-03T06:00+08:00"),
        ({"hours": {"mon": [["22:00", "06:00"]]}, "holidays": ["2026-03-03"]}, "2026-03-02", "2026-03-03T00:00+08:00"),
        ({"hours": {"mon": [["00:00", "24:00"]]}}, "2026-03-02", "2026-03-03T00:00+08:00"),
        ({"timezone": "America/New_York", "hours": {"sun": OFFICE}}, "2026-03-08", "2026-03-08T18:00-04:00"),
    ],
)
def test_the_end_of_a_working_day(rules, day, expected):
    assert end_of_working_day(date.fromisoformat(day), schedule(**rules)) == datetime.fromisoformat(expected)


def test_a_day_off_has_no_end():
    with pytest.raises(NotWorked, match="2026-03-07 is not a working day"):
        end_of_working_day(date(2026, 3, 7), schedule())
