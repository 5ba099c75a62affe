from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from teams.models import User
from teams.services.tokens import create_token


class Command(BaseCommand):
    help = "Prints a new API token for a person; it is shown only this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="what the token is for")
        parser.add_argument("--read-only", action="store_true", help="a token that may change nothing")

    def handle(self, *args: Any, username: str, name: str, read_only: bool, **options: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first() if "\x00" not in username else None
        if user is None:
            raise CommandError(_("There is no active user “%(username)s”.") % {"username": username})
        _token, text = create_token(user=user, now=timezone.now(), name=name, is_read_only=read_only)
        self.stdout.write(text)
