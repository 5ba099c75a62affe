import time
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.utils.translation import gettext as _

LOCK_NOT_AVAILABLE = "55P03"
# While a migration waits for a table, everybody else who comes to that table waits behind it.
LOCK_TIMEOUT = "1s"
TRIES, PAUSE_SECONDS = 30, 2.0


class Command(BaseCommand):
    help = "Brings the database up to date: migrations, then what every installation begins with. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        self.migrate(options["verbosity"])
        call_command("load_defaults", verbosity=options["verbosity"])

    def migrate(self, verbosity: int) -> None:
        """Run the migrations without holding anybody up; goes on with the one that did not get its lock."""
        for tries_left in reversed(range(TRIES)):
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET lock_timeout = %s", [LOCK_TIMEOUT])
                call_command("migrate", interactive=False, verbosity=verbosity)
                break
            except OperationalError as error:
                if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE or not tries_left:
                    raise
                self.stdout.write(_("A table is in use by others; the migration tries again."))
                time.sleep(PAUSE_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
