"""API tokens: made once, shown once, kept as a digest."""

import secrets
from datetime import datetime

from teams.authentication import digest_of
from teams.models import ApiToken, User

PREFIX = "gdn_"
SHOWN_CHARACTERS = 12  # of the token, kept so that its owner recognises it in a list


def create_token(
    *, user: User, now: datetime, name: str = "", is_read_only: bool = False, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token of 256 random bits; the text returned with it cannot be had a second time."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name[:80],
        prefix=text[:SHOWN_CHARACTERS],
        digest=digest_of(text),
        is_read_only=is_read_only,
        created_at=now,
        expires_at=expires_at,
    )
    return token, text


def revoke_token(*, token_id: int, now: datetime) -> bool:
    """Make a token worthless from now on; returns whether it was worth something."""
    return bool(ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=now))
