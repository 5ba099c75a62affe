"""Operations on steps: complete, wait, go on, skip, assign."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from orders.models import ActItem, ClockPause, Milestone
from orders.models.events import EventKind
from orders.services import flow
from orders.services import milestones as services
from orders.services.acts.operation import Operation, refuse_if_changed
from orders.services.evidence import complete_with_files
from orders.workflow import MilestoneStatus
from teams.models import User
from teams.permissions import Permission

Undo = tuple[dict[str, Any], dict[str, Any]]


class StepOperation(Operation):
    def targets(self, user: User) -> QuerySet[Milestone]:
        return Milestone.objects.visible_to(user).select_related("order", "order__team", "assignee")

    def orders_of(self, targets: Iterable[Milestone]) -> dict[int, list[int]]:
        return {target.pk: [target.order_id] for target in targets}

    def label(self, target: Milestone) -> str:
        return f"{target.order.number} · {target.name}"[:200]

    def team_of(self, target_id: int) -> int | None:
        return Milestone.objects.filter(pk=target_id).values_list("order__team_id", flat=True).first()

    def allow(self, user: User, target: Milestone) -> None:
        services.require_on(user, self.permission, target)


class CompleteSteps(StepOperation):
    """`actual_finish_at`, `note`, `files`, `delay_reason`; the reason is kept with those that are late."""

    code = "complete"
    permission = Permission.MILESTONE_COMPLETE
    service: Callable[..., Milestone] = staticmethod(complete_with_files)

    def arguments(self, target: Milestone, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        reason = values.get("delay_reason")
        is_late = target.is_past_due(values.get("actual_finish_at") or now)
        return {"files": [], **values, "delay_reason": reason if is_late else None}

    def do(self, target: Milestone, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        before = {"pauses": list(target.pauses.running().values_list("pk", flat=True))}
        closed = type(self).service(milestone_id=target.pk, by=by, now=now, **self.arguments(target, values, now))
        return before, {"status": closed.status, "recorded_at": now.isoformat()}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        milestone = Milestone.objects.get(pk=item.target_id)
        recorded = milestone.recorded_at.isoformat() if milestone.recorded_at else ""
        refuse_if_changed(milestone.status != item.after["status"] or recorded != item.after["recorded_at"])
        services.reopen_milestone(milestone_id=milestone.pk, reason=_("Undone"), by=by, now=now)
        if item.before["pauses"]:
            ClockPause.objects.filter(pk__in=item.before["pauses"]).update(to_at=None)
            flow.refresh(flow.lock_order(milestone.order_id), now=now)


class SkipSteps(CompleteSteps):
    """`reason`."""

    code = "skip"
    permission = Permission.MILESTONE_SKIP
    service = staticmethod(services.skip_milestone)

    def arguments(self, target: Milestone, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        return dict(values)


class PauseSteps(StepOperation):
    """`side`, `reason`: who holds the ball."""

    code = "pause"
    permission = Permission.MILESTONE_PAUSE

    def do(self, target: Milestone, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        services.pause_milestone(milestone_id=target.pk, by=by, now=now, **values)
        return {}, {"pause": target.pauses.running().get(is_hold=False).pk}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        milestone, order = _locked(item)
        pauses = ClockPause.objects.running().filter(pk=item.after["pause"])
        pause = pauses.first()
        refuse_if_changed(pause is None)
        if pause is not None:
            pauses.end(pause.from_at)  # as if it had never stood
            flow.record(
                order, EventKind.UNPAUSED, by=by, now=now, milestone=milestone, side=pause.side, reason=_undone()
            )
            flow.refresh(order, now=now)


class ResumeSteps(StepOperation):
    """`reason`, if any: the ball is with us again."""

    code = "resume"
    permission = Permission.MILESTONE_PAUSE

    def do(self, target: Milestone, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        pause = target.pauses.running().filter(is_hold=False).first()
        services.resume_milestone(milestone_id=target.pk, by=by, now=now, **values)
        return {"pause": pause.pk if pause else None}, {}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        milestone, order = _locked(item)
        pause = ClockPause.objects.filter(pk=item.before["pause"]).first()
        runs_another = milestone.pauses.running().filter(is_hold=False).exists()
        refuse_if_changed(pause is None or runs_another or not milestone.is_open)
        ClockPause.objects.filter(pk=item.before["pause"]).update(to_at=None)
        side = pause.side if pause else ""
        flow.record(order, EventKind.PAUSED, by=by, now=now, milestone=milestone, side=side, reason=_undone())
        flow.refresh(order, now=now)


class AssignSteps(StepOperation):
    """`assignee`, and `reason` if any."""

    code = "assign"
    permission = Permission.MILESTONE_ASSIGN

    def do(self, target: Milestone, values: Mapping[str, Any], *, by: User, now: datetime) -> Undo:
        services.assign_milestone(milestone_id=target.pk, by=by, now=now, **values)
        return {"assignee": target.assignee_id}, {"assignee": values["assignee"].pk}

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        milestone, _order = _locked(item)
        refuse_if_changed(milestone.assignee_id != item.after["assignee"] or milestone.status not in _OPEN)
        services.give_back(milestone_id=milestone.pk, assignee_id=item.before["assignee"], by=by, now=now)


_OPEN = (MilestoneStatus.PENDING, MilestoneStatus.ACTIVE)


def _undone() -> str:
    return _("Undone")


def _locked(item: ActItem) -> tuple[Milestone, Any]:
    order = flow.lock_order(Milestone.objects.values_list("order_id", flat=True).get(pk=item.target_id))
    milestone = Milestone.objects.get(pk=item.target_id)
    milestone.order = order
    return milestone, order
