"""One action on up to 500 milestones: each is decided apart, each has its answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers

from orders.api import bodies
from orders.models import Milestone
from orders.services import milestones as services
from teams.api.errors import answer_refusal
from teams.api.fields import ChoiceField, NumberField
from teams.api.serializers import Body
from teams.errors import DomainError
from teams.models import User
from teams.permissions import Permission

# Action: the right it needs, the shape of what is said once for all, the service.
ACTIONS: dict[str, tuple[Permission, type[Body], Callable[..., Milestone]]] = {
    "complete": (Permission.MILESTONE_COMPLETE, bodies.CompleteBody, services.complete_milestone),
    "skip": (Permission.MILESTONE_SKIP, bodies.ReasonBody, services.skip_milestone),
    "reopen": (Permission.MILESTONE_REOPEN, bodies.ReasonBody, services.reopen_milestone),
    "pause": (Permission.MILESTONE_PAUSE, bodies.SideBody, services.pause_milestone),
    "resume": (Permission.MILESTONE_PAUSE, bodies.MoveBody, services.resume_milestone),
    "assign": (Permission.MILESTONE_ASSIGN, bodies.AssignBody, services.assign_milestone),
}


class BulkBody(Body):
    """`values` is the body of the single action, without documents: these belong to one order."""

    action = ChoiceField(choices=sorted(ACTIONS))
    ids = serializers.ListField(child=NumberField(min_value=1), min_length=1, max_length=bodies.MAX_BULK)
    values = serializers.DictField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _permission, shape, _service = ACTIONS[attrs["action"]]
        inner = shape(data=attrs.get("values", {}), context=self.context)
        if not inner.is_valid():
            raise serializers.ValidationError({"values": inner.errors})
        if inner.validated_data.pop("documents", None):
            raise serializers.ValidationError({"values": {"documents": [_("Attach documents to one step at a time.")]}})
        return {**attrs, "values": inner.validated_data}


class BulkResult(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    status = serializers.IntegerField(read_only=True, help_text="200, or what the single action would have answered")
    code = serializers.CharField(read_only=True, required=False)
    detail = serializers.CharField(read_only=True, required=False)
    fields_at_fault = serializers.DictField(read_only=True, required=False)


class BulkAnswer(serializers.Serializer):
    results = BulkResult(many=True, read_only=True)
    done_count = serializers.IntegerField(read_only=True)


def do_in_bulk(visible: QuerySet[Milestone], body: dict[str, Any], *, by: User, now: datetime) -> dict[str, Any]:
    """Do the action on each id; a refusal concerns that id alone. Locks are taken order by order (C30)."""
    ids = list(dict.fromkeys(body["ids"]))
    found = {milestone.pk: milestone for milestone in visible.filter(pk__in=ids)}
    results = {pk: {"id": pk, "status": 404, "code": "not_found", "detail": _("Not found.")} for pk in ids}
    for milestone in sorted(found.values(), key=lambda milestone: (milestone.order_id, milestone.pk)):
        results[milestone.pk] = {"id": milestone.pk, **_do_one(milestone, body, by=by, now=now)}
    done = sum(result["status"] == 200 for result in results.values())
    return {"results": list(results.values()), "done_count": done}


def _do_one(milestone: Milestone, body: dict[str, Any], *, by: User, now: datetime) -> dict[str, Any]:
    permission, _shape, service = ACTIONS[body["action"]]
    try:
        services.require_on(by, permission, milestone)
        with transaction.atomic():
            service(milestone_id=milestone.pk, by=by, now=now, **body["values"])
    except DomainError as refusal:
        response = answer_refusal(refusal)
        return {"status": response.status_code, **response.data}
    return {"status": 200}
