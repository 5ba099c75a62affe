"""The floors: views that do nothing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

BARE_PATH = "/bench-bare/"
# Below the health probes' path, so that no middleware asks the database.
EMPTY_PATH = "/api/v1/health/bench-empty/"


def empty(request: HttpRequest) -> HttpResponse:
    """F0: no session, no database; behind the product's own middleware."""
    return HttpResponse(b"", content_type="text/plain")


class BareViewMiddleware:
    """Answers `BARE_PATH` before any other middleware: what the server and Django's handler cost alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return empty(request) if request.path_info == BARE_PATH else self.get_response(request)
