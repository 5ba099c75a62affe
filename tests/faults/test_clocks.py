"""R12: machines whose clocks are wrong by an hour or a day: the database's clock decides."""

from pathlib import Path

import pytest

from orders.models import Milestone
from tests.faults.rig import Rig, Sinks
from tests.faults.world import SEED, SIZE, judge, lay_down, make_world, say, wait_for_quiet

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIBRARIES = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
]
AMOUNT = 300 if SIZE.milestones < 10_000 else 3_000


def wrong_by(shift: str) -> dict[str, str]:
    """A process whose wall clock is so much ahead (+) or behind (-); its monotonic clock runs as it should."""
    library = next((path for path in LIBRARIES if Path(path).exists()), None)
    assert library, "libfaketime is not installed"
    return {"LD_PRELOAD": library, "FAKETIME": shift, "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}


@pytest.mark.parametrize(
    "shifts",
    [
        {"worker1": "+1h", "worker2": "-1h", "beat1": "-3600", "beat2": "3600"},
        {"worker1": "+1d", "worker2": "-1d"},
    ],
    ids=["hours", "days"],
)
def test_wrong_clocks_lose_nothing_and_tell_nothing_early(transactional_db, tmp_path, shifts):
    with Sinks(SEED) as sinks:
        sinks.http.secrets["/dingtalk/robot/send"] = "SECdingtalk"  # a signature by a wrong clock would be refused
        world = make_world(sinks)
        lay_down(world, AMOUNT, spread=10, begins_in=8)
        environments = {
            name: {"FAULTS_BEAT_SHIFT": shift} if name.startswith("beat") else wrong_by(shift)
            for name, shift in shifts.items()
        }
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
