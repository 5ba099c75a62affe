"""Workers that come to their end, and workers that should: told to stop, left alone, stuck, or fast asleep.

*Stuck.* After a broker's restart a worker may stay connected and take nothing any more (celery#8030, #8091, #10205);
asking it to `ping` does not show that. So it watches itself: work waits in its queue, it has taken nothing for three
periods, and it is not busy, or cannot even look: its loop waits for an answer on a connection that is dead without
having been closed, up to 30 s for each. Then it ends itself, and its supervisor starts another. An empty queue (beat is
away) or a broker that is away is no fault of the worker's.

*Asleep.* A process that the system keeps from running can do nothing about it; its pulse stops, which others see.

*Told to stop.* Celery's warm shutdown waits for running tasks for ever; ours are short, and delivery and the long jobs
end early once they are told (`teams.tasks`). What is not over by then is ended: every row has a lease or is repeated.
"""

import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.signals import task_received, worker_init, worker_process_init, worker_shutting_down
from celery.worker import state
from django.conf import settings
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TICK_QUEUE = "tick"
EXIT_CODE = 70  # EX_SOFTWARE
PERIODS = 3
# Longer than the longest pause between two tries to reach the broker, in which the loop does not turn either.
BLOCKED_SECONDS = 35.0
LAST_SENDS_SECONDS = 11.0  # what children may still need for what is in the air
# Set by the supervisor for its children; a worker started in any other way outlives its starter as it likes.
SUPERVISOR_VARIABLE = "GENDAN_SUPERVISOR_PID"
ORPHAN_CHECK_SECONDS = 1.0
# From the signal on. Longer than a send and the writing of its outcome, shorter than a container's time to stop.
GRACE_SECONDS = 25.0
# A file that is touched while the process runs at all; config.launcher.keep and Docker's health check look at its age.
PULSE_VARIABLE = "GENDAN_PULSE_FILE"
PULSE_SECONDS = 2.0


class Watchdog(bootsteps.StartStopStep):
    """A thread of the worker's main process; only of workers that take ticks, since a bulk job may last long."""

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.period = float(settings.DELIVER_PERIOD_SECONDS)
        self.taken_at = self.turned_at = time.monotonic()
        self._end = threading.Event()

    def start(self, parent: Any) -> None:
        if TICK_QUEUE not in parent.app.amqp.queues.consume_from:
            return
        task_received.connect(self._note_taken, weak=False)
        # While it finishes what it has, a worker that was told to stop takes nothing: as it should be.
        worker_shutting_down.connect(self._note_stop, weak=False)
        threading.Thread(target=self._watch, args=[parent.app], name="watchdog", daemon=True).start()

    def register_with_event_loop(self, parent: Any, hub: Any) -> None:
        hub.call_repeatedly(1, self._note_turn)

    def stop(self, parent: Any) -> None:
        self._end.set()

    def _note_stop(self, **_: Any) -> None:
        self._end.set()

    def _note_taken(self, **_: Any) -> None:
        self.taken_at = time.monotonic()

    def _note_turn(self) -> None:
        self.turned_at = time.monotonic()

    def _watch(self, app: Any) -> None:
        while not self._end.wait(self.period):
            if self.is_stuck(waiting_in_queue(app)):
                logger.critical("work waits and this worker takes none; it ends, to be started again")
                if not is_idle():
                    worker_shutting_down.send(sender=self)  # Tells the children.
                    time.sleep(LAST_SENDS_SECONDS)
                logging.shutdown()
                os._exit(EXIT_CODE)

    def is_stuck(self, waiting_count: int) -> bool:
        """Whether work waits that this worker should have taken long ago."""
        now, patience = time.monotonic(), PERIODS * self.period
        is_blocked = now - self.turned_at > max(patience, BLOCKED_SECONDS)
        return bool(waiting_count) and now - self.taken_at > patience and (is_idle() or is_blocked)


def is_idle() -> bool:
    """By what the main process knows of its children."""
    return not state.active_requests and not state.reserved_requests


def waiting_in_queue(app: Any) -> int:
    """Ticks that nobody has taken; 0 as well if the broker does not answer."""
    try:
        with app.connection_for_read() as connection:
            return connection.default_channel.client.llen(TICK_QUEUE)
    except (OperationalError, OSError, *connection_errors(app)):
        return 0


def connection_errors(app: Any) -> tuple[type[Exception], ...]:
    return app.connection_for_read().connection_errors


@worker_init.connect
def show_pulse(**_: Any) -> None:
    if path := os.environ.get(PULSE_VARIABLE):
        threading.Thread(target=_beat_for_ever, args=[Path(path)], name="pulse", daemon=True).start()


def _beat_for_ever(path: Path) -> None:
    while True:
        path.touch()
        time.sleep(PULSE_SECONDS)


@worker_process_init.connect
def leave_the_end_to_the_main_process(**_: Any) -> None:
    """A SIGTERM for the whole group, as systemd sends it, must not cut short what a child is sending."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@worker_shutting_down.connect
def end_in_time(**_: Any) -> None:
    """Whatever the worker's own shutdown waits for or stumbles over, it ends."""
    threading.Thread(target=_end_by_force, name="last-moment", daemon=True).start()


@worker_init.connect
def watch_supervisor(**_: Any) -> None:
    """End this worker for good some time after its supervisor was killed.

    The kernel sends it SIGTERM then, but there is no such thing on macOS, and the broker may end at the same moment.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor and int(supervisor) == os.getppid():
        threading.Thread(target=_end_as_orphan, args=[int(supervisor)], name="orphan", daemon=True).start()


def _end_as_orphan(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(ORPHAN_CHECK_SECONDS)
    _end_by_force()


def _end_by_force() -> None:
    time.sleep(GRACE_SECONDS)
    logger.critical("this worker was told to stop and does not come to its end; it is ended")
    logging.shutdown()
    os.killpg(os.getpgrp(), signal.SIGKILL)
