"""Sheets out of the firm's data: every order as csv and as a workbook, each in a process of its own."""

import os
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

from django.db import connection

from benchmarks.jobs import Line

ROOT = Path(__file__).resolve().parent.parent
# Prints the seconds until the first row and until the last; what a process takes to start is left out.
_EXPORT = """
import resource, sys, time
import django
django.setup()
from pathlib import Path
from django.http import QueryDict
from django.utils import timezone
from orders.exports.columns import columns_for
from orders.exports.rows import read_rows
from orders.exports.writing import csv_lines, write_xlsx
from orders.services.exports import listed_ids
from teams.models import Organization, User

form, path = sys.argv[1], Path(sys.argv[2])
user, now, zone = User.objects.filter(memberships__role="manager").first(), timezone.now(), Organization.current().zone
listed_ids(QueryDict("status=draft"), user, now)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, first = time.perf_counter(), 0.0
ids = listed_ids(QueryDict(""), user, now)
chunks = read_rows("orders", ids, access=user.access, now=now, zone=zone)
columns = columns_for("orders", sees_money=True)
if form == "csv":
    with path.open("w", encoding="utf-8") as file:
        for line in csv_lines(columns, chunks):
            first = first or time.perf_counter() - start
            file.write(line)
else:
    write_xlsx(path, columns, chunks, title="Orders")
print(first, time.perf_counter() - start, before / 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def export_lines(orders: int, folder: Path) -> list[Line]:
    """All orders with 31 columns; the floor is Postgres' own copy of the orders' table as csv."""
    floor = _copy_seconds()
    lines = []
    for form, most in (("csv", 10.0), ("xlsx", 30.0)):
        first, seconds, before, peak = _export(form, folder / f"export.{form}")
        limit = most * orders / 100_000
        said = f", first row {first:.2f} s" if form == "csv" else ""
        lines.append(
            Line(
                f"export of {orders} orders, {form}",
                f"{seconds:.1f} s{said}, {before:.0f} → {peak:.0f} MB",
                f"COPY {floor:.2f} s, × {seconds / floor:.0f}",
                f"≤ {limit:.0f} s" + (", first ≤ 1 s" if form == "csv" else ""),
                seconds <= limit and first <= 1,
            )
        )
    return lines


def _export(form: str, path: Path) -> tuple[float, float, float, float]:
    command = [sys.executable, "-c", _EXPORT, form, str(path)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ).stdout
    first, seconds, before, peak = (float(text) for text in output.split())
    return first, seconds, before, peak


def _copy_seconds() -> float:
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY orders_order TO STDOUT WITH CSV HEADER", StringIO())
    return time.perf_counter() - start
