"""Real processes: an import that is killed leaves nothing, two at once import once, and memory stays bounded."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from orders.models import Order
from tests.orders.import_kit import checksums, real_content

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# Prints its peak of memory in kilobytes; ru_maxrss would begin with that of the process that started it on Linux.
COMMAND = """
import resource, sys
from pathlib import Path
from django.core.management import execute_from_command_line

execute_from_command_line(["manage.py", *sys.argv[1:]])
status = Path("/proc/self/status")
if status.exists():
    print(status.read_text().partition("VmHWM:")[2].split()[0], file=sys.stderr)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


@pytest.fixture
def real_file(tmp_path):
    path = tmp_path / "deliveries.csv"
    path.write_bytes(real_content())
    return path


def start(*arguments: str) -> subprocess.Popen[str]:
    """The command in a process of its own, on this test's database."""
    server = os.environ["TEST_DATABASE_URL"].rpartition("/")[0]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "TEST_DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "import_orders", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_inserts(process: subprocess.Popen[str]) -> None:
    """Until the import is in the middle of writing orders."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND state <> 'idle' AND query LIKE 'COPY \"orders%%'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    pytest.fail(f"the import ended before it could be killed: {process.communicate()}")


def wait_until_alone() -> None:
    """The server has noticed that its client is gone, and rolled back."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.1)
    pytest.fail("the killed import still has a connection")


def test_a_killed_import_leaves_nothing(real_file):
    before = checksums()
    process = start(str(real_file), "--profile", "scms")
    wait_for_inserts(process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until_alone()

    assert checksums() == before


def test_two_imports_at_once_take_each_row_once_within_300_mb(real_file):
    first, second = (start(str(real_file), "--profile", "scms", "--json") for _ in range(2))
    told = [process.communicate(timeout=300) for process in (first, second)]

    assert [first.returncode, second.returncode] == [0, 0]
    written = sorted(json.loads(out)["counts"]["orders"]["new"] for out, _err in told)
    assert written == [0, 6_233]
    assert Order.objects.count() == 6_233
    assert max(int(err.split()[-1]) for _out, err in told) < 300_000
