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


def test_editing_a_calendar_makes_a_new_version(client, administrator):
    calendar = WorkCalendar.objects.create(code="NIGHT", name_zh="夜班", name_en="Night shift")
    before = calendar.version
    form = {
        "code": calendar.code,
        "name_zh": "承运人",
        "name_en": calendar.name_en,
        "timezone": calendar.timezone,
        "intervals-TOTAL_FORMS": 1,
        "intervals-INITIAL_FORMS": 0,
        "intervals-0-weekday": 8,
        "intervals-0-start_minute": 60,
        "intervals-0-end_minute": 120,
        "exceptions-TOTAL_FORMS": 0,
        "exceptions-INITIAL_FORMS": 0,
    }

    response = client.post(f"/admin/teams/workcalendar/{calendar.pk}/change/", form)

    calendar.refresh_from_db()
    assert (response.status_code, calendar.name_zh, calendar.version) == (302, "承运人", before + 1)


def test_a_calendar_without_working_time_is_refused(client, administrator):
    form = {
        "code": "EMPTY",
        "name_zh": "空",
        "name_en": "Empty",
        "timezone": "Asia/Shanghai",
        "intervals-TOTAL_FORMS": 1,
        "intervals-INITIAL_FORMS": 0,
        "exceptions-TOTAL_FORMS": 0,
        "exceptions-INITIAL_FORMS": 0,
    }

    response = client.post("/admin/teams/workcalendar/add/", form)

    assert response.status_code == 200
    assert not WorkCalendar.objects.filter(code="EMPTY").exists()
