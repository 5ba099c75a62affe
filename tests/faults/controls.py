"""Negative controls: each takes one guard away. With it gone the test of the invariant must fail, else it is void."""

import os
import secrets
from dataclasses import replace

from django.apps import AppConfig


class ControlsConfig(AppConfig):
    name = "tests.faults.controls"
    label = "fault_controls"

    def ready(self) -> None:
        control = os.environ.get("FAULTS_CONTROL")
        if control:
            CONTROLS[control]()


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


CONTROLS = {"mark_before_send": mark_before_send, "no_unique_key": no_unique_key}
