"""Edited sheets that come back: upload, see each changed cell, decide on conflicts, take all, undo."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from orders.forms.merges import DecisionForm, MergeUploadForm
from orders.models import SheetMerge
from orders.pages.acts import act_row
from orders.pages.merges import show_look
from orders.progress import read_progress
from orders.services import merges as services
from orders.tasks import nudge_imports
from teams.errors import DomainError
from teams.http import PersonRequest

SHOWN = 30
Status = SheetMerge.Status


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge_list(request: PersonRequest) -> HttpResponse:
    bound = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = MergeUploadForm(*bound)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            merge = services.start_merge(
                content=upload.read(), filename=upload.name, by=request.user, now=timezone.now()
            )
        except DomainError as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("merge", pk=merge.pk)
    merges = SheetMerge.objects.visible_to(request.user).order_by("-pk")[:SHOWN]
    status = 422 if form.errors else 200
    return render(request, "orders/merges.html", {"form": form, "merges": merges}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge_page(request: PersonRequest, pk: int) -> HttpResponse:
    """GET shows the changes or the outcome, POST notes what was decided."""
    merge = _find(request, pk)
    form = _form(request, merge)
    if form.is_valid():
        given = form.cleaned_data
        try:
            services.decide(
                merge_id=merge.pk,
                decisions=form.decisions(),
                side=given["side"],
                reason=given["reason"],
                now=timezone.now(),
            )
            if "take" in request.POST:
                _take(merge)
        except DomainError as refusal:
            form.add_refusal(refusal)
            merge.refresh_from_db()
        else:
            return redirect("merge", pk=merge.pk)
    return _show(request, merge, form, status=422 if form.errors else 200)


@login_required
@require_GET
def merge_progress(request: PersonRequest, pk: int) -> HttpResponse:
    """What htmx asks for while a worker is at it."""
    merge = _find(request, pk)
    context = {"merge": merge, "progress": read_progress(f"merge:{merge.pk}")}
    response = render(request, "orders/_merge_progress.html", context)
    if merge.status != Status.QUEUED:
        response.headers["HX-Refresh"] = "true"
    return response


@transaction.atomic
def _take(merge: SheetMerge) -> None:
    services.apply_merge(merge_id=merge.pk, now=timezone.now())
    transaction.on_commit(nudge_imports, robust=True)


def _find(request: PersonRequest, pk: int) -> SheetMerge:
    return get_object_or_404(SheetMerge.objects.visible_to(request.user).select_related("act", "by"), pk=pk)


def _form(request: PersonRequest, merge: SheetMerge) -> DecisionForm:
    initial = {"side": merge.side, "reason": merge.reason}
    return DecisionForm(request.POST if request.method == "POST" else None, initial=initial)


def _show(request: PersonRequest, merge: SheetMerge, form: DecisionForm, *, status: int) -> HttpResponse:
    context: dict[str, Any] = {"merge": merge, "form": form}
    if merge.act:
        context["row"] = act_row(merge.act)
    if merge.status in {Status.PREVIEW, Status.FAILED} and merge.file:
        try:
            context["look"] = show_look(merge, now=timezone.now())
        except DomainError as refused:
            context["refusal"] = str(refused)
    return render(request, "orders/merge.html", context, status=status)
