import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from orders.imports import profile as profiles
from orders.imports.run import Source, import_orders
from orders.imports.sheets import Choice, find_table
from orders.services import saved_profiles
from teams.errors import DomainError
from teams.models import Organization


class Command(BaseCommand):
    help = "Imports orders from a CSV file by a profile; takes all rows or none. Exit code 0: all rows were taken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="CSV file: UTF-8, UTF-16 or GBK; comma, semicolon or tab")
        parser.add_argument(
            "--profile",
            required=True,
            help=f"what the columns mean: {', '.join(profiles.names())}, or the name of one saved in the browser",
        )
        parser.add_argument(
            "--team", default="", metavar="CODE", help="whose orders these are; else the profile's team"
        )
        parser.add_argument("--dry-run", action="store_true", help="print the same report and write nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--brief", action="store_true", help="count the doubtful cells instead of listing them")

    def handle(self, *args: Any, **options: Any) -> None:
        # One language for everything the command says: the organisation's.
        with translation.override(Organization.current().language):
            try:
                self._import(options)
            except DomainError as error:
                if options["json"]:
                    self.stdout.write(json.dumps({"code": error.code, "detail": str(error)}, ensure_ascii=False))
                raise CommandError(str(error)) from error

    def _import(self, options: dict) -> None:
        saved = saved_profiles.find(options["profile"], None)
        profile = profiles.load(saved.base if saved else options["profile"])
        source = _source(options["file"], profile.max_bytes)
        choice = None
        if saved:
            choice = saved_profiles.choice_for(
                saved, find_table(source.content, saved_profiles.profile_of(saved), Choice())
            )
        report = import_orders(
            source,
            profile,
            team_code=options["team"],
            by=None,
            now=timezone.now(),
            dry_run=options["dry_run"],
            choice=choice,
        )
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False))
        else:
            for line in report.lines(brief=options["brief"]):
                self.stdout.write(line)
        if not report.is_clean:
            raise CommandError(_("Nothing was written: the file has errors."))
        if options["dry_run"]:
            self.stderr.write(_("Dry run: nothing was written."))


def _source(path: str, max_bytes: int) -> Source:
    """The file's bytes, at most one more than is allowed.

    Raises:
        DomainError: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return Source(Path(path).name, file.read(max_bytes + 1))
    except OSError as error:
        raise DomainError(
            _("The file %(path)s cannot be read: %(why)s.") % {"path": path, "why": error.strerror}, code="file"
        ) from error
