"""Databases of a test's own: a durable server that may be killed, and Django's connection pointed at them."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from config.launcher.paths import SHORT_TEMP
from config.launcher.postgres import NAME, Cluster
from tests.faults.rig import children_of, wait_until


class DurableServer:
    """PostgreSQL with fsync and synchronous_commit on, as in production; `template` is migrated once."""

    template = "migrated"

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="gendan-faults-", dir=SHORT_TEMP))
        self.cluster = Cluster(self.home / "data", self.home, durable=False)

    def __enter__(self) -> "DurableServer":
        self.start()
        self._make_template()  # in no hurry to be durable
        self.cluster.stop()
        self.cluster = Cluster(self.home / "data", self.home)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> None:
        self.cluster.start()
        self.cluster.wait_until_ready()

    def kill(self) -> None:
        """SIGKILL every process of the server at once, as a power cut would."""
        process = self.cluster.process
        process.send_signal(signal.SIGSTOP)  # It forks no more while we count.
        children = children_of(process.pid)
        for pid in [process.pid, *children]:
            os.kill(pid, signal.SIGKILL)
        process.wait()
        wait_until(lambda: not any(map(runs, children)), seconds=10, what="the end of all of PostgreSQL")

    def _make_template(self) -> None:
        self.run(f"CREATE DATABASE {self.template}")
        with pointed_at(HOST=str(self.home), NAME=self.template):
            call_command("migrate", verbosity=0, interactive=False)

    def run(self, statement: str, *values: Any) -> list[tuple]:
        """One statement over a connection of its own, outside of any transaction."""
        link = psycopg2.connect(host=str(self.home), user=NAME, dbname=NAME)
        link.autocommit = True
        try:
            with link.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()

    def end_sessions(self, database: str, count: int) -> int:
        """Have the server end so many random sessions; returns how many there were."""
        pids = self.run(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = %s"
            " ORDER BY random() LIMIT %s) AS sessions",
            database,
            count,
        )
        return len(pids)


def runs(pid: int) -> bool:
    """Whether that process is there, and no zombie that waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


@contextmanager
def pointed_at(**where: str) -> Iterator[None]:
    """Django's connection, in every thread of this process, and the processes of rigs use that database meanwhile."""
    before = {name: connection.settings_dict[name] for name in where}
    url = os.environ["TEST_DATABASE_URL"]
    connection.close()
    connection.settings_dict.update(where)
    if host := where.get("HOST"):
        os.environ["TEST_DATABASE_URL"] = f"postgres://{NAME}@{host.replace('/', '%2F')}/{NAME}"
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
        os.environ["TEST_DATABASE_URL"] = url
        ContentType.objects.clear_cache()


def first_after(moments: list[tuple[float, int]], since: float, status: int) -> float:
    """How long after `since` the first answer with that status came, in seconds; infinite if none did."""
    return min((at - since for at, answered in moments if at >= since and answered == status), default=float("inf"))
