"""The request as our middleware hands it to a view."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from teams.models import Organization, User


class PageRequest(HttpRequest):
    """A request of anybody, seen by `PersonMiddleware` and django-htmx."""

    organization: "Organization"
    htmx: HtmxDetails


class PersonRequest(PageRequest):
    """A request behind `login_required`: `user` is a person."""

    user: "User"
