"""The measured jobs that no request runs: sweep, delivery, import, working time."""

import csv
import os
import re
import socketserver
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import xlsxwriter
from django.db import connection

from benchmarks.measure import median_ms

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Line:
    """One printed result: what, the measured value, the floor, the target, and whether it is met."""

    name: str
    measured: str
    floor: str
    target: str
    is_met: bool | None


def sweep_lines(newly_due: int, now: datetime) -> list[Line]:
    """The sweep with none due, and with `newly_due` milestones whose next reminder has just passed."""
    from orders import reminders

    reminders.sweep(now=now)
    none = median_ms(lambda: reminders.sweep(now=now), 15)
    ours, floors, queued = [], [], 0
    for _round in range(3):
        _make_due(newly_due, now)
        start = time.perf_counter()
        queued = reminders.sweep(now=now).queued
        ours.append((time.perf_counter() - start) * 1000)
        _make_due(newly_due, now)
        floors.append(_set_based_sweep(now))
    mine, floor = sorted(ours)[1], sorted(floors)[1]
    name = f"sweep, {newly_due} newly due ({queued} messages)"
    return [
        Line("sweep, none due", f"{none:.1f} ms", "–", "≤ 10 ms", none <= 10),
        Line(name, f"{mine:.0f} ms", f"F2 {floor:.0f} ms", f"≤ 3 × F2, is {mine / floor:.1f}", mine <= 3 * floor),
    ]


def _make_due(amount: int, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM teams_notification WHERE dedupe_key NOT LIKE 'bench:%%'")
        cursor.execute(
            """
            UPDATE orders_milestone SET due_at = %(at)s, next_reminder_at = %(at)s, soon_at = NULL, lead_at = NULL,
                manager_at = NULL
            WHERE id IN (SELECT m.id FROM orders_milestone m JOIN orders_order o ON o.id = m.order_id
                AND o.status = 'confirmed' WHERE m.status = 'active' AND m.assignee_id IS NOT NULL
                ORDER BY m.id LIMIT %(amount)s)
            """,
            {"at": now - timedelta(seconds=1), "amount": amount},
        )


def _set_based_sweep(now: datetime) -> float:
    """F2: find and insert in one statement, and move on in a second."""
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS (
                SELECT m.id, m.assignee_id, m.due_at FROM orders_milestone m JOIN orders_order o ON o.id = m.order_id
                WHERE m.next_reminder_at <= %(now)s AND m.status = 'active'
                    AND o.status IN ('confirmed', 'shipped', 'delivered')
                    AND NOT EXISTS (SELECT FROM orders_clockpause p WHERE p.milestone_id = m.id AND p.to_at IS NULL)
                FOR UPDATE OF m SKIP LOCKED
            ), moved AS (
                UPDATE orders_milestone m SET next_reminder_at = NULL FROM due WHERE due.id = m.id
            )
            INSERT INTO teams_notification (kind, recipient_id, subject, dedupe_key, payload, status, created_at,
                not_before, attempts, last_error, cancelled_reason)
            SELECT 'milestone_due', assignee_id,
                'orders.milestone:' || id, 'orders.milestone:' || id || ':due:' || due_at,
                jsonb_build_object('milestone', id), 'queued', %(now)s, %(now)s, 0, '', '' FROM due
            ON CONFLICT DO NOTHING
            """,
            {"now": now},
        )
    return (time.perf_counter() - start) * 1000


class _Mailbox(socketserver.StreamRequestHandler):
    """An SMTP server that takes every message and keeps none."""

    def handle(self) -> None:
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in {b".\r\n", b""}:
                    pass
            self.wfile.write(b"250 ok\r\n" if word != b"QUIT" else b"221 bye\r\n")
            if word == b"QUIT":
                return


class _Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def delivery_lines(messages: int, port: int, now: datetime) -> list[Line]:
    """Two delivery processes empty the outbox into a local sink; each message is one mail and one inbox entry."""
    sink = _Sink(("127.0.0.1", port), _Mailbox)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM teams_notification WHERE dedupe_key NOT LIKE 'bench:%%'")
    from orders import reminders

    _make_due(messages, now)
    queued = reminders.sweep(now=now).queued
    with connection.cursor() as cursor:
        cursor.execute("UPDATE teams_notification SET not_before = %s WHERE status = 'queued'", [now])
    code = (
        "import django; django.setup(); "
        "from teams.notifications.delivery import deliver; print(deliver(seconds=60).sent)"
    )
    start = time.perf_counter()
    workers = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, text=True)
        for _worker in range(2)
    ]
    sent = sum(int(worker.communicate()[0].split()[-1]) for worker in workers)
    taken = time.perf_counter() - start
    taken -= _start_up_seconds()
    sink.shutdown()
    rate = sent / taken
    name = f"outbox delivery, {sent} of {queued} messages, 2 processes"
    return [Line(name, f"{rate:.0f}/s", "–", "≥ 300/s", rate >= 300)]


def _start_up_seconds() -> float:
    """What two processes take to begin, measured right after: it is no part of the delivery."""
    start = time.perf_counter()
    code = "import django; django.setup(); import teams.notifications.delivery"
    for process in [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _worker in range(2)]:
        process.wait()
    return time.perf_counter() - start


def import_lines(rows: int, folder: Path) -> list[Line]:
    """Import a sheet of `rows` rows and 30 columns by the everyday profile: dry run, then for real."""
    sheet, book = folder / "import.csv", folder / "import.xlsx"
    columns = _write_sheet(sheet, rows)
    _as_workbook(sheet, book)
    lines = []
    for name, file, options, most in (
        ("dry run", sheet, ["--dry-run"], 8.0),
        ("xlsx, dry run", book, ["--dry-run"], 8.0),
        ("apply", sheet, [], 20.0),
    ):
        seconds, megabytes, summary = _run_import(file, options)
        lines.append(
            Line(
                f"import {rows} rows × {columns} columns, {name}",
                f"{seconds:.1f} s, {megabytes:.0f} MB{summary}",
                "–",
                f"≤ {most * rows / 10_000:.1f} s, ≤ 300 MB",
                seconds <= most * rows / 10_000 and megabytes <= 300 and not summary,
            )
        )
    return lines


def _write_sheet(path: Path, rows: int) -> int:
    names = [
        "number", "customer", "customer_code", "supplier", "customer_po_no", "position", "product_code", "description",
        "quantity", "unit", "unit_price", "currency", "incoterm", "mode", "country", "destination", "ordered_at",
        "requested_date", "promised_date",
    ]  # fmt: skip
    extra = [f"extra_{number}" for number in range(30 - len(names))]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join([*names, *extra]) + "\n")
        for row in range(rows):
            order = row // 3
            cells = [
                f"IM-{order:06d}", f"导入客户{order % 300}", f"IMC{order % 300}", f"导入供应商{order % 50}",
                f"PO{order}", str(row % 3 + 1), f"SKU-{row % 700}", "折叠椅 folding chair", str(10 + row % 90), "pcs",
                "12.50", "USD", "FOB", "FCL", "DE", "Hamburg", "2026-03-02", "2026-06-01", "2026-06-15",
                *(f"v{row}" for _name in extra),
            ]  # fmt: skip
            file.write(",".join(cells) + "\n")
    return len(names) + len(extra)


def _as_workbook(sheet: Path, book: Path) -> None:
    with sheet.open(encoding="utf-8") as file, xlsxwriter.Workbook(str(book), {"constant_memory": True}) as workbook:
        page = workbook.add_worksheet()
        for at, cells in enumerate(csv.reader(file)):
            page.write_row(at, 0, cells)


def _run_import(sheet: Path, options: list[str]) -> tuple[float, float, str]:
    command = ["import_orders", str(sheet), "--profile", "orders", "--team", "team1", "--brief", *options]
    code = f"import django; django.setup(); from django.core.management import call_command; call_command(*{command!r})"
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = (process.stdout.read() if process.stdout else b"").decode()
    _pid, status, usage = os.wait4(process.pid, 0)
    failure = "" if status == 0 else f" (failed: {output.strip().splitlines()[-1][:160]})"
    return time.perf_counter() - start, usage.ru_maxrss / 1024, failure


def worktime_lines(is_quick: bool) -> list[Line]:
    command = [sys.executable, "benchmarks/worktime.py", *(["--quick"] if is_quick else [])]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found = re.search(r"^add_working_time +([\d,]+) a second", output, re.MULTILINE)
    rate = int(found[1].replace(",", "")) if found else 0
    return [Line("add_working_time, up to 60 days", f"{rate:,}/s", "–", "≥ 100,000/s", rate >= 100_000)]
