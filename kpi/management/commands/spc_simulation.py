"""`manage.py spc_simulation`: how often control charts raise a false alarm, and how soon they find a shift."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kpi.spc_simulation import PROCESSES, SHIFT, SOON, simulate

HEAD = ("process", "beyond limits", "any rule", f"{SHIFT}σ within {SOON}")


class Command(BaseCommand):
    help = "Simulate control charts: false alarms of 1,000 values, and the share of shifts found."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--runs", type=int, default=2000, help="charts of each kind (default 2000)")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--json", action="store_true", help="one JSON document and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["runs"] <= 1_000_000:
            raise CommandError("--runs: choose a number from 1 to 1,000,000.")
        found = [simulate(process, runs=options["runs"], seed=options["seed"]) for process in PROCESSES]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in found], indent=2))
            return
        self.stdout.write(f"{HEAD[0]:16}{HEAD[1]:>16}{HEAD[2]:>12}{HEAD[3]:>16}")
        for each in found:
            self.stdout.write(f"{each.process:16}{each.beyond:16.1f}{each.any_rule:12.1f}{each.found:16.1%}")
