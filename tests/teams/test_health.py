"""The probes: what they answer to whom when the database or the broker is away."""

import time

import pytest
from django.utils import timezone

from teams import health_views
from teams.health_views import DatabaseState
from teams.services import heartbeats
from tests.factories import make_team, make_user

ALL_WELL = DatabaseState(is_there=True, is_migrated=True)


@pytest.fixture
def ask(client, monkeypatch):
    """Ask for readiness with these answers from database and broker."""

    def ask(database: DatabaseState = ALL_WELL, broker: bool = True):
        monkeypatch.setattr(health_views, "ask_database", lambda: database)
        monkeypatch.setattr(health_views.health, "broker_answers", lambda seconds: broker)
        return client.get("/api/v1/health/ready/")

    return ask


def test_live_touches_nothing(client):
    """Without the django_db mark any query would fail."""
    response = client.get("/api/v1/health/live/")

    assert (response.status_code, response.json()) == (200, {"status": "live"})


def test_ready_needs_no_query_of_its_own_connection(ask):
    response = ask()

    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("database", "broker", "status", "word"),
    [
        (ALL_WELL, False, 200, "degraded"),
        (DatabaseState(True, True, ("sweep",)), True, 200, "degraded"),
        (DatabaseState(True, False), True, 503, "unready"),
        (DatabaseState(), True, 503, "unready"),
        (DatabaseState(), False, 503, "unready"),
    ],
)
def test_only_the_database_decides_whether_it_is_ready(ask, database, broker, status, word):
    response = ask(database, broker)

    assert (response.status_code, response.json()) == (status, {"status": word})
    assert response.has_header("Retry-After") is (status == 503)


def test_a_database_that_hangs_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr(health_views, "ask_database", lambda: time.sleep(2) or ALL_WELL)
    monkeypatch.setattr(health_views.health, "broker_answers", lambda seconds: True)
    started = time.monotonic()

    response = client.get("/api/v1/health/ready/")

    assert response.status_code == 503
    assert time.monotonic() - started < 1.5


@pytest.mark.django_db(transaction=True)
def test_the_real_database_is_there_and_migrated(settings):
    now = timezone.now()
    for name in ("sweep", "deliver"):
        heartbeats.beat(name, now=now)

    assert health_views.ask_database() == ALL_WELL


@pytest.mark.django_db(transaction=True)
def test_a_job_that_never_ran_is_silent():
    heartbeats.beat("sweep", now=timezone.now())

    assert health_views.ask_database().silent_jobs == ("deliver",)


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "sees"), [("admin", True), ("clerk", False)])
def test_only_those_who_keep_the_settings_see_detail(client, ask, role, sees):
    client.force_login(make_user(role, team=make_team()))

    body = ask(broker=False).json()

    assert body["status"] == "degraded"
    assert ("broker" in body) is sees


def test_probes_only_read(client):
    assert client.post("/api/v1/health/live/").status_code == 405
