"""The supervisor, with small real processes."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import subprocess, sys
from functools import partial
from pathlib import Path
from config.launcher.processes import spawn
from config.launcher.supervisor import Service, Stopped, Supervisor

folder = Path(sys.argv[1])
# Each notes its start and its orderly end; `sleep` in the background stands for a pool process.
shell = 'echo "start $0 $$" >> ledger; trap \\'echo "end $0" >> ledger; exit 0\\' TERM; sleep 600 & wait; wait'
supervisor = Supervisor()
try:
    for name in ("database", "worker", "web"):
        start = partial(spawn, ["/bin/sh", "-c", shell, name], cwd=folder)
        supervisor.keep(Service(name, start, folder / "log", patience=5, foundation=name == "database"))
    while True:
        supervisor.look_after()
except Stopped:
    pass
finally:
    supervisor.stop_all()
"""


class Run:
    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger"
        command = [sys.executable, "-c", SCRIPT, str(folder)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        self.wait_for_lines(3)

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.ledger.read_text().splitlines()] if self.ledger.exists() else []

    def wait_for_lines(self, count: int) -> list[list[str]]:
        end = time.monotonic() + 15
        while len(self.lines()) < count and time.monotonic() < end:
            time.sleep(0.05)
        return self.lines()

    def groups(self) -> list[int]:
        return [int(line[2]) for line in self.lines() if line[0] == "start"]


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(groups: list[int]) -> bool:
    end = time.monotonic() + 10
    while any(group_lives(group) for group in groups) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(group_lives(group) for group in groups)


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    yield run
    run.process.kill()
    run.process.wait()
    for group in run.groups():  # The killed supervisor's services end by themselves; what they started does not.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_in_order_with_their_children(run, number):
    run.process.send_signal(number)

    assert run.process.wait(15) == 0
    ended = [line[1] for line in run.lines() if line[0] == "end"]
    assert sorted(ended[:2]) == ["web", "worker"]  # Asked at once, so either may be first; the database waits for both.
    assert ended[2:] == ["database"]
    assert wait_until_gone(run.groups())


def test_what_exits_is_started_again_after_growing_pauses(run):
    first = int(run.lines()[1][2])
    moments = [time.monotonic()]
    os.killpg(first, signal.SIGKILL)
    second = run.wait_for_lines(4)[3]
    moments.append(time.monotonic())
    os.killpg(int(second[2]), signal.SIGKILL)
    third = run.wait_for_lines(5)[4]
    moments.append(time.monotonic())

    assert [second[:2], third[:2]] == [["start", "worker"], ["start", "worker"]]
    assert 0.9 < moments[1] - moments[0] < 1.9 < moments[2] - moments[1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_killed_supervisor_takes_its_services_along(run):
    run.process.kill()
    run.process.wait()

    lines = run.wait_for_lines(6)

    assert sorted(line[1] for line in lines if line[0] == "end") == ["database", "web", "worker"]
