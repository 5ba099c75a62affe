"""The inbox: what a person was told, newest first; opening a message marks it read and leads to what it is about."""

from dataclasses import dataclass

from django.contrib import messages as banners
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from teams.delivery_page import ENDS
from teams.http import PersonRequest
from teams.models import MessageItem, MessageStatus, Notification
from teams.notifications import facets, registry, texts
from teams.services import inbox as services
from teams.templatetags.gendan import moment

PAGE_SIZE = 50
SHOWN = ("unread", "open", "all")


@dataclass(frozen=True)
class Outcome:
    """What came of a message over one channel outside the product; `tone` is the class suffix of its colour."""

    text: str
    tone: str


@dataclass(frozen=True)
class MessageRow:
    """A message in the reader's language; `url` is empty where it leads nowhere any more."""

    message: Notification
    headline: str
    lines: list[str]
    url: str
    outcomes: list[Outcome]


def row_of(message: Notification) -> MessageRow:
    outcomes = [outcome_of(item) for item in message.outings.all()]
    try:
        lines = texts.body(message).splitlines()
        return MessageRow(message, texts.headline(message), lines, texts.target_url(message), outcomes)
    except (registry.UnknownKind, KeyError):
        # Written by a version that knew another kind, or other facts: the person still sees that something came.
        return MessageRow(message, _("A message that this version cannot show"), [], "", outcomes)


def outcome_of(item: MessageItem) -> Outcome:
    """Which way it went, and what truly became of it; reads the item's message and channel."""
    sent, channel = item.message, item.message.channel.label
    if item.dropped_reason or sent.status == MessageStatus.CANCELLED:
        reason = ENDS.get(item.dropped_reason or sent.cancelled_reason, "—")
        return Outcome(_("%(channel)s: not sent, %(reason)s") % {"channel": channel, "reason": reason}, "quiet")
    if sent.status == MessageStatus.SENT and sent.sent_at:
        return Outcome(_("%(channel)s: sent %(at)s") % {"channel": channel, "at": moment(sent.sent_at)}, "done")
    if sent.status == MessageStatus.FAILED:
        words = {"channel": channel, "reason": sent.last_error or "—"}
        return Outcome(_("%(channel)s: failed, %(reason)s") % words, "late")
    return Outcome(_("%(channel)s: to be sent %(at)s") % {"channel": channel, "at": moment(sent.not_before)}, "soon")


def with_outings(rows: QuerySet[Notification]) -> QuerySet[Notification]:
    """With what `row_of` reads; one more query."""
    outings = MessageItem.objects.select_related("message__channel").order_by("pk")
    return rows.prefetch_related(Prefetch("outings", outings))


@login_required
@require_safe
def inbox(request: PersonRequest) -> HttpResponse:
    """Unread ones first of all; `show=open` for those not acknowledged, `show=all` for everything; `topic`."""
    asked = request.GET.get("show", "")
    show = asked if asked in SHOWN else "unread"
    topics = facets.topics()
    topic = request.GET.get("topic", "")
    told = Notification.objects.inbox_of(request.user)
    shown = {"unread": told.unread(), "open": told.filter(acknowledged_at=None), "all": told}[show]
    if topic in {known.code for known in topics}:
        shown = shown.filter(facets.of_topic(topic))
    else:
        topic = ""
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        edge = told.filter(pk=int(before)).first()
        if edge is not None:
            shown = shown.older_than(edge)
    found = list(with_outings(shown.order_by("-shown_at", "-pk"))[: PAGE_SIZE + 1])
    rows = [row_of(message) for message in found[:PAGE_SIZE]]
    context = {
        "rows": rows,
        "next": found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None,
        "show": show,
        "topic": topic,
        "topics": topics,
        "before": before,
        "has_open": any(row.message.acknowledged_at is None for row in rows),
    }
    return render(request, "teams/inbox.html", context)


@login_required
@require_POST
def inbox_open(request: PersonRequest, pk: int) -> HttpResponse:
    """Mark the message read and go where it leads, as opening a mail does."""
    message = get_object_or_404(Notification.objects.inbox_of(request.user), pk=pk)
    services.mark_read(ids=[message.pk], by=request.user, now=timezone.now())
    return redirect(row_of(message).url or "inbox")


@login_required
@require_POST
def inbox_acknowledge(request: PersonRequest, pk: int) -> HttpResponse:
    """“I have seen to it”; the answer is the row for htmx, else the inbox."""
    message = get_object_or_404(Notification.objects.inbox_of(request.user), pk=pk)
    services.acknowledge(notification_id=message.pk, by=request.user, now=timezone.now())
    if not request.htmx:
        return redirect("inbox")
    fresh = with_outings(Notification.objects.inbox_of(request.user)).get(pk=pk)
    return render(request, "teams/_inbox_row.html", {"row": row_of(fresh), "is_answer": True})


@login_required
@require_POST
def inbox_acknowledge_many(request: PersonRequest) -> HttpResponse:
    """“I have seen to it” for the ticked ones, back to the list as it was narrowed."""
    ids = [int(pk) for pk in request.POST.getlist("message") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    count = services.acknowledge_many(ids=ids, by=request.user, now=timezone.now())
    text = ngettext("Seen to %(count)s message.", "Seen to %(count)s messages.", count) % {"count": count}
    if ids:
        banners.success(request, text)
    else:
        banners.error(request, _("No message is ticked."))
    kept = {name: request.POST.get(name, "")[:20] for name in ("show", "topic")}
    return redirect(f"{reverse('inbox')}?{urlencode({name: value for name, value in kept.items() if value})}")


@login_required
@require_POST
def inbox_read_all(request: PersonRequest) -> HttpResponse:
    unread = Notification.objects.inbox_of(request.user).unread().values_list("pk", flat=True)
    count = services.mark_read(ids=unread, by=request.user, now=timezone.now())
    text = ngettext("%(count)s message marked as read.", "%(count)s messages marked as read.", count) % {"count": count}
    banners.success(request, text)
    return redirect("inbox")
