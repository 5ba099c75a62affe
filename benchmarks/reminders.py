"""How fast reminders are found and delivered, each figure beside its floor, on a database of its own.

    python benchmarks/reminders.py [--quick] [--only sweep|delivery|outage]

- sweep: 1,000 milestones newly due among 1,000,000 open ones, against the same among 10,000; and with none due.
- delivery: reminders, each a message of its own, from outbox to a receiver on loopback by two processes, with all
  guarantees on. Floor: the same posts by two processes without a database.
- outage: everything stood still for 36 hours; from the first sweep until the last of 5,000 reminders is out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # not this folder: its modules are `benchmarks.…`

DELIVER = (
    "import django; django.setup(); from teams.notifications.delivery import deliver; "
    "print('ready', flush=True); input(); print(deliver(seconds=600).sent, flush=True)"
)
POST = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
import django; django.setup()
from teams.notifications.channels import Parcel
from teams.notifications.channels.webhook import Webhook
from teams.notifications.content import Content, Entry, Group
entry = Entry("Due: step 1 of order F1", ("Due: x",) * 4, "u", "a")
content = Content("Due: step 1 of order F1", (Group("Due", (entry,)),))
sender = Webhook({"url": sys.argv[1], "secret": "s"})
print("ready", flush=True); input()
with ThreadPoolExecutor(4) as threads:
    list(threads.map(lambda n: sender.send(Parcel(str(n), "", content)), range(int(sys.argv[2]))))
print(sys.argv[2], flush=True)
"""
CLERKS = 24


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--only", choices=["sweep", "delivery", "outage"], default="")
    options = parser.parse_args()
    share = 10 if options.quick else 1
    folder = Path(tempfile.mkdtemp(prefix="gendan-bench-"))
    http_port, smtp_port = free_port(), free_port()
    from benchmarks.server import Database

    database = Database(folder)
    os.environ |= {
        "BENCH_DATABASE_URL": database.url,
        "BENCH_FOLDER": str(folder),
        "BENCH_SMTP_PORT": str(smtp_port),
        "DJANGO_SETTINGS_MODULE": "benchmarks.reminder_settings",
        "PYTHONPATH": str(ROOT),
    }
    database.start()
    sink = subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "sink.py"), str(http_port), str(smtp_port)], stdout=subprocess.PIPE
    )
    try:
        measure(database, options.only, share, http_port)
    finally:
        sink.kill()
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def measure(database, only: str, share: int, http_port: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    database.tune()
    connection.close()
    call_command("migrate", verbosity=0)
    call_command("load_defaults", verbosity=0)
    people = make_people(http_port)
    if only in ("", "delivery"):
        amount = 6_000 // share
        floor = run([POST, f"http://127.0.0.1:{http_port}/hook", str(amount // 2)])
        print(f"floor: posts without a database          {floor:7.0f}/s")
        for kind in ("webhook", "email"):
            clear()
            queue(amount, people[kind], datetime.now(UTC) - timedelta(seconds=5))
            rate = run([DELIVER])
            print(
                f"outbox to a local sink, {kind:8}         {rate:7.0f}/s   {rate / floor:.2f} × floor; target ≥ 300/s"
            )
    if only in ("", "outage"):
        clear()
        measure_outage(5_000 // share, people["email"] + people["webhook"])
    if only in ("", "sweep"):
        measure_sweep(1_000 // share, share)


def make_people(http_port: int) -> dict[str, list[int]]:
    """Clerks at work day and night who hear of due steps at once, half by mail and half by webhook."""
    from orders import topics
    from teams import secrets
    from teams.models import Address, Channel, Membership, Team, TopicChoice, User, WorkCalendar

    team = Team.objects.create(code="bench", name="bench", calendar=WorkCalendar.objects.get(code="CARRIER"))
    hook = Channel.objects.create(
        kind="webhook",
        name="hook",
        config=secrets.seal({"url": f"http://127.0.0.1:{http_port}/hook", "secret": "s"}),
        created_at=datetime.now(UTC),
    )
    people: dict[str, list[int]] = {"email": [], "webhook": []}
    for number in range(CLERKS):
        kind = "email" if number % 2 else "webhook"
        user = User.objects.create(username=f"c{number}", name=f"Clerk {number}", email=f"c{number}@example.com")
        Membership.objects.create(user=user, team=team, role="clerk")
        TopicChoice.objects.create(user=user, topic=topics.DUE, urgency="urgent")
        if kind == "webhook":
            Address.objects.create(user=user, channel=hook)
        people[kind].append(user.pk)
    return people


def lay_down(milestones: int, people: list[int]) -> None:
    """Confirmed orders of 30 active steps each, due far from now, shared out among the people."""
    from django.db import connection

    from customers.models import Company
    from orders.models import Milestone, Order
    from teams.models import Team, WorkCalendar

    now, far = datetime.now(UTC), datetime.now(UTC) + timedelta(days=30)
    team = Team.objects.get(code="bench")
    customer = Company.objects.get_or_create(code="bench", defaults={"name": "Bench", "is_customer": True})[0]
    calendar = WorkCalendar.objects.get(code="CARRIER")
    have = Order.objects.count()
    orders = Order.objects.bulk_create(
        [
            Order(
                number=f"B{have + n}",
                customer=customer,
                team=team,
                clerk_id=people[n % len(people)],
                status="confirmed",
                confirmed_at=now,
            )
            for n in range(-(-milestones // 30))
        ],
        batch_size=5_000,
    )
    values = "position, code, name_zh, name_en, stage, role, status, flags, is_critical, note, waiting_on"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO orders_milestone (order_id, assignee_id, calendar_id, due_at, next_reminder_at,
                required_documents, {values})
            SELECT o.id, o.clerk_id, %s, %s, %s, '{{}}', n, 'S' || n, '节点' || n, 'step ' || n, 'PROD', 'clerk',
                'active', '', false, '', ''
            FROM orders_order o CROSS JOIN generate_series(0, 29) n WHERE o.id = ANY(%s)
            """,  # noqa: S608  no value of anybody's
            [calendar.pk, far, far, [order.pk for order in orders]],
        )
        cursor.execute("ANALYZE orders_milestone; ANALYZE orders_order")
    assert Milestone.objects.count() >= milestones


def make_due(amount: int, at: datetime) -> None:
    """Let that many milestones have fallen due at `at`."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE orders_milestone SET due_at = %(at)s, next_reminder_at = %(at)s
            WHERE id IN (SELECT id FROM orders_milestone ORDER BY id DESC LIMIT %(amount)s)
            """,
            {"at": at, "amount": amount},
        )


def queue(amount: int, people: list[int], at: datetime) -> None:
    from orders import reminders

    lay_down(amount, people)
    make_due(amount, at)
    reminders.sweep(now=datetime.now(UTC))


def clear() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE teams_notification, teams_message, orders_milestone, orders_order CASCADE")


def run(command: list[str], processes: int = 2) -> float:
    """What so many processes do in a second, from the moment on when all of them are ready."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        for _n in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    start = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    done = sum(int(process.stdout.readline()) for process in started if process.stdout)
    taken = time.perf_counter() - start
    for process in started:
        process.communicate()
    return done / taken


def measure_outage(amount: int, people: list[int]) -> None:
    from orders import reminders
    from teams.models import Message

    now = datetime.now(UTC)
    lay_down(amount, people)
    make_due(amount, now - timedelta(hours=35))
    start = time.perf_counter()
    queued = reminders.sweep(now=now, last_run_at=now - timedelta(hours=36)).queued
    run([DELIVER])
    taken = time.perf_counter() - start
    sent = Message.objects.filter(status="sent").count()
    print(
        f"36 h of outage: {sent} of {queued} reminders out after {taken:5.1f} s,"
        " start of the processes included; target ≤ 120 s"
    )


def measure_sweep(newly_due: int, share: int) -> None:
    from django.db import connection

    from orders import reminders
    from teams.models import User

    times = {}
    for standing in (10_000 // share, 1_000_000 // share):
        clear()
        start = time.perf_counter()
        people = list(User.objects.filter(username__startswith="c").values_list("pk", flat=True))
        lay_down(standing, people)
        laid = time.perf_counter() - start
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE orders_milestone")
        rounds, idle = [], []
        for n in range(5):
            at = datetime.now(UTC) - timedelta(seconds=60 - n)
            make_due(newly_due, at)
            begin = time.perf_counter()
            counts = reminders.sweep(now=datetime.now(UTC))
            rounds.append((time.perf_counter() - begin) * 1000)
            assert counts.queued == newly_due, counts
            begin = time.perf_counter()
            reminders.sweep(now=datetime.now(UTC))
            idle.append((time.perf_counter() - begin) * 1000)
        times[standing] = sorted(rounds)[2]
        print(
            f"sweep, {newly_due} newly due of {standing:>9,} open    {times[standing]:7.0f} ms; none due "
            f"{sorted(idle)[2]:.1f} ms (laid down in {laid:.0f} s)"
        )
    few, many = times.values()
    print(f"  that is {many / few:.2f} × ; target ≤ 3 ×")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    raise SystemExit(main())
