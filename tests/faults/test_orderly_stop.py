"""Stop workers, beats and web servers one after the other, as an upgrade does: nobody notices anything.

R2. Sizes: FAULTS_SIZE=T0 (default), T1, T2.
"""

import os
from collections import Counter, defaultdict
from itertools import cycle, islice
from statistics import median_low

import pytest

from orders.models import Milestone
from tests.faults.clients import acknowledged_but_missing, answers, clerks
from tests.faults.rig import Rig, Sinks, wait_until
from tests.faults.world import judge, lay_down, say, wait_for_quiet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SIZE = os.environ.get("FAULTS_SIZE", "T0")
STOPS = {"T0": 6, "T1": 30, "T2": 30}[SIZE]
BATCH = 120  # steps that fall due around each stop
ROUND = ["worker1", "web1", "beat1", "worker2", "web2", "beat2"]
LIMIT = 30
# A send and its outcome take a tenth of that here; Celery by itself would wait for the end of the run, or 20 s.
WORKER_LIMIT = 6


def test_stopping_in_order_loses_and_repeats_nothing(world, sinks, tmp_path):
    took: dict[str, list[float]] = defaultdict(list)
    with Rig(tmp_path, sinks, webs=2) as rig:
        lay_down(world, 500 * STOPS, spread=3600, begins_in=3 * 86400)  # for the clerks
        with clerks(rig, world.lead, Milestone.objects.order_by("pk")) as crew:
            for name in islice(cycle(ROUND), STOPS):
                lay_down(world, BATCH, spread=BATCH / 100, begins_in=0)
                wait_until_busy(sinks, rig)
                took[name.rstrip("12")].append(rig.stop_in_order(name))
                start_again(rig, name)
        for clerk in crew:
            world.closed |= clerk.acknowledged
        wait_for_quiet(rig, sinks, seconds=60 + STOPS * BATCH / 50)

    verdict = judge(world, sinks)
    say(verdict, world, Counter({name: len(times) for name, times in took.items()}))
    slowest = {name: round(max(times), 1) for name, times in took.items()}
    served, refused = len(world.closed), sum(clerk.refused for clerk in crew)
    print(f"slowest stops {slowest} s; {served} requests answered, {refused} refused connections tried again")
    assert max(slowest.values()) <= LIMIT
    assert median_low(took["worker"]) <= WORKER_LIMIT
    assert [fault for clerk in crew for fault in clerk.faults] == []
    assert served > STOPS
    assert acknowledged_but_missing(crew) == 0
    assert verdict.expected > 0
    assert verdict.is_clean(in_air=0), verdict


def wait_until_busy(sinks: Sinks, rig: Rig) -> None:
    seen = sinks.count()
    wait_until(lambda: sinks.count() > seen + 9, seconds=60, what=f"messages; see the logs in {rig.folder}")


def start_again(rig: Rig, name: str) -> None:
    starts = rig.log(name).count("ready.")
    rig.start(name)
    if name.startswith("worker"):
        rig.wait_for_worker(name, starts + 1)
    if name.startswith("web"):
        wait_until(lambda: answers(rig, name), seconds=60, what=f"{name} again; see the logs in {rig.folder}")


def test_a_worker_ends_even_if_its_broker_is_away(world, sinks, tmp_path):
    with Rig(tmp_path, sinks, workers=1) as rig:
        rig.wait_for_worker("worker1")
        rig.kill("broker")

        assert rig.stop_in_order("worker1") <= LIMIT


@pytest.mark.skipif(SIZE == "T0", reason="the other ways to stop, from FAULTS_SIZE=T1 on")
def test_control_stock_servers_cut_requests_and_keep_one_waiting(world, sinks, tmp_path):
    stock = {"worker1": {"REMAP_SIGTERM": "SIGQUIT"}, "web1": {"GUNICORN_CMD_ARGS": "--worker-class gthread"}}
    with Rig(tmp_path, sinks, workers=1, webs=1, environments=stock) as rig:
        lay_down(world, 1000, spread=3600, begins_in=3 * 86400)
        with clerks(rig, world.lead, Milestone.objects.order_by("pk"), count=8) as crew:
            for _ in range(3):
                rig.stop_in_order("web1")
                start_again(rig, "web1")
        lay_down(world, 10 * BATCH, spread=1, begins_in=0)
        wait_until_busy(sinks, rig)
        took = rig.stop_in_order("worker1")

    assert any("reset" in fault or "Disconnected" in fault for clerk in crew for fault in clerk.faults)
    assert took > WORKER_LIMIT
