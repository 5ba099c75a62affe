"""Milestones: complete with evidence, skip, reopen, pause, resume, assign; one at a time or many at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from orders import workflow
from orders.models import ClockPause, DelayReason, DocumentKind, Milestone, Order, OrderDocument
from orders.models.events import EventKind
from orders.network import open_before
from orders.services import flow
from orders.services.owners import ORDER_FIELDS, check_people
from orders.words import word_of
from orders.workflow import CLOSED_MILESTONE, MILESTONE_MOVES, MilestoneStatus, OrderStatus
from teams.access import require
from teams.errors import DomainError, InvalidInput, NotPermitted
from teams.models import Organization, User
from teams.notifications import outbox
from teams.permissions import Permission

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks differ a little between a phone and the server.
CLOCK_SKEW = timedelta(minutes=5)


class GateClosed(DomainError):
    """A gate before this step is not passed yet."""

    code = "gate_closed"


class EvidenceMissing(DomainError):
    """A document that the step requires is not there."""

    code = "evidence_missing"


class ImpossibleInstant(InvalidInput):
    """The instant lies in the future, before all business, or too far back without a note."""

    code = "actual_finish_at"


def require_on(user: User, permission: Permission, milestone: Milestone) -> None:
    """Ask the right to act on a milestone that the person sees; completing one's own step needs less than any other.

    The steps of somebody on leave are their deputy's own.

    Raises:
        NotPermitted
    """
    access, team = user.access, milestone.order.team_id
    if permission == Permission.MILESTONE_COMPLETE:
        carriers = {user.pk, *access.principal_ids}
        is_own = milestone.assignee_id in carriers or milestone.role in access.roles_in(team)
        if access.allows(Permission.MILESTONE_COMPLETE_ANY, team) or (is_own and access.allows(permission, team)):
            return
        if is_own and permission in access.all_permissions:
            return
        raise NotPermitted(_("This step belongs to another role."))
    require(user, permission, team_id=team)


@transaction.atomic
def complete_milestone(
    *,
    milestone_id: int,
    by: User,
    now: datetime,
    actual_finish_at: datetime | None = None,
    note: str = "",
    document_ids: Sequence[int] = (),
    delay_reason: DelayReason | None = None,
) -> Milestone:
    """Complete a step with its evidence, record the event, start its successors and drop reminders not yet sent.

    `actual_finish_at` is when it truly happened (now by default), `document_ids` files of the same order to attach.

    Raises:
        TransitionNotAllowed: the status has moved on, e.g. a colleague was faster.
        GateClosed, EvidenceMissing, ImpossibleInstant.
    """
    order, milestone = _locked(milestone_id)
    _check_running(order)
    workflow.check_transition(MILESTONE_MOVES, milestone.status, MilestoneStatus.DONE, labels=MilestoneStatus)
    _check_gates(order, milestone)
    _check_instant(actual_finish_at or now, note, now)
    # A clock that is a little fast does not make a step done in the future.
    finish = min(actual_finish_at or now, now)
    _attach(order, milestone, document_ids)
    _check_evidence(order, milestone)
    has_paused = _close(milestone, MilestoneStatus.DONE, finish, by=by, now=now, note=note, delay_reason=delay_reason)
    return flow.refresh(order, now=now, has_moved_dates=has_paused)[milestone.pk]


@transaction.atomic
def skip_milestone(*, milestone_id: int, reason: str, by: User, now: datetime) -> Milestone:
    """Skip a step that this order does not need; its successors start.

    Raises:
        TransitionNotAllowed, ReasonMissing.
    """
    order, milestone = _locked(milestone_id)
    _check_running(order)
    workflow.check_transition(MILESTONE_MOVES, milestone.status, MilestoneStatus.SKIPPED, labels=MilestoneStatus)
    reason = flow.require_reason(reason)
    _close(milestone, MilestoneStatus.SKIPPED, now, by=by, now=now, note=reason)
    return flow.refresh(order, now=now)[milestone.pk]


@transaction.atomic
def reopen_milestone(*, milestone_id: int, reason: str, by: User, now: datetime) -> Milestone:
    """Open a done or skipped step again; its clock and its reminders run on.

    Raises:
        TransitionNotAllowed, ReasonMissing.
    """
    order, milestone = _locked(milestone_id)
    _check_running(order)
    workflow.check_transition(MILESTONE_MOVES, milestone.status, MilestoneStatus.ACTIVE, labels=MilestoneStatus)
    if milestone.status not in CLOSED_MILESTONE:
        workflow.check_transition(
            {milestone.status: frozenset()}, milestone.status, milestone.status, labels=MilestoneStatus
        )
    reason = flow.require_reason(reason)
    old = milestone.status
    milestone.status = MilestoneStatus.ACTIVE
    milestone.actual_finish_at = milestone.recorded_at = milestone.closed_at = milestone.closed_by = None
    milestone.save(update_fields=["status", "actual_finish_at", "recorded_at", "closed_at", "closed_by"])
    flow.record(
        order, EventKind.REOPENED, by=by, now=now, milestone=milestone, old=old, new=milestone.status, reason=reason
    )
    return flow.refresh(order, now=now)[milestone.pk]


class AlreadyPaused(DomainError):
    """The clock stands already; resume it first."""

    code = "already_paused"


class NotPaused(DomainError):
    """The clock runs; there is nothing to resume."""

    code = "not_paused"


@transaction.atomic
def pause_milestone(*, milestone_id: int, side: str, reason: str, by: User, now: datetime) -> Milestone:
    """Stop the clock of a step because `side` holds the ball. Only outside sides stop it; age goes on (R5).

    Raises:
        TransitionNotAllowed, AlreadyPaused, ReasonMissing.
    """
    order, milestone = _locked(milestone_id)
    _check_running(order)
    if not milestone.is_open:
        workflow.check_transition(MILESTONE_MOVES, milestone.status, milestone.status, labels=MilestoneStatus)
    if milestone.pauses.running().filter(is_hold=False).exists():
        raise AlreadyPaused(_("The clock of this step stands already."))
    reason = flow.require_reason(reason)
    ClockPause.objects.create(milestone=milestone, side=side, reason=reason[:300], from_at=now, by=by)
    flow.record(order, EventKind.PAUSED, by=by, now=now, milestone=milestone, side=side, reason=reason)
    return flow.refresh(order, now=now)[milestone.pk]


@transaction.atomic
def resume_milestone(*, milestone_id: int, by: User, now: datetime, reason: str = "") -> Milestone:
    """Let the clock run again; due instants move by the working time that the pause covered.

    Raises:
        NotPaused
    """
    order, milestone = _locked(milestone_id)
    _check_running(order)
    pause = milestone.pauses.running().filter(is_hold=False).first()
    if pause is None:
        raise NotPaused(_("The clock of this step is running."))
    ClockPause.objects.filter(pk=pause.pk).end(now)
    flow.record(order, EventKind.UNPAUSED, by=by, now=now, milestone=milestone, side=pause.side, reason=reason)
    return flow.refresh(order, now=now)[milestone.pk]


@transaction.atomic
def assign_milestone(*, milestone_id: int, assignee: User, by: User, now: datetime, reason: str = "") -> Milestone:
    """Give a step to another person; what was queued for the former one is dropped.

    Raises:
        TransitionNotAllowed: the step is closed.
        CannotCarry
    """
    order, milestone = _locked(milestone_id)
    _check_running(order)
    if not milestone.is_open:
        workflow.check_transition(MILESTONE_MOVES, milestone.status, milestone.status, labels=MilestoneStatus)
    if milestone.assignee_id == assignee.pk:
        return milestone
    check_people(order.team_id, {"assignee": assignee})
    _give(order, milestone, assignee, by=by, now=now, reason=reason)
    return flow.refresh(order, now=now)[milestone.pk]


@transaction.atomic
def give_back(*, milestone_id: int, assignee_id: int | None, by: User, now: datetime) -> None:
    """Undo an assignment: the step goes back to whom it belonged to before, be it nobody."""
    order, milestone = _locked(milestone_id)
    former = User.objects.get(pk=assignee_id) if assignee_id else None
    _give(order, milestone, former, by=by, now=now, reason=_("Undone"))
    flow.refresh(order, now=now)


def hand_over(
    order: Order, changed: Iterable[str], former: Mapping[str, int | None], *, by: User, now: datetime
) -> None:
    """Give open steps of the former clerk, sales representative or logistics owner to the one the order names now.

    `changed` are fields of the locked order, `former` the person's id in each field of `owners.ORDER_FIELDS` before.
    Steps that the former person carries by another part in the same order stay with them.
    """
    for name in changed:
        person, left = getattr(order, name), former[name]
        if person is None or left is None:
            continue
        kept = [role for role, field in ORDER_FIELDS.items() if getattr(order, f"{field}_id") == left]
        steps = order.milestones.open().filter(assignee=left).exclude(role__in=kept).select_related("assignee")
        for milestone in steps.order_by("pk"):
            _give(order, milestone, person, by=by, now=now, reason="")


def _give(order: Order, milestone: Milestone, assignee: User | None, *, by: User, now: datetime, reason: str) -> None:
    old = str(milestone.assignee or "")
    milestone.assignee = assignee
    milestone.save(update_fields=["assignee"])
    flow.record(
        order,
        EventKind.ASSIGNED,
        by=by,
        now=now,
        milestone=milestone,
        old=old[:80],
        new=str(assignee or "")[:80],
        reason=reason,
    )
    outbox.cancel(subjects=[milestone.subject], reason="reassigned")


def complete_with_order(order: Order, *, by: User, now: datetime) -> None:
    """Complete the locked order's last step because the order is closed.

    Raises:
        EvidenceMissing: a document that it requires is not there.
    """
    for milestone in order.milestones.open():
        _check_evidence(order, milestone)
        milestone.order = order
        _close(milestone, MilestoneStatus.DONE, now, by=by, now=now, note="")


def complete_by_shipments(order: Order, codes: Sequence[str], *, finish: datetime, by: User, now: datetime) -> None:
    """Complete the order's open steps `codes` because its cargo has moved.

    A step whose gate is open, or whose evidence is missing, stays open for a person. Steps that stand once for each
    shipment follow their own one (`complete_if_ready`).
    """
    for milestone in order.milestones.open().filter(code__in=codes, shipment=None).order_by("position"):
        complete_if_ready(order, milestone, finish=finish, by=by, now=now)


def complete_if_ready(order: Order, milestone: Milestone, *, finish: datetime, by: User, now: datetime) -> None:
    """Complete an open step that the cargo's move proves, unless a gate or missing evidence stands in its way."""
    milestone.order = order
    try:
        # The cargo proves what lies before; only a gate directly before the step still speaks against it.
        _check_gates(order, milestone, is_proved=True)
        _check_evidence(order, milestone)
    except (GateClosed, EvidenceMissing):
        return
    _close(milestone, MilestoneStatus.DONE, min(finish, now), by=by, now=now, note="")


def _locked(milestone_id: int) -> tuple[Order, Milestone]:
    order_id = Milestone.objects.values_list("order_id", flat=True).get(pk=milestone_id)
    order = flow.lock_order(order_id)
    milestone = Milestone.objects.select_for_update(of=("self",)).select_related("assignee").get(pk=milestone_id)
    milestone.order = order
    return order, milestone


def _check_running(order: Order) -> None:
    if order.status in {OrderStatus.DRAFT, OrderStatus.ON_HOLD, OrderStatus.CLOSED, OrderStatus.CANCELLED}:
        raise workflow.TransitionNotAllowed(
            _("The order is “%(status)s”; its steps cannot be changed.") % {"status": OrderStatus(order.status).label},
            fields={"status": order.status},
        )


def _check_gates(order: Order, milestone: Milestone, *, is_proved: bool = False) -> None:
    """A step may not be completed while a gate (flag G) is open before it, directly or behind other open steps."""
    nodes = flow.steps_before(order)
    still_open = {m.key: m for m in order.milestones.open()}
    is_open = dict.fromkeys(still_open, True)
    gates: list[str] = []
    seen: set[str] = set()
    ahead = [milestone.key]
    while ahead:
        for key in open_before(nodes, ahead.pop(), is_open):
            if key not in seen:
                seen.add(key)
                if still_open[key].has_flag("G"):
                    gates.append(still_open[key].name)
                elif not is_proved:
                    ahead.append(key)
    if gates:
        raise GateClosed(_("First this gate has to be passed: %(names)s.") % {"names": flow.listed(gates)})


def _check_instant(finish: datetime, note: str, now: datetime) -> None:
    message = ""
    if finish > now + CLOCK_SKEW:
        message = _("This lies in the future; a step is completed when it has happened.")
    elif finish < EARLIEST:
        message = _("This is too long ago.")
    elif now - finish > timedelta(days=(days := Organization.current().backdate_days)) and not note.strip():
        message = _("More than %(days)s days back: please say in the note why it is entered now.") % {"days": days}
    if message:
        raise ImpossibleInstant(message, fields={"actual_finish_at": message})


def _attach(order: Order, milestone: Milestone, document_ids: Sequence[int]) -> None:
    documents = list(OrderDocument.objects.filter(pk__in=document_ids, order=order))
    if len(documents) != len(set(document_ids)):
        message = _("A document does not belong to this order.")
        raise EvidenceMissing(message, fields={"documents": message})
    for document in documents:
        if document.milestone_id is None:
            document.milestone = milestone
            document.save(update_fields=["milestone"])


def _check_evidence(order: Order, milestone: Milestone) -> None:
    if not milestone.required_documents:
        return
    there = set(order.documents.evidence().values_list("kind", flat=True))
    missing = [kind for kind in milestone.required_documents if kind not in there]
    if missing:
        names = flow.listed(word_of(DocumentKind, kind) for kind in missing)
        message = _("Missing evidence: %(names)s.") % {"names": names}
        raise EvidenceMissing(message, fields={"documents": message})


def _close(
    milestone: Milestone,
    status: MilestoneStatus,
    finish: datetime,
    *,
    by: User,
    now: datetime,
    note: str,
    delay_reason: DelayReason | None = None,
) -> bool:
    """Close a step and record it; returns whether a pause of it ended, so that due instants move."""
    old = milestone.status
    has_paused = bool(milestone.pauses.running().end(now))
    milestone.status, milestone.closed_at, milestone.recorded_at, milestone.closed_by = status, finish, now, by
    milestone.actual_finish_at = finish if status == MilestoneStatus.DONE else None
    milestone.note, milestone.delay_reason = note or milestone.note, delay_reason or milestone.delay_reason
    milestone.next_reminder_at, milestone.waiting_on = None, ""
    milestone.save(
        update_fields=[
            "status",
            "closed_at",
            "recorded_at",
            "closed_by",
            "actual_finish_at",
            "note",
            "delay_reason",
            "next_reminder_at",
            "waiting_on",
        ]
    )
    kind = EventKind.COMPLETED if status == MilestoneStatus.DONE else EventKind.SKIPPED
    flow.record(
        milestone.order,
        kind,
        by=by,
        now=now,
        at=finish,
        milestone=milestone,
        old=old,
        new=status,
        reason=note,
        side=delay_reason.side if delay_reason else "",
    )
    outbox.cancel(subjects=[milestone.subject], reason="closed")
    return has_paused
