"""The reader's language and time zone for the rest of the request."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from teams.models import Organization


class PersonMiddleware:
    """Activate the person's own language and zone, else the organisation's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.organization = Organization.current()
        user = request.user
        if user.is_authenticated and user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        zone = (user.timezone if user.is_authenticated else "") or request.organization.timezone
        with timezone.override(ZoneInfo(zone)):
            return self.get_response(request)
