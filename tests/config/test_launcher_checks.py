"""Before anything starts: each obstacle gets one plain sentence."""

import ast
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.launcher import checks
from config.launcher.binaries import postgres_programs
from config.launcher.text import LauncherError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def english_terminal(monkeypatch):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def taken_port():
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        yield stranger.getsockname()[1]


def test_used_port_names_another_one(taken_port):
    with pytest.raises(LauncherError) as refusal:
        checks.check_port("127.0.0.1", taken_port, patience=0)

    assert str(refusal.value) == (
        f"Port {taken_port} is in use by another program. End that program, or take another port:"
        f" python3 manage.py dev --port {taken_port + 1}"
    )


def test_used_port_is_told_in_chinese_to_a_chinese_terminal(taken_port, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")

    with pytest.raises(LauncherError, match=f"^端口 {taken_port} 已被其他程序占用。"):
        checks.check_port("127.0.0.1", taken_port, patience=0)


@pytest.mark.parametrize("port", [70000, -1])
def test_impossible_port_is_refused(port):
    with pytest.raises(LauncherError, match="ports go from 1 to 65535"):
        checks.check_port("127.0.0.1", port, patience=0)


def test_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "SPACE_NEEDED", 2**62)

    with pytest.raises(LauncherError, match=f"^The disk of {tmp_path} is full: .* GENDAN_DATA_DIR"):
        checks.check_disk(tmp_path)


def test_second_copy_on_one_data_folder_is_told_where_the_first_one_is(tmp_path):
    with (
        checks.only_one(tmp_path, "http://127.0.0.1:8000"),
        pytest.raises(
            LauncherError, match=rf"^Gendan is already running here: http://127.0.0.1:8000 \(process {os.getpid()}\)"
        ),
        checks.only_one(tmp_path, "http://127.0.0.1:9000"),
    ):
        pass


def test_a_run_knows_whether_the_one_before_ended_in_order(tmp_path):
    with checks.only_one(tmp_path, "http://127.0.0.1:8000") as after_nothing:
        left_behind = (tmp_path / "lock").read_text()
    with checks.only_one(tmp_path, "http://127.0.0.1:8000") as after_order:
        pass
    (tmp_path / "lock").write_text(left_behind)
    with checks.only_one(tmp_path, "http://127.0.0.1:8000") as after_crash:
        pass

    assert (after_nothing, after_order, after_crash) == (False, False, True)


def test_missing_postgres_names_the_ways_out(monkeypatch, tmp_path):
    monkeypatch.setenv("GENDAN_POSTGRES_BIN", str(tmp_path))

    with pytest.raises(LauncherError, match=r"^PostgreSQL was not found .* DATABASE_URL"):
        postgres_programs()


def test_old_python_gets_a_sentence_and_no_syntax_error():
    source = (ROOT / "manage.py").read_text()
    pretend = "import sys; sys.version_info = (3, 6, 15); exec(compile(sys.stdin.read(), 'manage.py', 'exec'))"
    run = subprocess.run(
        [sys.executable, "-c", pretend, "dev"], input=source, capture_output=True, text=True, check=False
    )

    ast.parse(source, feature_version=(3, 7))
    assert run.returncode == 1
    assert run.stderr.startswith("Gendan needs Python 3.11 or newer, this is 3.6 (")
