"""For one test run: servers that are fresh, fast and unsafe against power cuts, and folders; all gone with it."""

import atexit
import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from .paths import SHORT_TEMP
from .postgres import Cluster
from .valkey import Valkey


def throwaway_cluster() -> str:
    """Start a fresh, fast, unsafe server for one test run and return its URL; it ends and vanishes with this process.

    TEST_DATABASE_URL names another server instead. It is set here as well, so that processes started by the tests
    use the same server.
    """
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url
    _sweep_left_overs()
    home = _new_home()
    cluster = Cluster(home / "data", home, durable=False)
    atexit.register(_remove, cluster, home, os.getpid())
    cluster.start()
    cluster.wait_until_ready()
    os.environ["TEST_DATABASE_URL"] = cluster.url
    return cluster.url


def throwaway_valkey() -> str:
    """Start a fresh server for one test run and return its URL; it ends and vanishes with this process.

    TEST_REDIS_URL names another server instead, and is set here for processes started by the tests.
    """
    if url := os.environ.get("TEST_REDIS_URL"):
        return url
    _sweep_left_overs()
    home = _new_home()
    valkey = Valkey(home, durable=False)
    atexit.register(_remove, valkey, home, os.getpid())
    valkey.start()
    valkey.wait_until_ready()
    os.environ["TEST_REDIS_URL"] = valkey.url
    return valkey.url


def throwaway_folder() -> str:
    """Make a folder that vanishes with this process."""
    home = _new_home()
    atexit.register(_remove, None, home, os.getpid())
    return str(home)


def _new_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="gendan-test-", dir=SHORT_TEMP))
    lock = os.open(home / "lock", os.O_CREAT | os.O_RDWR, 0o600)  # Stays open, and locked, as long as this process.
    fcntl.flock(lock, fcntl.LOCK_EX)
    return home


def _remove(server: Cluster | Valkey | None, home: Path, starter: int) -> None:
    if os.getpid() != starter:  # A fork inherits the exit handler, not the server.
        return
    if server is not None:
        server.stop()
    shutil.rmtree(home, ignore_errors=True)


def _sweep_left_overs() -> None:
    """Remove the folders of test runs that were killed: those whose lock nobody holds."""
    for lock in SHORT_TEMP.glob("gendan-test-*/lock"):
        with contextlib.suppress(OSError), lock.open("rb") as handle:
            if time.time() - lock.stat().st_mtime > 60:  # A younger one may be about to be locked by its maker.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
