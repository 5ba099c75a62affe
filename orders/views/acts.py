"""Bulk acts: preview of the effects, doing it, and the one undo. The same dialog for every list."""

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from orders.forms.acts import ACT_FORMS, ActForm
from orders.models import BulkAct
from orders.pages.acts import act_row, recent_acts, summary_of
from orders.services.acts import MAX_TARGETS, OPERATIONS, Operation, Result, carry_out, preview, undo
from teams.errors import DomainError
from teams.http import PersonRequest


@login_required
@require_POST
def act_preview(request: PersonRequest, operation: str) -> HttpResponse:
    """The form of the act and what it would do to each checked row; nothing is written.

    The first call brings the rows only; as soon as what is asked for is filled in, the effects follow.
    """
    found, ids = _asked(request, operation)
    now = timezone.now()
    form = _form(request, operation, ids, now, is_bound="is_filled" in request.POST)
    context = _context(found, form, ids)
    said = form if form.is_bound else _as_it_stands(form)
    if said.is_valid():
        try:
            effects = preview(found, ids, said.values(), by=request.user, now=now)
        except DomainError as refusal:
            return _show(request, {**context, "refusal": str(refusal)}, status=422)
        context |= {"effects": effects, "summary": summary_of(effects, len(ids))}
    return _show(request, context)


@login_required
@require_POST
def act_do(request: PersonRequest, operation: str) -> HttpResponse:
    found, ids = _asked(request, operation)
    now = timezone.now()
    form = _form(request, operation, ids, now, is_bound=True)
    context = _context(found, form, ids)
    if not form.is_valid() or not ids:
        return _show(request, context, status=422)
    try:
        result = carry_out(found, ids, form.values(), by=request.user, now=now)
    except DomainError as refusal:
        return _show(request, {**context, "refusal": str(refusal)}, status=422)
    return _done(request, result)


@login_required
@require_POST
def act_undo(request: PersonRequest, pk: int) -> HttpResponse:
    act = get_object_or_404(BulkAct.objects.visible_to(request.user), pk=pk)
    return _done(request, undo(act, by=request.user, now=timezone.now()))


@login_required
@require_GET
def act_page(request: PersonRequest, pk: int) -> HttpResponse:
    act = get_object_or_404(BulkAct.objects.visible_to(request.user), pk=pk)
    items = list(act.items.order_by("pk"))
    return render(request, "orders/act.html", {"row": act_row(act), "items": items})


@login_required
@require_GET
def act_list(request: PersonRequest) -> HttpResponse:
    """The person's own recent acts, each with its undo."""
    return render(request, "orders/acts.html", {"rows": recent_acts(request.user)})


def _asked(request: PersonRequest, code: str) -> tuple[Operation, list[int]]:
    """The operation of the address (else 404), and the checked rows; what is no id is no row."""
    if code not in OPERATIONS or not OPERATIONS[code].is_offered:
        raise Http404
    texts = dict.fromkeys(request.POST.getlist("ids")[: MAX_TARGETS + 1])
    ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
    return OPERATIONS[code], ids


def _form(request: PersonRequest, code: str, ids: list[int], now: datetime, *, is_bound: bool) -> ActForm:
    form = ACT_FORMS[code]
    # What the button that opened the dialog has said already, such as who is waited for.
    given = {name: request.POST[name] for name in form.base_fields if name in request.POST}
    return form(request.POST if is_bound else None, user=request.user, ids=ids, now=now, initial=given)


def _as_it_stands(form: ActForm) -> ActForm:
    """The form sent as it is shown: what nobody has to fill in counts as said."""
    shown = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    return type(form)(shown, user=form.user, ids=form.ids, now=form.now)


def _context(operation: Operation, form: ActForm, ids: list[int]) -> dict[str, Any]:
    return {"operation": operation, "form": form, "ids": ids}


def _show(request: PersonRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "orders/_act.html" if request.htmx else "orders/act_preview.html"
    return render(request, template, context, status=status)


def _done(request: PersonRequest, result: Result) -> HttpResponse:
    if not request.htmx:
        return redirect("act", pk=result.act.pk)
    context = {"row": act_row(result.act), "result": result}
    response = render(request, "orders/_act_done.html", context)
    response.headers["HX-Trigger"] = "desk-changed"
    return response


def offer_undo(response: HttpResponse, act: BulkAct | None, *events: str) -> HttpResponse:
    """Tell the page what happened, and where it is taken back."""
    told: dict[str, Any] = dict.fromkeys(events, True)
    if act is not None:
        told["act-done"] = {"undo": reverse("act_undo", args=[act.pk]), "text": act_row(act).title}
    if told:
        response.headers["HX-Trigger"] = json.dumps(told)
    return response
