"""Settings: the ways out of the product that the organisation and its teams share, and what people are called there."""

from typing import Any

from django.conf import settings
from django.contrib import messages as banners
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from teams import throttle
from teams.calendar_views import require_settings
from teams.channel_page import ICONS, scope_of, state_of
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.models import Address, Channel, ChannelKind, Message, MessageStatus, User
from teams.notifications.channels.catalog import CATALOG
from teams.notifications.outcomes import is_personal
from teams.notifications.people import LAST_RANK
from teams.services import channels as services
from teams.services import reach
from teams.services.channel_tests import Tried, send_test
from teams.shared_channel_forms import (
    SharedChannelForm,
    SwitchForm,
    in_list,
    lines_of,
    mapped_count,
    note_faults,
    typed,
)

PEOPLE_SIZE = 100
# Mail is there once, and set up by the operator.
NEW_KINDS = [kind for kind in CATALOG.values() if kind.code != ChannelKind.EMAIL]


def find_channel(request: PersonRequest, pk: int) -> Channel:
    """Shared channels are no secret, so only a missing one is a 404; a person's own is nobody else's matter."""
    channel = get_object_or_404(Channel.objects.filter(owner=None).select_related("team", "created_by"), pk=pk)
    require_settings(request)
    return channel


@login_required
@require_safe
def channel_list(request: PersonRequest) -> HttpResponse:
    require_settings(request)
    now = timezone.now()
    sent = Message.objects.filter(channel=OuterRef("pk"), status=MessageStatus.SENT)
    rows = Channel.objects.filter(owner=None).select_related("team").annotate(has_sent=Exists(sent))
    lines = [
        {
            "channel": row,
            "icon": ICONS[row.kind],
            "scope": scope_of(row),
            "state": state_of(row, now, has_sent=row.has_sent),  # type: ignore[attr-defined]  # annotated
        }
        for row in rows.order_by("pk")
    ]
    kinds = [{"kind": kind, "icon": ICONS[kind.code], "help": kind.fields[0].help_text} for kind in NEW_KINDS]
    return render(request, "teams/channels.html", {"lines": lines, "kinds": kinds})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel_new(request: PersonRequest) -> HttpResponse:
    """`kind` in the address; without one the list offers them."""
    require_settings(request)
    kind = next((kind for kind in NEW_KINDS if kind.code == request.GET.get("kind")), None)
    if kind is None:
        return redirect("channels")
    form = SharedChannelForm(request.POST if request.method == "POST" else None, kind=kind.code)
    if request.method == "POST" and form.is_valid():
        values = {"name": form.cleaned_data["name"], "team": form.cleaned_data["team"], "config": form.config}
        try:
            channel = services.create_channel(kind=kind.code, **values, by=request.user, now=timezone.now())
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, _("“%(channel)s” is set up. Send yourself a test.") % {"channel": channel.label})
            return redirect("channel", pk=channel.pk)
    context = {"form": form, "kind": kind, "icon": ICONS[kind.code]}
    return render(request, "teams/channels_new.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel_page(request: PersonRequest, pk: int) -> HttpResponse:
    """How the channel stands, and its settings; those of mail are the operator's."""
    channel = find_channel(request, pk)
    if request.method != "POST" or channel.kind == ChannelKind.EMAIL:
        return _show(request, channel)
    form = SharedChannelForm(request.POST, kind=channel.kind, channel=channel)
    if form.is_valid():
        values = {"name": form.cleaned_data["name"], "team": form.cleaned_data["team"], "config": form.config}
        try:
            reach.save_channel(channel_id=channel.pk, **values)
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, _("Saved. Send yourself a test."))
            return redirect("channel", pk=channel.pk)
    return _show(request, channel, form=form, status=422)


def _show(request: PersonRequest, channel: Channel, status: int = 200, **context: Any) -> HttpResponse:
    is_mail = channel.kind == ChannelKind.EMAIL
    own = Address.objects.filter(channel=channel, user=request.user).select_related("user", "channel").first()
    has_sent = channel.messages.filter(status=MessageStatus.SENT).exists()
    context = {
        "channel": channel,
        "kind": CATALOG[channel.kind],
        "icon": ICONS[channel.kind],
        "scope": scope_of(channel),
        "state": state_of(channel, timezone.now(), has_sent=has_sent),
        "is_mail": is_mail,
        "is_personal": is_personal(channel.kind),
        "own_address": request.user.email if is_mail else own and own.value,
        "own": own,
        "waiting": channel.messages.open().count(),
        "mapped": mapped_count(channel),
        "mail_server": settings.EMAIL_HOST,
        "mail_sender": settings.DEFAULT_FROM_EMAIL,
        "form": None if is_mail else SharedChannelForm(kind=channel.kind, channel=channel),
        **context,
    }
    return render(request, "teams/channel.html", context, status=status)


@login_required
@require_POST
def channel_switch(request: PersonRequest, pk: int) -> HttpResponse:
    """Off, with a reason for colleagues; or on again, as if it had never failed."""
    channel = find_channel(request, pk)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        for name, errors in form.errors.items():
            banners.error(request, f"{form[name].label}: {errors[0]}")
    elif form.cleaned_data["to"] == "on":
        services.switch_on(channel_id=channel.pk)
        banners.success(request, _("It is used again."))
    elif channel.kind == ChannelKind.EMAIL:
        banners.error(request, _("Mail cannot be switched off here; its server is set by the operator."))
    else:
        services.switch_off(channel_id=channel.pk, now=timezone.now(), reason=form.cleaned_data["reason"])
        banners.success(request, _("Switched off. What waits for it reaches people another way."))
    return redirect("channel", pk=channel.pk)


@login_required
@require_POST
def channel_test(request: PersonRequest, pk: int) -> HttpResponse:
    """Send a message at once, to oneself or to another `person`, and tell what truly came of it."""
    channel = find_channel(request, pk)
    person = _person_asked(request, channel)
    tried = _try(request, channel, person)
    words = {"person": person, "text": tried.text}
    if tried.is_sent:
        text = _("Sent to %(person)s; the other side answered: %(text)s") % {**words, "text": tried.text or "OK"}
    else:
        text = _("Not sent to %(person)s: %(text)s") % words
    if request.htmx:
        return render(request, "teams/channel_tried.html", {"tried": tried, "text": text})
    (banners.success if tried.is_sent else banners.error)(request, text)
    return redirect("channel_people" if "person" in request.POST else "channel", pk=channel.pk)


def _person_asked(request: PersonRequest, channel: Channel) -> User:
    asked = request.POST.get("person", "")
    if not asked:
        return request.user
    pk = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    return get_object_or_404(reach.members(channel), pk=pk)


def _try(request: PersonRequest, channel: Channel, person: User) -> Tried:
    now = timezone.now()
    typed_value = request.POST.get(f"value_{person.pk}", "").strip()
    address = Address.objects.filter(user=person, channel=channel).first()
    if typed_value and channel.kind != ChannelKind.EMAIL and typed_value != (address.value if address else ""):
        return Tried(False, _("Save the changed address first."))
    if not throttle.take_test(request.user, now):
        return Tried(False, _("Five test messages a minute are enough. Please wait a moment."))
    if address is None and not is_personal(channel.kind):
        # Kept for its result; a test of a group's robot makes it nobody's way.
        Address.objects.create(user=person, channel=channel, is_on=False, rank=LAST_RANK)
    try:
        return send_test(user=person, channel=channel, now=now)
    except DomainError as refusal:
        return Tried(False, str(refusal))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel_people(request: PersonRequest, pk: int) -> HttpResponse:
    """What people are called in the channel: many are saved at once, and each can be tested."""
    channel = find_channel(request, pk)
    query = request.GET.get("q", "").strip()[:80]
    people = in_list(reach.members(channel))
    if query:
        people = people.filter(Q(name__icontains=query) | Q(username__icontains=query) | Q(email__icontains=query))
    page = Paginator(people, PEOPLE_SIZE).get_page(request.GET.get("page"))
    lines = lines_of(channel, list(page))
    status = 200
    if request.method == "POST" and channel.kind != ChannelKind.EMAIL:
        try:
            count = reach.set_identities(channel_id=channel.pk, identities=typed(lines, request.POST))
        except DomainError as refusal:
            note_faults(lines, refusal.fields)
            status = 422
        else:
            text = ngettext("%(count)s address changed.", "%(count)s addresses changed.", count)
            banners.success(request, text % {"count": count})
            return redirect(request.get_full_path())
    context = {
        "channel": channel,
        "kind": CATALOG[channel.kind],
        "icon": ICONS[channel.kind],
        "is_mail": channel.kind == ChannelKind.EMAIL,
        "is_personal": is_personal(channel.kind),
        "lines": lines,
        "page": page,
        "query": query,
        "has_faults": status == 422,
    }
    return render(request, "teams/channel_people.html", context, status=status)


@login_required
@require_POST
def channel_again(request: PersonRequest, pk: int) -> HttpResponse:
    """Try a person's refused address again."""
    channel = find_channel(request, pk)
    services.use_again(user=_person_asked(request, channel), channel_id=channel.pk)
    banners.success(request, _("It is used again."))
    return redirect("channel_people", pk=channel.pk)
