"""Calendars from before versions were kept: what they said becomes the version that they have reached."""

from importlib import import_module

import pytest
from django.apps import apps

from teams.models import CalendarException, CalendarVersion, WorkCalendar
from teams.services.calendars import load_default_calendars

pytestmark = pytest.mark.django_db


@pytest.fixture
def before():
    """The shipped calendars as they stood then: no version kept, statutory days in Chinese only."""
    load_default_calendars()
    kept = {version.calendar_id: version for version in CalendarVersion.objects.all()}
    CalendarVersion.objects.all().delete()
    CalendarException.objects.update(name_en="")
    WorkCalendar.objects.filter(code="CN_OFFICE").update(version=5)
    return kept


def run(name: str) -> None:
    import_module(f"teams.migrations.{name}").fill(apps, None)


def test_each_calendar_gets_the_version_it_has_reached(before):
    run("0003_statutory_days_in_english")
    run("0004_first_calendar_versions")
    run("0004_first_calendar_versions")  # a second run adds nothing

    rows = {version.calendar_id: version for version in CalendarVersion.objects.all()}
    office = WorkCalendar.objects.get(code="CN_OFFICE")
    assert rows[office.pk].version == 5
    assert {pk: (row.spec, row.days) for pk, row in rows.items()} == {
        pk: (row.spec, row.days) for pk, row in before.items()
    }


def test_a_calendar_whose_version_is_not_kept_still_has_its_schedule(before):
    office = WorkCalendar.objects.get(code="CN_OFFICE")

    assert office.schedule().key == office.schedule(5).key
