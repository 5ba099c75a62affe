"""Pages by key: the next page begins after the last row shown, so a deep page costs as much as the first."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet


class BadCursor(ValueError):
    """The text is no cursor of this list."""


def page_after(rows: QuerySet, *, by: str, cursor: str, size: int) -> tuple[list[Any], str]:
    """The `size` rows after `cursor` ("" begins), sorted `by` a field ("-" in front: descending) and then by key.

    Returns the rows and the cursor of the next page, "" at the end. Empty values come last in ascending and first in
    descending order, as Postgres sorts them.

    Raises:
        BadCursor
    """
    is_descending, name = by.startswith("-"), by.lstrip("-")
    sign = "-" if is_descending else ""
    if cursor:
        value, pk = _read(rows.model, name, cursor)
        rows = rows.filter(_beyond(name, value, pk, is_descending))
    page = list(rows.order_by(f"{sign}{name}", f"{sign}pk")[: size + 1])
    if len(page) <= size:
        return page, ""
    return page[:size], _write(getattr(page[size - 1], name), page[size - 1].pk)


def _beyond(name: str, value: Any, pk: int, is_descending: bool) -> Q:
    past = "lt" if is_descending else "gt"
    if value is None:
        same = Q(**{f"{name}__isnull": True, f"pk__{past}": pk})
        return same | Q(**{f"{name}__isnull": False}) if is_descending else same
    # The first half alone bounds the index scan; an OR over both halves would not.
    bound = Q(**{f"{name}__{past}e": value})
    after = bound & (Q(**{f"{name}__{past}": value}) | Q(**{f"pk__{past}": pk}))
    return after if is_descending else after | Q(**{f"{name}__isnull": True})


def _write(value: Any, pk: int) -> str:
    return urlsafe_b64encode(json.dumps([value, pk], cls=_ExactEncoder).encode()).decode()


class _ExactEncoder(DjangoJSONEncoder):
    """Keeps microseconds: a cut instant would show rows twice."""

    def default(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else super().default(value)


def _read(model: type[Model], name: str, cursor: str) -> tuple[Any, int]:
    try:
        value, pk = json.loads(urlsafe_b64decode(cursor[:1000].encode("ascii")))
        if not isinstance(pk, int) or not 0 < pk < 2**63 or not isinstance(value, str | None):
            raise BadCursor(cursor)
        return model._meta.get_field(name).to_python(value), pk  # type: ignore[union-attr]  # a column
    except (ValueError, TypeError, RecursionError, ValidationError) as error:
        raise BadCursor(cursor) from error
