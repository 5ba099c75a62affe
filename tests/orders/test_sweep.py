"""`manage.py sweep`, the tick that beat sends, and two sweeps at once."""

import contextlib
import json
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from orders import reminders, tasks
from orders.management.commands.sweep import read_instant
from orders.models import Milestone
from orders.services import flow
from orders.services import milestones as services
from teams import tasks as teams_tasks
from teams.models import Heartbeat, Notification, Team, TopicChoice, User, WorkCalendar
from tests.factories import MONDAY, make_confirmed_order, make_team, make_user

HOUR = timedelta(hours=1)


@pytest.fixture
def clerk(db):
    return make_user("clerk", team=make_team())


@pytest.fixture
def order(clerk):
    order = make_confirmed_order(team=clerk.memberships.get().team, by=clerk)
    order.milestones.update(required_documents=[])
    order.milestones.filter(status="active").update(due_at=MONDAY, next_reminder_at=MONDAY)
    return order


def run(*arguments: str) -> dict:
    out = StringIO()
    call_command("sweep", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_it_prints_counts(order):
    assert run("--at", MONDAY.isoformat()) == {"milestones": 1, "queued": 1, "is_skipped": False}
    assert run("--at", MONDAY.isoformat()) == {"milestones": 0, "queued": 0, "is_skipped": False}


def test_it_sees_nothing_before_its_time(order):
    assert run("--at", (MONDAY - HOUR).isoformat())["milestones"] == 0


def test_without_an_instant_the_database_clock_decides(order):
    assert run()["queued"] == 1


def test_an_instant_without_offset_is_the_organisations(db):
    assert read_instant("2026-03-02T09:00") == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert read_instant("2026-03-02T09:00+01:00") == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["tomorrow", "2026-02-30T10:00", "2026-13-01", "", "9" * 400, "2026-03-02T25:00"])
def test_a_bad_instant_is_refused_in_plain_words(db, text):
    with pytest.raises(CommandError, match="2026-03-02T09:00:00"):
        read_instant(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "9999-12-31T23:59:59", "0001-01-01T00:00+14:00"])
def test_an_instant_at_the_end_of_time_is_swept_or_refused(order, text):
    with contextlib.suppress(CommandError):
        assert run("--at", text)["is_skipped"] is False


def test_the_tick_sweeps_leaves_a_heartbeat_and_nudges_delivery(order, monkeypatch, django_capture_on_commit_callbacks):
    nudges = []
    monkeypatch.setattr(tasks, "nudge_delivery", lambda: nudges.append(1))

    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.sweep_reminders() == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert tasks.sweep_reminders() == 0

    assert nudges == [1]
    assert Heartbeat.objects.get().name == "sweep"


def test_a_broker_that_is_away_does_not_matter_to_the_nudge(monkeypatch):
    def away(**options):
        raise OperationalError("connection refused")

    monkeypatch.setattr(teams_tasks.deliver_notifications, "apply_async", away)

    teams_tasks.nudge_delivery()


def test_the_delivery_tick_tells_how_many_it_told_and_leaves_a_heartbeat(order):
    reminders.sweep(now=MONDAY)
    Notification.objects.update(not_before=MONDAY)

    team = Team.objects.get()
    team.calendar = WorkCalendar.objects.get(code="CARRIER")  # whatever the time of this test
    team.save()
    TopicChoice.objects.create(user=User.objects.get(), topic="due", urgency="urgent")

    assert teams_tasks.deliver_notifications() == 2  # shown and mailed
    assert Heartbeat.objects.get().note == "1 shown, 1 sent"


def beside(work) -> None:
    """Run `work` over a connection of its own, to its end."""
    failures: list[BaseException] = []

    def run_closed() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run_closed)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_a_second_sweep_steps_aside(order):
    seen = []
    with transaction.atomic():
        assert reminders._is_alone()
        beside(lambda: seen.append(reminders.sweep(now=MONDAY)))

    assert seen == [reminders.SweepCounts(is_skipped=True)]


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_queue_each_reminder_once_even_without_the_lock(order, monkeypatch):
    monkeypatch.setattr(reminders, "_is_alone", lambda: True)
    seen = []
    with transaction.atomic():
        assert reminders._sweep_batch(MONDAY, None).queued == 1
        # The other one meets rows in hand, and passes over them.
        beside(lambda: seen.append(reminders.sweep(now=MONDAY)))
    seen.append(reminders.sweep(now=MONDAY))

    assert [(counts.milestones, counts.queued) for counts in seen] == [(0, 0), (0, 0)]
    assert Notification.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_sweep_does_not_wait_for_somebody_who_is_changing_the_order(order, clerk):
    """And the service does not wait for the sweep in turn: no deadlock, and nothing is told about a closed step."""
    step = Milestone.objects.get(order=order, status="active")
    seen = []
    with transaction.atomic():
        flow.lock_order(order.pk)
        services.complete_milestone(milestone_id=step.pk, by=clerk, now=MONDAY)
        beside(lambda: seen.append(reminders.sweep(now=MONDAY)))

    assert [(counts.milestones, counts.queued) for counts in seen] == [(0, 0)]
    assert Notification.objects.filter(subject=step.subject).count() == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sweeps_and_services_on_the_same_orders_never_deadlock(clerk):
    team = clerk.memberships.get().team
    orders = [make_confirmed_order(team=team, by=clerk) for _ in range(6)]
    Milestone.objects.update(required_documents=[])
    stop = threading.Event()
    failures: list[BaseException] = []

    def sweep_on() -> None:
        try:
            while not stop.is_set():
                Milestone.objects.filter(status="active").update(next_reminder_at=MONDAY)
                reminders.sweep(now=MONDAY + 24 * HOUR)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    sweeper = threading.Thread(target=sweep_on)
    sweeper.start()
    try:
        for _ in range(3):
            for order in orders:
                step = order.milestones.filter(status="active").order_by("position").first()
                services.complete_milestone(milestone_id=step.pk, by=clerk, now=MONDAY + 24 * HOUR)
                services.reopen_milestone(milestone_id=step.pk, reason="again", by=clerk, now=MONDAY + 24 * HOUR)
    finally:
        stop.set()
        sweeper.join(30)

    assert failures == []
    keys = list(Notification.objects.values_list("dedupe_key", flat=True))
    assert len(keys) == len(set(keys))
