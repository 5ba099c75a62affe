"""Rows that have served their time are deleted, so that their tables stay small."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from teams import throttle
from teams.api.idempotency import delete_old_keys
from teams.health import BEAT_PREFIX
from teams.models import Heartbeat


def delete_leftovers(now: datetime) -> int:
    """Delete old idempotency keys, counts of past windows, expired sessions, marks of old beats; returns how many."""
    sessions = Session.objects.filter(expire_date__lt=now).delete()[0]
    marks = Heartbeat.objects.filter(name__startswith=BEAT_PREFIX, at__lt=now - timedelta(days=1)).delete()[0]
    return marks + delete_old_keys(now) + throttle.forget_past_windows(now) + sessions
