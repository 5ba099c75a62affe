"""`manage.py doctor` and `manage.py api_token`: what they find and how they say it."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone, translation

from teams import health
from teams.authentication import digest_of
from teams.health import Finding
from teams.models import ApiToken, Heartbeat, Notification, WorkCalendar
from teams.notifications import outbox
from teams.services import heartbeats, tokens
from tests.factories import MONDAY, make_team, make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def run(*arguments: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    out, code = StringIO(), 0
    try:
        call_command("doctor", *arguments, stdout=out)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue()


def faults(check, now=None) -> list[str]:
    return [finding.fault for finding in check(now or timezone.now()) if finding.fault]


def test_all_well(monkeypatch):
    monkeypatch.setattr(health, "examine", lambda now: [Finding("database"), Finding("broker")])

    assert run() == (0, "All well.\n")


def test_each_fault_is_a_sentence_and_the_exit_code_tells(monkeypatch):
    monkeypatch.setattr(
        health, "examine", lambda now: [Finding("a", "This is broken."), Finding("b"), Finding("c", "And this.")]
    )

    assert run() == (1, "This is broken.\nAnd this.\n")


def test_json_is_one_document(monkeypatch):
    monkeypatch.setattr(health, "examine", lambda now: [Finding("a", "Broken.", {"n": 1}), Finding("b")])

    code, printed = run("--json")

    assert (code, json.loads(printed)) == (
        1,
        {
            "ok": False,
            "findings": [
                {"check": "a", "fault": "Broken.", "facts": {"n": 1}, "notice": ""},
                {"check": "b", "fault": "", "facts": {}, "notice": ""},
            ],
        },
    )


def test_it_finds_what_is_wrong_with_the_servers_of_the_tests(settings):
    """They run without fsync, and neither broker nor worker nor beat is there."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    code, printed = run("--json")

    findings = {finding["check"]: finding["fault"] for finding in json.loads(printed)["findings"]}
    assert code == 1
    assert {check for check, fault in findings.items() if fault} >= {"fsync", "broker", "workers", "beat:sweep"}
    assert [findings[check] for check in ("database", "clock", "search", "synchronous_commit", "migrations")] == [
        ""
    ] * 5


def test_without_a_database_it_says_so_and_goes_on(monkeypatch, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    def away():
        raise health.DatabaseError("connection refused\nIs the server running?")

    monkeypatch.setattr(connection, "ensure_connection", away)

    findings = health.examine(timezone.now())

    assert [finding.check for finding in findings] == ["database", "broker", "workers"]
    assert findings[0].fault == "The database does not answer: connection refused"


def test_a_clock_that_differs_is_told():
    assert faults(health.check_database, timezone.now() - 5 * MINUTE) != []
    assert faults(health.check_database) == []


def test_a_missing_migration_is_told():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'orders'")

    (fault,) = faults(health.check_migrations)
    assert "orders." in fault
    assert "manage.py migrate" in fault


@pytest.mark.parametrize(("age", "is_told"), [(2 * MINUTE, False), (4 * MINUTE, True)])
def test_a_silent_job_is_told_after_three_periods(age, is_told):
    now = timezone.now()
    heartbeats.beat("deliver", now=now)
    heartbeats.beat("sweep", now=now - age)

    assert bool(faults(health.check_heartbeats)) is is_told


def test_a_heartbeat_is_one_row_however_often_it_beats():
    heartbeats.beat("sweep", now=MONDAY)
    heartbeats.beat("sweep", now=MONDAY + MINUTE, note="3 queued")

    row = Heartbeat.objects.get()
    assert (row.at, row.note) == (MONDAY + MINUTE, "3 queued")


def queue(age: timedelta) -> Notification:
    reader = make_user("clerk", team=make_team())
    now = timezone.now() - age
    outbox.enqueue(kind="k", recipient=reader, subject="s", dedupe_key=f"k{age}", payload={}, now=now)
    return Notification.objects.get(dedupe_key=f"k{age}")


def test_a_message_that_waits_too_long_is_told():
    queue(MINUTE)
    assert faults(health.check_outbox) == []

    queue(20 * MINUTE)
    assert faults(health.check_outbox) == ["The oldest message has been waiting for 20 minutes to be sent."]


def test_failed_messages_are_told_for_a_day():
    row = queue(MINUTE)
    Notification.objects.update(status="failed", last_error="550 no such user")
    assert faults(health.check_outbox) == [
        "1 message of the last 24 hours could not be sent; the last error: 550 no such user"
    ]

    Notification.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=2))
    assert faults(health.check_outbox) == []


def test_a_notice_is_said_and_is_no_fault(monkeypatch):
    monkeypatch.setattr(health, "examine", lambda now: [Finding("calendar:X", notice="Load the next year's.")])

    assert run() == (0, "All well.\nLoad the next year's.\n")


@pytest.mark.parametrize(
    ("until", "fault", "notice"),
    [
        (date(2026, 12, 31), "", ""),
        (date(2026, 5, 30), "", "load the next year"),
        (date(2026, 3, 1), "has passed", ""),
        (None, "Nobody has said", ""),
    ],
)
def test_calendars_are_asked_until_when_they_are_verified(until, fault, notice):
    make_team()
    WorkCalendar.objects.exclude(code="CN_OFFICE").delete()
    WorkCalendar.objects.update(verified_until=until)

    (finding,) = health.check_calendars(MONDAY)

    assert fault in finding.fault
    assert notice in finding.notice
    assert (bool(finding.fault), bool(finding.notice)) == (bool(fault), bool(notice))


def test_a_calendar_without_statutory_days_needs_no_verification():
    make_team()
    WorkCalendar.objects.exclude(code="CN_OFFICE").update(country="", verified_until=None)

    assert faults(health.check_calendars, MONDAY) == []


def test_api_token_prints_a_token_that_is_stored_hashed():
    user = make_user("clerk", team=make_team())
    out = StringIO()

    call_command("api_token", user.username, stdout=out)

    text = out.getvalue().strip()
    token = ApiToken.objects.get()
    assert text.startswith("gdn_")
    assert len(text) == 4 + 43  # 256 bits in base 64
    assert (token.user, token.digest, token.prefix) == (user, digest_of(text), text[:12])


@pytest.mark.parametrize("name", ["nobody", "a\x00b"])
def test_api_token_for_an_unknown_person_is_refused_in_plain_words(name):
    with pytest.raises(CommandError, match="no active user"):
        call_command("api_token", name)


def test_a_revoked_token_is_worthless_and_revoking_twice_is_not():
    user = make_user("clerk", team=make_team())
    token, _text = tokens.create_token(user=user, now=MONDAY)

    assert tokens.revoke_token(token_id=token.pk, now=MONDAY)
    assert not tokens.revoke_token(token_id=token.pk, now=MONDAY + MINUTE)
    assert not ApiToken.objects.valid(MONDAY).exists()
