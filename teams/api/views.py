"""What every view of the API shares: find the row, read the body, answer; repeated POSTs; the 404 below the API."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils import timezone, translation
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from teams.api.fields import as_id
from teams.api.idempotency import once
from teams.api.serializers import Body
from teams.models import User


class ApiView(APIView):
    """A POST with `Idempotency-Key` has one effect; OPTIONS tells nothing."""

    metadata_class = None
    request: Request
    now: datetime  # read once per request
    post: Callable[..., Response]  # where a view has one

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now = timezone.now()
        super().initial(request, *args, **kwargs)
        if request.auth is not None and self.user.language:
            translation.activate(self.user.language)  # a session's person is known to the middleware already
        key = request.headers.get("Idempotency-Key")
        handler = getattr(self, "post", None)
        if request.method == "POST" and key is not None and handler is not None and request.user.is_authenticated:
            self.post = partial(self._post_once, handler, key)

    @property
    def user(self) -> User:
        """The person behind the request; every view but the log-in refuses strangers before it asks."""
        return cast(User, self.request.user)

    def _post_once(self, handler: Any, key: str, request: Request, *args: Any, **kwargs: Any) -> Response:
        return once(request, key, self.now, lambda: handler(request, *args, **kwargs))

    def read_body(self, shape: type[Body], *, partial: bool = False, **context: Any) -> dict[str, Any]:
        """The body's values by `shape`; 422 names every field at fault."""
        body = shape(data=self.request.data, partial=partial, context={"request": self.request, **context})
        body.is_valid(raise_exception=True)
        return body.validated_data


class RowsView(ApiView, GenericViewSet):
    """Rows of one model. `get_queryset` holds what the reader may see, ordered; `serializer_class` is the answer."""

    http_method_names = ["get", "post", "patch", "delete", "head"]
    lookup_value_regex = "[^/]+"
    key_field: str | None = None

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": self.now}

    def get_object(self) -> Any:
        """The row that the address names, by id or else by `key_field`.

        A missing and a foreign one answer 404 by one path, before the body is read.
        """
        name = self.kwargs[self.lookup_field]
        row = None
        if self.lookup_field != "pk":
            row = self.get_queryset().filter(**{self.lookup_field: name}).first()
        elif (pk := as_id(name)) is not None:
            row = self.get_queryset().filter(pk=pk).first()
        if row is None and self.key_field:
            row = self.get_queryset().filter(**{self.key_field: name}).first()
        if row is None:
            raise Http404
        return row

    def list_rows(self, rows: QuerySet) -> Response:
        """One page of `rows`, narrowed by the view's filters."""
        page = self.paginate_queryset(self.filter_queryset(rows)) or []
        self.add_details(page)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def add_details(self, found: Sequence[Any]) -> None:
        """Add to the rows of an answer what is read for all of them at once."""

    def show(self, row: Model, *, status: int = 200) -> Response:
        """The row as it is now, read again the way a GET reads it."""
        fresh = self.get_queryset().filter(pk=row.pk).first()
        return Response(self.answer_for(fresh if fresh is not None else row).data, status=status)

    def answer_for(self, row: Model) -> BaseSerializer:
        self.add_details([row])
        return self.get_serializer(row)


class ListMixin:
    """GET of the list."""

    def list(self: Any, request: Request) -> Response:
        return self.list_rows(self.get_queryset())


class RetrieveMixin:
    """GET of one row."""

    def retrieve(self: Any, request: Request, **kwargs: Any) -> Response:
        return Response(self.answer_for(self.get_object()).data)


@extend_schema(exclude=True)
class NothingHereView(ApiView):
    """Any other address below the API: 404 in the API's own form, for everybody alike."""

    authentication_classes = []
    permission_classes = []

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.headers = {}
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.initial(self.request, *args, **kwargs)
        return self.finalize_response(self.request, self.handle_exception(Http404()), *args, **kwargs)
