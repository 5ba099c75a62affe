"""`manage.py close_periods`: one pass of what beat runs: close months, and restate closed ones."""

import json
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from kpi import closing


class Command(BaseCommand):
    help = "Close the months that ended long enough ago and restate closed ones; prints counts as JSON."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        counts = {"closed": closing.close_months(now=now), "restated": closing.restate_months(now=now)}
        self.stdout.write(json.dumps(counts))
