"""Lists of the API: `{next, previous, results}` by keyset cursor, with `count` only on request.

A cursor holds the ordering values of the row at the page's edge, so a deep page costs what the first costs, and rows
added meanwhile shift nothing. Nulls stand where Postgres puts them: last when ascending, first when descending.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, TypeVar

from django.core.exceptions import FieldError
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE_SIZE, MAX_PAGE_SIZE = 50, 200
Row = TypeVar("Row")
Cursor = tuple[bool, list[Any]]  # whether to read backwards, and the values of the row at the edge


class ContractCursorPagination(BasePagination):
    """`?page_size=` from 1 to 200, `?cursor=` as given by `next` and `previous`, `?count=1` adds the exact count."""

    max_cursor = 1000

    def paginate_queryset(self, queryset: QuerySet[Any, Row], request: Request, view: Any = None) -> list[Row]:
        self.address = request.build_absolute_uri()
        size = page_size_of(request)
        self.total = queryset.count() if request.query_params.get("count") == "1" else None
        self.ordering = ordering_of(queryset)
        cursor = self._cursor(request, queryset.model)
        backwards = cursor is not None and cursor[0]
        ordering = reversed_ordering(self.ordering) if backwards else self.ordering
        rows = queryset.order_by(*ordering)
        if cursor is not None:
            rows = rows.filter(after(ordering, cursor[1]))
        page = list(rows[: size + 1])
        has_more = len(page) > size
        page = page[:size][::-1] if backwards else page[:size]
        self.has_next = bool(page) and (backwards or has_more)
        self.has_previous = bool(page) and (has_more if backwards else cursor is not None)
        self.page: list[Any] = page
        return page

    def get_paginated_response(self, data: Any) -> Response:
        body = {"next": self._link(False), "previous": self._link(True), "results": data}
        if self.total is not None:
            body["count"] = self.total
        return Response(body)

    def _cursor(self, request: Request, model: type[Model]) -> Cursor | None:
        text = request.query_params.get("cursor")
        if text is None:
            return None
        try:
            if len(text) > self.max_cursor:
                raise ValueError("too long")
            ordering, backwards, values = json.loads(urlsafe_b64decode(text.encode("ascii")))
            if ordering != list(self.ordering) or not isinstance(backwards, bool) or len(values) != len(ordering):
                raise ValueError("of another list")
            return backwards, [_value_of(model, name, value) for name, value in zip(ordering, values, strict=True)]
        except (ValueError, TypeError, FieldError, DjangoValidationError, OverflowError, RecursionError) as error:
            raise ValidationError({"cursor": [_("Use a cursor as given by next or previous of this list.")]}) from error

    def _link(self, backwards: bool) -> str | None:
        if not (self.has_previous if backwards else self.has_next):
            return None
        edge = self.page[0 if backwards else -1]
        values = [_read(edge, name.lstrip("-")) for name in self.ordering]
        cursor = json.dumps([self.ordering, backwards, values], cls=DjangoJSONEncoder, separators=(",", ":"))
        return replace_query_param(self.address, "cursor", urlsafe_b64encode(cursor.encode()).decode())

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        def parameter(name: str, schema: dict, description: str) -> dict[str, Any]:
            return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}

        return [
            parameter("cursor", {"type": "string"}, "from next or previous of the page before"),
            parameter("page_size", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE}, "rows of a page"),
            parameter("count", {"type": "string", "enum": ["1"]}, "1: answer the exact count as well"),
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link,
                "previous": link,
                "results": schema,
                "count": {"type": "integer", "description": "only with ?count=1"},
            },
        }


def page_size_of(request: Request) -> int:
    """`?page_size=`, 50 by default; anything but 1 to 200 is refused."""
    text = request.query_params.get("page_size")
    if text is None:
        return PAGE_SIZE
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_PAGE_SIZE):
        raise ValidationError({"page_size": [_("Give a number from 1 to %(most)s.") % {"most": MAX_PAGE_SIZE}]})
    return int(text)


def ordering_of(queryset: QuerySet) -> list[str]:
    """The names by which the rows are ordered, made unique by the key at the end."""
    ordering = [str(name) for name in queryset.query.order_by] or ["-pk"]
    if ordering[-1].lstrip("-") not in {"pk", "id"}:
        ordering.append("-pk" if ordering[-1].startswith("-") else "pk")
    return ordering


def reversed_ordering(ordering: list[str]) -> list[str]:
    return [name[1:] if name.startswith("-") else f"-{name}" for name in ordering]


def after(ordering: list[str], values: list[Any]) -> Q:
    """Rows behind the row with `values`: the first difference decides, nulls count as the greatest value."""
    behind, equal = Q(pk__in=[]), Q()
    for name, value in zip(ordering, values, strict=True):
        field = name.lstrip("-")
        if name.startswith("-"):
            step = Q(**{f"{field}__isnull": False}) if value is None else Q(**{f"{field}__lt": value})
        elif value is None:
            step = Q(pk__in=[])
        else:
            step = Q(**{f"{field}__gt": value}) | Q(**{f"{field}__isnull": True})
        behind |= equal & step
        equal &= Q(**{f"{field}__isnull": True}) if value is None else Q(**{field: value})
    return behind & _bound(ordering[0], values[0])


def _bound(name: str, value: Any) -> Q:
    """What every row behind has in common, said apart so that an index on the first name can start there."""
    field = name.lstrip("-")
    if value is None:
        return Q() if name.startswith("-") else Q(**{f"{field}__isnull": True})
    if name.startswith("-"):
        return Q(**{f"{field}__lte": value})
    return Q(**{f"{field}__gte": value}) | Q(**{f"{field}__isnull": True})


def _value_of(model: type[Model], name: str, value: Any) -> Any:
    """A cursor's value as its field reads it; refuses what the field could not hold."""
    if value is None:
        return None
    if isinstance(value, list | dict | bool | float) or (isinstance(value, str) and "\x00" in value):
        raise ValueError(value)
    bare = name.lstrip("-")
    field: Any = model._meta.pk if bare == "pk" else model._meta.get_field(bare)
    read = field.to_python(value)
    if isinstance(read, int) and not -(2**63) <= read < 2**63:
        raise ValueError(value)
    return read


def _read(row: Model, name: str) -> Any:
    value = row.pk if name == "pk" else getattr(row, name)
    return getattr(value, "pk", value)
