from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from teams import throttle
from teams.models import IdempotencyKey, LoginAttempt
from teams.services.upkeep import delete_leftovers
from tests.factories import MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db


def test_rows_that_served_their_time_go_and_the_others_stay():
    clerk = make_user("clerk", team=make_team())
    for name, age in (("old", timedelta(days=3)), ("new", timedelta(0))):
        IdempotencyKey.objects.create(user=clerk, key=name, fingerprint="f", created_at=MONDAY - age)
        LoginAttempt.objects.create(scope="account", key=name, window_at=throttle._window(MONDAY - age), count=1)
        Session.objects.create(session_key=name, session_data="", expire_date=MONDAY + timedelta(hours=1) - age)

    assert delete_leftovers(MONDAY + timedelta(minutes=2)) == 3

    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]
    assert list(LoginAttempt.objects.values_list("key", flat=True)) == ["new"]
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
