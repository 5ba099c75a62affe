"""`orders/`: list, create, edit, the moves of its state, its promise and its timeline."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api import bodies, rows
from orders.api.plan import PlanAnswer, PlanUndoAnswer, ReplanAnswer, changes_from, plan_values, proposal_values
from orders.api.serializers import OrderAnswer, OrderDetailAnswer, TimelineEntry
from orders.api.timeline import timeline_page
from orders.filters import OrderFilter
from orders.models import Order
from orders.plan_words import NoPlan
from orders.services import documents as document_services
from orders.services import orders as services
from orders.services import plans
from orders.services.plans.proposing import read_milestones
from orders.services.plans.reading import read_plan
from teams.access import require
from teams.api.serializers import refuse_unknown
from teams.api.teams import default_team
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.errors import NotPermitted
from teams.permissions import Permission, RoleCode


class OrderView(ListMixin, RetrieveMixin, RowsView):
    """Orders that the reader may see, by their number."""

    queryset = Order.objects.none()
    serializer_class = OrderAnswer
    filterset_class = OrderFilter
    lookup_field = "number"

    def get_queryset(self) -> QuerySet[Order]:
        found = rows.orders_for(self.user)
        return found if self.action == "list" else rows.with_lines(found)

    def add_details(self, found: Sequence[Order]) -> None:
        rows.add_details(found, self.now)

    def get_serializer_class(self) -> type[OrderAnswer]:
        return OrderAnswer if self.action == "list" else OrderDetailAnswer

    @extend_schema(request=bodies.OrderBody, responses={201: OrderDetailAnswer})
    def create(self, request: Request) -> Response:
        if not self.user.access.allows_somewhere(Permission.ORDER_CREATE):
            raise NotPermitted(_("Your role may not do this."))
        values = self.read_body(bodies.OrderBody)
        lines = values.pop("lines", [])
        if "team" not in values:
            values["team"] = default_team(self.user, Permission.ORDER_CREATE)
        team = values["team"]
        require(self.user, Permission.ORDER_CREATE, team_id=team.pk)
        if not self.user.access.sees_money(team.pk):
            _refuse_money(values, lines)
        if RoleCode.CLERK in self.user.access.roles_in(team.pk):
            values.setdefault("clerk", self.user)
        order = services.create_order(values=values, lines=lines, by=self.user, now=self.now)
        return self.show(order, status=201)

    @extend_schema(request=bodies.OrderPatch, responses=OrderDetailAnswer)
    def partial_update(self, request: Request, number: str) -> Response:
        order = self._order(Permission.ORDER_EDIT)
        sees_money = self.user.access.sees_money(order.team_id)
        values = self.read_body(bodies.OrderPatch, partial=True, sees_money=sees_money)
        seen = values.pop("version", None)
        services.edit_order(order_id=order.pk, values=values, seen_version=seen, by=self.user, now=self.now)
        return self.show(order)

    @extend_schema(request=bodies.LinesBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"])
    def lines(self, request: Request, number: str) -> Response:
        """Give a draft other lines."""
        order = self._order(Permission.ORDER_EDIT)
        sees_money = self.user.access.sees_money(order.team_id)
        body = self.read_body(bodies.LinesBody, sees_money=sees_money)
        services.replace_lines(order_id=order.pk, by=self.user, now=self.now, **body)
        return self.show(order)

    @extend_schema(request=bodies.LineChangeBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"], url_path="lines/(?P<position>[0-9]{1,6})/change")
    def change_line(self, request: Request, number: str, position: str) -> Response:
        """Cancel part of a line of a confirmed order, or write another wish of the customer."""
        order = self.get_object()
        line = next((line for line in order.lines.all() if line.position == int(position)), None)
        if line is None:
            raise Http404
        require(self.user, Permission.ORDER_EDIT, team_id=order.team_id)
        body = self.read_body(bodies.LineChangeBody)
        services.change_line(line_id=line.pk, by=self.user, now=self.now, **body)
        return self.show(order)

    @extend_schema(request=bodies.MoveBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, number: str) -> Response:
        order = self._order(Permission.ORDER_MOVE)
        body = self.read_body(bodies.MoveBody)
        return self.show(services.confirm_order(order_id=order.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.SideBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, number: str) -> Response:
        order = self._order(Permission.ORDER_MOVE)
        body = self.read_body(bodies.SideBody)
        return self.show(services.hold_order(order_id=order.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.MoveBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, number: str) -> Response:
        order = self._order(Permission.ORDER_MOVE)
        body = self.read_body(bodies.MoveBody)
        return self.show(services.resume_order(order_id=order.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.SideBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, number: str) -> Response:
        order = self._order(Permission.ORDER_CANCEL)
        body = self.read_body(bodies.SideBody)
        return self.show(services.cancel_order(order_id=order.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.MoveBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, number: str) -> Response:
        order = self._order(Permission.ORDER_MOVE)
        body = self.read_body(bodies.MoveBody)
        return self.show(services.close_order(order_id=order.pk, by=self.user, now=self.now, **body))

    @extend_schema(request=bodies.PromiseBody, responses=OrderDetailAnswer)
    @action(detail=True, methods=["post"])
    def promise(self, request: Request, number: str) -> Response:
        order = self._order(Permission.PROMISE_CHANGE)
        body = self.read_body(bodies.PromiseBody)
        line_ids = _line_ids(order, body.pop("lines", None))
        services.move_promise(order_id=order.pk, line_ids=line_ids, by=self.user, now=self.now, **body)
        return self.show(order)

    @extend_schema(methods=["GET"], request=None, responses=PlanAnswer, filters=False)
    @extend_schema(methods=["POST"], request=bodies.PlanBody, responses=ReplanAnswer)
    @action(detail=True, methods=["get", "post"])
    def plan(self, request: Request, number: str) -> Response:
        """The plan with its floats and reasons (GET); a re-plan, previewed with `dry_run` or applied (POST)."""
        order = self.get_object()
        if request.method == "POST":
            return self._replan(order)
        reading = read_plan(order, read_milestones(order), now=self.now)
        if reading is None:
            raise NoPlan(_("The order has no plan: it is not confirmed, or was imported with its dates only."))
        return Response(PlanAnswer(plan_values(reading)).data)

    def _replan(self, order: Order) -> Response:
        require(self.user, Permission.ORDER_EDIT, team_id=order.team_id)
        body = self.read_body(bodies.PlanBody)
        changes = changes_from(order, body.get("changes", {}))
        if changes.promised_date:
            require(self.user, Permission.PROMISE_CHANGE, team_id=order.team_id)
        seen = order.plan_id
        proposal, change = plans.propose(order, changes, now=self.now), None
        if not body["dry_run"]:
            change = plans.apply_changes(
                order_id=order.pk,
                changes=changes,
                by=self.user,
                now=self.now,
                reason=body["reason"],
                side=body["side"],
                seen_plan=body.get("plan", seen),
            )
        values = proposal_values(proposal, plan=seen, change=change, dry_run=body["dry_run"])
        return Response(ReplanAnswer(values).data)

    @extend_schema(request=bodies.PlanUndoBody, responses=PlanUndoAnswer)
    @action(detail=True, methods=["post"], url_path="plan/undo")
    def undo_plan(self, request: Request, number: str) -> Response:
        """Take back the last change of the plan, with the dates and terms that were changed with it."""
        order = self._order(Permission.ORDER_EDIT)
        body = self.read_body(bodies.PlanUndoBody)
        change = plans.undo_change(order_id=order.pk, change_id=body["change"], by=self.user, now=self.now)
        return Response(PlanUndoAnswer({"order": order.number, "change": change.pk}).data)

    @extend_schema(request=bodies.CommentBody, responses={201: None})
    @action(detail=True, methods=["post"])
    def comments(self, request: Request, number: str) -> Response:
        order = self._order(Permission.COMMENT_ADD)
        body = self.read_body(bodies.CommentBody)
        document_services.add_comment(order_id=order.pk, by=self.user, now=self.now, **body)
        return Response({"order": order.number, **body}, status=201)

    @extend_schema(responses=TimelineEntry(many=True), filters=False)
    @action(detail=True, methods=["get"])
    def timeline(self, request: Request, number: str) -> Response:
        order = self.get_object()
        return timeline_page(order, request, sees_money=self.user.access.sees_money(order.team_id))

    def _order(self, permission: Permission) -> Order:
        """The order of the address (else 404) on which the person holds `permission` (else 403)."""
        order = self.get_object()
        require(self.user, permission, team_id=order.team_id)
        return order


def _refuse_money(values: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """The team turned out to be one whose money the writer may not know."""
    of_lines = bodies.LineBody.money_fields
    refuse_unknown(
        [
            *(name for name in bodies.OrderBody.money_fields if name in values),
            *(f"lines.{index}.{name}" for index, line in enumerate(lines) for name in of_lines if name in line),
        ]
    )


def _line_ids(order: Order, positions: list[int] | None) -> list[int] | None:
    if positions is None:
        return None
    ids = {line.position: line.pk for line in order.lines.all()}
    if missing := sorted(set(positions) - ids.keys()):
        raise ValidationError({"lines": [_("There is no line %(position)s.") % {"position": missing[0]}]})
    return [ids[position] for position in positions]
