"""`manage.py dev` as a person uses it, with real processes from the first page to the last sentence."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 90  # seconds, on a machine that runs other tests as well
GONE_WITHIN = 40  # a worker may take 20 s to end its work

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Product:
    """One data folder, and `manage.py` on it with nothing else in the environment."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.said = folder / "said"
        self.port = free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "GENDAN_DATA_DIR": str(self.data),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *arguments]

    def start(self) -> None:
        with self.said.open("wb") as said:
            command = self.command("dev", "--no-demo", "--port", str(self.port))
            self.process = subprocess.Popen(
                command, cwd="/", env=self.environment, stdout=said, stderr=said, start_new_session=True
            )
        end = time.monotonic() + READY_WITHIN
        while "Gendan is running" not in self.said.read_text():
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < end, self.said.read_text()
            time.sleep(0.1)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd="/",
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def first_page(self) -> int:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as link:
            link.request("GET", "/")
            return link.getresponse().status

    def processes(self) -> dict[int, str]:
        """Every process that was started for this data folder, with its command."""
        mark = f"GENDAN_DATA_DIR={self.data}\0".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                # Valkey writes its title over its environment, but works in its data folder.
                if mark in (folder / "environ").read_bytes() or self.data in (folder / "cwd").readlink().parents:
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found

    def wait_until_gone(self) -> dict[int, str]:
        end = time.monotonic() + GONE_WITHIN
        while self.processes() and time.monotonic() < end:
            time.sleep(0.1)
        return self.processes()


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """Started once; the tests below follow one another as a day does."""
    product = Product(tmp_path_factory.mktemp("product"))
    product.start()
    yield product
    if product.process is not None:
        product.process.terminate()
        product.process.wait(GONE_WITHIN)
    for pid in product.processes():
        os.kill(pid, signal.SIGKILL)


NOTE = "from django.contrib.sessions.models import Session; "


def test_first_page_answers_and_everything_runs(product):
    assert product.first_page() in {200, 302}
    running = " ".join(product.processes().values())
    expected = ["gunicorn", "-Q tick", "-Q bulk", "beat", "bin/postgres", "valkey-server"]
    assert [name for name in expected if name in running] == expected


def test_a_second_terminal_reaches_the_same_database(product):
    write = "Session.objects.create(session_key='kept', session_data='', expire_date='2099-01-01T00:00Z')"
    assert product.manage("shell", "-v0", "-c", NOTE + write).stderr == ""

    rows = product.manage("shell", "-v0", "-c", NOTE + "print(Session.objects.filter(pk='kept').count())")

    assert rows.stdout.strip() == "1"


def test_a_second_copy_is_told_about_the_first(product):
    second = product.manage("dev", "--no-demo", "--port", str(free_port()))

    assert (second.returncode, second.stdout) == (1, "")
    assert re.fullmatch(
        rf"Gendan is already running here: http://127\.0\.0\.1:{product.port} \(process {product.process.pid}\)\.\n",
        second.stderr,
    )


def test_a_used_port_gets_a_sentence_and_starts_nothing(product, tmp_path):
    other = Product(tmp_path)

    refused = other.manage("dev", "--no-demo", "--port", str(product.port))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"Port {product.port} is in use by another program.")
    assert other.processes() == {}
    assert not (other.data / "postgres").exists()


def test_a_killed_supervisor_leaves_nothing_and_its_data_to_the_next_start(product):
    product.process.kill()
    product.process.wait()
    product.start()  # At once, while the processes of the first run may still be ending.

    assert product.first_page() in {200, 302}
    rows = product.manage("shell", "-v0", "-c", NOTE + "print(Session.objects.filter(pk='kept').count())")
    assert rows.stdout.strip() == "1"


def test_sigterm_ends_everything_in_order(product):
    product.process.terminate()

    assert product.process.wait(GONE_WITHIN) == 0
    # A worker of the run whose supervisor was killed may have been in the middle of a job, and ends a little later.
    assert product.wait_until_gone() == {}
    assert "Everything has stopped" in product.said.read_text()
    assert "database system is shut down" in (product.data / "logs" / "postgres.log").read_text().splitlines()[-1]


def test_a_killed_supervisor_leaves_no_process(product):
    product.start()
    product.process.kill()
    product.process.wait()

    assert product.wait_until_gone() == {}
