"""Tokens of the links that answer a message: derived, so that a repeat has the same text; stored as digests only."""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

from teams.models import Notification
from teams.notifications import registry

_SALT = "teams.answer-link"
_ISSUE = """
INSERT INTO teams_answerlink (digest, notification_id, created_at, expires_at, answer)
SELECT digest, id, clock_timestamp(), clock_timestamp() + make_interval(days => %s), ''
FROM unnest(%s::text[], %s::bigint[]) AS item (digest, id)
ON CONFLICT DO NOTHING
"""


def token_of(notification: Notification) -> str:
    """256 bits, bound to the item and its person; nobody can make one without the installation's secret."""
    key = salted_hmac(_SALT, "", algorithm="sha256").digest()
    name = f"{notification.pk}:{notification.recipient_id}:{notification.dedupe_key}"
    return base64.urlsafe_b64encode(hmac.digest(key, name.encode(), "sha256")).decode().rstrip("=")


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_answerable(notification: Notification) -> bool:
    try:
        return registry.get(notification.kind).is_answerable
    except registry.UnknownKind:
        return False


def issue(notifications: Iterable[Notification]) -> None:
    """Let these items be answered by link for some days; an item keeps the link that it has."""
    items = [item for item in notifications if is_answerable(item)]
    if items:
        digests = [digest_of(token_of(item)) for item in items]
        with connection.cursor() as cursor:
            cursor.execute(_ISSUE, [settings.ANSWER_LINK_DAYS, digests, [item.pk for item in items]])


def url_of(notification: Notification) -> str:
    """The link as it stands in a message; empty where there is nothing to answer."""
    if not is_answerable(notification):
        return ""
    return f"{settings.BASE_URL.rstrip('/')}/a/{token_of(notification)}/"
