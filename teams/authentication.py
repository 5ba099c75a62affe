"""Who somebody is: passwords behind a throttle, API tokens hashed at rest, the browser's session for the API."""

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied

from teams import throttle
from teams.models import ApiToken, User

MAX_PASSWORD = 128
_USED_EVERY = timedelta(minutes=5)  # last_used_at is written at most this often


class TunedArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with OWASP's second profile: 19 MiB, two passes; the default takes 100 MB a check."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


class MaximumLengthValidator:
    """Refuse passwords of more than 128 characters before they are hashed."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > MAX_PASSWORD:
            raise ValidationError(_("The password may have 128 characters at most."), code="password_too_long")

    def get_help_text(self) -> str:
        return _("At most 128 characters.")


class ThrottledBackend(ModelBackend):
    """Django's own check, asked only while the account and the address have tries left."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if request is None or username is None or password is None or "\x00" in username:
            return None
        now = timezone.now()
        if len(password) > MAX_PASSWORD or not throttle.take_try(request, username, now):
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is not None:
            throttle.forget_tries(request, username, now)
        return user


def digest_of(token: str) -> str:
    """SHA-256 of a token: enough, since a token is 256 random bits and not a password."""
    return hashlib.sha256(token.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token gdn_…`."""

    def authenticate_header(self, request: Any) -> str:
        return "Token"

    def authenticate(self, request: Any) -> tuple[User, ApiToken] | None:
        scheme, _blank, value = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        now = timezone.now()
        token = None
        if scheme.lower() == "token" and value.isascii():
            token = ApiToken.objects.valid(now).select_related("user").filter(digest=digest_of(value.strip())).first()
        if token is None:
            raise AuthenticationFailed(_("This token is not valid."))
        if token.is_read_only and request.method not in {"GET", "HEAD", "OPTIONS"}:
            raise ApiPermissionDenied(_("This token may only read."))
        if token.last_used_at is None or now - token.last_used_at > _USED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token


class BrowserSessionAuthentication(SessionAuthentication):
    """The browser's session, with CSRF; after the token so that a token request ignores cookies."""
