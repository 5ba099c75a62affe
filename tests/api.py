"""What the tests of the REST API share."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from teams.models import User

ROOT = "/api/v1/"


class Api:
    """A person's client: paths below the API's root, JSON in and out."""

    def __init__(self, user: User | None = None) -> None:
        self.client = APIClient()
        if user is not None:
            self.client.force_authenticate(User.objects.get(pk=user.pk))

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(self.url(path), query)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.client.post(self.url(path), {} if body is None else body, **more)

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(self.url(path), body)

    def delete(self, path: str) -> Any:
        return self.client.delete(self.url(path))

    @staticmethod
    def url(path: str) -> str:
        return path if path.startswith("http") else ROOT + path

    def walk(self, path: str, **query: Any) -> list[list[dict]]:
        """Every page of a list, by its `next` links."""
        pages, url = [], path
        while url:
            body = self.get(url, **query).json()
            pages.append(body["results"])
            url, query = body["next"], {}
        return pages


def queries_of(call: Callable[[], Any]) -> int:
    """How many queries a call costs once everything that is read once per process is there."""
    call()
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)
