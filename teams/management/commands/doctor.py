import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from teams import health


class Command(BaseCommand):
    help = "Checks database, broker, workers, beat, outbox, migrations and calendars; exit code 1 if anything is wrong."
    # The checks themselves say what is wrong, also where the database is away.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = health.examine(timezone.now())
        faults = [finding.fault for finding in findings if finding.fault]
        if options["json"]:
            document = {"ok": not faults, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            notices = [finding.notice for finding in findings if finding.notice]
            self.stdout.write("\n".join([*(faults or [_("All well.")]), *notices]))
        if faults:
            sys.exit(1)
