from datetime import datetime, timedelta

import pytest

from teams.models import WorkCalendar
from teams.services.calendars import load_statutory_days
from teams.worktime import add_working_time, working_time_between
from tests.api import Api
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    return Api(make_user("qc", team=make_team()))


def test_the_engine_answers_as_it_does_inside(api):
    schedule = WorkCalendar.objects.get(code="CN_OFFICE").schedule()
    start = datetime.fromisoformat("2026-09-30T16:30:00+08:00")  # the evening before National Day

    added = api.get("calendars/CN_OFFICE/add/", start=start.isoformat(), minutes=120).json()
    between = api.get("calendars/CN_OFFICE/between/", start=start.isoformat(), end=added["end"]).json()

    assert datetime.fromisoformat(added["end"]) == add_working_time(start, timedelta(minutes=120), schedule)
    assert added["end"] == "2026-10-08T01:00:00Z"
    assert between["minutes"] == 120
    assert working_time_between(start, datetime.fromisoformat(added["end"]), schedule) == timedelta(hours=2)


def test_a_plus_that_arrives_as_a_blank_is_read(api):
    response = api.client.get("/api/v1/calendars/CN_OFFICE/add/?start=2026-03-02T09:00:00+08:00&minutes=-30")

    assert response.json()["end"] == "2026-03-02T00:30:00Z"


def test_the_list_holds_the_shipped_calendars_and_one_holds_its_hours(api):
    codes = [row["code"] for row in api.get("calendars/").json()["results"]]

    assert codes == sorted(codes)
    assert set(codes) >= {"CN_OFFICE", "CN_FACTORY", "BANK_CN", "CARRIER"}
    assert api.get("calendars/CN_OFFICE/").json()["spec"]["hours"]["mon"] == [["08:30", "12:00"], ["13:30", "18:00"]]
    assert api.get("calendars/NONE/").status_code == 404


def test_an_older_version_answers_as_it_did(api):
    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    old = calendar.version
    load_statutory_days(calendar, [2027])
    query = {"start": "2027-09-30T16:30:00+08:00", "minutes": 120}

    before = api.get("calendars/CN_OFFICE/add/", **query, version=old).json()
    after = api.get("calendars/CN_OFFICE/add/", **query).json()

    assert (before["calendar_version"], before["end"]) == (old, "2027-10-01T01:00:00Z")
    assert (after["calendar_version"], after["end"]) == (old + 1, "2027-10-06T01:00:00Z")
    between = api.get("calendars/CN_OFFICE/between/", start=query["start"], end=before["end"], version=old).json()
    assert (between["calendar_version"], between["minutes"]) == (old, 120)


@pytest.mark.parametrize("version", ["0", "-1", "99", "x", "99999999999999999999"])
def test_a_version_that_never_was_is_refused_by_its_field(api, version):
    for path, more in (("add", {"minutes": 1}), ("between", {"end": "2026-03-02T09:00:00Z"})):
        response = api.get(f"calendars/CN_OFFICE/{path}/", start="2026-03-02T09:00:00Z", version=version, **more)

        assert response.status_code == 422
        assert list(response.json()["fields"]) == ["version"]
