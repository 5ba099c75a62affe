"""Kill workers, beats and the broker at any moment: nothing is lost, nothing doubled, nothing told about a closed step.

R1, R3 and R5. Sizes: FAULTS_SIZE=T0 (default), T1, T2.
"""

import random
import time
from collections import Counter
from itertools import cycle

import pytest

from tests.faults.rig import Rig, Sinks, wait_until
from tests.faults.world import (
    SEED,
    SIZE,
    World,
    close_some,
    judge,
    kill_busy,
    lay_down,
    say,
    wait_for_quiet,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
MIX = ["worker", "child", "broker", "worker", "beat", "child", "worker", "broker"]


def first_message(sinks: Sinks, rig: Rig) -> None:
    wait_until(lambda: bool(sinks.count()), seconds=60, what=f"a first message; see the logs in {rig.folder}")


def test_kills_lose_nothing_and_double_nothing(world, sinks, tmp_path):
    rng = random.Random(SEED)
    faults = [fault for fault, _n in zip(cycle(MIX), range(SIZE.kills), strict=False)]
    with Rig(tmp_path, sinks) as rig:
        lay_down(world, SIZE.milestones, spread=SIZE.seconds)
        first_message(sinks, rig)
        for fault in faults:
            close_some(world, rng, 5)
            inject(fault, rig, world, sinks, rng)
            time.sleep(rng.uniform(0.1, SIZE.seconds / SIZE.kills))
        wait_for_quiet(rig, sinks, seconds=120 + SIZE.milestones / 50)

    verdict = judge(world, sinks)
    say(verdict, world, Counter(faults))
    assert verdict.expected > SIZE.milestones
    assert verdict.is_clean(world.in_air_at_kills), verdict


def inject(fault: str, rig: Rig, world: World, sinks: Sinks, rng: random.Random) -> None:
    worker = rng.choice(rig.workers)
    if fault == "worker":
        kill_busy(rig, world, sinks, worker)
    elif fault == "child":
        kill_busy(rig, world, sinks, worker, child=True)
    else:
        name = rng.choice(["beat1", "beat2"]) if fault == "beat" else fault
        rig.kill(name)
        time.sleep(rng.uniform(0.2, 1))
        rig.start(name)


def test_control_without_the_lease_kills_lose_messages(world, sinks, tmp_path):
    with Rig(tmp_path, sinks, control="mark_before_send", workers=1) as rig:
        lay_down(world, 240, spread=0, people=world.people)
        first_message(sinks, rig)
        for _ in range(2):
            kill_busy(rig, world, sinks, "worker1")
        wait_for_quiet(rig, sinks, seconds=60)

    assert judge(world, sinks).lost > 0


def test_control_without_the_unique_key_reminders_are_doubled(world, sinks, tmp_path):
    with Rig(tmp_path, sinks, control="no_unique_key", workers=1) as rig:
        lay_down(world, 30, spread=0, people=world.people[:1])
        wait_until(lambda: sinks.count() >= 5, seconds=60, what=f"first messages; see the logs in {tmp_path}")
        close_some(world, random.Random(SEED), 1)  # its order is looked at anew
        wait_for_quiet(rig, sinks, seconds=60)

    assert judge(world, sinks).doubled > 0
