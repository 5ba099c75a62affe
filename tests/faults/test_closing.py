"""R14: steps are completed at the very moment at which they are told about."""

import random
import time
from datetime import UTC, datetime

import pytest

from orders.models import Milestone
from orders.services import milestones as services
from teams.models import Notification
from tests.faults.rig import Rig, Sinks, wait_until
from tests.faults.world import SEED, SIZE, judge, lay_down, make_world, say, wait_for_quiet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PAIRS = 200 if SIZE.milestones < 10_000 else 5_000


def complete_as_they_fall_due(world, rng: random.Random) -> None:
    """Complete each step within a second of its due instant, before or after its reminder goes out."""
    steps = Milestone.objects.order_by("due_at", "pk").values_list("pk", "due_at", "assignee")
    people = {person.pk: person for person in world.people}
    for pk, due_at, assignee in steps:
        pause = due_at.timestamp() + rng.uniform(-0.1, 1.2) - time.time()
        time.sleep(max(pause, 0))
        services.complete_milestone(milestone_id=pk, by=people[assignee], now=datetime.now(UTC))
        world.closed[pk] = datetime.now(UTC)


def test_nothing_is_told_about_a_step_whose_completion_was_answered(transactional_db, tmp_path):
    with Sinks(SEED) as sinks:
        world = make_world(sinks)
        with Rig(tmp_path, sinks) as rig:
            lay_down(world, PAIRS, spread=PAIRS / 8, people=world.people, begins_in=8)
            complete_as_they_fall_due(world, random.Random(SEED))
            wait_for_quiet(rig, sinks, seconds=60)

    verdict = judge(world, sinks)
    say(verdict, world, {"completions": PAIRS})
    told = Notification.objects.filter(status="shown", kind="milestone_due").count()
    print(f"{PAIRS} pairs: {told} told before the completion, {PAIRS - told} not")
    assert PAIRS / 20 < told < PAIRS  # they did race
    assert verdict.after_closing == 0, verdict
    assert (verdict.doubled, verdict.extra) == (0, 0), verdict


def test_control_without_the_second_look_closed_steps_are_told(transactional_db, tmp_path, monkeypatch):
    monkeypatch.setattr("teams.notifications.outbox.cancel", lambda **_: 0)  # the first look, in this process
    with Sinks(SEED) as sinks:
        world = make_world(sinks)
        with Rig(tmp_path, sinks, control="no_second_look", workers=1) as rig:
            lay_down(world, 600, spread=0, people=world.people, begins_in=6)
            wait_until(lambda: sinks.count() > 5, seconds=60, what="a first message")
            people = {person.pk: person for person in world.people}
            # Those that wait for their turn.
            for pk, assignee in Milestone.objects.order_by("-pk").values_list("pk", "assignee")[:60]:
                services.complete_milestone(milestone_id=pk, by=people[assignee], now=datetime.now(UTC))
                world.closed[pk] = datetime.now(UTC)
            wait_for_quiet(rig, sinks, seconds=60)

    assert judge(world, sinks).after_closing > 0
