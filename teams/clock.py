"""The database's clock decides for all workers what is due and whose lease ran out: those of machines differ (C17)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models


class ClockTimestamp(models.Func):
    """The instant at which the statement runs; `Now()` would be the one at which the transaction began."""

    function = "clock_timestamp"
    template = "%(function)s()"
    output_field = models.DateTimeField()


@dataclass(frozen=True)
class DatabaseClock:
    """What one look at the database's clock tells."""

    now: datetime
    server_started_at: datetime


def read_clock() -> DatabaseClock:
    """Ask the database for its time, and since when it has been up; one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), pg_postmaster_start_time()")
        return DatabaseClock(*cursor.fetchone())
