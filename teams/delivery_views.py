"""Settings: what became of every message, and a second try for those that were given up."""

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages as banners
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from teams import delivery_page
from teams.calendar_views import require_settings
from teams.clock import read_clock
from teams.delivery_page import Wanted
from teams.http import PersonRequest
from teams.models import MessageStatus
from teams.services import retrying
from teams.tasks import nudge_delivery

MAX_IDS = 500


@login_required
@require_safe
def delivery(request: PersonRequest) -> HttpResponse:
    """The figures, and the messages that the filters in the address leave."""
    require_settings(request)
    now, wanted = read_clock().now, _wanted(request)
    figures = delivery_page.figures_of(now)
    rows, edge = delivery_page.messages_of(wanted, now)
    items, item_count = delivery_page.faulty_items()
    context = {
        "figures": figures,
        "is_paused": _is_paused(request),
        "rows": rows,
        "wanted": wanted,
        "query": _query(wanted),
        "older": _query(replace(wanted, before=edge)) if edge else "",
        "statuses": MessageStatus.choices,
        "people": delivery_page.people(),
        "items": items,
        "item_count": item_count,
    }
    return render(request, "teams/delivery.html", context)


@login_required
@require_safe
def delivery_figures(request: PersonRequest) -> HttpResponse:
    """The upper part alone, asked for again and again unless its reader has stopped it."""
    require_settings(request)
    figures = delivery_page.figures_of(read_clock().now)
    context = {"figures": figures, "is_paused": _is_paused(request), "query": _query(_wanted(request))}
    return render(request, "teams/delivery_figures.html", context)


@login_required
@require_POST
def delivery_retry(request: PersonRequest) -> HttpResponse:
    """Messages by their ids, all failed ones of a channel, or items that could not be shown."""
    require_settings(request)
    now = timezone.now()
    if "channel" in request.POST:
        count = retrying.retry_channel(channel_id=_id(request.POST["channel"]) or 0, by=request.user, now=now)
    elif "item" in request.POST:
        count = retrying.retry_items(ids=_ids(request, "item"), by=request.user, now=now)
    else:
        count = retrying.retry_messages(ids=_ids(request, "message"), by=request.user, now=now)
    if count:
        transaction.on_commit(nudge_delivery, robust=True)
    text = ngettext("%(count)s goes out again.", "%(count)s go out again.", count) % {"count": count}
    none = _(
        "Nothing was left to try again: too old, its channel switched off, gone out meanwhile, or told another way."
    )
    (banners.success if count else banners.warning)(request, text if count else none)
    return _back(request)


@login_required
@require_POST
def delivery_cancel(request: PersonRequest) -> HttpResponse:
    require_settings(request)
    count = retrying.cancel_messages(ids=_ids(request, "message"), by=request.user, now=timezone.now())
    text = ngettext("%(count)s message called off.", "%(count)s messages called off.", count) % {"count": count}
    none = _("Nothing was left to call off: it has gone out meanwhile, or is just going.")
    (banners.success if count else banners.warning)(request, text if count else none)
    return _back(request)


def _ids(request: PersonRequest, name: str) -> list[int]:
    """Those ticked, or the one whose own button was pressed."""
    texts = request.POST.getlist("one") or request.POST.getlist(name)
    return [pk for text in texts[:MAX_IDS] if (pk := _id(text))]


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _wanted(request: PersonRequest) -> Wanted:
    """What cannot be read is not asked for."""
    status = request.GET.get("status", "")
    return Wanted(
        status if status in MessageStatus.values else "",
        _id(request.GET.get("channel", "")),
        _id(request.GET.get("person", "")),
        _id(request.GET.get("before", "")),
    )


def _query(wanted: Wanted) -> str:
    pairs = {
        "status": wanted.status,
        "channel": wanted.channel_id,
        "person": wanted.person_id,
        "before": wanted.before,
    }
    return urlencode({name: value for name, value in pairs.items() if value})


def _is_paused(request: PersonRequest) -> bool:
    return request.GET.get("refresh") == "off"


def _back(request: PersonRequest) -> HttpResponse:
    query = _query(_wanted(request))
    return HttpResponseRedirect(reverse("delivery") + (f"?{query}" if query else ""))
