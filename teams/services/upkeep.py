"""Rows that have served their time are deleted, so that their tables stay small."""

from datetime import datetime

from django.contrib.sessions.models import Session

from teams import throttle
from teams.api.idempotency import delete_old_keys


def delete_leftovers(now: datetime) -> int:
    """Delete old idempotency keys, counts of tries of past windows and expired sessions; returns how many rows."""
    sessions = Session.objects.filter(expire_date__lt=now).delete()[0]
    return delete_old_keys(now) + throttle.forget_past_windows(now) + sessions
