"""Workers that are there and do nothing: it is noticed, they are replaced without hands, and nothing is lost.

R19; test_watchdog.py has the worker that is connected and takes nothing. Sizes: FAULTS_SIZE=T0 (default), T1, T2.
"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.test import Client

from config.launcher.paths import ROOT
from config.launcher.supervisor import PULSE_PATIENCE
from teams.permissions import RoleCode
from tests.factories import make_user
from tests.faults.clients import answers, get
from tests.faults.proxies import Proxy
from tests.faults.rig import Rig, Sinks, wait_until
from tests.faults.world import CHILDREN, THREADS, World, judge, lay_down, say, wait_for_quiet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
IS_SHORT = os.environ.get("FAULTS_SIZE", "T0") == "T0"
# A job counts as silent, and a process as stuck, after so many seconds; None: as in production.
SILENCE, PATIENCE = (5, 10.0) if IS_SHORT else (None, PULSE_PATIENCE + 30)
LIMIT = 60
BATCH = 60


def test_a_worker_that_sleeps_is_noticed_and_replaced(world, sinks, tmp_path):
    cookie = session_of(make_user(RoleCode.ADMIN, team=world.team))
    short = {"FAULTS_SILENCE": str(SILENCE or "")}
    with Rig(tmp_path, sinks, workers=1, webs=1, kept=PATIENCE, environments={"web1": short}) as rig:
        wait_until_busy(world, sinks, rig)
        wait_until(lambda: answers(rig, "web1"), seconds=60, what=f"web1; see the logs in {tmp_path}")
        # A busy machine may start slower than the short silence of this test.
        wait_until(
            lambda: silent_jobs(rig, cookie) == [], seconds=60, what="every job is heard before the worker sleeps"
        )
        first, began = rig.worker_pid("worker1"), time.monotonic()
        os.killpg(first, signal.SIGSTOP)
        lay_down(world, BATCH, spread=1, begins_in=0)

        wait_until(lambda: "deliver" in silent_jobs(rig, cookie), seconds=LIMIT, what="readiness tells of silence")
        noticed = time.monotonic() - began
        faults = doctor(rig, short)
        wait_until(lambda: rig.worker_pid("worker1") not in (0, first), seconds=150, what="another worker")
        replaced = time.monotonic() - began
        world.in_air_at_kills += THREADS * CHILDREN
        wait_for_quiet(rig, sinks, seconds=90)
        assert silent_jobs(rig, cookie) == []

    verdict = judge(world, sinks)
    say(verdict, world, {"SIGSTOP": 1})
    print(f"readiness told after {noticed:.0f} s, another worker after {replaced:.0f} s; doctor: {faults}")
    assert noticed <= LIMIT
    assert {"workers", "beat:deliver"} <= set(faults)
    assert verdict.is_clean(world.in_air_at_kills), verdict


def session_of(user) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def silent_jobs(rig: Rig, cookie: str) -> list[str]:
    _status, body = get(rig, "web1", "/api/v1/health/ready/", {"Cookie": cookie})
    return json.loads(body)["silent_jobs"]


def doctor(rig: Rig, extra: dict[str, str]) -> list[str]:
    run = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env=rig.environment | extra | {"GENDAN_NO_BOOTSTRAP": "1"},
        capture_output=True,
        check=False,
    )
    return [finding["check"] for finding in json.loads(run.stdout)["findings"] if finding["fault"]]


@pytest.mark.parametrize("is_dark", [False, True], ids=["old connections", "whole line"])
def test_a_broker_connection_that_goes_dead_without_a_word(world, sinks, tmp_path, is_dark):
    if is_dark and IS_SHORT:
        pytest.skip("a dead line that comes back: from FAULTS_SIZE=T1 on")
    rig = Rig(tmp_path, sinks, workers=1, kept=PATIENCE)
    host, _colon, port = rig.broker.url.rpartition(":")
    number, _slash, database = port.partition("/")
    with Proxy(int(number)) as proxy:
        line = {"FAULTS_BROKER_URL": f"{host}:{proxy.port}/{database}"}
        rig.environments = {"worker1": line | ({"FAULTS_SOCKET_TIMEOUT": "4"} if IS_SHORT else {})}
        with rig:
            wait_until_busy(world, sinks, rig)
            wait_for_quiet(rig, sinks, seconds=60)
            first = rig.worker_pid("worker1")
            proxy.is_dark = is_dark
            dead = proxy.freeze()
            began, seen = time.monotonic(), sinks.count()
            lay_down(world, BATCH, spread=1, begins_in=2)
            if is_dark:
                time.sleep(15)
                proxy.is_dark = False
            wait_until(lambda: sinks.count() >= seen + BATCH / 2, seconds=150, what=f"messages; see {tmp_path}")
            back, is_new = time.monotonic() - began, rig.worker_pid("worker1") != first
            wait_for_quiet(rig, sinks, seconds=90)

    verdict = judge(world, sinks)
    say(verdict, world, {"dead connections": dead})
    print(f"at work again after {back:.0f} s, {'as another process' if is_new else 'by itself'}")
    assert dead
    assert verdict.is_clean(in_air=0), verdict


def wait_until_busy(world: World, sinks: Sinks, rig: Rig) -> None:
    lay_down(world, BATCH, spread=1, begins_in=0)
    seen = sinks.count()
    wait_until(lambda: sinks.count() > seen + 9, seconds=60, what=f"messages; see the logs in {rig.folder}")
