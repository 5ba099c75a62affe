"""A beat leaves a mark under its own name, so that a second one that was started by mistake can be seen.

Two do no harm (every tick asks for the same), but somebody should know.
"""

import logging
import os
import socket
import threading
from typing import Any

from celery.signals import beat_init
from django.db import DatabaseError, InterfaceError, connection

from teams import health
from teams.clock import read_clock
from teams.services import heartbeats

logger = logging.getLogger(__name__)


@beat_init.connect
def leave_marks(**_: Any) -> None:
    threading.Thread(target=_mark_for_ever, name="beat-marks", daemon=True).start()


def _mark_for_ever() -> None:
    name = f"{health.BEAT_PREFIX}{socket.gethostname()[:20]}:{os.getpid()}"
    pause, began = threading.Event(), ""
    while True:
        try:
            now = read_clock().now
            began = began or now.isoformat()
            heartbeats.beat(name, now=now, note=began)
        except (DatabaseError, InterfaceError):
            logger.warning("beat could not leave its mark, the database is away")
            connection.close()
        pause.wait(health.BEAT_MARK_SECONDS)
