"""Settings: reminder ladders of teams, looked at by process and edited one at a time.

Who hands out a team's steps edits its ladders (Permission.MILESTONE_ASSIGN): leads and sales managers those of their
own teams, managers and administrators those of every team.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from orders.forms.ladders import LadderForm, PlaceForm, initial_of
from orders.models import LadderJob
from orders.pages import ladders as pages
from orders.pages.ladders import ALL
from orders.services import ladders as services
from orders.tasks import nudge_plan_jobs
from teams.access import require
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.models import Team
from teams.permissions import Permission

RESET = "reset"  # `checked` after the preview of taking back


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ladder_page(request: PersonRequest) -> HttpResponse:
    """The ladders of a team for one process; posted, one of them is previewed or saved."""
    if not request.user.access.allows_somewhere(Permission.MILESTONE_ASSIGN):
        raise NotPermitted(_("Your role may not do this."))
    if request.method == "POST":
        return _posted(request)
    page = _page(request, request.GET.get("team"), request.GET.get("template"))
    if page is None:
        raise Http404
    target = request.GET.get("edit")
    return _answer(request, page, _form_of(page, target) if target else None)


def _page(request: PersonRequest, team_code: str | None, process: str | None) -> pages.LadderPage | None:
    """The team and the process that are asked for, by default the first ones; None: there is no such process."""
    teams = pages.editable_teams(request.user)
    team = next((team for team in teams if team.code == team_code), None)
    if team_code and team is None:
        if any(team.code == team_code for team in Team.objects.visible_to(request.user)):
            raise NotPermitted(_("Your role may not do this."))
        raise Http404
    own = (team for team in teams if team.pk in request.user.access.team_ids)
    return pages.read_page(team or next(own, teams[0]), process, teams) if teams else None


def _form_of(page: pages.LadderPage, target: str) -> PlaceForm:
    """The form of one ladder as it stands, or the one that takes everything back."""
    values = {"team": page.team.code, "template": page.process_text, "step": target}
    if target == ALL:
        return PlaceForm(initial={**values, "seen": page.edit(ALL).standing(page.table.rows)})
    line = page.line_of(target)
    if line is None:
        raise Http404
    values["seen"] = page.edit(target).standing(page.table.rows)
    return LadderForm(initial={**initial_of(line.ladder, is_blank=not line.is_known), **values})


def _posted(request: PersonRequest) -> HttpResponse:
    """Preview or save what was typed; what was not previewed as it is gets its preview first."""
    page = _page(request, request.POST.get("team"), request.POST.get("template"))
    act = request.POST.get("act", "check")
    form = (PlaceForm if act == "reset" or request.POST.get("step") == ALL else LadderForm)(request.POST)
    if page is None:
        page = _page(request, request.POST.get("team"), None)
        if page is None:
            raise Http404
        form.full_clean()
        form.add_error("template", _("There is no such process."))
        return _answer(request, page, form, status=422)
    status = 422
    if form.is_valid():
        try:
            ladder = None if form.wanted is None else services.read_rungs(form.wanted)
            edit, wanted = page.edit(form.cleaned_data["step"], ladder), ladder or RESET
            if act != "check" and form.cleaned_data["checked"] == wanted:
                return _saved(request, page, edit, form.cleaned_data["seen"])
            page.effect = services.effect_of(team_id=page.team.pk, edit=edit, now=timezone.now())
            form.take(checked=wanted)
            status = 200
        except services.LadderMovedOn as refusal:
            status = 409
            form.take(seen=edit.standing(page.table.rows))
            form.add_refusal(refusal)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _answer(request, page, form, status=status)


def _saved(request: PersonRequest, page: pages.LadderPage, edit: services.LadderEdit, seen: str) -> HttpResponse:
    services.save_ladder(team_id=page.team.pk, edit=edit, seen=seen, by=request.user, now=timezone.now())
    transaction.on_commit(nudge_plan_jobs, robust=True)
    messages.success(request, _("Saved. The open steps get their new times now."))
    return HttpResponseClientRedirect(page.address) if request.htmx else redirect(page.address)


def _answer(
    request: PersonRequest, page: pages.LadderPage, form: PlaceForm | None = None, *, status: int = 200
) -> HttpResponse:
    target = form["step"].value() if form else ""
    context: dict[str, Any] = {
        "page": page,
        "form": form,
        "target": target,
        "is_placed": target == ALL or page.line_of(target) is not None,
    }
    name = "orders/_ladders.html" if request.htmx else "orders/ladders.html"
    return render(request, name, context, status=status)


@login_required
@require_safe
def ladder_job(request: PersonRequest, pk: int) -> HttpResponse:
    """How far a job is; htmx asks for the line alone."""
    jobs = LadderJob.objects.filter(team__in=Team.objects.visible_to(request.user)).select_related("team", "by")
    job = get_object_or_404(jobs, pk=pk)
    require(request.user, Permission.MILESTONE_ASSIGN, team_id=job.team_id)
    if not request.htmx:
        return redirect(f"{reverse('ladders')}?{urlencode({'team': job.team.code})}")
    return render(request, "orders/_ladder_job.html", {"job": job})
