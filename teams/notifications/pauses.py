"""How long to wait before another try."""

import random
from datetime import timedelta

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=1)
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=10)


def pause_after(attempts: int) -> timedelta:
    """Of a message: 15 s, 1 min, 4 min, 16 min, then an hour each, give or take a fifth so that not all come back at
    once."""
    pause = min(FIRST_PAUSE * 4 ** min(max(attempts, 1) - 1, 8), LONGEST_PAUSE)
    return pause * random.uniform(0.8, 1.2)  # noqa: S311  spreads load, hides nothing


def rest_after(failures: int, threshold: int) -> timedelta:
    """Of a channel that refused so often in a row: 30 s at the threshold, doubled with each more, 10 min at most."""
    return min(FIRST_REST * 2 ** min(max(failures - threshold, 0), 8), LONGEST_REST)
