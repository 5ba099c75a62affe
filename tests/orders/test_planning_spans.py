"""Spans on a calendar: where they end, and that going back is the exact inverse of going forward."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.planning import Clock, Span, clock_for, without_closing
from teams.worktime import WorkSchedule, is_working_time
from tests.orders.planning_kit import DAY, HOUR, MINUTE, SCHEDULES, TICK, china, schedules, span

relaxed = settings(deadline=None, max_examples=400)

# Around 春节 and 国庆, and the clock changes of New York and Berlin in spring and autumn.
BEGINNINGS = [datetime(2026, 2, 9, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 26, tzinfo=UTC)]
BEGINNINGS += [
    datetime(2026, 9, 17, tzinfo=UTC),
    datetime(2026, 10, 22, tzinfo=UTC),
    datetime(2026, 10, 29, tzinfo=UTC),
]
seconds = st.one_of(st.integers(0, 20 * 86_400), st.integers(0, 20 * 96).map(lambda quarter: quarter * 900))
instants = st.builds(lambda begin, second: begin + timedelta(seconds=second), st.sampled_from(BEGINNINGS), seconds)
nearby = st.integers(-40 * 96, 40 * 96).map(lambda quarter: quarter * 15 * MINUTE)
ticks = st.sampled_from([-TICK, 0 * TICK, TICK])
any_schedule = st.one_of(st.sampled_from(list(SCHEDULES.values())), schedules())
days_and_hours = st.builds(Span, st.integers(0, 30), st.sampled_from("wh"))
calendar_days = st.builds(Span, st.integers(0, 30), st.just("c"))
spans = st.one_of(days_and_hours, calendar_days)
# New York and Berlin in spring and autumn, Lord Howe by half an hour.
CLOCK_CHANGES = [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)]
CLOCK_CHANGES += [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
CLOCK_CHANGES += [datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)]
changing_schedule = st.sampled_from(
    [SCHEDULES["port"], SCHEDULES["new_york"], SCHEDULES["berlin"], without_closing("Australia/Lord_Howe")]
)
few_days = st.builds(Span, st.integers(1, 3), st.just("c"))


@pytest.mark.parametrize(
    ("calendar", "start", "text", "expected"),
    [
        ("office", "2026-03-02 09:00", "1w", "2026-03-03 18:00"),
        ("office", "2026-03-06 18:00", "1w", "2026-03-09 18:00"),  # Friday evening: Monday
        ("office", "2026-03-07 10:00", "1w", "2026-03-09 18:00"),  # from a Saturday
        ("office", "2026-09-30 18:00", "1w", "2026-10-08 18:00"),  # over 放假
        ("office", "2026-10-09 18:00", "1w", "2026-10-10 18:00"),  # a Saturday of 补班 counts
        ("office", "2026-02-13 18:00", "1w", "2026-02-14 18:00"),  # 补班 before 春节
        ("office", "2026-02-14 18:00", "2w", "2026-02-25 18:00"),
        ("bank", "2026-02-13 17:00", "1w", "2026-02-24 17:00"),  # no bank works a 补班
        ("factory", "2026-03-06 17:30", "1w", "2026-03-07 17:30"),  # factories work on Saturdays
        ("office", "2026-03-02 11:30", "2h", "2026-03-02 15:00"),  # lunch is no working time
        ("office", "2026-03-02 17:00", "1h", "2026-03-02 18:00"),  # used up at closing: ends at closing
        ("office", "2026-09-30 17:00", "2h", "2026-10-08 09:30"),
        ("carrier", "2026-03-02 18:00", "20c", "2026-03-22 18:00"),  # carriers sail on Sundays
        ("night", "2026-03-02 23:00", "1w", "2026-03-04 06:00"),  # the shift of the next date ends the morning after
        ("night", "2026-03-03 03:00", "4h", "2026-03-03 23:00"),
        ("office", "2026-03-02 09:00", "0", "2026-03-02 09:00"),
    ],
)
def test_span_ends_where_a_person_would_say(calendar, start, text, expected):
    assert clock_for(SCHEDULES[calendar]).after(china(start), span(text)) == china(expected)


@pytest.mark.parametrize(
    ("calendar", "finish", "text", "expected"),
    [
        ("office", "2026-03-03 18:00", "1w", "2026-03-03 00:00"),  # any time on Monday will do
        ("office", "2026-03-03 17:59", "1w", "2026-03-02 00:00"),
        ("office", "2026-10-08 18:00", "1w", "2026-10-08 00:00"),  # a start in 国庆 still leads to the 8th
        ("office", "2026-10-08 18:00", "2w", "2026-09-30 00:00"),
        ("bank", "2026-02-24 17:00", "1w", "2026-02-24 00:00"),
    ],
)
def test_working_days_back_end_with_the_local_date_before(calendar, finish, text, expected):
    assert clock_for(SCHEDULES[calendar]).start_before(china(finish), span(text)) == china(expected) - TICK


def test_hours_back_run_in_working_time():
    clock = clock_for(SCHEDULES["office"])

    assert clock.start_before(china("2026-10-08 09:30"), span("2h")) == china("2026-09-30 17:00")
    assert clock.start_before(china("2026-03-02 15:00"), span("2h")) == china("2026-03-02 11:30")
    assert clock.start_before(china("2026-03-02 18:00"), span("8h")) == china("2026-03-02 08:30")


def test_calendar_days_that_end_on_a_day_off_are_settled():
    clock = clock_for(SCHEDULES["bank"])

    assert clock.finish_after(china("2026-09-10 17:00"), span("21c")) == china("2026-10-08 09:00")
    assert clock.settle_back(china("2026-10-01 17:00")) == china("2026-09-30 17:00")
    assert clock.start_before(china("2026-10-08 08:59"), span("21c")) == china("2026-09-09 17:00")


@settings(relaxed, max_examples=2000)
@given(any_schedule, instants, nearby, ticks, spans)
def test_going_back_is_the_inverse_of_going_forward(schedule, start, distance, tick, duration):
    clock = clock_for(schedule)
    finish = clock.finish_after(start, duration) + distance + tick

    assert (clock.finish_after(start, duration) <= finish) is (start <= clock.start_before(finish, duration))
    assert (clock.after(start, duration) <= finish) is (start <= clock.before(finish, duration))


@settings(relaxed, max_examples=2000)
@given(
    changing_schedule, st.sampled_from(CLOCK_CHANGES), st.integers(-300, 300), st.integers(-300, 300), ticks, few_days
)
def test_calendar_days_are_exact_around_clock_changes_as_well(schedule, change, before, distance, tick, duration):
    """A skipped hour ends a span as the clocks are put forward; a doubled hour ends one in its first pass."""
    clock = clock_for(schedule)
    for start in (change + before * MINUTE, change - duration.amount * DAY + before * MINUTE):
        finish = clock.after(start, duration) + distance * MINUTE + tick

        assert (clock.after(start, duration) <= finish) is (start <= clock.before(finish, duration))
        assert (clock.finish_after(start, duration) <= finish) is (start <= clock.start_before(finish, duration))
        assert clock.after(start, duration) <= clock.after(start + abs(distance) * MINUTE, duration)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-03-07T07:30", 1, "2026-03-08T07:00"),  # 02:30 on the 8th is skipped: the clocks jump at 07:00 UTC
        ("2026-03-07T08:10", 1, "2026-03-08T07:10"),  # 03:10 local time on both days
        ("2026-10-31T05:30", 1, "2026-11-01T05:30"),  # 01:30 comes twice on the first: the first time counts
        ("2026-11-01T05:30", 1, "2026-11-02T06:30"),  # from its first pass
        ("2026-11-01T06:30", 1, "2026-11-02T07:00"),  # from its second pass: as from two o'clock
    ],
)
def test_calendar_days_keep_the_local_time_over_a_clock_change(start, days, expected):
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, expected))

    assert clock_for(SCHEDULES["port"]).after(begin, Span(days, "c")) == end


@settings(relaxed, max_examples=600)
@given(any_schedule, instants, nearby, ticks)
def test_settling_is_its_own_inverse(schedule, at, distance, tick):
    clock = clock_for(schedule)
    other = clock.settle(at) + distance + tick

    assert (clock.settle(at) <= other) is (at <= clock.settle_back(other))
    for settled in (clock.settle(at), clock.settle_back(at)):
        assert is_working_time(settled, schedule) or is_working_time(settled - TICK, schedule)
        assert clock.settle(settled) == clock.settle_back(settled) == settled


@settings(relaxed, max_examples=600)
@given(any_schedule, instants, st.integers(0, 4000), spans)
def test_starting_later_never_finishes_earlier(schedule, start, minutes, duration):
    clock = clock_for(schedule)
    later = start + minutes * MINUTE

    assert clock.finish_after(start, duration) <= clock.finish_after(later, duration)
    assert clock.start_before(start, duration) <= clock.start_before(later, duration)


def test_inverse_fails_for_a_way_back_that_gives_a_day_away():
    """The control: of the properties above, a `before` that is a day off breaks each."""
    clock = clock_for(SCHEDULES["office"])
    start, duration = china("2026-09-30 18:00"), span("2w")
    finish = clock.finish_after(start, duration)

    a_day_early = clock.start_before(finish, span("3w"))

    assert (clock.finish_after(start, duration) <= finish) is not (start <= a_day_early)


@settings(relaxed, max_examples=300)
@given(any_schedule, instants, instants, spans)
def test_what_a_clock_remembers_is_what_it_would_say_anew(schedule, start, end, duration):
    kept = clock_for(schedule)
    for _time in range(2):
        fresh = Clock(WorkSchedule.from_dict(schedule.to_dict()))
        assert kept.after(start, duration) == fresh.after(start, duration)
        assert kept.before(end, duration) == fresh.before(end, duration)
        assert kept.settle(start) == fresh.settle(start)
        assert kept.settle_back(start) == fresh.settle_back(start)
        assert kept.between(start, end) == fresh.between(start, end)
        assert kept.days_between(start, end) == fresh.days_between(start, end)


def test_clock_tells_the_two_hours_of_a_clock_change_apart():
    """Half past one comes twice on 2026-11-01 in New York; as local times the two are equal, hash and all."""
    zone = ZoneInfo("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=zone)
    clock = Clock(SCHEDULES["port"])

    assert clock.after(first, span("2h")) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    assert clock.after(first.replace(fold=1), span("2h")) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_answers_are_in_utc_whatever_zone_was_asked_in(zone):
    clock = Clock(SCHEDULES["carrier"])
    at = china("2026-03-02 09:00").astimezone(ZoneInfo(zone))

    answers = [clock.settle(at), clock.settle_back(at), clock.after(at, span("1h")), clock.open_from(at)]

    assert all(answer.utcoffset() == timedelta(0) for answer in answers)


def test_memory_of_a_clock_is_bounded():
    from orders.planning import spans as module

    clock = Clock(SCHEDULES["office"])
    for minute in range(module.KEPT_ANSWERS + 50):
        clock.settle(china("2026-03-02 09:00") + minute * MINUTE)

    assert max(len(kept) for kept in clock._kept.values()) <= module.KEPT_ANSWERS


def test_clock_is_shared_by_schedules_with_the_same_rules():
    office = SCHEDULES["office"]

    assert clock_for(WorkSchedule.from_dict(office.to_dict())) is clock_for(office)
    assert clock_for(SCHEDULES["bank"]) is not clock_for(office)


def test_a_day_of_float_is_the_longest_of_the_week():
    assert clock_for(SCHEDULES["office"]).day_length == 8 * HOUR
    assert clock_for(SCHEDULES["berlin"]).day_length == 8 * HOUR + 30 * MINUTE
    dates_only = WorkSchedule.from_dict(
        {"timezone": "Asia/Shanghai", "hours": {}, "date_hours": {"2026-03-02": [["09:00", "10:00"]]}}
    )
    assert Clock(dates_only).day_length == 8 * HOUR
