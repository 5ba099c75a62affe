"""The servers of one run: an own Postgres, and the product's web server with two workers."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

from benchmarks.floor import BARE_PATH

ROOT = Path(__file__).resolve().parent.parent
# What `docker-compose.yml` gives a machine of this size, and room to write a year at once.
TUNING = {
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
    "random_page_cost": "1.1",
    "max_connections": "60",
    # Tables filled in the transaction that emptied them need no log; nobody replicates from here.
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Database:
    """A Postgres below `folder`; safe writes as in production, so that a commit costs what it costs."""

    def __init__(self, folder: Path) -> None:
        from config.launcher.paths import mark_of
        from config.launcher.postgres import Cluster

        sockets = Path("/tmp") / f"gendan-bench-{mark_of(folder)}"  # noqa: S108  socket paths must be short
        self.sockets = sockets
        self.cluster = Cluster(folder / "postgres", sockets, log=folder / "postgres.log")

    @property
    def url(self) -> str:
        return self.cluster.url

    def start(self) -> None:
        self.cluster.start()
        self.cluster.wait_until_ready()

    def tune(self) -> None:
        """Write the settings and start again with them."""
        import psycopg2

        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for name, value in TUNING.items():
                    cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.cluster.stop()
        self.start()

    def stop(self) -> None:
        self.cluster.stop()
        shutil.rmtree(self.sockets, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self.cluster.process is not None
        return self.cluster.process.pid


class Web:
    """gunicorn as `manage.py dev` and production start it: two workers, preloaded, debug off."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "web.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{self.port}"]
        command += ["--max-requests", "0"]  # no worker may restart in the middle of a row
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"WEB_CONCURRENCY": "2"}
            )
        end = time.monotonic() + 60
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{self.port}{BARE_PATH}", timeout=5):
                    return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise SystemExit(f"The web server did not start; see {self.log}.") from None
                time.sleep(0.1)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
