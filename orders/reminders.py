"""Which milestones deserve a reminder, and whose. Writes the outbox; teams.notifications delivers.

Found by state: everything whose next reminder instant has passed, however long nobody looked. So an outage delays a
reminder and loses none, and the outbox' keys keep a second look from doubling any (reliability C3, C4).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from orders.models import ClockPause, Milestone
from orders.services.owners import Escalation, escalation_of
from orders.workflow import RUNNING_ORDER, MilestoneStatus
from teams.notifications import outbox

BATCH_SIZE = 1000
OUTAGE = timedelta(minutes=15)  # so long without a sweep is one
SWEEP_LOCK = 20_260_302  # of pg_try_advisory_xact_lock: any number that no other job of ours uses
_MOVE_ON = """
UPDATE orders_milestone SET next_reminder_at = decided.next_at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS decided (id, next_at)
WHERE orders_milestone.id = decided.id
"""


class Step(models.TextChoices):
    """The rungs of a ladder; the values stand in keys and kinds of messages."""

    SOON = "soon"
    DUE = "due"
    LEAD = "lead"
    MANAGER = "manager"


# Kinds of the notifications that remind of a step.
KINDS = tuple(f"milestone_{step}" for step in Step)


@dataclass(frozen=True)
class Rungs:
    """The instants of one milestone's ladder; None for a rung that it has not."""

    soon_at: datetime | None
    due_at: datetime
    lead_at: datetime | None
    manager_at: datetime | None

    def due_steps(self, at: datetime) -> list[Step]:
        """The steps to be told at the instant `at`, whatever was told before.

        The owner is told only the furthest: after the due instant "due soon" would be noise.
        """
        steps = []
        if self.due_at <= at:
            steps.append(Step.DUE)
        elif self.soon_at and self.soon_at <= at:
            steps.append(Step.SOON)
        if self.lead_at and self.lead_at <= at:
            steps.append(Step.LEAD)
        if self.manager_at and self.manager_at <= at:
            steps.append(Step.MANAGER)
        return steps

    def next_after(self, at: datetime) -> datetime | None:
        """The first instant of the ladder later than `at`; None once all have passed."""
        instants = (self.soon_at, self.due_at, self.lead_at, self.manager_at)
        return min((instant for instant in instants if instant and instant > at), default=None)


def persons_for(step: Step, assignee_id: int | None, is_assignee_active: bool, above: Escalation) -> tuple[int, ...]:
    """Whom a step is told to. A step without a working owner is its leads' to hear of, else the managers'."""
    if step == Step.LEAD:
        return above.leads
    if step == Step.MANAGER:
        return above.managers
    if assignee_id is not None and is_assignee_active:
        return (assignee_id,)
    return above.leads or above.managers


@dataclass
class SweepCounts:
    """What one sweep did. `is_skipped`: another sweep was at it."""

    milestones: int = 0
    queued: int = 0
    is_skipped: bool = False

    def as_dict(self) -> dict[str, int | bool]:
        return asdict(self)


def sweep(*, now: datetime, last_run_at: datetime | None = None) -> SweepCounts:
    """Queue every reminder that is due at `now` and not decided yet, batch by batch, each committed for itself.

    `last_run_at`: when a sweep last ended. After an outage, what came due meanwhile says that it comes late.
    """
    total = SweepCounts()
    is_outage = last_run_at is not None and now - last_run_at > OUTAGE
    while True:
        batch = _sweep_batch(now, last_run_at if is_outage else None)
        total.milestones += batch.milestones
        total.queued += batch.queued
        total.is_skipped = batch.is_skipped
        if batch.milestones < BATCH_SIZE:
            return total


@transaction.atomic
def _sweep_batch(now: datetime, down_since: datetime | None) -> SweepCounts:
    """Decide one batch: rows into the outbox and the next instant of each milestone, together or not at all.

    It locks milestones without their orders, which the services never do. That cannot deadlock: a milestone somebody
    else holds is skipped, and of the outbox only rows about milestones in hand are written, as the services do.
    """
    if not _is_alone():
        return SweepCounts(is_skipped=True)
    rows = _take(now)
    if not rows:
        return SweepCounts()
    above = escalation_of({row["order__team_id"] for row in rows})
    entries: list[outbox.Entry] = []
    next_instants: list[datetime | None] = []
    for row in rows:
        rungs = Rungs(row["soon_at"], row["due_at"], row["lead_at"], row["manager_at"]) if _is_ticking(row) else None
        next_instants.append(rungs.next_after(now) if rungs else None)
        for step in rungs.due_steps(now) if rungs else ():
            entries += _entries(row, step, above[row["order__team_id"]], now, down_since)
    queued = outbox.enqueue_many(entries, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_ON, [[row["pk"] for row in rows], next_instants])
    return SweepCounts(milestones=len(rows), queued=queued)


def _is_alone() -> bool:
    """Whether no other sweep runs now. It saves work; what is right is kept by row locks and keys (C15)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SWEEP_LOCK])
        return cursor.fetchone()[0]


def _take(now: datetime) -> Sequence[Mapping[str, Any]]:
    stopped = models.Exists(ClockPause.objects.stopping_at(now).filter(milestone=models.OuterRef("pk")))
    return list(
        Milestone.objects.to_remind(now)
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
        .order_by("next_reminder_at", "pk")
        .values(
            "pk",
            "status",
            "soon_at",
            "due_at",
            "lead_at",
            "manager_at",
            "assignee_id",
            "assignee__is_active",
            "order__status",
            "order__team_id",
            "flags",
            is_stopped=stopped,
        )[:BATCH_SIZE]
    )


def _is_ticking(row: Mapping[str, Any]) -> bool:
    """The services keep a next instant only on such milestones; asked again, since a reminder must never be wrong."""
    return (
        row["status"] == MilestoneStatus.ACTIVE
        and row["order__status"] in RUNNING_ORDER
        and row["due_at"] is not None
        and not row["is_stopped"]
    )


def _entries(
    row: Mapping[str, Any], step: Step, above: Escalation, now: datetime, down_since: datetime | None
) -> list[outbox.Entry]:
    due = row["due_at"].astimezone(UTC).isoformat()
    subject = Milestone(pk=row["pk"]).subject
    payload = {"milestone": row["pk"], "step": step.value, "due_at": due, "is_hard": "H" in row["flags"]}
    told_at = {Step.SOON: row["soon_at"], Step.LEAD: row["lead_at"], Step.MANAGER: row["manager_at"]}.get(step)
    told_at = told_at or row["due_at"]
    # Until when the owner can still act: till it is due, then till their lead hears of it.
    act_by = {Step.SOON: row["due_at"], Step.DUE: row["lead_at"]}.get(step)
    if act_by is not None:
        payload["act_by"] = act_by.isoformat()
    if down_since is not None and told_at > down_since:
        payload["late_since"] = told_at.isoformat()
    return [
        outbox.Entry(
            kind=f"milestone_{step}",
            recipient_id=person,
            subject=subject,
            # With the due instant: a moved date reminds again.
            dedupe_key=f"{subject}:{step}:{due}:{person}",
            not_before=now,
            payload=payload,
        )
        for person in persons_for(step, row["assignee_id"], bool(row["assignee__is_active"]), above)
    ]
