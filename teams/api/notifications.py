"""`notifications/`: the reader's own inbox."""

from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from teams.api.fields import InstantField
from teams.api.serializers import Body, RowAnswer
from teams.api.views import ListMixin, RetrieveMixin, RowsView
from teams.models import MessageItem, MessageStatus, Notification
from teams.notifications import facets, texts
from teams.services import inbox


class DeliveryAnswer(serializers.ModelSerializer):
    """Which way a message went outside the product, and what came of it."""

    channel = serializers.CharField(source="message.channel.label")
    status = serializers.SerializerMethodField()
    sent_at = InstantField(source="message.sent_at", allow_null=True)

    class Meta:
        model = MessageItem
        fields = read_only_fields = ("channel", "status", "sent_at")

    @extend_schema_field(serializers.ChoiceField(choices=MessageStatus.choices))
    def get_status(self, item: MessageItem) -> str:
        """One that was left out of its message was cancelled, whatever became of the rest."""
        return MessageStatus.CANCELLED if item.dropped_reason else item.message.status


class NotificationAnswer(RowAnswer):
    """A message with its text in the reader's language."""

    deliveries = DeliveryAnswer(source="outings", many=True, read_only=True)
    headline = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="the page that it is about")

    class Meta:
        model = Notification
        fields = read_only_fields = (
            *("id", "kind", "subject", "headline", "text", "url", "shown_at", "read_at", "acknowledged_at"),
            "deliveries",
        )

    def get_headline(self, message: Notification) -> str:
        return texts.headline(message)

    def get_text(self, message: Notification) -> str:
        return texts.body(message)

    def get_url(self, message: Notification) -> str:
        return texts.target_url(message)


def topic_choices() -> list[tuple[str, Any]]:
    """What a person may choose by; the apps above have said it by the time of a request."""
    return [(topic.code, topic.label) for topic in facets.topics()]


YES_OR_NO = [("true", "true"), ("false", "false")]


class NotificationFilter(django_filters.FilterSet):
    unread = django_filters.ChoiceFilter(choices=YES_OR_NO, method="filter_unread")
    acknowledged = django_filters.ChoiceFilter(choices=YES_OR_NO, method="filter_acknowledged")
    kind = django_filters.CharFilter(max_length=40)
    topic = django_filters.ChoiceFilter(choices=topic_choices, method="filter_topic")

    class Meta:
        model = Notification
        fields: list[str] = []

    def filter_unread(self, messages: QuerySet, name: str, value: str) -> QuerySet:
        return messages.filter(read_at__isnull=value == "true")

    def filter_acknowledged(self, messages: QuerySet, name: str, value: str) -> QuerySet:
        return messages.filter(acknowledged_at__isnull=value == "false")

    def filter_topic(self, messages: QuerySet, name: str, value: str) -> QuerySet:
        return messages.filter(facets.of_topic(value))


class NotificationView(ListMixin, RetrieveMixin, RowsView):
    """What the reader was told, newest first; nobody else's inbox exists for them."""

    queryset = Notification.objects.none()
    serializer_class = NotificationAnswer
    filterset_class = NotificationFilter

    def get_queryset(self) -> QuerySet[Notification]:
        outings = Prefetch("outings", MessageItem.objects.select_related("message__channel").order_by("pk"))
        return Notification.objects.inbox_of(self.user).prefetch_related(outings).order_by("-shown_at", "-pk")

    @extend_schema(request=Body, responses=NotificationAnswer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        message = self.get_object()
        self.read_body(Body)
        return self.show(inbox.acknowledge(notification_id=message.pk, by=self.user, now=self.now))
