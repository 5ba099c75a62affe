"""Insert many rows of one model with COPY: what `bulk_create` does, several times as fast, for thousands of rows."""

import io
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

NULL = r"\N"
# COPY's text form: these four carry meaning in it.
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def give_keys(instances: Sequence[models.Model]) -> None:
    """Give new instances their keys ahead of the insert, so that others can point at them."""
    if not instances:
        return
    meta = instances[0]._meta
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [meta.db_table, meta.pk.column, len(instances)],
        )
        for instance, (key,) in zip(instances, cursor.fetchall(), strict=True):
            instance.pk = key


def copy_in(instances: Iterable[models.Model]) -> None:
    """Insert instances of one model, giving keys to those that have none. Nothing is validated but by the database."""
    rows = list(instances)
    if not rows:
        return
    give_keys([row for row in rows if row.pk is None])
    meta = rows[0]._meta
    for field in meta.concrete_fields:
        if getattr(field, "auto_now_add", False):
            for row in rows:
                field.pre_save(row, add=True)
    fields = [(field.attname, _writer(field)) for field in meta.concrete_fields]
    lines = ("\t".join([write(getattr(row, name)) for name, write in fields]) for row in rows)
    columns = ", ".join(connection.ops.quote_name(field.column) for field in meta.concrete_fields)
    statement = f"COPY {connection.ops.quote_name(meta.db_table)} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(statement, io.StringIO("\n".join(lines) + "\n"))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _writer(field: models.Field) -> Callable[[Any], str]:
    """How values of a field are written for COPY."""
    if isinstance(field, models.JSONField):
        encoder = field.encoder or DjangoJSONEncoder
        return lambda value: NULL if value is None else _text(json.dumps(value, cls=encoder, ensure_ascii=False))
    if isinstance(field, ArrayField):
        return lambda values: _text("{" + ",".join(json.dumps(value, ensure_ascii=False) for value in values) + "}")
    return _text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, date):  # datetimes are dates as well
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)
