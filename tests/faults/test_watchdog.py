"""A worker that is connected, alive, answers `ping`, and takes nothing any more: it has to end by itself."""

import subprocess

import pytest

from config.watchdog import EXIT_CODE
from tests.faults.rig import Rig, Sinks, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_worker_that_stopped_consuming_ends_itself(tmp_path):
    with Sinks() as sinks, Rig(tmp_path, sinks, workers=1) as rig:
        worker = rig.processes["worker1"]
        log = tmp_path / "worker1.log"
        wait_until(lambda: b"ready." in log.read_bytes(), seconds=40, what=f"a worker; see {log}")
        rig.control("cancel_consumer", "tick")

        try:
            code = worker.wait(30)
        except subprocess.TimeoutExpired:
            code = None

    assert code == EXIT_CODE


def test_a_worker_without_beat_goes_on(tmp_path):
    with Sinks() as sinks, Rig(tmp_path, sinks, workers=1) as rig:
        worker = rig.processes["worker1"]
        log = tmp_path / "worker1.log"
        wait_until(lambda: b"ready." in log.read_bytes(), seconds=40, what=f"a worker; see {log}")
        rig.kill("beat1")
        rig.kill("beat2")

        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(6)  # twice what it waits for
