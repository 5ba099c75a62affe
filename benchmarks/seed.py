"""Fill a database with a firm: orders of a year with lines, milestones, shipments, events and messages, set by set.

Everything is written by `INSERT … SELECT` over `generate_series`; secondary indexes are dropped meanwhile and built
afterwards. Due instants are those of the product's own plan, moved to each order's start.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection, transaction

SQL = Path(__file__).parent / "sql"
REFERENCE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 9:00 in Shanghai
TEMPLATES = ("EXPORT_FCL", "DOMESTIC_MTO")
DEPARTS = {"EXPORT_FCL": "ETD", "DOMESTIC_MTO": "DISPATCHED"}
DELIVERS = {"EXPORT_FCL": "ETD", "DOMESTIC_MTO": "DELIVERED"}  # FOB, and domestic
TABLES = (
    "customers_company", "orders_order", "orders_orderline", "orders_milestone", "orders_orderevent",
    "orders_shipment", "orders_shipmentline", "teams_notification",
)  # fmt: skip
# The roles of the one person of a team who does what is nobody else's.
REST = ("service", "finance", "purchaser", "qc", "planner", "documents", "sales_manager")
TEAM_COUNT, CLERK_COUNT = 5, 6


def seed(*, orders: int, companies: int, now: datetime, say: Callable[[str], None]) -> dict[str, int]:
    """Fill the migrated, empty database; returns rows by table."""
    begin = time.monotonic()
    make_people()
    make_steps()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET session_replication_role = replica; SET jit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'; SELECT setseed(0.42)")
        with transaction.atomic():
            fill(cursor, {"orders": orders, "companies": companies, "now": now}, say)
        start = time.monotonic()
        for table in TABLES:
            highest = f"SELECT max(id) FROM {table}"  # noqa: S608  # one of the names above
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({highest}))")
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT; RESET ALL")
        say(f"  {'vacuum, analyze':24} {time.monotonic() - start:6.1f} s")
        say(f"seeded in {time.monotonic() - begin:.0f} s (target: under 300 s for 100,000 orders)")
        return counts(cursor)


def fill(cursor, values: dict[str, object], say: Callable[[str], None]) -> None:
    """All rows, then all indexes, in the transaction that empties the tables: so nothing of it is logged twice."""
    cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    indexes = drop_indexes(cursor)
    for path in sorted(SQL.glob("*.sql")):
        start = time.monotonic()
        cursor.execute(path.read_text(), values)
        say(f"  {path.stem:24} {time.monotonic() - start:6.1f} s")
    start = time.monotonic()
    for definition in indexes:
        cursor.execute(definition)
    say(f"  {'indexes':24} {time.monotonic() - start:6.1f} s")


def drop_indexes(cursor) -> list[str]:
    """Drop what is no constraint's index; returns the statements that build it again."""
    cursor.execute(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
        FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
        WHERE i.indrelid = ANY (%s::regclass[]) AND c.oid IS NULL AND NOT i.indisunique
        """,
        [list(TABLES)],
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in found]


def counts(cursor) -> dict[str, int]:
    rows = {}
    for table in TABLES:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        rows[table] = cursor.fetchone()[0]
    cursor.execute(
        "SELECT count(*), count(*) FILTER (WHERE due_at < now()) FROM orders_milestone WHERE closed_at IS NULL"
    )
    rows["open milestones"], rows["of them past due"] = cursor.fetchone()
    return rows


def make_people() -> None:
    """Fifty people in five teams, and who holds which role in which team."""
    from teams.models import Membership, Team, User, WorkCalendar

    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    for number in range(1, TEAM_COUNT + 1):
        team = Team.objects.create(code=f"team{number}", name=f"第{number}部", calendar=calendar)
        people = [(f"clerk{number}{index}", ["clerk"]) for index in range(1, CLERK_COUNT + 1)]
        people += [
            (f"sales{number}", ["sales_rep"]),
            (f"logistics{number}", ["logistics"]),
            (f"lead{number}", ["lead"]),
        ]
        people += [(f"office{number}", list(REST))]
        if number == TEAM_COUNT:
            people[CLERK_COUNT - 1] = ("manager", ["manager"])
        for username, roles in people:
            user = User.objects.create(username=username, name=username.title(), email=f"{username}@firm.example")
            user.set_unusable_password()
            user.save()
            Membership.objects.bulk_create(Membership(user=user, team=team, role=role) for role in roles)


def make_steps() -> None:
    """The steps of two templates with their planned distance from the order's start, as tables for the statements."""
    from orders.demo.world import World
    from orders.models import Milestone, ProcessTemplate
    from orders.process import steps_of
    from orders.schedule import write_ladder
    from teams.models import WorkCalendar

    world = World.read(REFERENCE)
    calendars = {calendar.code: calendar for calendar in WorkCalendar.objects.all()}
    rows = []
    for code in TEMPLATES:
        template = ProcessTemplate.objects.get(code=code, is_current=True)
        plan = world.plan(code, REFERENCE)
        steps = list(enumerate(steps_of(template.pk), start=1))
        by_due = sorted(steps, key=lambda item: (plan[item[1][1].code].finish_at, item[0]))
        places = {position: place for place, (position, _step) in enumerate(by_due, start=1)}
        for position, (step_id, spec) in steps:
            factory = spec.role in {"planner", "qc"}
            rung = Milestone(due_at=plan[spec.code].finish_at)
            write_ladder(rung, spec, world.schedule_of(spec))
            rows.append(
                [template.pk, step_id, position, places[position], spec.code, spec.name_zh, spec.name_en, spec.stage,
                 spec.role, spec.flags, spec.required_documents, calendars["CN_FACTORY" if factory else "CN_OFFICE"].pk,
                 plan[spec.code].start_at - REFERENCE, plan[spec.code].finish_at - REFERENCE,
                 *(at and at - REFERENCE for at in (rung.soon_at, rung.lead_at, rung.manager_at)),
                 spec.code == DEPARTS[code], spec.code == DELIVERS[code]]
            )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE UNLOGGED TABLE bench_step (
                template_id bigint, step_id bigint, position int, place int, code text, name_zh text, name_en text,
                stage text, role text, flags text, documents text[], calendar_id bigint, starts interval, due interval,
                soon interval, lead interval, manager interval, departs boolean, delivers boolean)
            """
        )
        values = ", ".join(["%s"] * 19)
        cursor.executemany(f"INSERT INTO bench_step VALUES ({values})", rows)  # noqa: S608
