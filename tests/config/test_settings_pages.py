"""Django's admin as settings pages: for whoever may edit settings, and for nobody else."""

import pytest
from django.contrib import admin

from teams.models import WorkCalendar
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    user = make_user("admin", team=make_team())
    client.force_login(user)
    return user


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_every_settings_list_opens(client, administrator, model):
    response = client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")

    assert response.status_code == 200


def test_others_do_not_find_it(client):
    client.force_login(make_user("manager", team=make_team()))

    assert client.get("/admin/").status_code == 302
    assert client.get("/admin/", follow=True).status_code == 404


@pytest.mark.parametrize("role", ["manager", "lead", "clerk"])
def test_the_settings_page_is_closed_to_others(client, role):
    client.force_login(make_user(role, team=make_team()))

    assert client.get("/settings/").status_code == 403


def test_the_settings_page_leads_to_calendars_people_and_teams(client, administrator):
    page = client.get("/settings/").content.decode()

    for address in ("/settings/calendars/", "/admin/teams/user/", "/admin/teams/team/", "/admin/"):
        assert f'href="{address}"' in page


@pytest.fixture
def calendar():
    make_team()
    return WorkCalendar.objects.get(code="CN_OFFICE")


def test_a_calendar_is_shown_here_and_leads_to_its_editor(client, administrator, calendar):
    page = client.get(f"/admin/teams/workcalendar/{calendar.pk}/change/").content.decode()

    assert "/settings/calendars/CN_OFFICE/" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("action", ["change", "delete"])
def test_a_calendar_is_not_edited_past_its_preview(client, administrator, calendar, action):
    form = {
        "code": calendar.code,
        "name_zh": "改过",
        "name_en": calendar.name_en,
        "timezone": "Asia/Tokyo",
        "post": "yes",
        "intervals-TOTAL_FORMS": 1,
        "intervals-INITIAL_FORMS": 0,
        "intervals-0-weekday": 7,
        "intervals-0-start_minute": 60,
        "intervals-0-end_minute": 120,
        "exceptions-TOTAL_FORMS": 0,
        "exceptions-INITIAL_FORMS": 0,
    }
    before = calendar.content(), calendar.version

    response = client.post(f"/admin/teams/workcalendar/{calendar.pk}/{action}/", form)

    calendar.refresh_from_db()
    assert response.status_code == 403
    assert (calendar.content(), calendar.version) == before


def test_the_editor_makes_a_new_version_after_the_preview(client, administrator, calendar):
    before = calendar.version
    form = {"day": "off", "from_date": "2026-03-09", "to_date": "2026-03-10", "name": "厂庆"}

    preview = client.post("/settings/calendars/CN_OFFICE/days/", form)
    calendar.refresh_from_db()
    unsaved = calendar.version
    client.post(f"{preview.url}save/")

    calendar.refresh_from_db()
    assert (unsaved, calendar.version) == (before, before + 1)
    assert calendar.exceptions.filter(name="厂庆", is_statutory=False).count() == 2


def test_a_calendar_without_working_time_is_refused(client, administrator, calendar):
    form = {"name_zh": "空", "name_en": "Empty", "timezone": "Asia/Shanghai", "version": calendar.version}

    response = client.post("/settings/calendars/CN_OFFICE/hours/", form)

    calendar.refresh_from_db()
    assert response.status_code == 422
    assert "mon" in response.context["form"].errors
    assert (calendar.name_zh, calendar.edits.count()) == ("中国办公室", 0)


def test_nobody_adds_a_calendar_past_the_editor(client, administrator):
    response = client.post("/admin/teams/workcalendar/add/", {"code": "EMPTY", "name_zh": "空", "name_en": "Empty"})

    assert response.status_code == 403
    assert not WorkCalendar.objects.filter(code="EMPTY").exists()
