"""R12: machines whose clocks are wrong by an hour or a day: the database's clock decides."""

import pytest

from orders.models import Milestone
from tests.faults.rig import Rig, Sinks, wait_until
from tests.faults.world import SEED, SIZE, judge, lay_down, make_world, say, wait_for_quiet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
AMOUNT = 300 if SIZE.milestones < 10_000 else 3_000


@pytest.mark.parametrize(
    "shifts",
    [
        {"worker1": 1, "worker2": -1, "beat1": -1, "beat2": 1},
        {"worker1": 24, "worker2": -24},
    ],
    ids=["hours", "days"],
)
def test_wrong_clocks_lose_nothing_and_tell_nothing_early(transactional_db, tmp_path, shifts):
    with Sinks(SEED) as sinks:
        sinks.http.secrets["/dingtalk/robot/send"] = "SECdingtalk"  # a signature by a wrong clock would be refused
        world = make_world(sinks)
        lay_down(world, AMOUNT, spread=10, begins_in=8)
        environments = {name: {"FAULTS_CLOCK_HOURS": str(hours)} for name, hours in shifts.items()}
        with Rig(tmp_path, sinks, environments=environments) as rig:
            wait_for_quiet(rig, sinks, seconds=90)

    verdict = judge(world, sinks)
    say(verdict, world, shifts)
    dues = {step.name_en: step.due_at.timestamp() for step in Milestone.objects.all()}
    delays = [line.at - due for line in sinks.received() for name, due in dues.items() if name in line.text]
    print(f"latest {max(delays):.1f} s after the due instant")
    assert verdict.is_clean(0), verdict
    assert sum(sinks.http.bad_signatures.values()) == 0
    assert max(delays) <= 30


def test_control_by_their_own_clock_workers_tell_early(transactional_db, tmp_path):
    with Sinks(SEED) as sinks:
        world = make_world(sinks)
        lay_down(world, 60, spread=10, begins_in=40, people=world.people)
        with Rig(
            tmp_path, sinks, control="own_clock", workers=1, environments={"worker1": {"FAULTS_CLOCK_HOURS": "1"}}
        ):
            wait_until(lambda: sinks.count() > 20, seconds=35, what="messages before they are due")

    assert judge(world, sinks).early > 0
