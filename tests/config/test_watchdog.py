"""When a worker takes itself for stuck; tests/faults shows with real processes that it then ends."""

import pytest

from config import watchdog
from config.celery import app
from config.watchdog import Watchdog


@pytest.fixture
def dog(monkeypatch, settings):
    settings.DELIVER_PERIOD_SECONDS = 10
    monkeypatch.setattr(watchdog.state, "active_requests", set())
    monkeypatch.setattr(watchdog.state, "reserved_requests", set())
    return Watchdog(None)


@pytest.mark.parametrize(
    ("silent_seconds", "waiting_count", "is_busy", "expected"),
    [
        (31, 1, False, True),
        (29, 1, False, False),  # three periods are not over
        (31, 0, False, False),  # beat is away: nothing to take
        (31, 1, True, False),  # at work on something long
    ],
)
def test_a_worker_is_stuck_if_idle_while_work_waits(dog, monkeypatch, silent_seconds, waiting_count, is_busy, expected):
    dog.taken_at -= silent_seconds
    if is_busy:
        monkeypatch.setattr(watchdog.state, "active_requests", {object()})

    assert dog.is_stuck(waiting_count) is expected


def test_a_busy_worker_whose_loop_does_not_turn_is_stuck(dog, monkeypatch):
    monkeypatch.setattr(watchdog.state, "active_requests", {object()})
    dog.taken_at -= 60
    assert not dog.is_stuck(1)

    dog.turned_at -= 36

    assert dog.is_stuck(1)
    assert not dog.is_stuck(0)


def test_taking_a_task_starts_the_count_anew(dog):
    dog.taken_at -= 60

    dog._note_taken()

    assert not dog.is_stuck(1)


def test_a_broker_that_is_away_is_not_the_workers_fault():
    assert app.conf.broker_url.endswith(":1/0")  # nobody listens there in tests

    assert watchdog.waiting_in_queue(app) == 0
