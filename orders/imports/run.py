"""One import from bytes to report: read, check, compare, write; all of it or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from orders.imports import apply, checks, existing, update, wanted
from orders.imports.profile import Profile, TeamSpec
from orders.imports.reading import read_table
from orders.imports.report import Report
from orders.imports.rows import match_columns, read_rows
from orders.imports.sheets import Choice, find_table
from orders.imports.workbooks import is_workbook
from teams.errors import DomainError
from teams.models import Organization, Team, User, WorkCalendar
from teams.services.calendars import load_default_calendars

# Imports run one after another, so that the second of two people sees what the first has written.
LOCK = 0x67656E64


class TeamMissing(DomainError):
    """Nobody said whose orders these are, or there is no such team."""

    code = "team"


@dataclass(frozen=True)
class Source:
    """The file to import: what people call it, and its bytes."""

    name: str
    content: bytes

    @property
    def shown_name(self) -> str:
        """The name as text that can be stored: file names may hold bytes that are none."""
        return self.name.encode("utf-8", "replace").decode()[:200].replace("\x00", "?")


@transaction.atomic
def import_orders(
    source: Source,
    profile: Profile,
    *,
    team_code: str,
    by: User | None,
    now: datetime,
    dry_run: bool,
    choice: Choice | None = None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Take every row of a file, or none; a dry run reports the same and writes nothing.

    Without a `choice` a text file is read as it stands, its first row the header; a workbook's sheet and header row are
    found.

    `team_code` empty: the profile's team, made if it does not exist. `told` hears how many rows are through, of how
    many: reading counts for a third, comparing for another.

    Raises:
        FileRefused: the file as a whole cannot be read.
        TeamMissing
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    team, spec = _team(team_code, profile)
    zone = Organization.current().zone
    report = Report(profile.name, source.shown_name)
    if choice is not None or is_workbook(source.content):
        found = find_table(source.content, profile, choice or Choice())
        table, profile = found.table, found.profile
    else:
        table = read_table(
            source.content,
            encodings=profile.encodings,
            delimiter=profile.delimiter,
            max_bytes=profile.max_bytes,
            max_rows=profile.max_rows,
        )
    if table.encoding not in {"utf-8", "utf-16-le", "utf-16-be"}:
        report.doubt(1, -1, "", "", "read_as", encoding=table.encoding)
    report.rows, report.is_transposed = len(table.records), table.is_transposed
    layout = match_columns(table, profile, zone, report)
    told(0, report.rows)
    rows = read_rows(table, layout, profile, report)
    told(report.rows // 3, report.rows)
    table.records.clear()
    checks.check_rows(rows, layout, profile, report)
    asked_for = wanted.build(rows, layout, profile, zone, report)
    del rows
    plan = existing.make_plan(asked_for, team, profile, layout, report)
    told(report.rows * 2 // 3, report.rows)
    report.sort()
    if report.is_clean and not dry_run:
        team = team or _new_team(spec)
        companies = apply.write_companies(plan, team)
        writing = apply.Writing(team, profile, source.shown_name, by, now)
        for share in apply.write_new(plan, companies, writing):
            told(int(report.rows * (2 + share) / 3), report.rows)
        update.write_changed(plan, companies, writing)
    return report


def _team(code: str, profile: Profile) -> tuple[Team | None, TeamSpec | None]:
    """The team of the orders, or what it will be; `code` beats the profile."""
    if code:
        team = Team.objects.filter(code=code).first()
        if team is None:
            raise TeamMissing(_("There is no team “%(code)s”.") % {"code": code[:40]})
        return team, None
    if profile.team is None:
        teams = list(Team.objects.order_by("pk")[:2])
        if len(teams) == 1:
            return teams[0], None
        raise TeamMissing(_("Say whose orders these are: --team CODE."))
    return Team.objects.filter(code=profile.team.code).first(), profile.team


def _new_team(spec: TeamSpec | None) -> Team:
    if spec is None:
        raise TeamMissing(_("Say whose orders these are: --team CODE."))
    load_default_calendars()
    calendar = WorkCalendar.objects.get(code=spec.calendar)
    return Team.objects.create(code=spec.code, name=spec.name, calendar=calendar)
