"""The real file, and imports of small texts."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

from orders.imports import profile as profiles
from orders.imports.profile import Profile
from orders.imports.report import Report
from orders.imports.run import Source, import_orders

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
REAL_FILE = Path(__file__).parent / "data" / "scms_delivery_history.csv.gz"
TABLES = (
    "teams_team",
    "customers_company",
    "orders_order",
    "orders_orderline",
    "orders_shipment",
    "orders_shipmentline",
    "orders_milestone",
    "orders_orderevent",
)


def real_content() -> bytes:
    return gzip.decompress(REAL_FILE.read_bytes())


def run(content: bytes | str, profile: Profile | str = "scms", *, dry_run=False, team_code="", now=NOW) -> Report:
    """Import a file's content."""
    content = content.encode() if isinstance(content, str) else content
    profile = profiles.load(profile) if isinstance(profile, str) else profile
    source = Source("orders.csv", content)
    return import_orders(source, profile, team_code=team_code, by=None, now=now, dry_run=dry_run)


def checksums() -> dict[str, str]:
    """What every table that an import touches holds, row for row."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY id), '')) FROM {table} t")  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return found


def rules(report: Report) -> list[tuple[str, str]]:
    """Errors and doubts as (cell, rule)."""
    return [(f"{f.column}{f.row}", f.rule) for f in (*report.errors, *report.doubts)]
