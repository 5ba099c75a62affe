"""An order's timeline: events, comments, documents and messages in one stream, newest first."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from orders.api.serializers import TimelineEntry
from orders.models import Milestone, Order, OrderEvent
from orders.models.events import EventKind
from orders.snooze import subject_of
from teams.api.fields import as_id
from teams.api.pagination import page_size_of
from teams.models import Notification

_TYPES = {EventKind.COMMENT: "comment", EventKind.DOCUMENT: "document", EventKind.DOCUMENT_DECIDED: "document"}
# Where two entries have one instant: messages follow from events, so they stand above them.
_EVENT, _MESSAGE = 0, 1
MONEY_FIELDS = frozenset({"amount", "fx_rate", "unit_price", "insurance_cost", "freight_cost", "freight_currency"})
Edge = tuple[datetime, int, int]


def timeline_page(order: Order, request: Request, *, sees_money: bool) -> Response:
    """One page of the stream; only `next`, since a reader walks back in time."""
    size, edge = page_size_of(request), _edge_of(request)
    events = _before(order.events.select_related("by", "shipment"), "recorded_at", edge, _EVENT)[: size + 1]
    told = Notification.objects.filter(subject__in=subjects_of(order), shown_at__isnull=False)
    told = told.select_related("recipient").prefetch_related("outings__message__channel")
    messages = _before(told, "shown_at", edge, _MESSAGE)[: size + 1]
    entries = [((e.recorded_at, _EVENT, e.pk), _of_event(e, sees_money)) for e in events]
    entries += [((m.shown_at, _MESSAGE, m.pk), _of_message(m)) for m in messages]
    entries.sort(key=lambda entry: entry[0], reverse=True)
    page = entries[:size]
    following = None
    if len(entries) > size:
        at, source, pk = page[-1][0]
        cursor = urlsafe_b64encode(json.dumps([at.isoformat(), source, pk]).encode()).decode()
        following = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
    results = TimelineEntry([entry for _edge, entry in page], many=True).data
    return Response({"next": following, "previous": None, "results": results})


def subjects_of(order: Order, milestone_ids: Iterable[int] | None = None) -> list[str]:
    """The names under which the outbox knows an order, its steps, and what was put off about them.

    `milestone_ids` are those of the order, for who has them at hand.
    """
    ids = order.milestones.values_list("pk", flat=True) if milestone_ids is None else milestone_ids
    steps = [Milestone(pk=pk) for pk in ids]
    return [f"orders.order:{order.pk}", *(name for step in steps for name in (step.subject, subject_of(step)))]


def _before(rows: QuerySet, field: str, edge: Edge | None, source: int) -> QuerySet:
    if edge is not None:
        at, edge_source, pk = edge
        same = Q(**{field: at})
        tie = same & Q(pk__lt=pk) if source == edge_source else same if source < edge_source else Q(pk__in=[])
        rows = rows.filter(Q(**{f"{field}__lt": at}) | tie)
    return rows.order_by(f"-{field}", "-pk")


def _edge_of(request: Request) -> Edge | None:
    text = request.query_params.get("cursor")
    if text is None:
        return None
    try:
        at, source, pk = json.loads(urlsafe_b64decode(text[:1000].encode("ascii")))
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or source not in (_EVENT, _MESSAGE) or as_id(pk) is None:
            raise ValueError(text)
        return instant, source, pk
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationError({"cursor": [_("Use a cursor as given by next or previous of this list.")]}) from error


def _without_money(data: dict[str, Any]) -> dict[str, Any]:
    """An edit names old and new value of each field; those of money do not exist for this reader."""
    fields = data.get("fields")
    if not isinstance(fields, dict):
        return data
    return {**data, "fields": {name: pair for name, pair in fields.items() if name not in MONEY_FIELDS}}


def _of_event(event: OrderEvent, sees_money: bool) -> dict[str, Any]:
    return {
        "type": _TYPES.get(EventKind(event.kind), "event"),
        "id": event.pk,
        "at": event.at,
        "recorded_at": event.recorded_at,
        "kind": event.kind,
        "by": str(event.by) if event.by else None,
        "to": None,
        "milestone": event.milestone_id,
        "shipment": event.shipment.number if event.shipment else None,
        "old": event.old,
        "new": event.new,
        "side": event.side,
        "text": event.reason,
        "data": event.data if sees_money else _without_money(event.data),
    }


def deliveries_of(message: Notification) -> list[dict[str, Any]]:
    """Where it went outside the product, and what came of it; reads the prefetched outings."""
    return [
        {
            "channel": str(outing.message.channel.label),
            "status": "cancelled" if outing.dropped_reason else outing.message.status,
            "sent_at": outing.message.sent_at,
            "error": outing.message.last_error,
        }
        for outing in message.outings.all()
    ]


def _of_message(message: Notification) -> dict[str, Any]:
    milestone = message.subject.partition("orders.milestone:")[2].partition(":")[0]
    return {
        "type": "message",
        "id": message.pk,
        "at": message.shown_at,
        "recorded_at": message.shown_at,
        "kind": message.kind,
        "by": None,
        "to": str(message.recipient),
        "milestone": int(milestone) if milestone else None,
        "shipment": None,
        "old": "",
        "new": message.status,
        "side": "",
        "text": "",
        "data": {"deliveries": deliveries_of(message)},
    }
