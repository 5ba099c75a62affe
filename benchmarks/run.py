"""Measure the product on a firm's data, each row beside its floor, in one run on one machine.

    python benchmarks/run.py [--quick] [--orders N] [--keep] [--only WORD]

Makes an own Postgres with its own data below --folder, starts the web server with two workers, and asks it over
loopback. Nothing of the development database is touched. See benchmarks/README.md for what each row means.
"""

import argparse
import os
import shutil
import socket
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # not this folder: its modules are `benchmarks.…`

FIRM, QUICK = 100_000, 10_000


def main() -> int:
    options = read_options()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="gendan-bench-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    from benchmarks.server import Database

    database = Database(folder)
    os.environ |= {
        "BENCH_DATABASE_URL": database.url,
        "BENCH_FOLDER": str(folder),
        "BENCH_SMTP_PORT": str(free_port()),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "PYTHONPATH": str(ROOT),
    }
    begin = time.monotonic()
    database.start()
    try:
        is_met = run(options, database, folder)
    finally:
        database.stop()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{time.monotonic() - begin:.0f} s in all" + (f"; the data is kept in {folder}" if options.keep else ""))
    return 0 if is_met else 1


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} orders and fewer repeats; under 3 minutes")
    parser.add_argument("--orders", type=int, help=f"how many orders to seed (default {FIRM}, with --quick {QUICK})")
    parser.add_argument("--folder", help="where data and logs lie; data that is there is used again")
    parser.add_argument("--keep", action="store_true", help="leave the data for the next run (needs --folder)")
    parser.add_argument("--only", default="", metavar="WORD", help="only requests whose name holds WORD, and no jobs")
    parser.add_argument("--explain", action="store_true", help="print the plans of the slowest statement of each page")
    options = parser.parse_args()
    options.orders = options.orders or (QUICK if options.quick else FIRM)
    options.keep = options.keep and bool(options.folder)
    return options


def run(options: argparse.Namespace, database, folder: Path) -> bool:
    import django

    django.setup()
    now = datetime.now(UTC)
    from benchmarks.report import print_lines, print_not_built
    from benchmarks.server import Web

    seed_once(options, database, now)
    web = Web(folder)
    web.start()
    try:
        from benchmarks.web import measure_requests

        is_met = measure_requests(options, web, database, now)
    finally:
        web.stop()
    if options.only:
        return is_met
    from benchmarks import jobs, planning, sheets

    lines = jobs.sweep_lines(1000 if options.orders >= FIRM else 200, now)
    lines += jobs.delivery_lines(3000 if not options.quick else 600, int(os.environ["BENCH_SMTP_PORT"]), now)
    lines += jobs.import_lines(10_000 if not options.quick else 2_000, folder)
    lines += sheets.export_lines(options.orders, folder)
    lines += jobs.worktime_lines(options.quick)
    lines += planning.plan_lines(options.quick)
    lines += planning.replan_lines(min(planning.FIRM, options.orders // 4), now)
    print_lines(lines)
    print_not_built()
    return is_met and all(line.is_met is not False for line in lines)


def seed_once(options: argparse.Namespace, database, now: datetime) -> None:
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.seed import seed

    if "bench_order" in connection.introspection.table_names():
        print("using the data that is there")
        call_command("migrate", verbosity=0)
        return
    database.tune()
    connection.close()
    call_command("migrate", verbosity=0)
    call_command("load_defaults", verbosity=0)
    companies = max(100, min(2_000, options.orders // 50))
    rows = seed(orders=options.orders, companies=companies, now=now, say=print)
    print("\n".join(f"  {count:>10,} {name}" for name, count in rows.items()))
    close_months(now)


def close_months(now: datetime) -> None:
    """Close the months that are over, as the hourly job would have done long ago."""
    from kpi.closing import close_months as close

    begin = time.monotonic()
    count = close(now=now)
    print(f"{count} figures of months closed in {time.monotonic() - begin:.0f} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    raise SystemExit(main())
