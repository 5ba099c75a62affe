"""Real processes on loopback, started and ended by their ids: a worker, two beats, a broker, and a sink for mail.

The sink lives in a thread of the test itself, so nothing kills it, and writes each mail into its ledger before it
answers. The verdict comes from this ledger and the database alone.
"""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aiosmtpd.controller import Controller
from django.db import connection

from config.launcher.paths import ROOT
from config.launcher.valkey import Valkey

CELERY = [sys.executable, "-m", "celery", "-A", "config"]


class Sink:
    """An SMTP server that takes everything, notes it first, and then takes its time to say so."""

    def __init__(self, seed: int) -> None:
        self.ledger: list[tuple[float, str]] = []  # time, Message-ID
        self._random = random.Random(seed)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server, session, envelope) -> str:
        head = envelope.content.decode("utf-8", "replace").split("\r\n\r\n")[0]
        (name,) = (line.split(": ", 1)[1] for line in head.split("\r\n") if line.startswith("Message-ID"))
        self.ledger.append((time.time(), name))
        await asyncio.sleep(self._random.uniform(0.02, 0.12))
        return "250 taken"

    def __enter__(self) -> "Sink":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class Rig:
    """The processes of one test; `kill` and `start` name them "worker", "beat1", "beat2", "broker"."""

    def __init__(self, folder: Path, sink: Sink, control: str = "") -> None:
        self.folder = folder
        self.broker = Valkey(folder / "valkey", durable=False)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        url, _slash, _name = os.environ["TEST_DATABASE_URL"].rpartition("/")
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "TEST_DATABASE_URL": f"{url}/{connection.settings_dict['NAME']}",
            "FAULTS_BROKER_URL": self.broker.url,
            "FAULTS_SMTP_PORT": str(sink.port),
            "FAULTS_CONTROL": control,
            "REMAP_SIGTERM": "SIGQUIT",
        }

    def __enter__(self) -> "Rig":
        for name in ("broker", "worker", "beat1", "beat2"):
            self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            end_group(process)
        self.broker.stop()

    def start(self, name: str) -> None:
        if name == "broker":
            self.broker.start()
            return
        if name == "worker":
            command = [
                *CELERY,
                "worker",
                "-Q",
                "tick",
                "-c",
                "2",
                "--without-gossip",
                "--without-mingle",
                "--loglevel=INFO",
            ]
        else:
            command = [*CELERY, "beat", "--pidfile=", "--schedule", str(self.folder / name)]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """SIGKILL the process and all its children at once, as a power cut would."""
        if name == "broker":
            self.broker.process.kill()
            self.broker.process.wait()
        else:
            end_group(self.processes[name])

    def kill_child(self) -> None:
        """SIGKILL one of the worker's children; the worker itself lives on and forks another."""
        children = children_of(self.processes["worker"].pid)
        if children:
            os.kill(children[0], signal.SIGKILL)

    def control(self, *command: str) -> None:
        """Tell the worker something by Celery's remote control."""
        subprocess.run([*CELERY, "control", *command], cwd=ROOT, env=self.environment, capture_output=True, check=True)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the session that we started for that process."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children_of(pid: int) -> list[int]:
    """Child processes of a process of ours, the youngest first."""
    try:
        names = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return sorted((int(name) for name in names), reverse=True)


def wait_until(is_so: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Wait for something to become true.

    Raises:
        AssertionError: it did not in time; names it.
    """
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.1)
