"""Kill PostgreSQL and its sessions under load: what was acknowledged stays, nothing is lost, nothing sent twice.

R4. Sizes: FAULTS_SIZE=T0 (default), T1, T2.
"""

import os
import random
import time

import pytest
from django.db import connection

from orders.models import Milestone
from tests.faults.clients import AWAY, Clerk, acknowledged_but_missing, clerks
from tests.faults.databases import DurableServer, first_after, pointed_at
from tests.faults.rig import Rig, Sinks, wait_until
from tests.faults.world import SEED, judge, lay_down, make_world, say, wait_for_quiet

pytestmark = pytest.mark.slow
KILLS, ENDED_SESSIONS = {"T0": (2, 20), "T1": (6, 100), "T2": (20, 200)}[os.environ.get("FAULTS_SIZE", "T0")]
BATCH = 200  # steps that fall due around each fault
RECOVERY = 10


@pytest.fixture(scope="module")
def server(django_db_blocker):
    with django_db_blocker.unblock(), DurableServer() as server:
        yield server


@pytest.fixture
def database(server, django_db_blocker, request):
    """A database on the durable server, for this process and those that it starts."""
    name = request.node.name
    server.run(f'CREATE DATABASE "{name}" TEMPLATE {server.template}')
    with django_db_blocker.unblock(), pointed_at(HOST=str(server.home), NAME=name):
        yield name


def test_killing_the_database_loses_nothing(server, database, sinks, tmp_path):
    world, rng = make_world(sinks), random.Random(SEED)
    settings = dict(server.run("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"))
    assert settings == {"fsync": "on", "synchronous_commit": "on"}
    recoveries: list[float] = []
    with Rig(tmp_path, sinks, webs=1) as rig:
        lay_down(world, 400 * KILLS + 20 * ENDED_SESSIONS, spread=3600, begins_in=3 * 86400)  # for the clerks
        with clerks(rig, world.lead, Milestone.objects.order_by("pk")) as crew:
            for _ in range(KILLS):
                wait_until_busy(world, sinks, rig)
                server.kill()
                wait_until_refused(crew)
                time.sleep(rng.uniform(0.1, 1))
                server.start()
                recoveries.append(recovery(crew, since=time.monotonic()))
            ended = 0
            while ended < ENDED_SESSIONS:
                if not ended % 20:
                    wait_until_busy(world, sinks, rig)
                ended += server.end_sessions(database, 1)
                connection.close()  # It may have been the test's own.
                time.sleep(rng.uniform(0.05, 0.2))
        for clerk in crew:
            world.closed |= clerk.acknowledged
        wait_for_quiet(rig, sinks, seconds=60 + (KILLS + ENDED_SESSIONS / 20) * BATCH / 50)

    verdict = judge(world, sinks)
    say(verdict, world, {"server": KILLS, "session": ended})
    statuses = [status for clerk in crew for _at, status in clerk.answers]
    print(f"{len(world.closed)} completions acknowledged, {statuses.count(AWAY)} times 503, back in {recoveries} s")
    assert [fault for clerk in crew for fault in clerk.faults] == []
    assert set(statuses) == {200, AWAY}
    assert max(recoveries) <= RECOVERY
    assert acknowledged_but_missing(crew) == 0
    assert verdict.expected > 0
    assert verdict.is_clean(in_air=0), verdict


def wait_until_busy(world, sinks: Sinks, rig: Rig) -> None:
    connection.close()
    lay_down(world, BATCH, spread=1, begins_in=0)
    seen = sinks.count()
    wait_until(lambda: sinks.count() > seen + 9, seconds=60, what=f"messages; see the logs in {rig.folder}")


def wait_until_refused(crew: list[Clerk]) -> None:
    since = time.monotonic()
    wait_until(
        lambda: all(first_after(clerk.answers, since, AWAY) < 60 for clerk in crew), seconds=60, what="503 for everyone"
    )


def recovery(crew: list[Clerk], *, since: float) -> float:
    """Until every client was answered as before, in seconds."""
    times = [0.0]

    def is_over() -> bool:
        times[:] = [first_after(clerk.answers, since, 200) for clerk in crew]
        return max(times) < 60

    wait_until(is_over, seconds=60, what="the web server's recovery")
    return round(max(times), 1)


def test_control_without_patience_messages_are_sent_twice(server, database, sinks, tmp_path):
    world = make_world(sinks)
    with Rig(tmp_path, sinks, control="no_patience") as rig:
        for _ in range(2):
            wait_until_busy(world, sinks, rig)
            server.kill()
            server.start()
        connection.close()
        wait_for_quiet(rig, sinks, seconds=60)

    assert judge(world, sinks).extra > 0
