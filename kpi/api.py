"""Figures by REST: the list of definitions, a figure with its parts, and the rows behind it."""

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from kpi import figures
from kpi.closing import closed_figure
from kpi.dimensions import BY, DIMENSIONS
from kpi.errors import BadQuestion
from kpi.figures import PARTS, Figure, Group
from kpi.metrics.base import Metric
from kpi.periods import SIZES
from kpi.questions import Question, read_by, read_filters, read_period
from kpi.registry import metric_of, offered_to
from kpi.serializers import (
    MEMBERS,
    FigureAnswer,
    MetricListAnswer,
    closed_as_json,
    figure_as_json,
    metric_as_json,
)
from kpi.subjects import ORDERS
from teams.api.views import ApiView
from teams.models import User
from teams.permissions import Permission


class MaySeeFigures(BasePermission):
    """A role with `kpi.view` in some team; what it counts is what the person may see."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User) and request.user.access.allows_somewhere(Permission.KPI_VIEW)


_QUESTION = [
    OpenApiParameter("from", str, description="first day, YYYY-MM-DD; the first of this month by default"),
    OpenApiParameter("to", str, description="first day no longer counted; the first of next month by default"),
    *(OpenApiParameter(code, str, description="code, else id; `none`: without one") for code in DIMENSIONS),
]


class FigureView(ApiView, GenericAPIView):
    """Shared by the views below: who may ask, and how the question is read."""

    http_method_names = ["get", "head"]
    permission_classes = [IsAuthenticated, MaySeeFigures]
    filter_backends: list = []

    def metric(self) -> Metric:
        code = self.kwargs["code"]
        if code not in offered_to(self.user):
            raise NotFound
        return metric_of(code)

    def asked(self, request: Request, metric: Metric) -> Question:
        """The question in the query.

        Raises:
            ValidationError: answered with 422, naming the parameter.
        """
        try:
            period = read_period(request.query_params, now=self.now)
            filters = read_filters(request.query_params, viewer=self.user, subject=metric.subject)
        except BadQuestion as bad:
            raise ValidationError({name: [text] for name, text in bad.fields.items()}) from bad
        return Question(period, self.user, self.now, filters)

    def members_url(self, figure: Figure, **more: str) -> str:
        """Where the rows behind the figure are listed: the same question, with the group's own period or filter."""
        params = {code: self.request.query_params[code] for code in DIMENSIONS if code in self.request.query_params}
        params |= {"from": figure.period.first.isoformat(), "to": figure.period.end.isoformat(), **more}
        address = reverse("kpi-members", args=[figure.code], request=self.request)
        return f"{address}?{urlencode(params)}"


class MetricListView(ApiView):
    """Every figure's definition."""

    http_method_names = ["get", "head"]
    permission_classes = [IsAuthenticated, MaySeeFigures]

    @extend_schema(responses=MetricListAnswer, operation_id="kpi_list", tags=["kpi"])
    def get(self, request: Request) -> Response:
        """List the figures with formula, unit and attribution."""
        results = [
            {**metric_as_json(metric), "url": reverse("kpi-figure", args=[metric.code], request=request)}
            for metric in offered_to(self.user).values()
        ]
        return Response({"results": results})


class FigureDetailView(FigureView):
    """One figure over what the person may see."""

    serializer_class = FigureAnswer

    @extend_schema(
        operation_id="kpi_figure",
        tags=["kpi"],
        parameters=[*_QUESTION, OpenApiParameter("by", str, enum=BY, description="dimension to split by")],
        responses=FigureAnswer,
    )
    def get(self, request: Request, code: str) -> Response:
        """A figure with numerator, denominator, exclusions and, with `by`, its groups."""
        metric = self.metric()
        asked = self.asked(request, metric)
        by = self._by(request, metric, asked)
        body = self._with_links(figures.figure(code, asked))
        body["closed"] = closed_as_json(metric, closed_figure(metric, asked))
        if by:
            body["by"] = by
            body["groups"] = [self._group(by, group) for group in figures.breakdown(code, asked, by)]
        return Response(body)

    def _by(self, request: Request, metric: Metric, asked: Question) -> str:
        try:
            return read_by(
                request.query_params.get("by", ""),
                period=asked.period,
                is_apart=metric.is_apart,
                subject=metric.subject,
            )
        except BadQuestion as bad:
            raise ValidationError({name: [text] for name, text in bad.fields.items()}) from bad

    def _group(self, by: str, group: Group) -> dict[str, Any]:
        more = {} if by in SIZES else {by: group.key}
        return {"key": group.key, "label": group.label, **self._with_links(group.figure, **more)}

    def _with_links(self, figure: Figure, **more: str) -> dict[str, Any]:
        body = figure_as_json(figure)
        for each in body["excluded"]:
            each["members_url"] = self.members_url(figure, **more, rule=each["rule"])
        return {**body, "members_url": self.members_url(figure, **more)}


class MemberListView(FigureView):
    """The rows behind a figure, as many as it counts."""

    def get_serializer_class(self) -> Any:
        fake = getattr(self, "swagger_fake_view", False)
        return MEMBERS[ORDERS.code if fake else self.metric().subject.code]

    @extend_schema(
        operation_id="kpi_members",
        tags=["kpi"],
        parameters=[
            *_QUESTION,
            OpenApiParameter("part", str, enum=PARTS, description="the denominator by default"),
            OpenApiParameter("rule", str, description="instead: the rows that this rule leaves out"),
        ],
        responses=PolymorphicProxySerializer(
            component_name="KpiMember",
            serializers=list(MEMBERS.values()),
            resource_type_field_name=None,
            many=True,
        ),
    )
    def get(self, request: Request, code: str) -> Response:
        """The rows counted, or with `rule` those left out."""
        metric = self.metric()
        asked = self.asked(request, metric)
        part, rule = request.query_params.get("part", "denominator"), request.query_params.get("rule", "")
        rules = sorted({each.code for each in metric.rules.values()})
        if part not in PARTS:
            raise ValidationError({"part": [_("choose one of: %(names)s") % {"names": ", ".join(PARTS)}]})
        if rule and rule not in rules:
            raise ValidationError({"rule": [_("choose one of: %(names)s") % {"names": ", ".join(rules)}]})
        rows = figures.excluded_members(code, asked, rule) if rule else figures.members(code, asked, part)
        serializer = self.get_serializer_class()
        page = self.paginate_queryset(rows.select_related(*metric.subject.joined))
        return self.get_paginated_response(serializer(page, many=True, context={"metric": metric}).data)
