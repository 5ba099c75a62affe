"""`Idempotency-Key`: a POST repeated with the same key has one effect and gets the first answer again (C28).

The key's row is inserted first; the work and the stored answer commit with it, so a crash leaves neither. Kept for
`KEEP`; only answers of success are kept, so that a refused or failed try may be repeated with the same key.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from teams.models import IdempotencyKey, User

KEEP = timedelta(hours=48)
MAX_KEY = 100


class StillRunning(Exception):
    """A request with the same key has not ended yet; answered with 409 and Retry-After."""


def once(request: Request, key: str, now: datetime, work: Callable[[], Response]) -> Response:
    """Do `work` if the person's `key` is new, else give the first answer again.

    Raises:
        ValidationError: the key is empty or too long, or stands for another request.
        StillRunning
    """
    check_key(key)
    user, fingerprint = cast(User, request.user), fingerprint_of(request)
    with transaction.atomic():
        if not _try_lock(user, key):
            raise StillRunning
        row, is_new = IdempotencyKey.objects.get_or_create(
            user=user, key=key, defaults={"fingerprint": fingerprint, "created_at": now}
        )
        if not is_new and now - row.created_at <= KEEP:
            return _answer_again(row, fingerprint)
        response = work()
        if not 200 <= response.status_code < 300:
            row.delete()
            return response
        row.fingerprint, row.created_at, row.status = fingerprint, now, response.status_code
        row.body = JSONRenderer().render(response.data).decode()
        row.save(update_fields=["fingerprint", "created_at", "status", "body"])
    return response


def check_key(key: str) -> None:
    """Refuse a key that could not be stored or seen in a log."""
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise ValidationError({"Idempotency-Key": [_("Send 1 to 100 printable ASCII characters, e.g. a UUID.")]})


def fingerprint_of(request: Request) -> str:
    """SHA-256 of method, address and parsed body; a file counts by its name and content."""
    data = request.data
    body = dict(data.lists()) if isinstance(data, QueryDict) else data
    parts = json.dumps([request.method, request.get_full_path(), body], sort_keys=True, default=_file_or_value)
    return hashlib.sha256(parts.encode()).hexdigest()


def delete_old_keys(now: datetime) -> int:
    """Forget keys past their time; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=now - KEEP).delete()[0]


def _try_lock(user: User, key: str) -> bool:
    # A lock instead of waiting at the unique index: twenty duplicates must not hold twenty web threads.
    number = int.from_bytes(hashlib.sha256(f"{user.pk}:{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return cursor.fetchone()[0]


def _answer_again(row: IdempotencyKey, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        raise ValidationError({"Idempotency-Key": [_("This key was used for another request.")]})
    body = json.loads(row.body) if row.body else None
    return Response(body, status=row.status, headers={"Idempotent-Replay": "true"})


def _file_or_value(value: Any) -> Any:
    if isinstance(value, UploadedFile):
        digest = hashlib.sha256()
        for chunk in value.chunks():
            digest.update(chunk)
        value.seek(0)
        return [value.name, digest.hexdigest()]
    return DjangoJSONEncoder().default(value)
