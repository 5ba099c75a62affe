"""Calendars as people edit them, and the values made of them."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from teams.models import CalendarException, WorkCalendar, WorkInterval
from teams.services.calendars import load_default_calendars, load_statutory_days
from teams.worktime import is_working_day, is_working_time, working_days_between

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    load_default_calendars()
    return WorkCalendar.objects.get(code="CN_OFFICE")


def test_shipped_calendars_are_loaded_once(office):
    assert set(WorkCalendar.objects.values_list("code", flat=True)) == {"CN_OFFICE", "CN_FACTORY", "BANK_CN", "CARRIER"}
    assert load_default_calendars() == 0


def test_china_2026_has_248_working_days(office):
    schedule = office.schedule()

    assert working_days_between(date(2025, 12, 31), date(2026, 12, 31), schedule) == 248
    assert is_working_day(date(2026, 10, 10), schedule)  # 补班
    assert not is_working_day(date(2026, 10, 1), schedule)  # 放假
    assert office.verified_until == date(2026, 12, 31)


def test_lunch_is_not_worked(office):
    assert not is_working_time(datetime(2026, 3, 2, 4, 30, tzinfo=UTC), office.schedule())  # 12:30 in Shanghai


def test_a_calendar_that_ignores_makeup_days_has_none(office):
    bank = WorkCalendar.objects.create(code="X", name_zh="x", name_en="x", follows_makeup_days=False)
    load_statutory_days(bank, [2026])

    assert not bank.exceptions.filter(kind="workday").exists()
    assert bank.exceptions.filter(kind="off", date=date(2026, 10, 1)).exists()


def test_own_exceptions_survive_the_statutory_ones(office):
    office.exceptions.filter(date=date(2026, 10, 10)).delete()
    CalendarException.objects.create(calendar=office, date=date(2026, 10, 10), kind="off", name="厂庆")

    load_statutory_days(office, [2026])

    assert office.exceptions.get(date=date(2026, 10, 10), is_statutory=False).name == "厂庆"
    assert not is_working_day(date(2026, 10, 10), office.schedule())


def test_a_new_version_is_a_new_schedule(office):
    assert not is_working_day(date(2026, 3, 7), office.schedule())
    CalendarException.objects.create(calendar=office, date=date(2026, 3, 7), kind="workday")
    office.version += 1
    office.save(update_fields=["version"])

    assert is_working_day(date(2026, 3, 7), office.schedule())


@pytest.mark.parametrize(("start", "end"), [(600, 600), (700, 600), (0, 1441)])
def test_an_interval_lies_within_the_day(office, start, end):
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkInterval.objects.create(calendar=office, weekday=1, start_minute=start, end_minute=end)


@pytest.mark.parametrize("is_statutory", [True, False])
def test_a_date_has_one_exception_of_each_source(office, is_statutory):
    CalendarException.objects.get_or_create(
        calendar=office, date=date(2026, 10, 1), is_statutory=is_statutory, defaults={"kind": "off"}
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarException.objects.create(
            calendar=office, date=date(2026, 10, 1), kind="workday", is_statutory=is_statutory
        )
