"""Why a date is what it is: the days that were skipped or made up, by name."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from teams.calendar_days import DayRun, day_runs, passed_over
from teams.models import CalendarException, WorkCalendar
from teams.models.calendars import UnknownVersion
from teams.services.calendars import load_default_calendars, load_statutory_days

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def office():
    load_default_calendars()
    with translation.override("zh-hans"):
        yield WorkCalendar.objects.get(code="CN_OFFICE")


def local(month, day, hour=9, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def test_national_day_of_2026_is_one_run_and_its_makeup_days_bear_its_name(office):
    assert day_runs(office, date(2026, 9, 28), date(2026, 10, 11)) == [
        DayRun(date(2026, 10, 1), date(2026, 10, 7), "off", "国庆节"),
        DayRun(date(2026, 10, 10), date(2026, 10, 10), "workday", "国庆节"),
        DayRun(date(2026, 10, 11), date(2026, 10, 11), "rest", ""),
    ]


def test_names_are_in_the_language_in_force(office):
    with translation.override("en"):
        runs = day_runs(office, date(2026, 10, 1), date(2026, 10, 10))

    assert [run.name for run in runs] == ["National Day", "National Day"]


def test_a_weekend_is_one_run_of_rest(office):
    assert day_runs(office, date(2026, 3, 2), date(2026, 3, 9)) == [
        DayRun(date(2026, 3, 7), date(2026, 3, 8), "rest", "")
    ]


def test_an_own_day_speaks_before_the_statutory_one(office):
    CalendarException.objects.create(calendar=office, date=date(2026, 10, 6), kind="workday", name="赶货")
    load_statutory_days(office, [2026])  # as the next version

    runs = day_runs(office, date(2026, 10, 5), date(2026, 10, 7))

    assert [(run.first.day, run.kind, run.name) for run in runs] == [
        (5, "off", "国庆节"),
        (6, "workday", "赶货"),
        (7, "off", "国庆节"),
    ]
    assert len(day_runs(office, date(2026, 10, 5), date(2026, 10, 7), version=office.version - 1)) == 1


def test_days_are_read_once_for_a_version(office, django_assert_num_queries):
    load_statutory_days(office, [2026])

    with django_assert_num_queries(1):
        day_runs(office, date(2026, 1, 1), date(2026, 12, 31))
        day_runs(office, date(2026, 1, 1), date(2026, 12, 31))


def test_an_unknown_version_is_said(office):
    with pytest.raises(UnknownVersion):
        day_runs(office, date(2026, 1, 1), date(2026, 1, 2), version=77)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (local(9, 30, 16), local(10, 10, 12), [(1, 7, "off"), (10, 10, "workday")]),
        (local(9, 30, 16), local(10, 1, 0), []),  # midnight does not touch the day that begins
        (local(9, 30, 16), local(10, 1, 0, 1), [(1, 1, "off")]),
        (local(10, 3, 9), local(10, 8, 9), [(3, 7, "off")]),
        (local(10, 8, 9), local(10, 9, 9), []),
        (local(10, 8, 9), local(10, 8, 9), []),
        (local(10, 8, 9), local(10, 1, 9), []),
    ],
)
def test_what_was_passed_over_between_two_instants(office, start, end, expected):
    found = passed_over(office, start, end)

    assert [(run.first.day, run.last.day, run.kind) for run in found] == expected


def test_the_days_are_those_of_the_calendars_zone(office):
    # 2026-10-01 00:30 in Shanghai is still September in UTC.
    start, end = (datetime.fromisoformat(text) for text in ("2026-09-30T10:00:00+00:00", "2026-09-30T16:30:00+00:00"))

    assert [run.name for run in passed_over(office, start, end)] == ["国庆节"]
