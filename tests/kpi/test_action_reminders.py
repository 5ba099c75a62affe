"""What was agreed in a review is told on its day and, if late, to who agreed it; once each, never when done."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from kpi import reviews, tasks
from kpi.action_reminders import KIND, remind
from kpi.models import ReviewAction
from teams.models import Notification
from teams.notifications import registry
from tests.kpi.rows import local
from tests.kpi.test_reviews import clerk, manager, page, team  # noqa: F401  # fixtures

pytestmark = pytest.mark.django_db
FRIDAY = date(2026, 5, 15)


@pytest.fixture
def action(page, manager):  # noqa: F811
    return reviews.add_action(page=page, text="Call the mill", due_date=FRIDAY, by=manager, now=local(2026, 5, 11))


def told():
    rows = Notification.objects.filter(kind=KIND).order_by("pk").values_list("recipient__username", "payload__step")
    return list(rows)


def test_the_person_is_told_on_its_day_when_the_team_opens(action):
    assert remind(now=local(2026, 5, 14, 23)) == 0
    assert remind(now=local(2026, 5, 15, 0, 30)) == 1
    assert told() == [("ann", "due")]
    assert Notification.objects.get(kind=KIND).not_before == local(2026, 5, 15, 8, 30)


def test_however_often_the_job_runs_nobody_is_told_twice(action, manager):  # noqa: F811
    for hour in (8, 9, 10):
        remind(now=local(2026, 5, 15, hour))
    for day in (16, 17, 18, 25):
        remind(now=local(2026, 5, day, 10))
    assert told() == [("ann", "due"), (manager.username, "late")]


def test_a_day_that_nobody_looked_at_is_made_up_for(action, manager):  # noqa: F811
    assert remind(now=local(2026, 5, 18, 10)) == 2
    assert set(Notification.objects.filter(kind=KIND).values_list("not_before", flat=True)) == {local(2026, 5, 18, 10)}


def test_what_is_done_is_not_told(action, clerk):  # noqa: F811
    remind(now=local(2026, 5, 15, 8))
    message = Notification.objects.get(kind=KIND)
    kind = registry.get(KIND)
    assert kind.still_true([message], local(2026, 5, 15, 9)) == {message.pk: {"text": "Call the mill"}}
    reviews.set_done(action=action, is_done=True, by=clerk, now=local(2026, 5, 15, 8, 30))
    message.refresh_from_db()
    assert message.status == "cancelled"
    assert kind.still_true([message], local(2026, 5, 15, 9)) == {}
    assert remind(now=local(2026, 5, 18, 10)) == 0


def test_somebody_who_left_is_told_nothing(action, clerk):  # noqa: F811
    clerk.is_active = False
    clerk.save()
    assert remind(now=local(2026, 5, 15, 8)) == 0


@pytest.mark.parametrize(("step", "first"), [("due", "Agreed with"), ("late", "Not done: Ann")])
def test_it_says_what_is_to_be_done_and_leads_to_the_page(action, page, step, first):  # noqa: F811
    remind(now=local(2026, 5, 18, 10))
    message = Notification.objects.get(kind=KIND, payload__step=step)
    said = registry.get(KIND).words(message.payload)
    assert said["title"].startswith(first) or not said["title"].isascii()
    assert (said["text"], said["day"]) == ("Call the mill", "2026-05-15")
    assert registry.get(KIND).path(message.payload).endswith(f"/{page.pk}/")


def test_the_hourly_task_tells(action):
    ReviewAction.objects.update(due_date=timezone.localdate() - timedelta(days=1))
    assert tasks.remind_actions() == 2
    assert tasks.remind_actions() == 0
