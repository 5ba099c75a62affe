"""Keeping a handful of processes running, and ending all of them in order."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from .processes import ask_to_stop, kill_group, see_off, stop
from .text import say, tr

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a restart; doubled each time
SETTLED_AFTER = 60.0  # seconds of running after which an exit counts as the first one again
PULSE_PATIENCE = 45.0  # seconds without a pulse after which a process counts as stuck


class Stopped(Exception):
    """A person or the system asked the supervisor to end."""


@dataclass
class Service:
    """A process to keep running; `stop_signal` ends it in order within `patience` seconds.

    A `foundation` is what the others stand on, such as the database: it ends when they are gone. A process that leaves
    the file `pulse` untouched for `pulse_patience` seconds is stuck: it is ended by force and started again.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 30.0
    foundation: bool = False
    pulse: Path | None = None
    pulse_patience: float = PULSE_PATIENCE
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    restart_at: float | None = None
    last_pulse: int = 0
    last_pulse_at: float = 0.0

    def silent_since(self, now: float) -> float:
        """When its pulse was last seen to change, by our clock; now if it has none to show."""
        if self.pulse is None or self.process is None:
            return now
        with contextlib.suppress(OSError):
            pulse = self.pulse.stat().st_mtime_ns
            if pulse != self.last_pulse:
                self.last_pulse, self.last_pulse_at = pulse, now
        return max(self.last_pulse_at, self.started_at)


class Supervisor:
    """Starts services, restarts those that exit, and ends them all, the last one started first."""

    def __init__(self) -> None:
        self.services: list[Service] = []
        self._requests = 0
        # Any signal, SIGCHLD too, ends a wait at once.
        self._bell, ring = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(ring, False)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # Under nohup it stays ignored.
                signal.signal(number, self._request_stop)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self._requests += 1
        if self._requests == 2 and number == signal.SIGINT:
            # A second Ctrl-C: nobody wants to wait for running work. The database and the broker still end in order.
            for service in self.services:
                if service.process is not None and not service.foundation:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(service.process.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> None:
        """Wait that long or until a signal or a child's end.

        Raises:
            Stopped: the end was asked for, now or before.
        """
        if not self._requests and select.select([self._bell], [], [], max(seconds, 0))[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._bell, 4096)
        if self._requests:
            raise Stopped

    def keep(self, service: Service) -> None:
        """Start a service and keep it running from now on."""
        self.services.append(service)
        self._start(service)

    def run(self, start: Callable[[], subprocess.Popen[bytes]]) -> int:
        """Run a one-off process to its end, with the services looked after meanwhile; return its exit code."""
        process = start()
        try:
            while process.poll() is None:
                self.look_after()
            return process.returncode
        finally:
            stop(process, signal.SIGTERM, patience=10)

    def look_after(self) -> None:
        """One round: notice what has ended, restart what is due, wait for the next event."""
        now = time.monotonic()
        for service in self.services:
            if service.process is not None and now - service.silent_since(now) > service.pulse_patience:
                say(tr(f"{service.name} does not move any more", f"{service.name} 已失去响应"))
                kill_group(service.process)
            if service.process is not None and service.process.poll() is not None:
                self._note_exit(service, now)
            if service.restart_at is not None and now >= service.restart_at:
                self._start(service)
        due = [service.restart_at - now for service in self.services if service.restart_at is not None]
        self.wait(min([*due, 5.0]))

    def _start(self, service: Service) -> None:
        service.restart_at = None
        service.started_at = time.monotonic()
        try:
            service.process = service.start()
        except Exception as error:  # Whatever it is, the others go on and this one is tried again.
            if service.process is None and self.services[-1] is service:
                raise  # The very first start: the person is waiting for an answer.
            say(tr(f"{service.name} could not be started: {error}", f"{service.name} 无法启动：{error}"))
            self._plan_restart(service, service.started_at)

    def _note_exit(self, service: Service, now: float) -> None:
        assert service.process is not None
        code = service.process.returncode
        kill_group(service.process)  # Its own children must not stay behind.
        if now - service.started_at > SETTLED_AFTER:
            service.pause = FIRST_PAUSE
        self._plan_restart(service, now)
        say(
            tr(
                f"{service.name} ended unexpectedly (exit code {code}); starting it again in {service.pause / 2:.0f} s."
                f" Its log: {service.log}",
                f"{service.name} 意外退出（退出码 {code}），{service.pause / 2:.0f} 秒后重新启动。日志：{service.log}",
            )
        )

    @staticmethod
    def _plan_restart(service: Service, now: float) -> None:
        service.process = None
        service.restart_at = now + service.pause
        service.pause = min(service.pause * 2, LONGEST_PAUSE)

    def stop_all(self) -> None:
        """End every service, the last one started first; only foundations wait for the others to be gone."""
        self._requests = max(self._requests, 1)
        services = self.services[::-1]
        services.sort(key=lambda service: service.foundation)
        running = [(service, service.process) for service in services if service.process is not None]
        for service, process in running:
            if not service.foundation:
                ask_to_stop(process, service.stop_signal)
        for service, process in running:
            if service.foundation:
                ask_to_stop(process, service.stop_signal)
            see_off(process, patience=service.patience)
            service.process = None
