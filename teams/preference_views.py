"""How a person wants to be told: topics, hours, ways, and channels of their own."""

from typing import Any

from django.contrib import messages as banners
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from teams import throttle
from teams.channel_forms import ChannelForm
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.models import Channel
from teams.notifications.channels.catalog import CATALOG
from teams.preference_page import hours_form, page_of, read_ways, topics_form, wanted_ways
from teams.services import channels as channel_services
from teams.services.channel_tests import send_test
from teams.services.preferences import choose_topics, set_hours

PAGE = "notification_preferences"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: PersonRequest) -> HttpResponse:
    """Each part of the page saves for itself."""
    if request.method != "POST":
        return render(request, "teams/preferences.html", page_of(request.user))
    parts = {"topics": _save_topics, "hours": _save_hours, "ways": _save_ways}
    part = request.POST.get("part", "")
    if part not in parts:
        banners.error(request, _("There is no such choice."))
        return render(request, "teams/preferences.html", page_of(request.user), status=422)
    faulty = parts[part](request)
    if faulty is None:
        banners.success(request, _("Saved."))
        return redirect(PAGE)
    return render(request, "teams/preferences.html", page_of(request.user, **{part: faulty}), status=422)


def _save_topics(request: PersonRequest) -> Any:
    form = topics_form(request.user, read_ways(request.user), request.POST)
    if form.is_valid():
        try:
            choose_topics(user=request.user, choices=form.choices())
        except DomainError as refusal:
            form.add_refusal(refusal)
    return form if form.errors else None


def _save_hours(request: PersonRequest) -> Any:
    form = hours_form(request.user, request.POST)
    if form.is_valid():
        try:
            set_hours(user=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return form if form.errors else None


def _save_ways(request: PersonRequest) -> Any:
    rows = read_ways(request.user, request.POST)
    if all(row.form.is_valid() for row in rows):
        try:
            channel_services.choose_ways(user=request.user, ways=wanted_ways(rows))
        except DomainError as refusal:
            for row in rows:
                if fault := refusal.fields.get(f"{row.channel.pk}.value"):
                    row.form.add_error("value", fault)
    return rows if any(row.form.errors for row in rows) else None


@login_required
@require_POST
def way_test(request: PersonRequest, pk: int) -> HttpResponse:
    """Send the person a message over this channel, and tell what truly came of it."""
    channel = get_object_or_404(Channel.objects.offered_to(request.user), pk=pk)
    now = timezone.now()
    if not throttle.take_test(request.user, now):
        banners.error(request, _("Five test messages a minute are enough. Please wait a moment."))
        return redirect(PAGE)
    try:
        tried = send_test(user=request.user, channel=channel, now=now)
    except DomainError as refusal:
        banners.error(request, str(refusal))
        return redirect(PAGE)
    words = {"channel": channel.label, "text": tried.text}
    if tried.is_sent:
        banners.success(request, _("Sent over “%(channel)s”; it was taken there.") % words)
    else:
        banners.error(request, _("Not sent over “%(channel)s”: %(text)s") % words)
    return redirect(PAGE)


@login_required
@require_POST
def way_use_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Try a refused address again, or an own channel that was switched off because it failed."""
    failed = Channel.objects.filter(owner=request.user).exclude(off_reason="")
    channel = get_object_or_404(Channel.objects.offered_to(request.user) | failed, pk=pk)
    if channel.off_at is not None:
        channel_services.switch_on(channel_id=channel.pk)
    channel_services.use_again(user=request.user, channel_id=channel.pk)
    banners.success(request, _("It is used again."))
    return redirect(PAGE)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel_new(request: PersonRequest, kind: str) -> HttpResponse:
    """A channel of one's own."""
    if kind not in channel_services.OWN_KINDS:
        raise Http404
    form = ChannelForm(request.POST if request.method == "POST" else None, kind=kind)
    if form.is_valid():
        try:
            channel = channel_services.create_channel(
                kind=kind,
                name=form.cleaned_data["name"],
                config=form.config,
                by=request.user,
                owner=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, _("“%(channel)s” is set up. Send yourself a test.") % {"channel": channel.label})
            return redirect(PAGE)
    kinds = [CATALOG[code] for code in channel_services.OWN_KINDS]
    context = {"form": form, "kind": CATALOG[kind], "kinds": kinds}
    return render(request, "teams/channel_new.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def channel_remove(request: PersonRequest, pk: int) -> HttpResponse:
    channel = get_object_or_404(request.user.own_channels, pk=pk)
    channel_services.remove_own(channel_id=channel.pk, now=timezone.now())
    banners.success(request, _("Nothing is sent there any more."))
    return redirect(PAGE)
