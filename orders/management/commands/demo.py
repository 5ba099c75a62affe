from argparse import ArgumentParser
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from orders.demo.load import holds_real_work, load_demo
from orders.demo.logins import LOGINS


class Command(BaseCommand):
    help = (
        "Loads a small trading company with a year of orders, always the same for one seed. A second run adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, default=300, help="how many orders the demo has (default: 300)")
        parser.add_argument("--seed", type=int, default=1, help="another number gives another company (default: 1)")
        parser.add_argument("--if-empty", action="store_true", help="do nothing where people work with real orders")
        parser.add_argument("--list-logins", action="store_true", help="only print who may log in")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list_logins"]:
            for username, password, zh, en in LOGINS:
                self.stdout.write(f"{username:<10} {password}  {zh} / {en}")
            return
        if not 0 <= options["orders"] <= 20_000:
            raise CommandError("--orders takes a number from 0 to 20000.")
        if options["if_empty"] and holds_real_work():
            self.stdout.write("This database holds real work; no demo data was added.")
            return
        begin = monotonic()
        count = load_demo(orders=options["orders"], seed=options["seed"], now=timezone.now())
        if count:
            self.stdout.write(f"{count} demo orders loaded in {monotonic() - begin:.1f} s.")
        else:
            self.stdout.write("The demo data is there already; nothing was added.")
