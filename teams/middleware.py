"""What holds for a person's request: their language and time zone, and how refusals reach the browser."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone, translation

from teams.errors import NotPermitted
from teams.http import PageRequest
from teams.models import Organization

HEALTH_PATH = "/api/v1/health/"


class PersonMiddleware:
    """Activate the person's own language and zone, else the organisation's."""

    def __init__(self, get_response: Callable[[PageRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        if request.path_info.startswith(HEALTH_PATH):
            return self.get_response(request)  # It answers even without a database.
        request.organization = Organization.current()
        user = request.user
        if user.is_authenticated:
            # A stranger keeps what the cookie or the browser asks for.
            translation.activate(user.language or request.organization.language)
            request.LANGUAGE_CODE = translation.get_language()
        zone = (user.timezone if user.is_authenticated else "") or request.organization.timezone
        with timezone.override(ZoneInfo(zone)):
            return self.get_response(request)


class RefusalMiddleware:
    """A right that is missing answers 403, as a page or as one line for htmx; htmx meets the log-in as a whole page."""

    def __init__(self, get_response: Callable[[PageRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PageRequest) -> HttpResponse:
        response = self.get_response(request)
        leads_to_login = response.get("Location", "").startswith(resolve_url(settings.LOGIN_URL))
        if request.htmx and response.status_code == 302 and leads_to_login:
            # Not the address of the fragment: after log-in people want the page back that they looked at.
            return HttpResponse(status=204, headers={"HX-Redirect": request.htmx.current_url_abs_path or "/"})
        return response

    def process_exception(self, request: PageRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, NotPermitted):
            return None
        if request.htmx:
            return HttpResponse(str(exception), status=403, content_type="text/plain; charset=utf-8")
        return render(request, "403.html", {"refusal": str(exception)}, status=403)
