"""R11: many items at once for robots that take few messages: limits are kept, items go together, none is lost.

At T0 the limits' minutes are six seconds, and so are the paces; T1 and T2 wait for real ones.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from teams.models import Address, Message
from teams.notifications.channels.catalog import CATALOG
from tests import sinks as sink_module
from tests.faults.rig import Rig, Sinks
from tests.faults.world import (
    SEED,
    SIZE,
    World,
    judge,
    lay_down,
    make_channel,
    make_world,
    reachable_by,
    say,
    wait_for_quiet,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROBOTS = ("dingtalk", "wecom_robot", "slack")
IS_SHORT = SIZE.milestones < 10_000
SCALE = 10 if IS_SHORT else 1
ITEMS, PEOPLE = (600, 28) if IS_SHORT else (5_000, 40)


@pytest.fixture(autouse=True)
def short_minutes(monkeypatch):
    scaled = {name: (most, seconds / SCALE) for name, (most, seconds) in sink_module.LIMITS.items()}
    monkeypatch.setattr(sink_module, "LIMITS", scaled)
    monkeypatch.setitem(os.environ, "FAULTS_MAX_ITEMS", "200")


def deliver_to_robots(sinks: Sinks, folder: Path, *, scale: float) -> World:
    """Send all items by robots whose pace is the product's, divided by `scale`."""
    world = make_world(sinks)
    world.people = []
    for kind in ROBOTS:
        robot = make_channel(kind, sinks, pace_seconds=CATALOG[kind].pace_seconds / scale)
        for _n in range(PEOPLE):
            person = reachable_by(world.team, "email", sinks)
            Address.objects.create(user=person, channel=robot, value=f"u{person.pk}")
            world.people.append(person)
    lay_down(world, ITEMS, spread=0, people=world.people, per_order=5)
    with Rig(folder, sinks) as rig:
        wait_for_quiet(rig, sinks, seconds=120 + 4 * PEOPLE * 3.1 / scale, settle=4 / scale + 1)
    return world


def test_robots_get_no_more_than_they_take(transactional_db, tmp_path):
    with Sinks(SEED) as sinks:
        world = deliver_to_robots(sinks, tmp_path, scale=SCALE)

    verdict = judge(world, sinks)
    say(verdict, world, {"robots": len(ROBOTS)})
    sent = Counter(Message.objects.filter(status="sent").values_list("channel__kind", flat=True))
    print(f"{ITEMS} items for {len(ROBOTS)} robots: {dict(sent)} messages, breaches {dict(sinks.http.breaches)}")
    assert min(sent[kind] for kind in ROBOTS) > 20  # else the limit would never have been met
    assert sum(sent[kind] for kind in ROBOTS) < ITEMS  # items went together
    assert sum(sinks.http.breaches.values()) == 0
    assert verdict.is_clean(0), verdict


def test_control_without_a_pace_the_limits_are_broken(transactional_db, tmp_path):
    with Sinks(SEED) as sinks:
        deliver_to_robots(sinks, tmp_path, scale=1_000_000)

    assert sum(sinks.http.breaches.values()) > 0
