"""Lists of the API: `{next, previous, results}` by cursor, with `count` only on request."""

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class ContractCursorPagination(CursorPagination):
    """Deep pages cost as little as the first. `?page_size=` up to 200, `?count=1` adds the exact count."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = ("-pk",)

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list:
        self.total = queryset.count() if request.query_params.get("count") == "1" else None
        return super().paginate_queryset(queryset, request, view)

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        # The view orders (style: ending in a unique field); the cursor follows it.
        return tuple(queryset.query.order_by) or self.ordering

    def get_paginated_response(self, data: list) -> Response:
        body = {"next": self.get_next_link(), "previous": self.get_previous_link(), "results": data}
        if self.total is not None:
            body["count"] = self.total
        return Response(body)

    def get_paginated_response_schema(self, schema: dict) -> dict:
        body = super().get_paginated_response_schema(schema)
        body["properties"]["count"] = {"type": "integer", "description": "only with ?count=1"}
        return body
