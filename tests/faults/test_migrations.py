"""Migrate a database in use from the last state that could have been released: nobody waits long, nothing is lost.

R18. tests/config/test_migration_rules.py keeps later migrations such that the old code can go on while they run.
"""

import statistics
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from psycopg2.errors import UndefinedColumn

from config.management.commands import set_up
from tests.faults.databases import pointed_at

pytestmark = pytest.mark.slow
BEFORE = [
    ("teams", "0004_first_calendar_versions"),
    ("orders", "0003_planning"),
    ("customers", "0002_company_calendar"),
]
STEPS, WAITING, SHOWN, SENT = 5_000, 4_000, 3_000, 3_000
LIMIT = 2.0  # seconds that anybody may wait for a lock
# What the outbox of that time wrote.
OLD_INSERT = """
INSERT INTO teams_notification (kind, recipient_id, subject, dedupe_key, payload, status, created_at, not_before,
    lease_until, lease_owner, attempts, is_possible_repeat, last_error, shown_at, sent_at, cancelled_reason)
VALUES ('milestone_due', %s, 'orders.milestone:1', %s, '{}', 'queued', now(), now() + interval '1 day',
    NULL, '', 0, false, '', NULL, NULL, '')
"""
OLD_ROWS = """
INSERT INTO teams_notification (kind, recipient_id, subject, dedupe_key, payload, status, created_at, not_before,
    lease_until, lease_owner, attempts, is_possible_repeat, last_error, shown_at, sent_at, cancelled_reason)
SELECT 'milestone_due', %(user)s, 'orders.milestone:' || n, %(key)s || n, '{}', %(status)s, now(), now(),
    CASE WHEN %(status)s = 'sending' THEN now() END, '', 0, false, '', %(shown_at)s, %(sent_at)s, ''
FROM generate_series(1, %(count)s) AS n
"""
COMPLETE = """
SELECT id FROM orders_order WHERE id = %(order)s FOR NO KEY UPDATE;
UPDATE orders_milestone SET status = 'done', closed_at = now(), recorded_at = now(), actual_finish_at = now(),
    next_reminder_at = NULL WHERE id = %(step)s;
UPDATE teams_notification SET status = 'cancelled', cancelled_reason = 'closed'
WHERE subject = %(subject)s AND status = 'queued' AND shown_at IS NULL;
"""
READ = """
SELECT id FROM teams_notification WHERE recipient_id = %(user)s AND shown_at IS NOT NULL
ORDER BY shown_at DESC, id DESC LIMIT 20;
SELECT count(*) FROM orders_milestone WHERE status = 'active' AND due_at < now();
"""


@dataclass
class Load:
    """What the code before goes on doing, each kind in a thread and over a connection of its own."""

    user: int
    order: int
    steps: list[int]
    counts: Counter = field(default_factory=Counter)
    queued: list[str] = field(default_factory=list)  # keys of what was acknowledged
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def running(self):
        self._end = threading.Event()
        threads = [threading.Thread(target=self._repeat, args=[work]) for work in (self._queue, self._done, self._read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            for thread in threads:
                thread.join(30)

    def _repeat(self, work) -> None:
        link = connect()
        try:
            while not self._end.wait(0.01):
                began = time.monotonic()
                try:
                    with link, link.cursor() as cursor:
                        cursor.execute(f"SET LOCAL lock_timeout = '{LIMIT}s'")
                        work(cursor)
                except psycopg2.Error as error:
                    if work == self._queue and isinstance(error, UndefinedColumn):
                        self.counts["refused"] += 1  # why workers are stopped for this one upgrade
                    else:
                        self.faults.append(f"{work.__name__}: {error}")
                else:
                    self.counts[work.__name__] += 1
                self.seconds.append(time.monotonic() - began)
        finally:
            link.close()

    def _queue(self, cursor) -> None:
        key = f"late:{self.counts['_queue']}"
        cursor.execute(OLD_INSERT, [self.user, key])
        self.queued.append(key)

    def _done(self, cursor) -> None:
        step = self.steps[self.counts["_done"] % len(self.steps)]
        cursor.execute(COMPLETE, {"order": self.order, "step": step, "subject": f"orders.milestone:{step}"})

    def _read(self, cursor) -> None:
        cursor.execute(READ, {"user": self.user})


def connect():
    where = connection.settings_dict
    return psycopg2.connect(host=where["HOST"], user=where["USER"], dbname=where["NAME"])


@pytest.fixture
def old_release(django_db_blocker):
    """A database of its own in the state before, with an order, its steps, and notifications in every state."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS old_release")
            cursor.execute("CREATE DATABASE old_release")
        with pointed_at(NAME="old_release"):
            executor = MigrationExecutor(connection)
            executor.migrate(BEFORE)
            yield lay_down_rows(executor.loader.project_state(BEFORE).apps)
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE old_release")


def lay_down_rows(apps) -> Load:
    calendar = apps.get_model("teams", "WorkCalendar").objects.create(code="C", name_zh="C", name_en="C")
    team = apps.get_model("teams", "Team").objects.create(code="t", name="t", calendar=calendar)
    user = apps.get_model("teams", "User").objects.create(username="u", name="u", password="!")
    order = apps.get_model("orders", "Order").objects.create(number="G1", team=team)
    due, milestone = datetime.now(UTC) + timedelta(days=1), apps.get_model("orders", "Milestone")
    names = {"name_zh": "节点", "name_en": "step", "stage": "PROD", "role": "clerk", "status": "active"}
    steps = milestone.objects.bulk_create(
        milestone(order=order, position=n, code=f"S{n}", calendar=calendar, due_at=due, next_reminder_at=due, **names)
        for n in range(STEPS)
    )
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        for status, count, shown_at, sent_at in [
            ("queued", WAITING, None, None),
            ("queued", SHOWN, now, None),
            ("sending", 8, now, None),
            ("sent", SENT, now, now),
        ]:
            key = f"{status}:{bool(shown_at)}:"
            values = {"user": user.pk, "status": status, "count": count, "shown_at": shown_at, "sent_at": sent_at}
            cursor.execute(OLD_ROWS, values | {"key": key})
    return Load(user.pk, order.pk, [step.pk for step in steps])


def count(rows: str) -> int:
    """How many rows "table WHERE …" has."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {rows}")  # noqa: S608  # the tests' own words
        return cursor.fetchone()[0]


def test_migrating_under_load_holds_nobody_up_and_loses_nothing(old_release, monkeypatch):
    monkeypatch.setattr(set_up, "PAUSE_SECONDS", 0.5)
    load, reader = old_release, connect()
    reader.cursor().execute("SELECT count(*) FROM teams_notification")  # a long report keeps its lock
    release = threading.Timer(3, reader.close)
    began = time.monotonic()
    with load.running():
        release.start()
        set_up.Command().migrate(verbosity=0)
        took = time.monotonic() - began
    release.join()

    print(f"{took:.1f} s for the migrations; {dict(load.counts)}; the slowest statement {max(load.seconds):.2f} s")
    # A wait for a lock beyond LIMIT would be one; a single statement may be slow for want of a processor.
    assert load.faults == []
    assert statistics.quantiles(load.seconds, n=100)[98] < LIMIT
    assert min(load.counts["_queue"], load.counts["_done"], load.counts["_read"]) > 20
    assert_converted(load)

    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '0'")
    MigrationExecutor(connection).migrate(BEFORE)
    rows = count("teams_notification")
    assert count("teams_notification WHERE status = 'sent' AND sent_at = shown_at") == SHOWN + SENT + 8
    call_command("migrate", verbosity=0, interactive=False)
    assert count("teams_notification") == rows == WAITING + SHOWN + SENT + 8 + len(load.queued)
    assert count("teams_notification WHERE status = 'shown'") == SHOWN + SENT + 8


def assert_converted(load: Load) -> None:
    """What waited for the mail server is a message, what was in the air is marked, all is in the inbox as before."""
    assert count("teams_message WHERE status = 'queued'") == SHOWN + 8
    assert count("teams_message WHERE is_possible_repeat") == 8
    assert count("teams_messageitem JOIN teams_notification AS item ON item.id = notification_id") == SHOWN + 8
    assert count("teams_notification WHERE status = 'shown' AND shown_at IS NOT NULL") == SHOWN + SENT + 8
    closed = count("orders_milestone WHERE status = 'done'")
    assert closed == min(load.counts["_done"], STEPS)
    assert count("teams_notification WHERE status = 'queued' AND dedupe_key LIKE 'queued:%'") >= WAITING - closed
    assert count("teams_notification WHERE dedupe_key LIKE 'late:%'") == len(load.queued)
    assert count("teams_notification WHERE status IN ('queued', 'cancelled')") == WAITING + len(load.queued)
