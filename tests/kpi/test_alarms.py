"""Signals of control charts: told once, with limits and causes, and only when a chart has firm limits."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from kpi.alarms import TOPIC, tell, words
from orders.models import DelayReason
from teams.models import Notification
from teams.notifications import registry
from tests.factories import make_team, make_user
from tests.kpi.rows import local, put_order, put_step

pytestmark = pytest.mark.django_db
# The Monday after the week from the 9th of March.
MONDAY = local(2026, 3, 16, 6)
WEEKLY = 10


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def lead(team):
    return make_user("lead", team=team)


def put_weeks(team, *, weeks, late_last):
    """Weeks of ten steps, one or two of them late in turn; in the last week `late_last` of them."""
    order = put_order(team)
    reason = DelayReason.objects.create(code="space", name_zh="爆舱", name_en="No space", side="carrier")
    for back in range(weeks, 0, -1):
        late = late_last if back == 1 else 1 + back % 2
        due = local(2026, 3, 18, 18) - timedelta(weeks=back)
        for number in range(WEEKLY):
            done = due + timedelta(hours=20 if number < late else -20)
            put_step(order, due_at=due, closed_at=done, delay_reason=reason if number < late else None)


def told():
    return list(Notification.objects.filter(kind="kpi_signal").order_by("pk"))


def test_a_week_out_of_the_ordinary_is_told_once_to_who_steers(team, lead):
    put_weeks(team, weeks=30, late_last=9)
    clerk, stranger = make_user("clerk", team=team), make_user("lead", team=make_team())

    assert tell(now=MONDAY) == 1
    assert tell(now=MONDAY + timedelta(hours=2)) == 0

    [signal] = told()
    assert signal.recipient == lead
    assert {clerk.pk, stranger.pk}.isdisjoint({signal.recipient_id})
    assert signal.payload["code"] == "K20"
    assert signal.payload["value"] == 10
    assert signal.payload["limits"][0] > 10
    assert signal.payload["causes_en"] == ["No space (9)"]
    assert signal.payload["causes_zh"] == ["爆舱 (9)"]


@pytest.mark.parametrize(("weeks", "late_last"), [(30, 1), (15, 9)])
def test_an_ordinary_week_and_a_chart_without_firm_limits_are_not_told(team, lead, weeks, late_last):
    put_weeks(team, weeks=weeks, late_last=late_last)

    assert tell(now=MONDAY) == 0


def test_a_signal_of_a_week_long_past_is_no_news(team, lead):
    put_weeks(team, weeks=30, late_last=9)

    assert tell(now=MONDAY + timedelta(weeks=1)) == 0
    assert tell(now=MONDAY + timedelta(days=4)) == 0


@pytest.mark.parametrize(("language", "said"), [("en", "beyond a limit"), ("zh-hans", "爆舱 (9)")])
def test_words_and_where_it_leads(client, team, lead, language, said):
    put_weeks(team, weeks=30, late_last=9)
    tell(now=MONDAY)
    [signal] = told()
    with translation.override(language):
        found = words(signal.payload)
    assert said in " ".join(found.values())
    assert "10.0%" in found["value"]
    kind = registry.get("kpi_signal")
    assert kind.topic(signal.payload) == TOPIC
    client.force_login(lead)
    assert client.get(kind.path(signal.payload)).context["found"].metric.code == "K20"


@pytest.mark.parametrize("code", ["K21", "K30", "K38"])
def test_a_stock_has_no_control_chart(client, lead, code):
    client.force_login(lead)

    assert client.get(reverse("kpi_control", args=[code])).status_code == 404
    assert "Control chart" not in client.get(reverse("kpi_figure", args=[code])).content.decode()
