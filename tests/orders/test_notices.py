"""What a reminder says, whether it is still true, and the way from the sweep to mail and inbox."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from orders import notices, reminders, topics
from orders.models import ClockPause, Milestone
from teams.models import Membership, Notification, TopicChoice, WorkCalendar
from teams.notifications import delivery, registry, texts
from tests.factories import MONDAY, make_company, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DUE = MONDAY + 2 * HOUR  # Monday 2026-03-02 11:00 in Shanghai


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, username="wang", name="王芳")


@pytest.fixture
def lead(team):
    return make_user("lead", team=team, username="li", language="en", timezone="Europe/Berlin")


@pytest.fixture
def step(team, clerk, lead):
    customer = make_company(team=team, name="Nordlicht & Sohn")
    order = make_confirmed_order(team=team, by=clerk, number="GD/26 1", customer=customer)
    order.milestones.filter(status="active").update(
        soon_at=DUE - HOUR, due_at=DUE, lead_at=DUE + HOUR, manager_at=None, next_reminder_at=DUE - HOUR
    )
    return order.milestones.get(status="active")


@pytest.fixture
def at_once(clerk, lead, team):
    """Both are at work day and night, and want to be told at once."""
    team.calendar = WorkCalendar.objects.get(code="CARRIER")
    team.save()
    for person, topic in ((clerk, topics.DUE), (lead, topics.LEAD)):
        TopicChoice.objects.create(user=person, topic=topic, urgency="urgent")


def queued(step: Milestone, at=DUE + 2 * HOUR) -> list[Notification]:
    reminders.sweep(now=at)
    return list(Notification.objects.filter(subject=step.subject).select_related("recipient").order_by("payload__step"))


@pytest.mark.usefixtures("at_once")
def test_a_due_step_reaches_inbox_and_mail_in_the_readers_language_and_zone(step, clerk, lead):
    queued(step)
    Notification.objects.update(not_before=timezone.now() - HOUR)

    delivery.deliver()

    by_reader = {message.to[0]: message for message in mail.outbox}
    assert set(by_reader) == {"wang@example.com", "li@example.com"}
    english = by_reader["li@example.com"]
    assert english.subject == "Overdue: order received of order GD/26 1, with 王芳"
    assert "Due: Mon 2 Mar 2026, 04:00" in english.body
    assert "Customer: Nordlicht & Sohn" in english.body
    assert "http://testserver/orders/GD%2F26%201/" in english.body
    assert "接单" in by_reader["wang@example.com"].subject
    assert Notification.objects.inbox_of(clerk).count() == Notification.objects.inbox_of(lead).count() == 1


@pytest.mark.usefixtures("at_once")
def test_inbox_and_mail_say_the_same(step, lead):
    queued(step)
    Notification.objects.update(not_before=timezone.now() - HOUR)
    delivery.deliver()
    row = Notification.objects.inbox_of(lead).get()
    sent = next(message for message in mail.outbox if message.to == [lead.email])

    with translation.override("en"), timezone.override("Europe/Berlin"):
        assert texts.headline(row) == sent.subject
        assert all(line in sent.body for line in texts.body(row).splitlines())


def test_an_inbox_of_many_is_worded_without_a_query(step, django_assert_num_queries):
    rows = queued(step)
    for row in rows:
        row.payload |= notices.still_true([row], DUE + 2 * HOUR)[row.pk]

    with django_assert_num_queries(0):
        assert all(texts.headline(row) and texts.body(row) and texts.target_url(row) for row in rows)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (DUE, 0),
        (DUE - HOUR / 2, -30),
        (DUE + HOUR, 60),
        (DUE + 3 * HOUR, 90),  # 11:00 to 14:00 with the break from 12:00 to 13:30
        (DUE + 24 * HOUR, 480),  # one working day
    ],
)
def test_time_over_is_counted_in_working_time(step, at, expected):
    assert notices.facts_of(step, at)["over_minutes"] == expected


def test_words_tell_what_is_left_or_over(step):
    payload = {**notices.facts_of(step, DUE + 3 * HOUR), "due_at": DUE.isoformat()}

    with translation.override("en"):
        assert notices.words(payload)["over"] == "1 h 30 min"
        assert notices.words({**payload, "over_minutes": -60})["left"] == "1 h"
        assert notices.words({**payload, "over_minutes": 0})["left"] == ""


def holds(step: Milestone, name: str, at=DUE + 2 * HOUR) -> bool:
    rows = queued(step, at)
    row = next(row for row in rows if row.payload["step"] == name)
    return row.pk in notices.still_true([row], at)


def test_a_reminder_holds_while_nothing_changes(step):
    assert holds(step, "due")
    assert holds(step, "lead")


def test_a_soon_reminder_holds_until_the_due_instant(step):
    (row,) = queued(step, DUE - HOUR)

    assert row.pk in notices.still_true([row], DUE - HOUR / 60)
    assert notices.still_true([row], DUE) == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda step: Milestone.objects.filter(pk=step.pk).update(due_at=DUE + HOUR),
        lambda step: Milestone.objects.filter(pk=step.pk).update(status="pending"),
        lambda step: Milestone.objects.filter(pk=step.pk).update(
            status="skipped", closed_at=DUE, recorded_at=DUE, next_reminder_at=None
        ),
        lambda step: Milestone.objects.filter(pk=step.pk).update(assignee=None),
        lambda step: type(step.order).objects.filter(pk=step.order_id).update(status="on_hold"),
        lambda step: ClockPause.objects.create(
            milestone=step, side="customer", reason="asks", from_at=DUE, by=step.assignee
        ),
        lambda step: Milestone.objects.filter(pk=step.pk).delete(),
    ],
    ids=["date moved", "not active", "closed", "other person", "order held", "clock stopped", "gone"],
)
def test_a_reminder_to_the_owner_no_longer_holds_after_a_change(step, change):
    rows = queued(step)
    due = [row for row in rows if row.payload["step"] == "due"]
    assert notices.still_true(due, DUE + 2 * HOUR)

    change(step)

    assert notices.still_true(due, DUE + 2 * HOUR) == {}


def test_an_escalation_no_longer_holds_for_somebody_who_stopped_being_lead(step, lead):
    rows = [row for row in queued(step) if row.payload["step"] == "lead"]

    Membership.objects.filter(user=lead).delete()

    assert notices.still_true(rows, DUE + 2 * HOUR) == {}


def test_a_pause_on_a_supplier_does_not_silence_a_reminder(step):
    ClockPause.objects.create(milestone=step, side="supplier", reason="late", from_at=DUE, by=step.assignee)

    assert holds(step, "due")


def test_a_hard_cut_off_of_ones_own_is_a_topic_of_its_own(step, clerk, lead):
    Milestone.objects.filter(pk=step.pk).update(flags="H")

    assert {(row.recipient_id, registry.topic_of(row)) for row in queued(step)} == {
        (clerk.pk, topics.CUTOFF),
        (lead.pk, topics.LEAD),
    }


def test_checking_costs_the_same_for_one_and_for_many(step, team, clerk):
    def statements(rows) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(notices.still_true(rows, DUE + 2 * HOUR)) == len(rows)
        return len(captured)

    rows = queued(step)
    statements(rows)
    assert statements(rows) == statements(rows[:1])
