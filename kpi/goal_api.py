"""`goals/`: the goals that the reader may see, how far each is, and setting them."""

from collections.abc import Sequence
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from kpi.asking import check_reader
from kpi.goals import (
    MOST_STEPS,
    STATES,
    attain_now,
    check_setter,
    drop_goal,
    may_set,
    possible_parents,
    set_goal,
    visible_goals,
)
from kpi.models import Goal
from orders.api.filters import teams_choice
from orders.filters import YES_NO, KeyChoiceFilter, people_of, visible
from teams.api.fields import DateField, DecimalField, TextField, VisibleField
from teams.api.serializers import Answer, Body, RowAnswer
from teams.api.teams import default_team
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.models import Team
from teams.permissions import Permission


class AttainmentAnswer(Answer):
    """Counted from the figure, never typed."""

    state = serializers.ChoiceField(STATES, read_only=True)
    value = serializers.FloatField(read_only=True, allow_null=True, help_text=gettext_lazy("in the figure's unit"))
    expected_value = serializers.FloatField(read_only=True, help_text=gettext_lazy("to be reached by today"))
    way = serializers.FloatField(
        read_only=True, allow_null=True, help_text=gettext_lazy("share of the way from baseline to target, 0 to 1")
    )
    expected = serializers.FloatField(read_only=True, help_text=gettext_lazy("the same share, expected by today"))


class GoalAnswer(RowAnswer):
    """A goal. Numbers are in the figure's unit; `end` is the first day that no longer counts."""

    baseline: Any = serializers.FloatField(read_only=True)
    target: Any = serializers.FloatField(read_only=True)
    ladder: Any = serializers.ListField(child=serializers.FloatField(), read_only=True)
    team_code = serializers.CharField(source="team.code", read_only=True, default=None)
    owner_username = serializers.CharField(source="owner.username", read_only=True, default=None)
    attainment = AttainmentAnswer(source="attained", read_only=True, allow_null=True)

    class Meta:
        model = Goal
        fields = read_only_fields = (
            *("id", "title", "code", "baseline", "target", "first", "end", "ladder", "team", "team_code", "owner"),
            *("owner_username", "parent", "reason", "created_at", "dropped_at", "attainment"),
        )


class GoalBody(Body):
    """A goal as it is set. Nothing is required here: the service says which letter of SMART is missing."""

    title = TextField(max_length=120, required=False, allow_blank=True)
    code = TextField(max_length=8, required=False, allow_blank=True)
    baseline = DecimalField(max_digits=14, decimal_places=3, required=False, allow_null=True)
    target = DecimalField(max_digits=14, decimal_places=3, required=False, allow_null=True)
    first = DateField(required=False, allow_null=True)
    end = DateField(required=False, allow_null=True, help_text=gettext_lazy("the first day that no longer counts"))
    ladder: Any = serializers.ListField(
        child=DecimalField(max_digits=14, decimal_places=3),
        required=False,
        max_length=MOST_STEPS,
        help_text=gettext_lazy("one number for each quarter, the last one is the target; empty: evenly"),
    )
    team = VisibleField(Team.objects.visible_to, key="code", required=False, allow_null=True)
    owner = VisibleField(people_of, key="username", required=False, allow_null=True)
    parent: Any = VisibleField(possible_parents, required=False, allow_null=True)
    reason = TextField(max_length=500, required=False, allow_blank=True)


class GoalFilter(django_filters.FilterSet):
    code = django_filters.CharFilter(max_length=8)
    team = teams_choice()
    owner = KeyChoiceFilter(queryset=visible(people_of), to_field_name="username")
    dropped = django_filters.ChoiceFilter(choices=YES_NO, method="filter_dropped")

    class Meta:
        model = Goal
        fields: list[str] = []

    def filter_dropped(self, goals: QuerySet, name: str, value: str) -> QuerySet:
        return goals.filter(dropped_at__isnull=value == "false")


class GoalView(ListMixin, RetrieveMixin, RowsView):
    """The company's goals, those of the reader's teams and their own; given up, never deleted."""

    queryset = Goal.objects.none()
    serializer_class = GoalAnswer
    filterset_class = GoalFilter
    http_method_names = ["get", "post", "patch", "head"]

    def get_queryset(self) -> QuerySet[Goal]:
        return visible_goals(self.user).select_related("team", "owner").order_by("pk")

    def add_details(self, found: Sequence[Any]) -> None:
        attained = attain_now(found, self.now)
        for goal in found:
            goal.attained = attained.get(goal.pk)

    def list(self, request: Request) -> Response:
        check_reader(self.user)
        return super().list(request)

    def get_object(self) -> Goal:
        goal: Goal = super().get_object()  # who does not see it learns nothing, not even that figures are not theirs
        check_reader(self.user)
        return goal

    @extend_schema(request=GoalBody, responses={201: GoalAnswer})
    def create(self, request: Request) -> Response:
        """Set a goal; without `team` the company's, or that of the writer's team where the role reaches no further."""
        check_setter(self.user)
        values = self.read_body(GoalBody)
        if "team" not in values and self.user.access.teams_allowing(Permission.KPI_STEER) is not None:
            values["team"] = default_team(self.user, Permission.KPI_STEER)
        return self.show(set_goal(values=values, by=self.user, now=self.now), status=201)

    @extend_schema(request=GoalBody, responses=GoalAnswer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Set the goal anew: what is not sent stays."""
        goal = self._steered()
        kept = {str(name): getattr(goal, str(name)) for name in GoalBody().fields}
        values = kept | self.read_body(GoalBody, partial=True)
        return self.show(set_goal(values=values, by=self.user, now=self.now, goal=goal))

    @extend_schema(request=None, responses=GoalAnswer)
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str) -> Response:
        """Give the goal up; it stays to be read."""
        goal = self._steered()
        drop_goal(goal=goal, by=self.user, now=self.now)
        return self.show(goal)

    def _steered(self) -> Goal:
        """The goal of the address (else 404) that the person may set (else 403)."""
        goal = self.get_object()
        may_set(self.user, goal.team)
        return goal


router = SimpleRouter()
router.register("goals", GoalView, basename="api-goal")
