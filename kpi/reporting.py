"""Database roles for other tools: they read the schema `reporting`, nothing else, and of that their teams' rows."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import ProgrammingError, connection, transaction
from django.utils.translation import gettext as _
from psycopg2 import sql

from kpi.models import ReportingAccess
from teams.errors import DomainError, InvalidInput
from teams.models import Team

SCHEMA = "reporting"
STATEMENT_TIMEOUT = "5min"
_NAME = re.compile(r"[a-z][a-z0-9_]{2,62}")


class RoleNotPossible(DomainError):
    """The database user of the product may not make roles."""

    code = "role_not_possible"


def grant(*, role: str, teams: Iterable[Team] | None, sees_money: bool, now: datetime) -> str:
    """Make a role, or give one made here another scope and a new password; returns the password, told only once.

    Args:
        teams: whose rows it sees; None for every team's, also of those to come.

    Raises:
        InvalidInput: the name is no name for a role, or that of one that was not made here.
        RoleNotPossible
    """
    if not _NAME.fullmatch(role):
        message = _("three to sixty-three small letters, digits and underscores, a letter first")
        raise InvalidInput(message, fields={"role": message})
    password = secrets.token_urlsafe(24)
    known = ReportingAccess.objects.filter(role=role).exists()
    name = sql.Identifier(role)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            exists = cursor.fetchone() is not None
            if exists and not known:
                message = _("the database has a role of this name that is not ours")
                raise InvalidInput(message, fields={"role": message})
            verb = sql.SQL("ALTER" if exists else "CREATE")
            limits = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 10")
            cursor.execute(sql.SQL("{} ROLE {} WITH {} PASSWORD {}").format(verb, name, limits, sql.Literal(password)))
            for setting, value in (
                ("default_transaction_read_only", "on"),
                ("statement_timeout", STATEMENT_TIMEOUT),
                ("search_path", SCHEMA),
            ):
                cursor.execute(
                    sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
                )
            schema = sql.Identifier(SCHEMA)
            cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name))
            cursor.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, name))
            ReportingAccess.objects.update_or_create(
                role=role,
                defaults={
                    "team_ids": None if teams is None else sorted(team.pk for team in teams),
                    "sees_money": sees_money,
                },
                create_defaults={
                    "team_ids": None if teams is None else sorted(team.pk for team in teams),
                    "sees_money": sees_money,
                    "created_at": now,
                },
            )
    except ProgrammingError as refused:
        if getattr(refused.__cause__, "pgcode", "") != "42501":  # insufficient_privilege
            raise
        raise RoleNotPossible(
            _("The product's database user may not make roles. Give it CREATEROLE, or run this as one that may.")
        ) from refused
    return password


def revoke(*, role: str) -> None:
    """Take a role away, with all that it may.

    Raises:
        InvalidInput: there is none of that name that was made here.
    """
    access = ReportingAccess.objects.filter(role=role).first()
    if access is None:
        message = _("there is no reporting role of this name")
        raise InvalidInput(message, fields={"role": message})
    with transaction.atomic(), connection.cursor() as cursor:
        name = sql.Identifier(role)
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone():
            cursor.execute(sql.SQL("DROP OWNED BY {}").format(name))
            cursor.execute(sql.SQL("DROP ROLE {}").format(name))
        access.delete()
