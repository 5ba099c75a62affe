"""The check against forged posts for pages that tell nobody where they are."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware

View = TypeVar("View", bound=Callable[..., HttpResponse])


class TokenOnlyCsrf(CsrfViewMiddleware):
    """Django's check by cookie and token, without that of the origin.

    A page with `Referrer-Policy: no-referrer` posts with the origin "null" and without a referrer, as browsers have to.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        verified = super()._origin_verified  # type: ignore[misc]  # missing in the stubs
        return request.headers["Origin"] == "null" or verified(request)

    def _check_referer(self, request: HttpRequest) -> None:
        if "Referer" in request.headers:
            super()._check_referer(request)  # type: ignore[misc]  # missing in the stubs


def token_only_csrf(view: View) -> View:
    """Ask `TokenOnlyCsrf` before the view; stands below `csrf_exempt`, which keeps the usual check away."""
    checked: Any = decorator_from_middleware(TokenOnlyCsrf)
    return checked(view)
