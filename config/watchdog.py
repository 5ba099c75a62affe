"""A worker that has stopped consuming ends itself, and its supervisor starts another.

After a broker's restart a worker may stay connected and take nothing any more (celery#8030, #8091, #10205); asking it
to `ping` does not show that. So it watches itself: work waits in its queue, it has taken nothing for three periods,
and it is not busy. An empty queue (beat is away) or a broker that is away is no fault of the worker's.
"""

import logging
import os
import signal
import threading
import time
from typing import Any

from celery import bootsteps
from celery.signals import task_received, worker_init, worker_shutting_down
from celery.worker import state
from django.conf import settings
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TICK_QUEUE = "tick"
EXIT_CODE = 70  # EX_SOFTWARE
PERIODS = 3
# Set by the supervisor for its children; a worker started in any other way outlives its starter as it likes.
SUPERVISOR_VARIABLE = "GENDAN_SUPERVISOR_PID"
ORPHAN_CHECK_SECONDS = 1.0
ORPHAN_GRACE_SECONDS = 2.0  # after the worker's own time to end, in which what is being sent is written down


class Watchdog(bootsteps.StartStopStep):
    """A thread of the worker's main process; only of workers that take ticks, since a bulk job may last long."""

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.period = float(settings.DELIVER_PERIOD_SECONDS)
        self.taken_at = time.monotonic()
        self._end = threading.Event()

    def start(self, parent: Any) -> None:
        if TICK_QUEUE not in parent.app.amqp.queues.consume_from:
            return
        task_received.connect(self._note_taken, weak=False)
        # While it finishes what it has, a worker that was told to stop takes nothing: as it should be.
        worker_shutting_down.connect(self._note_stop, weak=False)
        threading.Thread(target=self._watch, args=[parent.app], name="watchdog", daemon=True).start()

    def stop(self, parent: Any) -> None:
        self._end.set()

    def _note_stop(self, **_: Any) -> None:
        self._end.set()

    def _note_taken(self, **_: Any) -> None:
        self.taken_at = time.monotonic()

    def _watch(self, app: Any) -> None:
        while not self._end.wait(self.period):
            if self.is_stuck(waiting_in_queue(app)):
                logger.critical("work waits and this worker takes none; it ends, to be started again")
                logging.shutdown()
                os._exit(EXIT_CODE)

    def is_stuck(self, waiting_count: int) -> bool:
        """Whether work waits that an idle worker should have taken long ago."""
        is_idle = not state.active_requests and not state.reserved_requests
        return bool(waiting_count) and is_idle and time.monotonic() - self.taken_at > PERIODS * self.period


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
def watch_supervisor(**_: Any) -> None:
    """End this worker for good some time after its supervisor was killed.

    The kernel sends it SIGTERM then, but the broker ends at the same moment, and Celery's handler stumbles over that
    (`task_consumer.cancel` raises before it notes the stop): the worker would look for its broker for ever.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE)
    if supervisor and int(supervisor) == os.getppid():
        threading.Thread(target=_end_as_orphan, args=[int(supervisor)], name="orphan", daemon=True).start()


def _end_as_orphan(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(ORPHAN_CHECK_SECONDS)
    time.sleep(settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT + ORPHAN_GRACE_SECONDS)
    logger.critical("the supervisor is gone and this worker does not come to its end; it is ended")
    logging.shutdown()
    os.killpg(os.getpgrp(), signal.SIGKILL)
