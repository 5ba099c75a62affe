"""`orders/{number}/plan/`: the plan with its reasons, a re-plan previewed or applied, and its undo."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from orders.models import Milestone, Order, PlanCause, PlanChange, ProcessTemplate
from orders.planning import Constraint, PlannedStep, Shortfall
from orders.services.plans import Changes, Proposal
from orders.services.plans.proposing import Move
from orders.services.plans.reading import PlanReading
from orders.words import StepChange
from orders.workflow import MilestoneStatus
from teams.api.fields import InstantField


class ConstraintAnswer(serializers.Serializer):
    """What keeps a date where it is; `step` is another step's key, `name` a limit's."""

    kind = serializers.CharField(read_only=True)
    at = InstantField(read_only=True)
    step = serializers.CharField(read_only=True)
    lag = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)


class PlanStepAnswer(serializers.Serializer):
    """A step of the plan. `due_at` and what explains it stand in the plan in force, `forecast_finish_at` and the float
    are those of today."""

    key = serializers.CharField(read_only=True)
    milestone = serializers.IntegerField(read_only=True)
    code = serializers.CharField(read_only=True)
    shipment = serializers.IntegerField(read_only=True, allow_null=True)
    name = serializers.CharField(read_only=True)
    status = serializers.ChoiceField(choices=MilestoneStatus.choices, read_only=True)
    calendar = serializers.CharField(read_only=True)
    calendar_version = serializers.IntegerField(read_only=True, allow_null=True)
    planned_start_at = InstantField(read_only=True)
    earliest_finish_at = InstantField(read_only=True)
    latest_finish_at = InstantField(read_only=True, allow_null=True)
    due_at = InstantField(read_only=True, allow_null=True)
    baseline_finish_at = InstantField(read_only=True, allow_null=True)
    actual_finish_at = InstantField(read_only=True, allow_null=True)
    expected_at = InstantField(read_only=True, allow_null=True)
    forecast_finish_at = InstantField(read_only=True)
    float_minutes = serializers.IntegerField(read_only=True, allow_null=True)
    float_days = serializers.IntegerField(read_only=True, allow_null=True)
    is_critical = serializers.BooleanField(read_only=True)
    is_provisional = serializers.BooleanField(read_only=True)
    binding = ConstraintAnswer(read_only=True)
    ties = ConstraintAnswer(many=True, read_only=True)


class HelpAnswer(serializers.Serializer):
    step = serializers.CharField(read_only=True)
    working_days = serializers.IntegerField(read_only=True)


class ShortfallAnswer(serializers.Serializer):
    """A promise or cut-off that cannot be kept: the chain that is short, by how many working days, what would help."""

    step = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    at = InstantField(read_only=True)
    earliest_at = InstantField(read_only=True)
    working_days = serializers.IntegerField(read_only=True)
    chain = serializers.ListField(child=serializers.CharField(), read_only=True)
    helps = HelpAnswer(many=True, read_only=True)
    is_hard = serializers.BooleanField(read_only=True)


class AnchorAnswer(serializers.Serializer):
    step = serializers.CharField(read_only=True)
    at = InstantField(read_only=True)
    earliest_at = InstantField(read_only=True)


class PlanAnswer(serializers.Serializer):
    """The plan in force of an order, and what is to be expected of it today."""

    order = serializers.CharField(read_only=True)
    plan = serializers.IntegerField(read_only=True, help_text="id of the change that made it")
    cause = serializers.ChoiceField(choices=PlanCause.choices, read_only=True)
    as_of = InstantField(read_only=True)
    template = serializers.CharField(read_only=True)
    template_version = serializers.IntegerField(read_only=True)
    is_feasible = serializers.BooleanField(read_only=True)
    anchors = AnchorAnswer(many=True, read_only=True)
    shortfalls = ShortfallAnswer(many=True, read_only=True)
    steps = PlanStepAnswer(many=True, read_only=True)


class PlanMoveAnswer(serializers.Serializer):
    """One step that a re-plan moves, adds or removes."""

    kind = serializers.ChoiceField(choices=StepChange.choices, read_only=True)
    key = serializers.CharField(read_only=True)
    code = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    milestone = serializers.IntegerField(read_only=True, allow_null=True)
    assignee = serializers.CharField(read_only=True, allow_null=True)
    old_due_at = InstantField(read_only=True, allow_null=True)
    new_due_at = InstantField(read_only=True, allow_null=True)
    float_minutes_before = serializers.IntegerField(read_only=True, allow_null=True)
    float_minutes_after = serializers.IntegerField(read_only=True, allow_null=True)
    binding = ConstraintAnswer(read_only=True, allow_null=True)


class AffectedAnswer(serializers.Serializer):
    """A person whose steps move."""

    username = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    steps = serializers.IntegerField(read_only=True)


class ReplanAnswer(serializers.Serializer):
    """What a re-plan would do (`dry_run`) or has done; `change` is the change set, null where nothing moved."""

    order = serializers.CharField(read_only=True)
    dry_run = serializers.BooleanField(read_only=True)
    plan = serializers.IntegerField(read_only=True, allow_null=True, help_text="the plan it was worked out against")
    change = serializers.IntegerField(read_only=True, allow_null=True)
    is_feasible = serializers.BooleanField(read_only=True)
    moves = PlanMoveAnswer(many=True, read_only=True)
    affected = AffectedAnswer(many=True, read_only=True)
    notes = serializers.ListField(child=serializers.CharField(), read_only=True)
    shortfalls = ShortfallAnswer(many=True, read_only=True)


class PlanUndoAnswer(serializers.Serializer):
    order = serializers.CharField(read_only=True)
    change = serializers.IntegerField(read_only=True)


def changes_from(order: Order, body: Mapping[str, Any]) -> Changes:
    """The changes that a body asks for.

    Raises:
        ValidationError: another order's step, or a template version that is not there.
    """
    values = dict(body)
    promised = values.pop("promised_date", None)
    expected: dict[int, datetime | None] = {}
    for index, row in enumerate(values.pop("expected", [])):
        milestone: Milestone = row["milestone"]
        if milestone.order_id != order.pk:
            raise ValidationError({f"changes.expected.{index}.milestone": [_("There is no such entry.")]})
        expected[milestone.pk] = row["expected_at"]
    version, template = values.pop("template_version", None), None
    if version is not None:
        template = ProcessTemplate.objects.filter(
            code=order.template.code if order.template else "", version=version
        ).first()
        if template is None:
            raise ValidationError({"changes.template_version": [_("There is no such version of the process.")]})
    return Changes(promised_date=promised, terms=values, expected=expected, template=template)


def plan_values(reading: PlanReading) -> dict[str, Any]:
    """A plan for `PlanAnswer`."""
    order, plan, forecast = reading.order, reading.plan, reading.forecast
    return {
        "order": order.number,
        "plan": order.plan_id,
        "cause": order.plan.cause if order.plan else "",
        "as_of": reading.basis.as_of,
        "template": order.template.code if order.template else "",
        "template_version": order.template.version if order.template else None,
        "is_feasible": forecast.is_feasible,
        "anchors": [
            {"step": step, "at": at, "earliest_at": forecast.earliest_anchors[step]}
            for step, at in reading.basis.anchors.items()
            if step in forecast.earliest_anchors
        ],
        "shortfalls": [shortfall_values(shortfall) for shortfall in forecast.shortfalls],
        "steps": [
            _step_values(milestone, plan[milestone.key], forecast[milestone.key], reading)
            for milestone in reading.milestones
            if milestone.key in plan.steps
        ],
    }


def _step_values(milestone: Milestone, step: PlannedStep, today: PlannedStep, reading: PlanReading) -> dict[str, Any]:
    left = None if today.float is None else int(today.float.total_seconds() // 60)
    return {
        "key": milestone.key,
        "milestone": milestone.pk,
        "code": milestone.code,
        "shipment": milestone.shipment_id,
        "name": milestone.name,
        "status": milestone.status,
        "calendar": milestone.calendar.code,
        "calendar_version": reading.basis.calendars.get(milestone.calendar_id),
        "planned_start_at": milestone.planned_start_at or step.start_at,
        "earliest_finish_at": step.earliest_finish_at,
        "latest_finish_at": step.latest_finish_at,
        "due_at": milestone.due_at,
        "baseline_finish_at": milestone.baseline_finish_at,
        "actual_finish_at": milestone.actual_finish_at,
        "expected_at": milestone.expected_at,
        "forecast_finish_at": today.earliest_finish_at,
        "float_minutes": left if milestone.is_open else None,
        "float_days": today.float_days if milestone.is_open else None,
        "is_critical": today.is_critical,
        "is_provisional": step.is_provisional,
        "binding": _constraint_values(step.binding),
        "ties": [_constraint_values(tie) for tie in step.ties],
    }


def _constraint_values(constraint: Constraint) -> dict[str, Any]:
    return {
        "kind": constraint.kind,
        "at": constraint.at,
        "step": constraint.step,
        "lag": str(constraint.lag) if constraint.lag else "",
        "name": constraint.name,
    }


def shortfall_values(shortfall: Shortfall) -> dict[str, Any]:
    return {
        "step": shortfall.step,
        "name": shortfall.name,
        "at": shortfall.at,
        "earliest_at": shortfall.earliest_at,
        "working_days": shortfall.days,
        "chain": shortfall.chain,
        "helps": [{"step": step, "working_days": days} for step, days in shortfall.helps],
        "is_hard": shortfall.is_hard,
    }


def proposal_values(
    proposal: Proposal, *, plan: int | None, change: PlanChange | None, dry_run: bool
) -> dict[str, Any]:
    """A proposal for `ReplanAnswer`."""
    people = Counter(move.milestone.assignee for move in proposal.moves if move.milestone.assignee)
    return {
        "order": proposal.order.number,
        "dry_run": dry_run,
        "plan": plan,
        "change": change.pk if change else None,
        "is_feasible": proposal.plan.is_feasible,
        "moves": [_move_values(move) for move in proposal.moves],
        "affected": [
            {"username": person.username, "name": person.name, "steps": count}
            for person, count in sorted(people.items(), key=lambda pair: (-pair[1], pair[0].username))
        ],
        "notes": proposal.notes,
        "shortfalls": [shortfall_values(shortfall) for shortfall in proposal.plan.shortfalls],
    }


def _move_values(move: Move) -> dict[str, Any]:
    milestone = move.milestone
    return {
        "kind": move.kind,
        "key": milestone.key,
        "code": milestone.code,
        "name": milestone.name,
        "milestone": milestone.pk,
        "assignee": milestone.assignee.username if milestone.assignee else None,
        "old_due_at": move.old,
        "new_due_at": move.new,
        "float_minutes_before": move.float_before,
        "float_minutes_after": move.float_after,
        "binding": _constraint_values(move.binding) if move.binding else None,
    }
