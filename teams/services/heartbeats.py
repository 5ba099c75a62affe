"""Periodic jobs leave a mark each time they ran to their end."""

from datetime import datetime

from teams.models import Heartbeat


def beat(name: str, *, now: datetime, note: str = "") -> None:
    """Note that the job `name` ran; one statement, whether or not it ever ran before."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=now, note=note[:200])],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at", "note"],
    )


def last(name: str) -> datetime | None:
    """When the job `name` last ran to its end; None if it never did."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
