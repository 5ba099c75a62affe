"""The check against forged posts for pages that tell nobody where they are."""

from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware


class TokenOnlyCsrf(CsrfViewMiddleware):
    """Django's check by cookie and token, without that of the origin.

    A page with `Referrer-Policy: no-referrer` posts with the origin "null" and without a referrer, as browsers have to.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        return request.headers["Origin"] == "null" or super()._origin_verified(request)

    def _check_referer(self, request: HttpRequest) -> None:
        if "Referer" in request.headers:
            super()._check_referer(request)


token_only_csrf = decorator_from_middleware(TokenOnlyCsrf)
