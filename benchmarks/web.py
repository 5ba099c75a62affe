"""Ask the running web server, row by row and round by round, so that other load hits every row alike."""

import argparse
import base64
import json
import threading
import time
from datetime import date, datetime, timedelta
from importlib import import_module
from statistics import quantiles

import psycopg2
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.test import Client as InProcess
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.asks import Row, bulk_ask, completable, completing_row, floors, reading_rows
from benchmarks.jobs import Line
from benchmarks.measure import Client, Sample, median_ms, processor_ms
from benchmarks.report import print_lines, print_requests
from benchmarks.server import Database, Web
from kpi.boards import standard_codes
from kpi.dashboard import dashboard as read_dashboard
from kpi.periods import month_of
from kpi.questions import Question
from teams.models import User
from teams.services.tokens import create_token

PATIENCE = 2.0  # seconds for one row in one round: a slow page is asked less often, not for minutes
PEOPLE = {"manager": "manager", "clerk": "clerk11", "lead": "lead1", "logistics": "logistics1"}


def measure_requests(options: argparse.Namespace, web: Web, database: Database, now: datetime) -> bool:
    who = {name: headers_of(username, now) for name, username in PEOPLE.items()} | {"nobody": {}}
    clients = {name: Client(web.port, headers) for name, headers in who.items()}
    rounds, repeats = (3, 5) if options.quick else (6, 8)
    facts = read_facts(clients["manager"], now, options.orders)
    completing = completing_row(completable(rounds * repeats + 2, now))
    rows = [*floors(), *reading_rows(facts), completing]
    rows = [row for row in rows if row.most is None or options.only.lower() in row.name.lower()]
    samples = {row.name: Sample() for row in rows}
    for row in rows:
        for _warm in range(2):
            check(row, clients[row.who])
    for _round in range(rounds):
        for row in rows:
            measure_block(row, samples[row.name], clients[row.who], repeats, web, database)
    floor = samples[floors()[1].name]
    measured = []
    for row in rows:
        statements = [] if row.is_write else statements_of(row, who[row.who])
        f1 = bare_sql_ms(statements, database.url, 5) if statements else None
        measured.append((row, samples[row.name], f1, len(statements) or None))
        if options.explain and statements:
            explain(row, statements, database.url)
    is_met = print_requests(measured, floor)
    if options.only:
        return is_met
    lines = [*write_lines(web, who["manager"], samples[completing.name], options, now), *group_lines(samples, facts)]
    print_lines(lines)
    return is_met and all(line.is_met is not False for line in lines)


def headers_of(username: str, now: datetime) -> dict[str, str]:
    """A browser's session and a token of the same person; pages take the one, the API the other."""
    user = User.objects.get(username=username)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    _token, text = create_token(user=user, now=now, name="benchmark")
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}", "Authorization": f"Token {text}"}


def read_facts(client: Client, now: datetime, orders: int) -> dict[str, str]:
    first = date(now.year, now.month, 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM orders_order WHERE id = (SELECT id FROM bench_big)")
        big = cursor.fetchone()[0]
        depth = min(50_000, orders // 2)
        cursor.execute(
            "SELECT id, ordered_at FROM orders_order ORDER BY ordered_at DESC, id DESC OFFSET %s LIMIT 1", [depth]
        )
        row = cursor.fetchone()
    page = json.loads(client.ask("GET", "/api/v1/orders/").body)
    return {
        "clerk": "clerk21",
        "big": big,
        "number": f"bx-{orders // 3:07d}",
        "month": first.isoformat(),
        "next_month": (first + timedelta(days=32)).replace(day=1).isoformat(),
        "depth": f"{depth:,}",
        "deep_page": deep_page(page["next"], row),
    }


def deep_page(next_page: str, row: tuple) -> str:
    """The address of the second page, with the cursor's values set to a row far down."""
    path, cursor = next_page.split("cursor=")
    text = cursor.replace("%3D", "=")
    ordering, backwards, _values = json.loads(base64.urlsafe_b64decode(text))
    values = [row[0] if name.lstrip("-") in {"pk", "id"} else row[1].isoformat() for name in ordering]
    far = base64.urlsafe_b64encode(json.dumps([ordering, backwards, values]).encode()).decode()
    return f"/api/v1/orders/?cursor={far.replace('=', '%3D')}" if path else ""


def check(row: Row, client: Client) -> None:
    method, path, body = row.asks()
    reply = client.ask(method, path, body)
    if reply.status != 200:
        raise SystemExit(f"{row.name}: {method} {path} answered {reply.status}: {reply.body[:300]!r}")


def measure_block(row: Row, sample: Sample, client: Client, repeats: int, web: Web, database: Database) -> None:
    web_pid = web.process.pid if web.process else 0
    client.renew()
    before = processor_ms(web_pid), processor_ms(database.pid)
    begin = time.perf_counter()
    for _repeat in range(repeats):
        method, path, body = row.asks()
        reply = client.ask(method, path, body)
        if reply.status != 200:
            raise SystemExit(f"{row.name}: {method} {path} answered {reply.status}: {reply.body[:300]!r}")
        sample.times.append(reply.ms)
        if time.perf_counter() - begin > PATIENCE:
            break
    sample.web_ms += processor_ms(web_pid) - before[0]
    sample.database_ms += processor_ms(database.pid) - before[1]


def statements_of(row: Row, headers: dict[str, str]) -> list[str]:
    """The statements of one answer, asked in this process; nothing is sent over the network."""
    if row.who == "nobody":
        return []
    _method, path, _body = row.asks()
    client = InProcess()
    extra = {"HTTP_COOKIE": headers["Cookie"], "HTTP_AUTHORIZATION": headers["Authorization"]}
    client.get(path, **extra)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(path, **extra)
    return [query["sql"] for query in captured.captured_queries]


def bare_sql_ms(statements: list[str], url: str, times: int) -> float:
    """F1: the page's own statements through psycopg2, one after the other."""
    with psycopg2.connect(url) as bare, bare.cursor() as cursor:

        def ask_all() -> None:
            for statement in statements:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()

        first = median_ms(ask_all, 1)
        taken = median_ms(ask_all, times) if first < 1000 * PATIENCE else first
        bare.rollback()
    bare.close()
    return taken


def explain(row: Row, statements: list[str], url: str) -> None:
    with psycopg2.connect(url) as bare, bare.cursor() as cursor:
        times = []
        for statement in statements:
            start = time.perf_counter()
            cursor.execute(statement)
            times.append(((time.perf_counter() - start) * 1000, statement))
        taken, slowest = max(times)
        print(f"\n== {row.name}: {taken:.1f} ms\n{slowest}")
        if slowest.lstrip().upper().startswith(("SELECT", "WITH", "(")):
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {slowest}")
            print("\n".join(line for (line,) in cursor.fetchall()))
        bare.rollback()
    bare.close()


def write_lines(
    web: Web, headers: dict[str, str], one: Sample, options: argparse.Namespace, now: datetime
) -> list[Line]:
    """Completing with eight clients at once, and five hundred in one request."""
    each = 6 if options.quick else 15
    amount = 100 if options.quick else 500
    ids = completable(8 * each + amount, now)[::-1]
    bulk, single = ids[: len(ids) - 8 * each], ids[len(ids) - 8 * each :]
    times: list[float] = []

    def complete(own: list[int]) -> None:
        client = Client(web.port, headers)
        for milestone in own:
            times.append(client.ask("POST", f"/api/v1/milestones/{milestone}/complete/", b"{}").ms)

    threads = [threading.Thread(target=complete, args=[single[number::8]]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    p95 = quantiles(times, n=20)[18]
    reply = Client(web.port, headers).ask(*bulk_ask(bulk))
    done = json.loads(reply.body)["done_count"]
    bulk_name = f"bulk complete {len(bulk)} ({done} done)"
    most = 30 * len(bulk) / 500
    return [
        Line(
            "complete, p95 at 8 clients",
            f"{p95:.0f} ms",
            f"p50 {one.p50:.1f} ms",
            f"≤ 12 ×, is {p95 / one.p50:.1f}",
            p95 <= 12 * one.p50,
        ),
        Line(
            bulk_name,
            f"{reply.ms:.0f} ms",
            f"one {one.p50:.1f} ms",
            f"≤ {most:g} × one, is {reply.ms / one.p50:.1f}",
            reply.ms <= most * one.p50,
        ),
    ]


def group_lines(samples: dict[str, Sample], facts: dict[str, str]) -> list[Line]:
    """The dashboard against one GROUP BY over the orders and steps of its month (F2)."""
    dashboard = samples.get("HTML dashboard, month")
    if dashboard is None:
        return []

    def group() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT o.team_id, count(*), count(*) FILTER (WHERE m.closed_at <= m.due_at),
                    count(*) FILTER (WHERE o.delivered_at::date <= o.promised_date), avg(o.delivered_at - o.ordered_at)
                FROM orders_milestone m JOIN orders_order o ON o.id = m.order_id
                WHERE m.due_at >= %(month)s AND m.due_at < %(next_month)s GROUP BY o.team_id
                """,
                {"month": facts["month"], "next_month": facts["next_month"]},
            )
            cursor.fetchall()

    def count() -> None:
        read_dashboard(Question(period, manager, timezone.now()), months=0, codes=codes)

    manager = User.objects.get(username="manager")
    period, codes = month_of(timezone.localdate(), "Asia/Shanghai"), standard_codes(manager)
    floor, cold = median_ms(group, 5), median_ms(count, 3)
    return [
        Line(
            f"dashboard, month, {len(codes)} figures counted anew, against one GROUP BY",
            f"{cold:.0f} ms",
            f"F2 {floor:.0f} ms",
            f"≤ 1 ×, is {cold / floor:.1f}",
            cold <= floor,
        )
    ]
