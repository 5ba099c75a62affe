"""`notifications/`: the reader's own inbox."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.serializers import Body, RowAnswer
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.models import Notification
from teams.notifications import texts
from teams.services import inbox


class NotificationAnswer(RowAnswer):
    """A message with its text in the reader's language."""

    headline = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="the page that it is about")

    class Meta:
        model = Notification
        fields = read_only_fields = (
            *("id", "kind", "subject", "headline", "text", "url", "shown_at", "sent_at", "read_at", "acknowledged_at"),
        )

    def get_headline(self, message: Notification) -> str:
        return texts.headline(message)

    def get_text(self, message: Notification) -> str:
        return texts.body(message)

    def get_url(self, message: Notification) -> str:
        return texts.target_url(message)


class NotificationFilter(django_filters.FilterSet):
    unread = django_filters.ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="filter_unread")
    kind = django_filters.CharFilter(max_length=40)

    class Meta:
        model = Notification
        fields: list[str] = []

    def filter_unread(self, messages: QuerySet, name: str, value: str) -> QuerySet:
        return messages.filter(read_at__isnull=value == "true")


class NotificationView(ListMixin, RetrieveMixin, RowsView):
    """What the reader was told, newest first; nobody else's inbox exists for them."""

    queryset = Notification.objects.none()
    serializer_class = NotificationAnswer
    filterset_class = NotificationFilter

    def get_queryset(self) -> QuerySet[Notification]:
        return Notification.objects.inbox_of(self.user).order_by("-shown_at", "-pk")

    @extend_schema(request=Body, responses=NotificationAnswer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        message = self.get_object()
        self.read_body(Body)
        return self.show(inbox.acknowledge(notification_id=message.pk, by=self.user, now=self.now))
