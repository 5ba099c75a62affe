"""Real processes on loopback, started and ended by their ids: workers, two beats, a broker, web servers, and sinks.

The sinks live in threads of the test itself, so nothing kills them, and write each message into their ledger before
they answer. The verdict comes from these ledgers and the database alone.
"""

import asyncio
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.controller import Controller
from django.db import connection

from config.launcher.paths import ROOT
from config.launcher.valkey import Valkey
from tests.sinks import HttpSink

# It tells of every line of every conversation.
logging.getLogger("mail.log").setLevel(logging.WARNING)
CELERY = [sys.executable, "-m", "celery", "-A", "config"]
WORKER = ["worker", "-Q", "tick", "-c", "2", "--without-gossip", "--without-mingle", "--loglevel=INFO"]


@dataclass(frozen=True)
class Received:
    """A message as its person got it."""

    at: float
    delivery_id: str
    text: str


class MailSink:
    """An SMTP server that takes everything, notes it first, and then takes its time to say so."""

    def __init__(self, seed: int) -> None:
        self.ledger: list[Received] = []
        self._random = random.Random(seed)
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server, session, envelope) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        delivery_id = mail["Message-ID"].strip("<>").partition("@")[0]
        self.ledger.append(Received(time.time(), delivery_id, mail.get_body(["plain"]).get_content()))
        await asyncio.sleep(self._random.uniform(0, 0.04))
        return "250 taken"

    def __enter__(self) -> "MailSink":
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class Sinks:
    """A mail server and an HTTP server that plays all receivers."""

    def __init__(self, seed: int = 1) -> None:
        self.mail, self.http = MailSink(seed), HttpSink(seed=seed, delay=0.04)
        self.http.keeps_token = True

    def __enter__(self) -> "Sinks":
        self.mail.__enter__()
        self.http.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.__exit__()
        self.mail.__exit__()

    def received(self) -> list[Received]:
        lines = (Received(line.at, line.delivery_id, line.text) for line in self.http.received())
        return [*self.mail.ledger, *lines]

    def count(self) -> int:
        return len(self.mail.ledger) + len(self.http.ledger)


class Rig:
    """The processes of one test, named "worker1", "worker2", "beat1", "beat2", "broker", "web1" and so on.

    `kept`: workers run under config.launcher.keep as in production, with so many seconds of patience.
    """

    def __init__(
        self,
        folder: Path,
        sinks: Sinks,
        *,
        control: str = "",
        workers: int = 2,
        webs: int = 0,
        is_broker_durable: bool = False,
        kept: float | None = None,
        environments: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.folder = folder
        self.broker = Valkey(folder / "valkey", durable=is_broker_durable)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.names = ["broker", *(f"worker{n + 1}" for n in range(workers)), "beat1", "beat2"]
        self.names += [f"web{n + 1}" for n in range(webs)]
        self.ports = {name: free_port() for name in self.names if name.startswith("web")}
        self.environments = environments or {}
        self.kept = kept
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "TEST_DATABASE_URL": database_url(),
            "FAULTS_BROKER_URL": self.broker.url,
            "FAULTS_SMTP_PORT": str(sinks.mail.port),
            "FAULTS_CONTROL": control,
        }

    def __enter__(self) -> "Rig":
        for name in self.names:
            self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.workers if self.kept else []:
            self.ask_to_stop(name)  # What a killed keeper leaves behind would outlive the test.
        for name in self.workers if self.kept else []:
            self.processes[name].wait(60)
        for process in self.processes.values():
            end_group(process)
        self.broker.stop()

    @property
    def workers(self) -> list[str]:
        return [name for name in self.names if name.startswith("worker")]

    def start(self, name: str) -> None:
        if name == "broker":
            self.broker.start()
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self._command(name),
                cwd=ROOT,
                env={**self.environment, **self.environments.get(name, {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _command(self, name: str) -> list[str]:
        if name.startswith("worker"):
            keeper = ["--patience", str(self.kept), "--pulse", str(self.folder / f"{name}.pulse"), name]
            keep = [sys.executable, "-m", "config.launcher.keep", *keeper] if self.kept else []
            return [*keep, *CELERY, *WORKER, "-n", f"{name}@%h"]
        if name.startswith("beat"):
            return [*CELERY, "beat", "--pidfile=", "--schedule", str(self.folder / name)]
        bind = f"127.0.0.1:{self.ports[name]}"
        gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "python:config.gunicorn"]
        return [*gunicorn, "--bind", bind]

    def kill(self, name: str) -> None:
        """SIGKILL the process and all its children at once, as a power cut would."""
        if name == "broker":
            self.broker.process.kill()
            self.broker.process.wait()
        else:
            end_group(self.processes[name])

    def worker_pid(self, name: str) -> int:
        """Of the worker's own main process, which may be a keeper's child; 0 between two of them."""
        pid = self.processes[name].pid
        return next(iter(children_of(pid)), 0) if self.kept else pid

    def ask_to_stop(self, name: str) -> None:
        """SIGTERM, as an administrator or a deployment does."""
        self.processes[name].send_signal(signal.SIGTERM)

    def stop_in_order(self, name: str) -> float:
        """SIGTERM, then wait for the end of the process and of all that it started; in seconds."""
        started, process = time.monotonic(), self.processes[name]
        self.ask_to_stop(name)
        process.wait(120)
        wait_until(lambda: not group_lives(process.pid), seconds=5, what=f"the end of all that {name} started")
        return time.monotonic() - started

    def wait_for_worker(self, name: str, times: int = 1) -> None:
        """Until a worker has become ready so many times in its life of one name."""
        wait_until(
            lambda: self.log(name).count("ready.") >= times, seconds=60, what=f"{name}; see the logs in {self.folder}"
        )

    def kill_child(self, name: str) -> bool:
        """SIGKILL one of a worker's children; the worker itself lives on and forks another. Whether there was one."""
        children = children_of(self.processes[name].pid)
        if children:
            os.kill(children[0], signal.SIGKILL)
        return bool(children)

    def control(self, *command: str) -> None:
        """Tell the workers something by Celery's remote control."""
        subprocess.run([*CELERY, "control", *command], cwd=ROOT, env=self.environment, capture_output=True, check=True)

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def database_url() -> str:
    """Of the database that the test itself uses just now."""
    url, _slash, _name = os.environ["TEST_DATABASE_URL"].rpartition("/")
    return f"{url}/{connection.settings_dict['NAME']}"


def end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the session that we started for that process."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


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
