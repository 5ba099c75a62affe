"""The rules of working time, one by one. Local times are written as `YYYY-MM-DD HH:MM` in the schedule's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from teams.worktime import (
    CalendarExhausted,
    NaiveInstant,
    ScheduleError,
    WorkSchedule,
    WorktimeError,
    add_working_time,
    is_working_time,
    next_opening,
    working_time_between,
)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = [["08:30", "12:00"], ["13:30", "18:00"]]
OFFICE_WEEK = dict.fromkeys(WEEKDAYS[:5], OFFICE)
ALL_DAY = [["00:00", "24:00"]]
ALWAYS = dict.fromkeys(WEEKDAYS, ALL_DAY)
SHANGHAI, NEW_YORK, BERLIN = "Asia/Shanghai", "America/New_York", "Europe/Berlin"


def schedule(hours=None, timezone=SHANGHAI, **rules):
    return WorkSchedule.from_dict({"timezone": timezone, "hours": OFFICE_WEEK if hours is None else hours} | rules)


def at(text, zone=SHANGHAI, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def hours(amount):
    return timedelta(hours=amount)


# 2026-03-02 is a Monday and no clocks change in Shanghai.
@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        ("2026-03-02 10:00", 1, "2026-03-02 11:00"),
        ("2026-03-02 11:30", 1, "2026-03-02 14:00"),  # over lunch
        ("2026-03-02 08:30", 3.5, "2026-03-02 12:00"),  # used up exactly at closing
        ("2026-03-02 08:30", 8, "2026-03-02 18:00"),
        ("2026-03-02 08:30", 8.5, "2026-03-03 09:00"),
        ("2026-03-06 17:00", 2, "2026-03-09 09:30"),  # over the weekend
        ("2026-03-07 12:00", 1, "2026-03-09 09:30"),  # begins in closed time
        ("2026-03-02 18:00", 1, "2026-03-03 09:30"),  # begins at closing
        ("2026-03-02 08:30", 40, "2026-03-06 18:00"),
        ("2026-03-02 11:00", -1, "2026-03-02 10:00"),
        ("2026-03-02 14:00", -1, "2026-03-02 11:30"),
        ("2026-03-02 18:00", -8, "2026-03-02 08:30"),  # used up exactly at opening
        ("2026-03-02 18:00", -4.5, "2026-03-02 13:30"),
        ("2026-03-02 08:30", -1, "2026-02-27 17:00"),  # begins at opening
        ("2026-03-02 08:00", -1, "2026-02-27 17:00"),
        ("2026-03-07 12:00", -1, "2026-03-06 17:00"),
        ("2026-03-06 18:00", -40, "2026-03-02 08:30"),
        ("2026-03-02 10:00", 0, "2026-03-02 10:00"),
        ("2026-03-02 08:30", 0, "2026-03-02 08:30"),
        ("2026-03-02 12:00", 0, "2026-03-02 13:30"),  # the closing instant is not open
        ("2026-03-06 18:00", 0, "2026-03-09 08:30"),
        ("2026-03-07 03:00", 0, "2026-03-09 08:30"),
    ],
)
def test_adding_working_time(start, amount, expected):
    assert add_working_time(at(start), hours(amount), schedule()) == at(expected)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02 10:00", "2026-03-02 11:00", 1),
        ("2026-03-02 00:00", "2026-03-03 00:00", 8),
        ("2026-03-02 11:00", "2026-03-02 14:00", 1.5),
        ("2026-03-02 12:00", "2026-03-02 13:30", 0),
        ("2026-03-07 00:00", "2026-03-09 00:00", 0),
        ("2026-03-02 10:00", "2026-03-09 10:00", 40),
        ("2026-03-09 10:00", "2026-03-02 10:00", -40),
        ("2026-03-02 10:00", "2026-03-02 10:00", 0),
        ("2026-01-01 00:00", "2027-01-01 00:00", 261 * 8),
        ("2020-01-01 00:00", "2026-01-01 00:00", 1566 * 8),
    ],
)
def test_measuring_working_time(start, end, expected):
    assert working_time_between(at(start), at(end), schedule()) == hours(expected)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-03-02 08:29:59.999999", False),
        ("2026-03-02 08:30", True),
        ("2026-03-02 11:59:59.999999", True),
        ("2026-03-02 12:00", False),
        ("2026-03-02 13:30", True),
        ("2026-03-02 18:00", False),
        ("2026-03-07 10:00", False),
    ],
)
def test_opening_is_open_and_closing_is_not(when, expected):
    assert is_working_time(at(when), schedule()) is expected


@pytest.mark.parametrize("number", range(7))
def test_every_weekday_has_its_own_hours(number):
    # On weekday n work is from n:00 to n:30, on that weekday alone.
    rules = schedule({WEEKDAYS[number]: [[f"0{number}:00", f"0{number}:30"]]})

    opening = at(f"2026-03-0{2 + number} 0{number}:00")

    assert next_opening(at("2026-03-01 12:00"), rules) == opening
    assert next_opening(opening + timedelta(minutes=30), rules) == opening + timedelta(days=7)


def test_seconds_and_microseconds_are_kept():
    start = at("2026-03-02 17:59:59.999998")

    assert add_working_time(start, timedelta(microseconds=3), schedule()) == at("2026-03-03 08:30:00.000001")
    assert working_time_between(start, at("2026-03-03 08:30:00.000001"), schedule()) == timedelta(microseconds=3)


def test_the_answer_is_in_utc_whatever_the_zone_of_the_start():
    start = at("2026-03-02 10:00").astimezone(ZoneInfo(NEW_YORK))

    due = add_working_time(start, hours(1), schedule())

    assert due.isoformat() == "2026-03-02T03:00:00+00:00"
    assert next_opening(start, schedule()).tzinfo is UTC


# --- exceptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, None),
        ({"extra_workdays": ["2026-02-14"], "extra_workday_hours": [["10:00", "11:00"]]}, "10:00"),
        ({"extra_workdays": ["2026-02-14"]}, "08:30"),  # the hours of Monday
        ({"date_hours": {"2026-02-14": [["09:00", "10:00"]]}}, "09:00"),
        ({"extra_workdays": ["2026-02-14"], "date_hours": {"2026-02-14": [["09:00", "10:00"]]}}, "09:00"),
        ({"extra_workdays": ["2026-02-14"], "extra_workday_hours": []}, None),
        ({"extra_workdays": ["2026-02-14"], "holidays": ["2026-02-14"]}, None),
        ({"date_hours": {"2026-02-14": OFFICE}, "holidays": ["2026-02-14"]}, None),
    ],
)
def test_the_first_rule_for_a_saturday_wins(rules, expected):
    opening = next_opening(at("2026-02-14 00:00"), schedule(**rules))

    assert opening == at(f"2026-02-14 {expected}" if expected else "2026-02-16 08:30")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"holidays": ["2026-03-02"]}, 0),
        ({"date_hours": {"2026-03-02": []}}, 0),
        ({"date_hours": {"2026-03-02": [["08:30", "12:00"]]}}, 3.5),
        ({"extra_workdays": ["2026-03-02"]}, 8),  # worked anyway
        ({"extra_workdays": ["2026-03-02"], "extra_workday_hours": [["10:00", "12:00"]]}, 2),
    ],
)
def test_the_first_rule_for_a_monday_wins(rules, expected):
    rules = schedule(**rules)

    assert working_time_between(at("2026-03-02 00:00"), at("2026-03-03 00:00"), rules) == hours(expected)


def test_an_extra_workday_without_hours_takes_those_of_its_weekday():
    week = OFFICE_WEEK | {"sat": [["09:00", "12:00"]]}

    assert next_opening(at("2026-02-14 00:00"), schedule(week, extra_workdays=["2026-02-14"])) == at("2026-02-14 09:00")


def test_a_holiday_is_a_date_of_the_schedules_zone():
    rules = schedule(ALWAYS, NEW_YORK, holidays=["2026-07-03"])

    assert is_working_time(datetime(2026, 7, 3, 3, 59, tzinfo=UTC), rules)
    assert not is_working_time(datetime(2026, 7, 3, 4, 0, tzinfo=UTC), rules)
    assert not is_working_time(datetime(2026, 7, 4, 3, 59, tzinfo=UTC), rules)
    assert is_working_time(datetime(2026, 7, 4, 4, 0, tzinfo=UTC), rules)


def test_a_schedule_of_single_dates_is_worked_on_those_alone():
    rules = schedule({}, date_hours={"2026-03-02": OFFICE, "2031-03-03": OFFICE})

    assert add_working_time(at("2026-03-01 00:00"), hours(9), rules) == at("2031-03-03 09:30")
    assert add_working_time(at("2040-01-01 00:00"), hours(-9), rules) == at("2026-03-02 17:00")
    with pytest.raises(CalendarExhausted):
        add_working_time(at("2026-03-01 00:00"), hours(17), rules)
    with pytest.raises(CalendarExhausted):
        add_working_time(at("2031-03-03 18:00"), hours(0), rules)


# --- segments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "segments",
    [
        [["08:00", "12:00"], ["10:00", "14:00"]],
        [["10:00", "14:00"], ["08:00", "12:00"]],
        [["08:00", "10:00"], ["10:00", "14:00"]],
        [["08:00", "14:00"], ["09:00", "10:00"]],
        [["08:00", "14:00"], ["08:00", "14:00"]],
    ],
)
def test_segments_that_touch_or_overlap_count_once(segments):
    rules = schedule({"mon": segments})

    assert working_time_between(at("2026-03-02 00:00"), at("2026-03-03 00:00"), rules) == hours(6)
    assert add_working_time(at("2026-03-02 08:00"), hours(2), rules) == at("2026-03-02 10:00")
    assert is_working_time(at("2026-03-02 10:00"), rules)


def night(**rules):
    return schedule({"mon": [["22:00", "06:00"]], "fri": [["22:00", "06:00"]]}, **rules)


def test_a_night_shift_runs_into_the_next_date():
    assert is_working_time(at("2026-03-07 05:59"), night())
    assert not is_working_time(at("2026-03-07 06:00"), night())
    assert not is_working_time(at("2026-03-02 05:00"), night())
    assert add_working_time(at("2026-03-02 22:00"), hours(8), night()) == at("2026-03-03 06:00")
    assert add_working_time(at("2026-03-03 01:00"), hours(6), night()) == at("2026-03-06 23:00")
    assert add_working_time(at("2026-03-03 01:00"), hours(-3), night()) == at("2026-03-02 22:00")
    assert working_time_between(at("2026-03-02 00:00"), at("2026-03-09 00:00"), night()) == hours(16)


def test_a_night_shift_of_new_years_eve_runs_into_the_next_year():
    rules = schedule({"thu": [["22:00", "06:00"]]})  # 2026-12-31 is a Thursday

    assert add_working_time(at("2026-12-31 23:00"), hours(3), rules) == at("2027-01-01 02:00")
    assert working_time_between(at("2026-12-31 00:00"), at("2027-01-02 00:00"), rules) == hours(8)


def test_a_holiday_cuts_the_night_shift_that_runs_into_it():
    closed = night(holidays=["2026-03-03"])

    assert working_time_between(at("2026-03-02 00:00"), at("2026-03-06 00:00"), closed) == hours(2)
    assert add_working_time(at("2026-03-02 22:00"), hours(3), closed) == at("2026-03-06 23:00")


def test_a_night_shift_that_begins_on_a_holiday_is_not_worked():
    closed = night(holidays=["2026-03-02"])

    assert working_time_between(at("2026-03-02 00:00"), at("2026-03-06 00:00"), closed) == hours(0)


def test_a_night_shift_and_the_next_morning_count_once():
    rules = schedule({"mon": [["22:00", "06:00"]], "tue": [["05:00", "08:00"]]})

    assert working_time_between(at("2026-03-02 00:00"), at("2026-03-04 00:00"), rules) == hours(10)


def test_work_to_midnight_may_end_at_24_or_at_0():
    assert schedule({"mon": [["22:00", "24:00"]]}) == schedule({"mon": [["22:00", "00:00"]]})


# --- clock changes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("segments", "spring", "autumn"),
    [
        ([["00:00", "24:00"]], 23, 25),
        ([["00:00", "08:00"]], 7, 9),
        ([["01:00", "04:00"]], 2, 4),
        ([["08:00", "16:00"]], 8, 8),
        ([["00:00", "02:00"]], 2, 3),
        ([["02:00", "03:00"]], 0, 1),
        ([["03:00", "04:00"]], 1, 1),
        ([["00:00", "01:30"]], 1.5, 1.5),  # 01:30 is the first of two
        ([["01:30", "03:00"]], 0.5, 2.5),
        ([["02:30", "03:15"]], 0, 0.75),  # 02:30 becomes 03:30, and nothing is left
        ([["01:00", "02:30"], ["03:00", "04:00"]], 2, 3.5),  # 02:30 becomes 03:30: they overlap
    ],
)
def test_a_clock_change_counts_real_time(segments, spring, autumn):
    rules = schedule({"sun": segments}, NEW_YORK)

    def day(first, last):
        return working_time_between(at(f"{first} 00:00", NEW_YORK), at(f"{last} 00:00", NEW_YORK), rules)

    assert day("2026-03-08", "2026-03-09") == hours(spring)
    assert day("2026-11-01", "2026-11-02") == hours(autumn)


def test_adding_over_a_clock_change_counts_real_time():
    rules = schedule({"sat": [["20:00", "24:00"]], "sun": [["00:00", "08:00"]]}, BERLIN)

    assert add_working_time(at("2026-03-28 23:00", BERLIN), hours(4), rules) == at("2026-03-29 04:00", BERLIN)
    assert add_working_time(at("2026-10-24 23:00", BERLIN), hours(4), rules) == at("2026-10-25 02:00", BERLIN, fold=1)
    assert add_working_time(at("2026-03-29 08:00", BERLIN), hours(-7), rules) == at("2026-03-29 00:00", BERLIN)
    assert add_working_time(at("2026-10-25 08:00", BERLIN), hours(-9), rules) == at("2026-10-25 00:00", BERLIN)


def test_the_two_passes_of_a_repeated_hour_are_told_apart():
    rules = schedule({"sun": [["01:30", "04:00"]]}, NEW_YORK)

    assert not is_working_time(at("2026-11-01 01:15", NEW_YORK), rules)
    assert is_working_time(at("2026-11-01 01:45", NEW_YORK), rules)
    assert is_working_time(at("2026-11-01 01:15", NEW_YORK, fold=1), rules)


def test_midnight_that_does_not_exist_opens_the_day_after_the_gap():
    # The clocks of São Paulo went from 24:00 of 2018-11-03 to 01:00.
    sao_paulo = schedule(ALWAYS, "America/Sao_Paulo", holidays=["2018-11-03"])

    assert (
        next_opening(at("2018-11-03 12:00", "America/Sao_Paulo"), sao_paulo).isoformat() == "2018-11-04T03:00:00+00:00"
    )


def test_a_date_that_the_zone_skips_has_no_open_time():
    # Samoa moved over the date line: after Thursday 2011-12-29 came Saturday the 31st.
    apia = schedule({"thu": [["09:00", "17:00"]], "fri": [["09:00", "17:00"]]}, "Pacific/Apia")

    assert next_opening(at("2011-12-29 17:00", "Pacific/Apia"), apia) == at("2012-01-05 09:00", "Pacific/Apia")


def test_a_whole_day_schedule_over_a_skipped_date_is_wall_clock():
    start, end = at("2011-12-29 12:00", "Pacific/Apia"), at("2011-12-31 12:00", "Pacific/Apia")

    assert working_time_between(start, end, schedule(ALWAYS, "Pacific/Apia")) == hours(24)


def test_half_hour_clock_changes():
    lord_howe = schedule(ALWAYS, "Australia/Lord_Howe")
    start, end = at("2026-10-04 00:00", "Australia/Lord_Howe"), at("2026-10-05 00:00", "Australia/Lord_Howe")

    assert working_time_between(start, end, lord_howe) == hours(23.5)


# --- pauses -------------------------------------------------------------------------------------------------------


def pause(first, last):
    return at(f"2026-03-{first}"), None if last is None else at(f"2026-03-{last}")


@pytest.mark.parametrize(
    ("start", "amount", "pauses", "expected"),
    [
        ("02 09:00", 2, [pause("02 10:00", "02 11:00")], "02 12:00"),
        ("02 09:00", 1, [pause("02 10:00", "02 11:00")], "02 10:00"),  # used up as the pause begins
        ("02 09:00", 2, [pause("02 12:00", "02 13:30")], "02 11:00"),  # only over closed time
        ("02 09:00", 4, [pause("02 11:00", "02 14:00")], "02 16:00"),
        ("02 09:00", 1, [pause("01 00:00", "02 08:30")], "02 10:00"),  # over before the start
        ("02 09:00", 1, [pause("02 08:00", "02 10:00")], "02 11:00"),
        ("02 09:00", 1, [pause("02 09:00", "09 09:00")], "09 10:00"),
        ("02 09:00", 1, [pause("02 09:00", "06 18:00")], "09 09:30"),
        ("02 09:00", 3, [pause("02 11:00", "02 11:30"), pause("02 10:00", "02 10:30")], "02 14:30"),  # unsorted
        ("02 09:00", 2, [pause("02 10:00", "02 11:00"), pause("02 10:30", "02 11:30")], "02 14:00"),  # overlapping
        ("02 09:00", 2, [pause("02 10:00", "02 11:00"), pause("02 11:00", "02 11:30")], "02 14:00"),  # touching
        ("02 09:00", 2, [pause("02 10:00", "02 10:00")], "02 11:00"),  # empty
        ("02 09:00", 1, [pause("02 10:00", None)], "02 10:00"),  # open-ended, but too late
        ("02 12:00", -2, [pause("02 10:00", "02 11:00")], "02 09:00"),
        ("02 12:00", -1, [pause("02 10:00", "02 11:00")], "02 11:00"),
        ("02 12:00", -1, [pause("02 11:00", None)], "02 10:00"),
        ("02 12:00", -1, [pause("02 13:00", None)], "02 11:00"),
        ("02 12:00", -3, [pause("02 11:00", "02 11:30"), pause("02 09:30", "02 10:30")], "27 17:00"),
        ("02 09:00", 0, [pause("02 09:00", "02 10:00")], "02 10:00"),
        ("02 09:00", 0, [pause("02 09:00", "02 12:00")], "02 13:30"),
        ("02 08:00", 0, [pause("02 08:30", "02 09:00")], "02 09:00"),
        ("02 09:00", 0, [pause("02 09:30", "02 10:00")], "02 09:00"),
        ("02 10:00", 0, [pause("02 09:30", "02 10:00")], "02 10:00"),
    ],
)
def test_adding_with_pauses(start, amount, pauses, expected):
    expected = at(f"2026-02-{expected}" if expected.startswith("27") else f"2026-03-{expected}")

    assert add_working_time(at(f"2026-03-{start}"), hours(amount), schedule(), pauses) == expected


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ([], 8),
        ([pause("02 10:00", "02 11:00")], 7),
        ([pause("02 11:00", "02 14:00")], 6.5),
        ([pause("02 12:00", "02 13:30")], 8),
        ([pause("01 00:00", "05 00:00")], 0),
        ([pause("02 17:00", None)], 7),
        ([pause("03 17:00", None)], 8),
        ([pause("02 10:00", "02 11:00"), pause("02 10:30", "02 11:30")], 6.5),
        ([pause("02 10:30", "02 11:30"), pause("02 10:00", "02 11:00"), pause("02 10:00", "02 10:00")], 6.5),
    ],
)
def test_measuring_with_pauses(pauses, expected):
    start, end = at("2026-03-02 00:00"), at("2026-03-03 00:00")

    assert working_time_between(start, end, schedule(), pauses) == hours(expected)
    assert working_time_between(end, start, schedule(), iter(pauses)) == -hours(expected)


def test_no_instant_of_a_pause_is_open():
    pauses = [pause("02 10:00", "02 11:00")]

    assert is_working_time(at("2026-03-02 09:59"), schedule(), pauses)
    assert not is_working_time(at("2026-03-02 10:00"), schedule(), pauses)
    assert is_working_time(at("2026-03-02 11:00"), schedule(), pauses)


@pytest.mark.parametrize("amount", [0, 1])
def test_a_pause_that_never_ends_exhausts_the_calendar(amount):
    with pytest.raises(CalendarExhausted, match="never ends"):
        add_working_time(at("2026-03-02 10:00"), hours(amount), schedule(), [pause("02 10:00", None)])


def test_a_pause_that_ends_before_it_begins_is_refused():
    pauses = [pause("02 09:00", "02 10:00"), pause("02 11:00", "02 10:00")]

    with pytest.raises(ScheduleError, match=r"^pauses\[1\]: "):
        add_working_time(at("2026-03-02 09:00"), hours(1), schedule(), pauses)


# --- the ends of the calendar, and what is refused ------------------------------------------------------------------

NAIVE = datetime(2026, 3, 2, 10, 0)  # noqa: DTZ001 (a naive one is what these tests are about)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: add_working_time(NAIVE, hours(1), schedule()),
        lambda: working_time_between(NAIVE, at("2026-03-02 10:00"), schedule()),
        lambda: working_time_between(at("2026-03-02 10:00"), NAIVE, schedule()),
        lambda: is_working_time(NAIVE, schedule()),
        lambda: next_opening(NAIVE, schedule()),
        lambda: add_working_time(at("2026-03-02 10:00"), hours(1), schedule(), [(NAIVE, None)]),
    ],
)
def test_a_naive_datetime_is_refused(ask):
    with pytest.raises(NaiveInstant, match="2026-03-02 10:00:00 has no time zone"):
        ask()


@pytest.mark.parametrize("amount", [-1, 0, 1])
@pytest.mark.parametrize("hours_of_week", [{}, {"mon": []}])
def test_a_schedule_without_open_time_raises(hours_of_week, amount):
    empty = schedule(hours_of_week)

    with pytest.raises(CalendarExhausted):
        add_working_time(at("2026-03-02 10:00"), hours(amount), empty)


def test_a_schedule_without_open_time_measures_nothing():
    empty = schedule({})

    assert working_time_between(at("2026-03-02 10:00"), at("2026-05-02 10:00"), empty) == hours(0)
    assert not is_working_time(at("2026-03-02 10:00"), empty)


@pytest.mark.parametrize("zone", ["UTC", SHANGHAI, NEW_YORK, "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("start", "amount"),
    [
        (datetime.max.replace(tzinfo=UTC), hours(1)),
        (datetime.min.replace(tzinfo=UTC), hours(-1)),
        (datetime(2026, 3, 2, tzinfo=UTC), timedelta.max),
        (datetime(2026, 3, 2, tzinfo=UTC), timedelta.min),
        (datetime(2026, 3, 2, tzinfo=UTC), timedelta(days=8000 * 365)),
        (datetime(2026, 3, 2, tzinfo=UTC), timedelta(days=-2027 * 365)),
    ],
)
def test_beyond_the_calendar_is_a_refusal(zone, start, amount):
    for week in (ALWAYS, OFFICE_WEEK):
        with pytest.raises(CalendarExhausted) as refusal:
            add_working_time(start, amount, schedule(week, zone))
        assert isinstance(refusal.value, WorktimeError)


@pytest.mark.parametrize("zone", ["UTC", SHANGHAI, NEW_YORK, "Pacific/Kiritimati"])
def test_always_open_is_wall_clock_from_the_first_year_to_the_last(zone):
    rules = schedule(ALWAYS, zone)
    start, end = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)

    assert working_time_between(start, end, rules) == end - start
    assert add_working_time(start, end - start, rules) == end
    assert add_working_time(end, start - end, rules) == start


def test_nineteen_years_of_days():
    rules = schedule({"sun": [["08:00", "21:00"]]}, "Europe/Paris")
    start, amount = at("2002-10-27 07:00", "Europe/Paris"), hours(13 * 992)

    assert add_working_time(start, amount, rules) == at("2021-10-24 21:00", "Europe/Paris")
    assert add_working_time(at("2021-10-24 21:00", "Europe/Paris"), -amount, rules) == at(
        "2002-10-27 08:00", "Europe/Paris"
    )


def test_tables_do_not_grow_with_the_amount():
    rules = schedule()
    start = at("2026-03-02 10:00")

    for years in (0, 1, 10, 100, 1000, 7000):
        add_working_time(start, timedelta(days=87 * years), rules)

        assert len(rules.years.kept()) <= 7
        assert max(len(year.openings) for year in rules.years.kept()) <= 2 * 262
