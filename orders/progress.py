"""Progress that shows while the job's own transaction is still open: told over a connection of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from django.db import Error, connection

from orders.models import Progress

EVERY = 0.4  # seconds
Told = Callable[[int, int], None]
_FORGET = "DELETE FROM orders_progress WHERE at < clock_timestamp() - interval '1 day'"
_WRITE = """
    INSERT INTO orders_progress (key, done, total, at) VALUES (%s, %s, %s, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET done = excluded.done, total = excluded.total, at = excluded.at
"""


@contextmanager
def telling(key: str) -> Iterator[Told]:
    """A function that takes how much is done of how much; calls close to each other are left out.

    A job does not fail because its progress cannot be told.
    """
    aside = connection.copy()
    last = 0.0

    def told(done: int, total: int) -> None:
        nonlocal last
        if done < total and monotonic() - last < EVERY:
            return
        last = monotonic()
        try:
            with aside.cursor() as cursor:
                cursor.execute(_FORGET)
                cursor.execute(_WRITE, [key, done, total])
        except Error:
            aside.close()

    try:
        yield told
    finally:
        aside.close()


def read_progress(key: str) -> Progress | None:
    """What was told last; None if nothing was, or it is long ago."""
    return Progress.objects.filter(key=key).first()
