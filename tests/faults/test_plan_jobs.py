"""Kill the process that re-plans after a calendar edit, again and again: every order is re-planned once, none half."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from config.launcher.paths import ROOT
from orders.models import EventKind, Milestone, OrderEvent, PlanChange, PlanJob
from orders.services import flow
from orders.services.plans.proposing import read_milestones, with_basis
from teams.models import Notification, WorkCalendar
from teams.services import calendar_edits
from tests.factories import make_confirmed_order, make_line_values, make_team, make_user

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ORDERS, KILLS = 40, 4
# A small batch and a short lease: the next process need not wait for the dead one's.
WORKER = """
import datetime, django
django.setup()
from orders.services.plans import jobs
from teams.clock import read_clock
jobs.BATCH_SIZE, jobs.LEASE = 3, datetime.timedelta(milliseconds=200)
jobs.work_on_jobs(clock=lambda: read_clock().now)
"""


def start_worker() -> subprocess.Popen[bytes]:
    url, _slash, _name = os.environ["TEST_DATABASE_URL"].rpartition("/")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "TEST_DATABASE_URL": f"{url}/{connection.settings_dict['NAME']}",
        "FAULTS_BROKER_URL": "redis://127.0.0.1:1/0",
        "FAULTS_SMTP_PORT": "1",
        "FAULTS_CONTROL": "",
    }
    return subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=environment)


def done_of(job: PlanJob) -> int:
    return PlanJob.objects.values_list("done", flat=True).get(pk=job.pk)


def wait_for_progress(job: PlanJob, seen: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 60
    while done_of(job) <= seen and process.poll() is None and time.monotonic() < ends:
        time.sleep(0.01)


def test_a_killed_re_plan_goes_on_and_moves_every_order_once(transactional_db):
    team = make_team()
    clerk, admin = make_user(team=team), make_user("admin", team=team)
    today = datetime.now(UTC)
    october = date(today.year + 1, 10, 16)
    for _index in range(ORDERS):
        make_confirmed_order(
            team=team,
            by=clerk,
            template="EXPORT_FCL",
            incoterm="FOB",
            mode="FCL",
            now=today,
            lines=[make_line_values(promised_date_original=october)],
        )
    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    days = {
        "kind": "days",
        "from": f"{october.year}-10-11",
        "to": f"{october.year}-10-13",
        "day": "off",
        "name": "停电",
    }
    edit = calendar_edits.propose_edit(calendar_id=calendar.pk, changes=days, seen_version=None, by=admin, now=today)
    calendar_edits.save_edit(edit_id=edit.pk, by=admin, now=today + timedelta(minutes=1))
    job = PlanJob.objects.get(kind=PlanJob.Kind.CALENDAR)

    kills = 0
    for _turn in range(KILLS):
        seen = done_of(job)
        process = start_worker()
        wait_for_progress(job, seen, process)
        if process.poll() is None:
            process.kill()
            kills += 1
        process.wait()
        time.sleep(0.3)
    assert start_worker().wait() == 0

    job.refresh_from_db()
    assert kills >= 2
    assert (job.done, job.moved, job.failed, job.is_finished) == (ORDERS, ORDERS, 0, True)
    changes = list(PlanChange.objects.filter(job=job).select_related("order__plan"))
    assert set(Counter(change.order_id for change in changes).values()) == {1}
    assert len(changes) == ORDERS
    assert OrderEvent.objects.filter(kind=EventKind.PLANNED).count() == ORDERS
    for change in changes:
        order = change.order
        assert order.plan_id == change.pk
        again = with_basis(order, read_milestones(order), flow.basis_of(order))
        assert again.moves == []
        moved = {move["milestone"]: move["new"] for move in change.moves}
        stored = Milestone.objects.filter(pk__in=moved).values_list("pk", "due_at")
        assert {pk: due.isoformat() for pk, due in stored} == moved
    assert Notification.objects.filter(kind="plans_changed").count() == 1
