"""`milestones/`: list, one, and what may be done to it; or to up to 500 at once."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api import bodies, rows
from orders.api.bulk import BulkAnswer, BulkBody, do_in_bulk
from orders.api.filters import MilestoneFilter
from orders.api.serializers import MilestoneAnswer
from orders.models import Milestone
from orders.services import milestones as services
from orders.services.answers import acknowledge_step
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.permissions import Permission


class MilestoneView(ListMixin, RetrieveMixin, RowsView):
    """Steps of the orders that the reader may see."""

    queryset = Milestone.objects.none()
    serializer_class = MilestoneAnswer
    filterset_class = MilestoneFilter

    def get_queryset(self) -> QuerySet[Milestone]:
        return rows.milestones_for(self.user)

    @extend_schema(request=bodies.CompleteBody, responses=MilestoneAnswer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        milestone = self._milestone(Permission.MILESTONE_COMPLETE)
        body = completion(self.read_body(bodies.CompleteBody))
        return self.show(services.complete_milestone(milestone_id=milestone.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.ReasonBody, responses=MilestoneAnswer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        milestone = self._milestone(Permission.MILESTONE_REOPEN)
        body = self.read_body(bodies.ReasonBody)
        return self.show(services.reopen_milestone(milestone_id=milestone.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.ReasonBody, responses=MilestoneAnswer)
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: str) -> Response:
        milestone = self._milestone(Permission.MILESTONE_SKIP)
        body = self.read_body(bodies.ReasonBody)
        return self.show(services.skip_milestone(milestone_id=milestone.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.SideBody, responses=MilestoneAnswer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        milestone = self._milestone(Permission.MILESTONE_PAUSE)
        body = self.read_body(bodies.SideBody)
        return self.show(services.pause_milestone(milestone_id=milestone.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.MoveBody, responses=MilestoneAnswer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        milestone = self._milestone(Permission.MILESTONE_PAUSE)
        body = self.read_body(bodies.MoveBody)
        return self.show(services.resume_milestone(milestone_id=milestone.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.AssignBody, responses=MilestoneAnswer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: str) -> Response:
        milestone = self._milestone(Permission.MILESTONE_ASSIGN)
        body = self.read_body(bodies.AssignBody)
        return self.show(services.assign_milestone(milestone_id=milestone.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.EmptyBody, responses=MilestoneAnswer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """The reader has seen the reminders of this step that were sent to them."""
        milestone = self.get_object()
        self.read_body(bodies.EmptyBody)
        acknowledge_step(milestone, by=self.user, now=self.now)
        return self.show(milestone)

    @extend_schema(request=BulkBody, responses=BulkAnswer)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        body = self.read_body(BulkBody)
        return Response(do_in_bulk(rows.milestones_for(self.user), body, by=self.user, now=self.now))

    def _milestone(self, permission: Permission) -> Milestone:
        """The step of the address (else 404) on which the person holds `permission` (else 403)."""
        milestone = self.get_object()
        services.require_on(self.user, permission, milestone)
        return milestone


def completion(body: dict[str, Any]) -> dict[str, Any]:
    """A completion's body in the words of the service."""
    documents = body.pop("documents", [])
    return {**body, "document_ids": [document.pk for document in documents]}
