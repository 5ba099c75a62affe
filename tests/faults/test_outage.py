"""R5: everything stood still for 36 hours. What is still true is told, and says that it is late; nothing else is."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from orders.models import Milestone
from teams.services import heartbeats
from tests.faults.rig import Rig, Sinks
from tests.faults.world import SEED, SIZE, close_some, judge, lay_down, make_world, say, wait_for_quiet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
AMOUNT = 1_000 if SIZE.milestones < 10_000 else 5_000
OUTAGE = timedelta(hours=36)


def test_after_36_hours_the_backlog_is_told_late_within_two_minutes(transactional_db, tmp_path):
    with Sinks(SEED) as sinks:
        world = make_world(sinks)
        lay_down(world, AMOUNT, spread=3600, people=world.people, begins_in=-35 * 3600)
        heartbeats.beat("sweep", now=datetime.now(UTC) - OUTAGE)
        close_some(world, random.Random(SEED), AMOUNT // 20)  # meanwhile
        expected = Milestone.objects.filter(status="active").count()
        start = time.monotonic()
        with Rig(tmp_path, sinks) as rig:
            wait_for_quiet(rig, sinks, seconds=120 + AMOUNT / 20)
        taken = time.monotonic() - start - 2  # of which the last two seconds were quiet

    verdict = judge(world, sinks)
    say(verdict, world, {"all": 1})
    print(f"36 h of outage: {verdict.received} reminders of {expected} steps out {taken:.0f} s after the start")
    assert verdict.expected > expected
    assert verdict.is_clean(0), verdict
    late = [line for line in sinks.received() if "Told late" in line.text or "补发" in line.text]
    assert len(late) == verdict.received
    assert taken <= 120
