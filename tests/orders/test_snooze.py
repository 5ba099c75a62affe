"""Reminders put off: when they come back, and that they do so only while they are wanted."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from orders import snooze
from orders.models import ClockPause, Milestone
from orders.services import milestones as milestone_services
from teams.models import Notification, WorkCalendar
from teams.notifications import facets, outbox, registry, texts
from teams.notifications.hours import Hours
from teams.services.calendars import load_default_calendars
from tests.factories import MONDAY, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026 in Shanghai; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.fixture
def office():
    load_default_calendars()
    return WorkCalendar.objects.get(code="CN_OFFICE").schedule()


@pytest.mark.parametrize(
    ("choice", "now", "expected"),
    [
        # The office opens at 08:30, digests come five minutes later.
        ("hour", local(2, 9), local(2, 10)),
        ("hour", local(2, 11, 45), local(2, 14, 15)),  # the break from 12:00 to 13:30
        ("hour", local(6, 17, 30), local(9, 9)),  # Friday evening goes on on Monday
        ("morning", local(2, 9), local(3, 8, 35)),
        ("morning", local(6, 9), local(9, 8, 35)),
        ("days", local(2, 9), local(4, 8, 35)),
        ("days", local(5, 9), local(9, 8, 35)),
        ("days", local(7, 9), local(10, 8, 35)),  # from a Saturday
    ],
)
def test_it_comes_back_in_working_time(office, choice, now, expected):
    assert snooze.wakes_at(choice, Hours(SHANGHAI, office), now=now) == expected


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2026, 3, 10), local(10, 8, 35)), (date(2026, 3, 8), local(9, 8, 35))]
)
def test_a_day_of_ones_choice_or_the_next_that_is_worked(office, day, expected):
    assert snooze.wakes_at("date", Hours(SHANGHAI, office), now=local(2, 9), day=day) == expected


def test_the_morning_is_that_of_the_digest_and_not_quiet(office):
    hours = Hours(SHANGHAI, office, time(10, 30), time(18), time(10))

    assert snooze.wakes_at("morning", hours, now=local(2, 9)) == local(3, 10, 30)
    assert snooze.wakes_at("hour", hours, now=local(2, 17, 30)) == local(3, 10)


def test_without_a_calendar_the_clock_on_the_wall_decides():
    hours = Hours(SHANGHAI)

    assert snooze.wakes_at("hour", hours, now=local(7, 23)) == local(8, 0)
    assert snooze.wakes_at("days", hours, now=local(7, 23)) == local(9, 8)


@pytest.fixture
def clerk():
    return make_user("clerk", team=make_team(), language="en")


@pytest.fixture
def step(clerk):
    order = make_confirmed_order(team=clerk.memberships.get().team, by=clerk, number="GD-1")
    return order.milestones.select_related("order").get(status="active")


def put_off(step, person, **payload) -> Notification:
    key = f"{snooze.subject_of(step)}:{person.pk}"
    outbox.enqueue(
        kind=snooze.KIND,
        recipient=person,
        subject=snooze.subject_of(step),
        dedupe_key=key,
        payload={"milestone": step.pk, **payload},
        now=MONDAY,
    )
    return Notification.objects.get(dedupe_key=key)


def holds(item) -> bool:
    return item.pk in snooze.still_true([item], MONDAY)


def test_it_is_told_with_the_facts_of_the_day(step, clerk):
    item = put_off(step, clerk)

    facts = snooze.still_true([item], MONDAY)[item.pk]
    lines = texts.words_of(item.kind, {**item.payload, **facts})

    assert registry.topic_of(item) == "snoozed"
    assert "GD-1" in lines[0]
    assert any(str(clerk) in line for line in lines)


def test_it_is_dropped_once_the_step_is_closed(step, clerk):
    item = put_off(step, clerk)
    assert holds(item)

    Milestone.objects.filter(pk=step.pk).update(required_documents=[])
    milestone_services.complete_milestone(milestone_id=step.pk, by=clerk, now=MONDAY)

    assert not holds(item)


def test_it_is_dropped_while_the_clock_stands(step, clerk):
    item = put_off(step, clerk)
    ClockPause.objects.create(milestone=step, side="customer", reason="x", from_at=MONDAY, by=clerk)

    assert not holds(item)


def test_it_is_dropped_for_who_carries_the_step_no_more(step, clerk):
    item = put_off(step, clerk)
    colleague = make_user("clerk", team=step.order.team)
    Milestone.objects.filter(pk=step.pk).update(assignee=colleague)

    assert not holds(item)
    assert holds(put_off(step, colleague))
    assert holds(put_off(step, make_user("lead", team=step.order.team)))


def test_it_holds_for_the_deputy_of_who_carries_the_step(step, clerk):
    deputy = make_user("clerk", team=step.order.team)

    assert holds(put_off(step, deputy, **{"for": clerk.pk}))


def test_a_date_that_moves_does_not_swallow_it(step, clerk):
    """What people asked for is no rung of the ladder: re-planning drops only these."""
    item = put_off(step, clerk)

    outbox.cancel(subjects=[step.subject], reason="moved_on")

    item.refresh_from_db()
    assert item.status == "queued"


def test_many_are_asked_by_as_many_queries_as_one(step, clerk, django_assert_num_queries):
    lead = make_user("lead", team=step.order.team)
    one, two = put_off(step, clerk), put_off(step, lead)
    snooze.still_true([one], MONDAY)  # the calendar is kept

    with django_assert_num_queries(2):
        snooze.still_true([one], MONDAY)
    with django_assert_num_queries(2):
        snooze.still_true([one, two], MONDAY)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        *[(f"milestone_{step}", {"step": step}) for step in ("soon", "due", "lead", "manager")],
        *[(f"milestone_{step}", {"step": step, "is_hard": True}) for step in ("soon", "due", "lead", "manager")],
        *[(f"milestone_{step}", {"step": step, "is_hard": False}) for step in ("soon", "due")],
        ("milestone_snoozed", {}),
        ("plan_changed", {}),
        ("plans_changed", {}),
    ],
)
def test_a_topic_in_sql_is_the_topic_of_the_message(clerk, kind, payload):
    now = timezone.now()
    item = Notification.objects.create(
        kind=kind, recipient=clerk, subject="x", dedupe_key="x", payload=payload, created_at=now, not_before=now
    )

    found = [
        topic.code
        for topic in registry.topics()
        if Notification.objects.filter(facets.of_topic(topic.code), pk=item.pk).exists()
    ]

    assert found == [registry.topic_of(item)]
