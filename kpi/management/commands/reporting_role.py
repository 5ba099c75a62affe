"""`manage.py reporting_role NAME`: a read-only database role for Excel, Tableau and Power BI."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kpi.reporting import grant, revoke
from teams.errors import DomainError
from teams.models import Team


class Command(BaseCommand):
    help = "Make a database role that reads the reporting views of some teams, and print its password once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="name of the role, e.g. report_export1")
        parser.add_argument("--team", action="append", default=[], metavar="CODE", help="a team whose rows it sees")
        parser.add_argument("--all-teams", action="store_true", help="the rows of every team")
        parser.add_argument("--money", action="store_true", help="prices and amounts as well")
        parser.add_argument("--drop", action="store_true", help="take the role away")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["drop"]:
                revoke(role=options["name"])
                self.stdout.write(f"{options['name']} is gone.")
                return
            password = grant(
                role=options["name"],
                teams=_teams(options["team"], options["all_teams"]),
                sees_money=options["money"],
                now=timezone.now(),
            )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"role      {options['name']}\npassword  {password}\nschema    reporting")


def _teams(codes: list[str], is_all: bool) -> list[Team] | None:
    if is_all == bool(codes):
        raise CommandError("Name the teams with --team CODE, or say --all-teams.")
    found = list(Team.objects.filter(code__in=codes))
    unknown = sorted(set(codes) - {team.code for team in found})
    if unknown:
        raise CommandError(f"--team: there is no team {', '.join(unknown)}.")
    return None if is_all else found
