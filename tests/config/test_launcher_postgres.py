"""The embedded database: found without asking, safe after a crash, able to search Chinese, also as root."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dj_database_url
import psycopg2
import pytest

from config.launcher.paths import SHORT_TEMP
from config.launcher.postgres import Cluster, socket_folder
from config.launcher.processes import become_nobody
from config.launcher.text import LauncherError


@pytest.fixture
def sockets() -> Iterator[Path]:
    folder = SHORT_TEMP / f"gendan-test-{uuid4().hex[:8]}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cluster(tmp_path: Path, sockets: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path / "postgres", sockets)
    yield cluster
    cluster.stop()


def start(cluster: Cluster) -> None:
    cluster.start()
    cluster.wait_until_ready()


def ask(cluster: Cluster, query: str) -> list[tuple]:
    address = dj_database_url.parse(cluster.url)
    connection = psycopg2.connect(host=address["HOST"], user=address["USER"], dbname=address["NAME"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_trigrams_see_chinese_characters(cluster):
    start(cluster)
    ask(cluster, "CREATE EXTENSION pg_trgm")

    assert ask(cluster, "SELECT cardinality(show_trgm('跟单')), similarity('宁波海天', '宁波海天') ") == [(3, 1.0)]


def test_rows_survive_the_death_of_the_server(cluster):
    start(cluster)
    ask(cluster, "CREATE TABLE note (text varchar)")
    ask(cluster, "INSERT INTO note VALUES ('committed')")
    cluster.process.send_signal(signal.SIGKILL)
    cluster.process.wait()

    for _attempt in range(20):  # The orphans of the dead server hold its memory for a moment.
        with contextlib.suppress(LauncherError):
            start(cluster)
            break

    assert ask(cluster, "SELECT text FROM note") == [("committed",)]


def test_a_half_made_cluster_and_a_foreign_process_id_are_no_obstacle(cluster):
    draft = cluster.folder.with_name("postgres.new")
    draft.mkdir()
    (draft / "PG_VERSION").write_text("killed while initdb was running")
    start(cluster)
    cluster.stop()
    (cluster.folder / "postmaster.pid").write_text(f"{os.getppid()}\n{cluster.folder}\n")

    start(cluster)

    assert ask(cluster, "SELECT 1") == [(1,)]
    assert not draft.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_user_namespaces_runs_it_as_nobody(tmp_path, sockets):
    locked = tmp_path / "root-only"
    locked.mkdir(mode=0o700)
    cluster = Cluster(locked / "postgres", sockets, identity=lambda: become_nobody)
    try:
        start(cluster)

        assert ask(cluster, "SELECT 1") == [(1,)]
        assert cluster.folder.owner() == "nobody"
    finally:
        cluster.stop()
        if locked not in cluster.folder.parents:
            shutil.rmtree(cluster.folder.parent)


def test_the_socket_folder_follows_from_the_data_folder_alone():
    here, there = Path("/srv/one/.data"), Path("/srv/two/.data")

    assert socket_folder(here) == socket_folder(Path("/srv/one/.data"))
    assert socket_folder(here) != socket_folder(there)
    # The longest socket name a kernel takes has 107 bytes.
    assert len(str(socket_folder(Path("/" + "长" * 300)) / ".s.PGSQL.5432")) < 107


def test_a_throwaway_server_ends_with_its_process():
    script = "from config.launcher.throwaway import throwaway_cluster; print(throwaway_cluster())"
    clean = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    run = subprocess.run([sys.executable, "-c", script], env=clean, capture_output=True, text=True, check=True)
    folder = Path(dj_database_url.parse(run.stdout.strip())["HOST"])

    assert folder.name.startswith("gendan-test-")
    assert not folder.exists()
