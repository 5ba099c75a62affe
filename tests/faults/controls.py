"""Negative controls: each takes one guard away. With it gone the test of the invariant must fail, else it is void."""

import os
import secrets
import signal
import time
from dataclasses import replace
from datetime import timedelta

from django.apps import AppConfig


class ControlsConfig(AppConfig):
    name = "tests.faults.controls"
    label = "fault_controls"

    def ready(self) -> None:
        if os.environ.get("FAULTS_QUICK"):
            make_quick()
        if seconds := os.environ.get("FAULTS_SILENCE"):
            shorten_silence(timedelta(seconds=int(seconds)))
        if hours := os.environ.get("FAULTS_CLOCK_HOURS"):
            shift_clock(timedelta(hours=int(hours)))
        control = os.environ.get("FAULTS_CONTROL")
        if control:
            CONTROLS[control]()


def make_quick() -> None:
    """No control: pauses and the longest send are seconds, so that a test sees them end."""
    from teams.notifications import pauses, transport

    pauses.FIRST_PAUSE, pauses.LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(seconds=2)
    pauses.FIRST_REST, pauses.LONGEST_REST = timedelta(seconds=2), timedelta(seconds=4)
    transport.Transport.__call__.__kwdefaults__["seconds"] = 2.0


def shorten_silence(silence: timedelta) -> None:
    """No control: a job counts as silent sooner, so that a test need not wait for a minute."""
    from teams import health

    health.SILENCE_AT_LEAST = silence


def shift_clock(shift: timedelta) -> None:
    """No control: let the process believe that it is so much later. Its monotonic clock runs as it should.

    (libfaketime would do it from outside, but breaks `time.sleep` of this Python.)
    """
    from celery import Celery
    from django.utils import timezone

    seconds, celery_now, django_now = time.time, Celery.now, timezone.now
    time.time = lambda: seconds() + shift.total_seconds()
    Celery.now = lambda self: celery_now(self) + shift
    timezone.now = lambda: django_now() + shift


def poison() -> None:
    """No control either: two messages that are bad for whoever puts them into words."""
    from teams.notifications import composing

    content_of = composing.content_of

    def content_or_worse(claim):
        content = content_of(claim)
        words = " ".join(entry.headline for entry in content.entries)
        if "DEADLY" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "UNSPEAKABLE" in words:
            raise ValueError("cannot be put into words")
        return content

    composing.content_of = content_or_worse


def mark_before_send() -> None:
    """Rows are written down as sent when they are claimed, as many products do: a kill loses what was not yet out."""
    from django.utils import timezone

    from teams.models import Message
    from teams.notifications import claims

    lease = claims._lease

    def lease_as_sent(taken) -> None:
        lease(taken)
        Message.objects.filter(pk__in=[claim.message.pk for claim in taken]).update(
            status="sent", sent_at=timezone.now(), lease_until=None, lease_owner=""
        )

    claims._lease = lease_as_sent


def no_unique_key() -> None:
    """Every look adds its rows, whatever was queued before."""
    from teams.notifications import outbox

    enqueue_many = outbox.enqueue_many

    def enqueue_all(entries, *, now) -> int:
        unique = [replace(entry, dedupe_key=f"{entry.dedupe_key}:{secrets.token_hex(4)}") for entry in entries]
        return enqueue_many(unique, now=now)

    outbox.enqueue_many = enqueue_all


def no_patience() -> None:
    """An outcome that cannot be written at the first try is dropped: the message goes out once more."""
    from teams.notifications import delivery

    delivery.until_written = lambda write: write()


def own_clock() -> None:
    """The machine's clock decides what is due, not the database's."""
    from django.utils import timezone

    from orders import tasks
    from teams import clock
    from teams.notifications import claims, delivery, outcomes, showing

    def read_own_clock() -> clock.DatabaseClock:
        return clock.DatabaseClock(timezone.now(), clock.read_clock().server_started_at)

    for module in (tasks, claims, delivery, outcomes, showing):
        module.read_clock = read_own_clock


def no_second_look() -> None:
    """Nobody asks again whether a step is still open before its reminder is shown and sent."""
    from orders.models.milestones import MilestoneQuerySet

    MilestoneQuerySet.active = lambda self: self


CONTROLS = {
    "own_clock": own_clock,
    "no_second_look": no_second_look,
    "mark_before_send": mark_before_send,
    "no_unique_key": no_unique_key,
    "no_patience": no_patience,
    "poison": poison,
}
