"""The inbox: what a person was told, newest first; opening a message marks it read and leads to what it is about."""

from dataclasses import dataclass

from django.contrib import messages as banners
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from teams.http import PersonRequest
from teams.models import Notification
from teams.notifications import registry, texts
from teams.services import inbox as services

PAGE_SIZE = 50


@dataclass(frozen=True)
class MessageRow:
    """A message in the reader's language; `url` is empty where it leads nowhere any more."""

    message: Notification
    headline: str
    lines: list[str]
    url: str


def row_of(message: Notification) -> MessageRow:
    try:
        return MessageRow(message, texts.headline(message), texts.body(message).splitlines(), texts.target_url(message))
    except (registry.UnknownKind, KeyError):
        # Written by a version that knew another kind, or other facts: the person still sees that something came.
        return MessageRow(message, _("A message that this version cannot show"), [], "")


@login_required
@require_safe
def inbox(request: PersonRequest) -> HttpResponse:
    """Unread ones first of all; `show=all` for everything."""
    show = "all" if request.GET.get("show") == "all" else "unread"
    told = Notification.objects.inbox_of(request.user)
    shown = told if show == "all" else told.unread()
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        edge = told.filter(pk=int(before)).first()
        if edge is not None:
            shown = shown.older_than(edge)
    found = list(shown.order_by("-shown_at", "-pk")[: PAGE_SIZE + 1])
    context = {
        "rows": [row_of(message) for message in found[:PAGE_SIZE]],
        "next": found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None,
        "show": show,
        "before": before,
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
    message = services.acknowledge(notification_id=message.pk, by=request.user, now=timezone.now())
    if not request.htmx:
        return redirect("inbox")
    return render(request, "teams/_inbox_row.html", {"row": row_of(message), "is_answer": True})


@login_required
@require_POST
def inbox_read_all(request: PersonRequest) -> HttpResponse:
    unread = Notification.objects.inbox_of(request.user).unread().values_list("pk", flat=True)
    count = services.mark_read(ids=unread, by=request.user, now=timezone.now())
    text = ngettext("%(count)s message marked as read.", "%(count)s messages marked as read.", count) % {"count": count}
    banners.success(request, text)
    return redirect("inbox")
