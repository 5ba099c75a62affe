"""The web server, in development as in production; address and size come from the command line."""

import gc
import os
from typing import Any

wsgi_app = "config.wsgi"
worker_class = "config.web_worker.Worker"  # gthread with an end that nobody notices
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
# Loaded once, then forked: half the memory, and no request ever waits for imports.
preload_app = True
# Its default place is the home folder, where two copies would meet.
control_socket_disable = True
timeout = 30  # seconds; longer work is a job with progress
graceful_timeout = 20
keepalive = 75
# Memory that creeps up goes back; the spread keeps workers from restarting together.
max_requests = 10_000
max_requests_jitter = 1_000


def when_ready(server: Any) -> None:
    """Load the urls, and with them every view, before the first worker is forked.

    What is loaded by then stays: no worker looks through it for garbage again, or copies its pages by doing so.
    """
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
