"""What holds for every request, before any view: input that no view should meet, and the browser's policy."""

import re
import sys
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.translation import gettext as _
from django.views import defaults

GetResponse = Callable[[HttpRequest], HttpResponse]

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)
_NUL = re.compile(r"%00|\x00", re.I)


class InputGuardMiddleware:
    """Refuse in one place what Postgres or a parser would stumble over: NUL in path or query, TRACE, long addresses."""

    MAX_ADDRESS = 8000

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in {"TRACE", "TRACK", "CONNECT"}:
            return HttpResponse(status=405)
        query = request.META.get("QUERY_STRING", "")
        if "\x00" in request.path_info:
            return refusal(request, 404, "not_found", _("Not found."))
        if _NUL.search(query) or len(query) > self.MAX_ADDRESS:
            return refusal(request, 400, "bad_query", _("The address holds characters that are not allowed."))
        return self.get_response(request)


class DatabaseAwayMiddleware:
    """Answer 503 with Retry-After while the database is away, instead of an error page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            return database_away(request)
        return None


def database_away(request: HttpRequest) -> HttpResponse:
    response = refusal(request, 503, "database_away", _("The database does not answer. Please try again in a moment."))
    response["Retry-After"] = "5"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody caught. A database that went away inside a middleware gets here, and is no fault of ours."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return database_away(request)
    if request.path_info.startswith("/api/"):
        return refusal(request, 500, "server_error", _("Something went wrong here. It has been noted."))
    return defaults.server_error(request)


class CompressionMiddleware(GZipMiddleware):
    """Pages and answers of the API travel compressed, whatever stands in front; files and streams go as they are.

    A random length, as the framework adds it, hides what a compressed length would tell of a page.
    """

    KINDS = ("text/", "application/json", "application/vnd.oai.openapi")

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith(self.KINDS):
            return response
        return super().process_response(request, response)


class BrowserPolicyMiddleware:
    """Headers of every answer: strict content policy, no caching of personal pages, no referrer to strangers."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def refusal(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """A plain answer outside any view: JSON for the API, text for people."""
    if request.path_info.startswith("/api/"):
        return JsonResponse({"code": code, "detail": detail}, status=status)
    return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8")
