"""Re-planning many orders: batch by batch, each committed with the job's progress, so that a kill loses nothing.

A job is a row. Whoever finds one that nobody works on (`unclaimed`) claims it for a while, works through its orders by
id and stores how far it has come in the transaction that re-plans them: taken up again it goes on behind them.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from orders.basis import Basis
from orders.models import (
    ClockPause,
    EventKind,
    Ladders,
    Milestone,
    Order,
    OrderEvent,
    PlanCause,
    PlanChange,
    PlanJob,
    TeamLadder,
)
from orders.services import flow
from orders.services.plans.applying import apply_changes, move_values
from orders.services.plans.proposing import Changes, Move, Proposal, with_basis, with_versions
from orders.services.plans.telling import tell_job_done
from orders.workflow import OrderStatus
from teams.errors import DomainError
from teams.models import CalendarEdit, User, WorkCalendar
from teams.notifications import outbox
from teams.worktime import WorkSchedule

BATCH_SIZE = 100
LEASE = timedelta(minutes=2)
ONE_DAY = timedelta(days=1)
AT_ONCE = 300  # an edit that touches no more orders is counted while its author waits
KEPT_EXAMPLES = 20
KEPT_FAULTS = 50
PLANNED_ORDER = (OrderStatus.CONFIRMED, OrderStatus.ON_HOLD, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
_WRITE_PLANS = """
UPDATE orders_milestone SET
    planned_start_at = moved.planned_start_at, due_at = moved.due_at, float_minutes = moved.float_minutes,
    is_critical = moved.is_critical, soon_at = moved.soon_at, lead_at = moved.lead_at,
    manager_at = moved.manager_at, next_reminder_at = moved.next_reminder_at
FROM unnest(
    %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::bool[], %s::timestamptz[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[]
) AS moved (
    id, planned_start_at, due_at, float_minutes, is_critical, soon_at, lead_at, manager_at, next_reminder_at
)
WHERE orders_milestone.id = moved.id
"""
# The plan is the same by the calendar's new version.
_NOTE_VERSION = """
UPDATE orders_planchange SET basis = jsonb_set(basis, ARRAY['calendars', %s], %s::jsonb) WHERE id = ANY(%s::bigint[])
"""
_COLUMNS = (
    *("pk", "planned_start_at", "due_at", "float_minutes", "is_critical", "soon_at", "lead_at", "manager_at"),
    "next_reminder_at",
)


# Starting


def count_edit(edit: CalendarEdit, now: datetime) -> None:
    """Say how many orders a proposed edit of a calendar would move: at once where they are few, else by a worker."""
    edit.total = orders_by_calendar(edit.calendar_id).count()
    edit.save(update_fields=["total"])
    job = PlanJob(kind=PlanJob.Kind.COUNT, calendar_id=edit.calendar_id, edit=edit, by=edit.by, created_at=now)
    job.total = edit.total
    if edit.total > AT_ONCE:
        job.save()
        return
    while not job.is_finished:
        _count_batch(job, edit.pk, now)
    edit.refresh_from_db()


def start_calendar_job(edit: CalendarEdit, now: datetime) -> PlanJob:
    """Queue the re-planning that a saved edit calls for; call it in the transaction that saves the edit."""
    PlanJob.objects.unfinished().filter(kind=PlanJob.Kind.COUNT, edit=edit).update(finished_at=now)
    return PlanJob.objects.create(
        kind=PlanJob.Kind.CALENDAR,
        calendar_id=edit.calendar_id,
        edit=edit,
        by=edit.by,
        created_at=now,
        total=orders_by_calendar(edit.calendar_id).count(),
    )


def start_template_job(*, template: Any, order_ids: Sequence[int], by: User, now: datetime) -> PlanJob:
    """Queue the move of the chosen orders to another version of their template."""
    ids = sorted(set(order_ids))
    return PlanJob.objects.create(
        kind=PlanJob.Kind.TEMPLATE, template=template, order_ids=ids, by=by, created_at=now, total=len(ids)
    )


def orders_by_calendar(calendar_id: int) -> QuerySet[Order]:
    """The orders with a plan that was computed with the calendar and still has dates to move."""
    return Order.objects.filter(status__in=PLANNED_ORDER, plan__basis__calendars__has_key=str(calendar_id))


# Working


def work_on_jobs(*, clock: Callable[[], datetime], is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Work on every job that nobody works on, oldest first, until all are done or this process is to stop; returns how
    many orders were looked at."""
    return work_through(PlanJob.objects.unfinished(), run_batch, clock=clock, is_stopping=is_stopping)


def work_through(
    unfinished: QuerySet[Any],
    run: Callable[..., tuple[int, bool]],
    *,
    clock: Callable[[], datetime],
    is_stopping: Callable[[], bool],
) -> int:
    """Claim one job after the other and `run` its batches; a job has `lease_until`, and whoever finds none claims it.

    `run` gets the job's id and `now`, and returns how many orders it looked at and whether the job is to be left.
    """
    done = 0
    while not is_stopping() and (job_id := _claim(unfinished, clock())) is not None:
        while not is_stopping():
            count, is_finished = run(job_id, now=clock())
            done += count
            if is_finished:
                break
        else:
            unfinished.filter(pk=job_id).update(lease_until=None)
    return done


def _claim(unfinished: QuerySet[Any], now: datetime) -> int | None:
    with transaction.atomic():
        free = unfinished.filter(Q(lease_until=None) | Q(lease_until__lt=now)).order_by("pk")
        job = free.select_for_update(skip_locked=True, of=("self",)).first()
        if job is None:
            return None
        job.lease_until = now + LEASE
        job.save(update_fields=["lease_until"])
        return int(job.pk)


@transaction.atomic
def run_batch(job_id: int, *, now: datetime) -> tuple[int, bool]:
    """One batch of a job with its progress, together or not at all; returns how many orders, and whether it is done."""
    job = PlanJob.objects.select_for_update(of=("self",)).select_related("edit", "by", "template").get(pk=job_id)
    if job.is_finished:
        return 0, True
    before = job.done
    job.lease_until = now + LEASE
    if job.kind == PlanJob.Kind.COUNT and job.edit_id:
        _count_batch(job, job.edit_id, now)
    elif job.kind == PlanJob.Kind.CALENDAR:
        _calendar_batch(job, now)
    else:
        _template_batch(job, now)
    if job.is_finished:
        job.lease_until = None
        if job.kind != PlanJob.Kind.COUNT:
            tell_job_done(job, now=now)
    job.save()
    return job.done - before, job.is_finished


def _count_batch(job: PlanJob, edit_id: int, now: datetime) -> None:
    """Plan the next orders by the proposed calendar, in memory, and note what moves on the edit."""
    edit = CalendarEdit.objects.select_for_update().get(pk=edit_id)
    if edit.status != CalendarEdit.Status.COUNTING:  # dropped meanwhile
        job.finished_at = now
        return
    proposed = {edit.calendar_id: WorkSchedule.from_dict(edit.spec)}
    orders = _next_orders(job)
    job.done += len(orders)
    for row in _rows_of(_touched_by(edit, orders)):
        try:
            moves = with_basis(row.order, row.milestones, row.basis, proposed, row.all_pauses, row.ladders).moves
        except DomainError as error:
            _note_fault(job, row.order, error)
            continue
        if moves:
            job.moved += 1
            edit.affected += 1
            edit.milestones_affected += len(moves)
            edit.examples = _with_example(edit.examples, row.order, moves)
    edit.checked = job.done
    if len(orders) < BATCH_SIZE:
        job.finished_at = edit.counted_at = now
        edit.status = CalendarEdit.Status.READY
    edit.save(update_fields=["checked", "affected", "milestones_affected", "examples", "counted_at", "status"])


def _calendar_batch(job: PlanJob, now: datetime) -> None:
    """Re-plan the next orders by the calendar as it is now; those whose dates stay only note its version."""
    calendar = WorkCalendar.objects.get(pk=job.calendar_id or 0)
    orders = _next_orders(job, for_update=True)
    job.done += len(orders)
    same = {order.plan_id for order in orders}
    moved: list[tuple[_Rows, Proposal]] = []
    for row in _rows_of(_touched_by(job.edit, orders)):
        try:
            proposal = with_basis(
                row.order,
                row.milestones,
                with_versions(row.basis, {calendar.pk: calendar.version}),
                pauses=row.all_pauses,
                ladders=row.ladders,
            )
        except DomainError as error:
            _note_fault(job, row.order, error)
            same.discard(row.order.plan_id)
            continue
        if proposal.moves:
            moved.append((row, proposal))
            same.discard(row.order.plan_id)
        else:  # Dates stay; when somebody is told around them may not.
            _write_rows([row])
    job.moved += len(moved)
    with connection.cursor() as cursor:
        cursor.execute(_NOTE_VERSION, [str(calendar.pk), str(calendar.version), list(same)])
    _write_many(job, moved, now)
    if len(orders) < BATCH_SIZE:
        job.finished_at = now


def _touched_by(edit: CalendarEdit | None, orders: Sequence[Order]) -> list[Order]:
    """The orders with a changed date between their first and their last one: no other plan can move. One query."""
    if edit is None or not orders:
        return list(orders)
    changed = sorted(date.fromisoformat(day) for day in edit.changed_dates)
    spans = Milestone.objects.filter(order__in=orders, due_at__isnull=False).values_list("order").order_by()
    told = {"first": Min(Coalesce("soon_at", "due_at")), "last": Max(Greatest("due_at", "lead_at", "manager_at"))}
    dues = {pk: (first, last) for pk, first, last in spans.annotate(**told)}
    touched = []
    for order in orders:
        basis = flow.basis_of(order)
        if basis is None:
            continue
        instants = [basis.start, *dues.get(order.pk, ()), *basis.anchors.values(), *basis.expected.values()]
        instants += [limit.at for limits in basis.limits.values() for limit in limits]
        # A day more on both sides: the edited calendar may lie in another zone.
        first, last = min(instants).date() - ONE_DAY, max(instants).date() + ONE_DAY
        index = bisect_left(changed, first)
        if index < len(changed) and changed[index] <= last:
            touched.append(order)
    return touched


def _write_many(job: PlanJob, moved: Sequence[tuple["_Rows", Proposal]], now: datetime) -> None:
    """What `applying.write_change` writes for one order, by a statement for each table: no step comes or goes here."""
    changes = PlanChange.objects.bulk_create(
        PlanChange(
            order=row.order,
            cause=PlanCause.CALENDAR,
            before=row.order.plan,
            job=job,
            basis=proposal.basis.to_dict(),
            moves=[{**move_values(move), "milestone": move.milestone.pk} for move in proposal.moves],
            by=job.by,
            at=now,
        )
        for row, proposal in moved
    )
    events, subjects = [], []
    for change, (row, proposal) in zip(changes, moved, strict=True):
        flow.activate(row.order, row.milestones, row.pauses, now=now)
        subjects += [move.milestone.subject for move in proposal.moves]
        row.order.plan = change
        data = {
            "change": change.pk,
            "cause": change.cause,
            "moved": len(proposal.moves),
            "steps": [move.milestone.code for move in proposal.moves][:10],
        }
        events.append(
            OrderEvent(
                order=row.order, kind=EventKind.PLANNED, new=change.cause, by=job.by, at=now, recorded_at=now, data=data
            )
        )
    OrderEvent.objects.bulk_create(events)
    Order.objects.bulk_update([row.order for row, _proposal in moved], ["plan"])
    _write_rows([row for row, _proposal in moved])
    outbox.cancel(subjects=subjects, reason="moved_on")


def _write_rows(rows: Sequence["_Rows"]) -> None:
    """Write what has changed on the open milestones of these orders, by one statement."""
    milestones = [
        m for row in rows for m in row.milestones if m.is_open and row.before[m.pk] != flow.refreshed_values(m)
    ]
    if milestones:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_PLANS, [[getattr(m, name) for m in milestones] for name in _COLUMNS])


def _template_batch(job: PlanJob, now: datetime) -> None:
    """Move the next chosen orders to the version; each is a change set of its own, a refused one stays as it was."""
    batch = [pk for pk in job.order_ids if pk > job.last_order_id][:BATCH_SIZE]
    for order_id in batch:
        job.done, job.last_order_id = job.done + 1, order_id
        try:
            with transaction.atomic():
                change = apply_changes(
                    order_id=order_id, changes=Changes(template=job.template), by=job.by, now=now, job=job
                )
        except DomainError as error:
            _note_fault(job, Order.objects.get(pk=order_id), error)
            continue
        job.moved += bool(change and change.moves)
    if len(batch) < BATCH_SIZE:
        job.finished_at = now


def _next_orders(job: PlanJob, *, for_update: bool = False) -> list[Order]:
    """The next orders of a calendar's job by id, with their plans; remembers how far it has come."""
    rows = orders_by_calendar(job.calendar_id or 0).filter(pk__gt=job.last_order_id)
    rows = rows.select_related("plan", "template").order_by("pk")
    if for_update:
        rows = rows.select_for_update(of=("self",), no_key=True)
    orders = list(rows[:BATCH_SIZE])
    if orders:
        job.last_order_id = orders[-1].pk
    return orders


@dataclass(frozen=True)
class _Rows:
    """An order of a batch with its team's ladders, its milestones and, by milestone, their pauses and values as they
    were."""

    order: Order
    basis: Basis
    ladders: Ladders
    milestones: list[Milestone]
    pauses: Mapping[int, list[ClockPause]]
    before: Mapping[int, list[Any]]

    @property
    def all_pauses(self) -> list[ClockPause]:
        return [pause for own in self.pauses.values() for pause in own]


def _rows_of(orders: Sequence[Order]) -> list[_Rows]:
    """The orders with their ladders, milestones and pauses; four queries for all."""
    calendars = {calendar.pk: calendar for calendar in WorkCalendar.objects.all()}
    ladders = TeamLadder.objects.of_orders(orders)
    milestones: dict[int, list[Milestone]] = {order.pk: [] for order in orders}
    pauses: dict[int, dict[int, list[ClockPause]]] = {order.pk: {} for order in orders}
    for milestone in Milestone.objects.filter(order__in=orders).order_by("position", "pk"):
        milestone.calendar = calendars[milestone.calendar_id]
        milestones[milestone.order_id].append(milestone)
    order_of = {milestone.pk: order_id for order_id, own in milestones.items() for milestone in own}
    for pause in ClockPause.objects.filter(milestone__order__in=orders).order_by("from_at"):
        pauses[order_of[pause.milestone_id]].setdefault(pause.milestone_id, []).append(pause)
    found = []
    for order in orders:
        if basis := flow.basis_of(order):
            own, before = milestones[order.pk], {m.pk: flow.refreshed_values(m) for m in milestones[order.pk]}
            found.append(_Rows(order, basis, ladders[order.pk], own, pauses[order.pk], before))
    return found


def _with_example(examples: list[dict[str, Any]], order: Order, moves: Sequence[Move]) -> list[dict[str, Any]]:
    """The examples with this order's, those with the largest moves first."""
    largest = max(moves, key=_distance)
    entry = {
        "order": order.number,
        "steps": len(moves),
        "largest": largest.milestone.code,
        "name_zh": largest.milestone.name_zh,
        "name_en": largest.milestone.name_en,
        "old": largest.old.isoformat() if largest.old else None,
        "new": largest.new.isoformat() if largest.new else None,
    }
    return sorted([*examples, entry], key=_distance_of_example, reverse=True)[:KEPT_EXAMPLES]


def _distance(move: Move) -> timedelta:
    return abs(move.new - move.old) if move.new and move.old else timedelta(0)


def _distance_of_example(entry: Mapping[str, Any]) -> timedelta:
    if not entry["old"] or not entry["new"]:
        return timedelta(0)
    return abs(datetime.fromisoformat(entry["new"]) - datetime.fromisoformat(entry["old"]))


def _note_fault(job: PlanJob, order: Order, error: DomainError) -> None:
    job.failed += 1
    if len(job.faults) < KEPT_FAULTS:
        job.faults = [*job.faults, {"order": order.number, "message": str(error)}]
