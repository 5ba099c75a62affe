import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from orders import reminders
from teams.clock import read_clock
from teams.models import Organization


class Command(BaseCommand):
    help = "Queues the reminders that are due, as beat does each minute; prints counts as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", metavar="INSTANT", help="sweep as of this instant, e.g. 2026-03-02T09:00:00+08:00")

    def handle(self, *args: Any, at: str | None, **options: Any) -> None:
        counts = reminders.sweep(now=read_instant(at) if at else read_clock().now)
        self.stdout.write(json.dumps(counts.as_dict()))


def read_instant(text: str) -> datetime:
    """An ISO instant; without an offset it is meant in the organisation's time zone.

    Raises:
        CommandError: it is none.
    """
    try:
        instant = parse_datetime(text)
    except ValueError:  # Well formed, yet no such day, e.g. 2026-02-30.
        instant = None
    if instant is None:
        raise CommandError(
            _("“%(text)s” is not an instant; write for example 2026-03-02T09:00:00+08:00.") % {"text": text}
        )
    return timezone.make_aware(instant, Organization.current().zone) if timezone.is_naive(instant) else instant
