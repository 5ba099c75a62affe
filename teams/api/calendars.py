"""`calendars/`: the working-time engine, for other systems."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.fields import InstantField
from teams.api.serializers import RowAnswer
from teams.api.views import ApiView, ListMixin, RetrieveMixin, RowsView
from teams.models import WorkCalendar
from teams.models.calendars import UnknownVersion
from teams.worktime import WorkSchedule, WorktimeError, add_working_time, working_time_between

# Ten years of a round-the-clock calendar: more is a slip, and would walk long.
MAX_MINUTES = 10 * 366 * 24 * 60
MAX_VERSION = 2_147_483_647


class CalendarRowAnswer(RowAnswer):
    """A work calendar as the list shows it."""

    class Meta:
        model = WorkCalendar
        fields: tuple[str, ...] = (
            *("code", "name_zh", "name_en", "timezone", "country", "follows_makeup_days", "verified_until", "version"),
        )
        read_only_fields = fields


class CalendarAnswer(CalendarRowAnswer):
    """A work calendar; `spec` is the form that the engine reads."""

    spec = serializers.DictField(read_only=True)

    class Meta(CalendarRowAnswer.Meta):
        fields = read_only_fields = (*CalendarRowAnswer.Meta.fields, "spec")


class CalendarView(ListMixin, RetrieveMixin, RowsView):
    """Work calendars; they are no secret of any team."""

    queryset = WorkCalendar.objects.order_by("code")
    lookup_field = "code"

    def get_serializer_class(self) -> type[CalendarRowAnswer]:
        return CalendarRowAnswer if self.action == "list" else CalendarAnswer


class EngineQuery(serializers.Serializer):
    start = InstantField()
    version = serializers.IntegerField(
        min_value=1, max_value=MAX_VERSION, required=False, help_text="of the calendar; the one in force by default"
    )


class AddQuery(EngineQuery):
    minutes = serializers.IntegerField(min_value=-MAX_MINUTES, max_value=MAX_MINUTES)


class BetweenQuery(EngineQuery):
    end = InstantField()


class AddAnswer(serializers.Serializer):
    calendar = serializers.CharField(source="code", read_only=True)
    calendar_version = serializers.IntegerField(source="version", read_only=True)
    start = InstantField(read_only=True)
    minutes = serializers.IntegerField(read_only=True)
    end = InstantField(read_only=True)


class BetweenAnswer(serializers.Serializer):
    calendar = serializers.CharField(source="code", read_only=True)
    calendar_version = serializers.IntegerField(source="version", read_only=True)
    start = InstantField(read_only=True)
    end = InstantField(read_only=True)
    minutes = serializers.FloatField(read_only=True, help_text="of working time; below zero if end lies before start")


class _EngineView(ApiView):
    def calendar(self, code: str) -> WorkCalendar:
        calendar = WorkCalendar.objects.filter(code=code).first()
        if calendar is None:
            raise Http404
        return calendar

    def read_query(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        # "+" in an address is a blank once decoded; no instant holds a blank, so nothing is guessed.
        values = {name: str(value).replace(" ", "+") for name, value in self.request.query_params.items()}
        query = shape(data=values)
        query.is_valid(raise_exception=True)
        return query.validated_data

    def schedule(self, calendar: WorkCalendar, version: int) -> WorkSchedule:
        try:
            return calendar.schedule(version)
        except UnknownVersion as error:
            raise ValidationError({"version": [_("The calendar never had this version.")]}) from error


class AddView(_EngineView):
    """The instant at which so many minutes of working time have passed since `start`."""

    @extend_schema(parameters=[AddQuery], responses=AddAnswer)
    def get(self, request: Request, code: str) -> Response:
        calendar = self.calendar(code)
        query = self.read_query(AddQuery)
        amount = timedelta(minutes=query["minutes"])
        version = query.get("version", calendar.version)
        end = _computed("minutes", add_working_time, query["start"], amount, self.schedule(calendar, version))
        return Response(AddAnswer({**query, "code": calendar.code, "version": version, "end": end}).data)


class BetweenView(_EngineView):
    """The working time between two instants."""

    @extend_schema(parameters=[BetweenQuery], responses=BetweenAnswer)
    def get(self, request: Request, code: str) -> Response:
        calendar = self.calendar(code)
        query = self.read_query(BetweenQuery)
        version = query.get("version", calendar.version)
        schedule = self.schedule(calendar, version)
        amount: timedelta = _computed("end", working_time_between, query["start"], query["end"], schedule)
        facts = {**query, "code": calendar.code, "version": version, "minutes": amount.total_seconds() / 60}
        return Response(BetweenAnswer(facts).data)


def _computed(field: str, engine: Any, *arguments: Any) -> Any:
    """What the engine answers; where the calendar reaches no further, the field at fault is named."""
    try:
        result: datetime | timedelta = engine(*arguments)
    except (WorktimeError, OverflowError) as error:
        raise ValidationError({field: [_("The calendar does not reach that far.")]}) from error
    return result
