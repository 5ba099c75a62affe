"""gunicorn's threaded worker, ending without a single reset connection."""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]


class Worker(ThreadWorker):
    """Serves whoever has got through to the server before it stops, then turns the others away at once.

    The stock worker only stops to accept: who is in the queue of the listening socket, or joins it while the last
    requests are being answered, waits, and is cut off at the end. A refused connection can be tried elsewhere.
    """

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                self._serve_the_queue_of(listener)
                listener.close()

    def _serve_the_queue_of(self, listener: Any) -> None:
        listener.setblocking(False)
        served = -1
        while served != self.nr_conns:  # `accept` takes one at a time, if there is one.
            served = self.nr_conns
            self.accept(listener)
