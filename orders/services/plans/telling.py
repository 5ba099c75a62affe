"""Telling people that a plan has changed: one message for each, whatever the number of steps that moved."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orders.models import PlanChange, PlanJob
from orders.services.plans.proposing import Move
from teams.models import Team, User
from teams.notifications import outbox
from teams.worktime import CalendarExhausted, ScheduleError, next_opening

SHOWN_STEPS = 5


def subject_of_change(change_id: int) -> str:
    return f"orders.planchange:{change_id}"


def subject_of_job(job_id: int) -> str:
    return f"orders.planjob:{job_id}"


def tell_plan_changed(change: PlanChange, moves: Sequence[Move], *, now: datetime) -> None:
    """Queue one message for each person who carries a step that moved, but for who made the change."""
    mine: dict[int, list[Move]] = {}
    for move in moves:
        person = move.milestone.assignee_id
        if person is not None and person != change.by_id:
            mine.setdefault(person, []).append(move)
    active = set(User.objects.filter(pk__in=mine, is_active=True).values_list("pk", flat=True))
    opening = opening_of(change.order.team, now)
    outbox.enqueue_many(
        (
            outbox.Entry(
                kind="plan_changed",
                recipient_id=person,
                subject=subject_of_change(change.pk),
                dedupe_key=f"{subject_of_change(change.pk)}:{person}",
                not_before=opening,
                payload={
                    "change": change.pk,
                    "order": change.order.number,
                    "by": str(change.by or ""),
                    "reason": change.reason[:300],
                    "count": len(own),
                    "steps": [_shown(move) for move in own[:SHOWN_STEPS]],
                },
            )
            for person, own in mine.items()
            if person in active
        ),
        now=now,
    )


def tell_job_done(job: PlanJob, *, now: datetime) -> int:
    """Queue one message for each person with steps that the job moved; returns how many."""
    mine: dict[int, dict[str, Any]] = {}
    teams: dict[int, Team] = {}
    changes = PlanChange.objects.filter(job=job).select_related("order__team").order_by("pk")
    for change in changes.iterator(chunk_size=500):
        for person in {move["assignee"] for move in change.moves if move["assignee"]} - {job.by_id}:
            own = mine.setdefault(person, {"orders": 0, "steps": 0, "numbers": []})
            own["orders"] += 1
            own["steps"] += sum(move["assignee"] == person for move in change.moves)
            own["numbers"] = [*own["numbers"], change.order.number][:SHOWN_STEPS]
            teams[person] = change.order.team
    active = set(User.objects.filter(pk__in=mine, is_active=True).values_list("pk", flat=True))
    return outbox.enqueue_many(
        (
            outbox.Entry(
                kind="plans_changed",
                recipient_id=person,
                subject=subject_of_job(job.pk),
                dedupe_key=f"{subject_of_job(job.pk)}:{person}",
                not_before=opening_of(teams[person], now),
                payload={"job": job.pk, "cause": job.kind, "what": job.what, "by": str(job.by or ""), **own},
            )
            for person, own in mine.items()
            if person in active
        ),
        now=now,
    )


def withdraw(change: PlanChange) -> None:
    """Drop what is not told yet about a change that is undone."""
    outbox.cancel(subjects=[subject_of_change(change.pk)], reason="undone")


def opening_of(team: Team, now: datetime) -> datetime:
    """When the team is at work next: nobody is rung up at night."""
    try:
        return next_opening(now, team.calendar.schedule())
    except (CalendarExhausted, ScheduleError):  # A calendar that never opens must not swallow messages.
        return now


def _shown(move: Move) -> dict[str, Any]:
    milestone = move.milestone
    return {
        "zh": milestone.name_zh,
        "en": milestone.name_en,
        "old": move.old.isoformat() if move.old else None,
        "new": move.new.isoformat() if move.new else None,
    }
