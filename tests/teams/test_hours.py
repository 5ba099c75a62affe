"""When a person may be told something, and when their digest is due."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from teams.notifications.hours import Hours
from teams.worktime import WorkSchedule

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
ZONES = ["America/New_York", "Europe/Berlin", "Europe/London", "Australia/Sydney", "America/Sao_Paulo", "Asia/Shanghai"]


@pytest.fixture(scope="module")
def office():
    return WorkSchedule.from_dict(
        {
            "timezone": "Asia/Shanghai",
            "hours": WEEK,
            "holidays": ["2026-10-01", "2026-10-02"],
            "extra_workdays": ["2026-10-10"],
        }
    )


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-02T10:00", "2026-03-02T10:00"),
        ("2026-03-02T12:30", "2026-03-02T13:00"),
        ("2026-03-02T18:00", "2026-03-03T09:00"),  # the closing instant is not open
        ("2026-03-06T19:00", "2026-03-09T09:00"),
        ("2026-09-30T20:00", "2026-10-05T09:00"),
        ("2026-10-10T08:00", "2026-10-10T09:00"),  # a Saturday that is worked
    ],
)
def test_a_person_is_told_in_their_working_time(office, now, opens):
    assert Hours(SHANGHAI, office).next_open(at(now)) == at(opens)


@pytest.mark.parametrize(
    ("quiet", "now", "opens"),
    [
        (("12:00", "14:30"), "2026-03-02T13:10", "2026-03-02T14:30"),
        (("17:00", "10:00"), "2026-03-02T17:05", "2026-03-03T10:00"),
        (("17:00", "10:00"), "2026-03-02T09:30", "2026-03-02T10:00"),
        (("17:00", "10:00"), "2026-03-06T17:05", "2026-03-09T10:00"),
        (("09:00", "18:00"), "2026-03-02T10:00", "2026-03-02T10:00"),  # nothing is left open: told all the same
    ],
)
def test_quiet_hours_put_off_and_drop_nothing(office, quiet, now, opens):
    hours = Hours(SHANGHAI, office, None, *map(time.fromisoformat, quiet))

    assert hours.next_open(at(now)) == at(opens)


def test_without_a_calendar_every_hour_is_a_working_hour():
    assert Hours(SHANGHAI).next_open(at("2026-03-01T03:00")) == at("2026-03-01T03:00")


@pytest.mark.parametrize(
    ("digest", "now", "day", "due"),
    [
        (None, "2026-03-02T07:00", "2026-03-02", "2026-03-02T09:05"),
        (None, "2026-03-02T09:01", "2026-03-02", "2026-03-02T09:05"),  # what came overnight is in it
        (None, "2026-03-02T09:06", "2026-03-03", "2026-03-03T09:05"),
        ("10:30", "2026-03-02T09:01", "2026-03-02", "2026-03-02T10:30"),
        ("12:15", "2026-03-02T09:01", "2026-03-02", "2026-03-02T13:00"),
        ("20:00", "2026-03-02T08:00", "2026-03-02", "2026-03-02T09:05"),  # after closing: the day's first instant
        (None, "2026-03-06T12:00", "2026-03-09", "2026-03-09T09:05"),
        (None, "2026-09-30T12:00", "2026-10-05", "2026-10-05T09:05"),
    ],
)
def test_the_digest_is_due_on_the_next_working_day(office, digest, now, day, due):
    hours = Hours(SHANGHAI, office, time.fromisoformat(digest) if digest else None)

    assert hours.next_digest(at(now)) == (date.fromisoformat(day), at(due))


def test_whoever_works_round_the_clock_reads_no_digest_at_midnight():
    assert Hours(SHANGHAI).next_digest(at("2026-03-01T03:00")) == (date(2026, 3, 1), at("2026-03-01T08:00"))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", ["02:30", "00:00"])
def test_one_digest_on_each_local_day_of_a_year_whatever_clocks_do(zone, clock):
    """R13: 366 days, stepped by the hour and around changes by the minute."""
    hours = Hours(ZoneInfo(zone), None, time.fromisoformat(clock))
    now, told = datetime(2027, 12, 31, 12, tzinfo=UTC), {}
    end = now + timedelta(days=368)
    due = hours.next_digest(now)
    while now < end:
        while now >= due[1]:
            told.setdefault(due[0], []).append(due[1])
            due = hours.next_digest(due[1] + timedelta(microseconds=1))
        ahead = (now + timedelta(hours=26)).astimezone(hours.zone).utcoffset()
        is_near_change = ahead != (now - timedelta(hours=26)).astimezone(hours.zone).utcoffset()
        now += timedelta(minutes=1) if is_near_change else timedelta(hours=1)

    year = [date(2028, 1, 1) + timedelta(days=n) for n in range(366)]
    assert [len(told[day]) for day in year] == [1] * 366
    assert all(instant.astimezone(hours.zone).date() == day for day in year for instant in told[day])
