"""The moves of a milestone, made in place on the desk and on the order page."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from orders.forms.steps import FORMS, StepForm
from orders.models import BulkAct, Milestone
from orders.pages.steps import ACTIONS, StepRow, quick_instants, rows_of, with_row_data
from orders.services import milestones as services
from orders.services.acts import OPERATIONS, do_one
from orders.services.milestones import require_on
from orders.views.acts import offer_undo
from orders.views.sheet import sheet_context
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.models import User


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_act(request: PersonRequest, pk: int, action: str) -> HttpResponse:
    """GET shows the form of a move, POST makes the move; the answer is the row, or the order's body."""
    if action not in ACTIONS:
        raise Http404
    now = timezone.now()
    milestone = get_object_or_404(with_row_data(Milestone.objects.visible_to(request.user)), pk=pk)
    require_on(request.user, ACTIONS[action], milestone)
    row = rows_of([milestone], user=request.user, now=now)[0]
    if request.method != "POST":
        return _show(request, row, action, FORMS[action](row=row))
    form = FORMS[action](request.POST, request.FILES, row=row)
    act = None
    if form.is_valid():
        try:
            act = _do(action, pk, form.values(), by=request.user, now=now)
        except DomainError as refusal:
            _add_refusal(form, refusal)
    if form.errors:
        return _show(request, row, action, form, status=422)
    return _answer(request, pk, act)


def _do(action: str, pk: int, values: dict[str, Any], *, by: User, now: datetime) -> BulkAct | None:
    """Make the move; what can be taken back is kept as an act."""
    if action in OPERATIONS:
        return do_one(OPERATIONS[action], pk, values, by=by, now=now)
    services.reopen_milestone(milestone_id=pk, by=by, now=now, **values)
    return None


def _add_refusal(form: StepForm, refusal: DomainError) -> None:
    """The refusal stands beside the field it names, else above the form."""
    named = {name: text for name, text in refusal.fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, text)
    if not named:
        form.add_error(None, str(refusal))


def _show(request: PersonRequest, row: StepRow, action: str, form: StepForm, status: int = 200) -> HttpResponse:
    """The form below its row for htmx, else as a page of its own."""
    context = {"row": row, "form": form, "action": action, "view": _view(request)}
    context["quick_instants"] = quick_instants(timezone.now())
    if not request.htmx:
        return render(request, "orders/step_act.html", context, status=status)
    response = render(request, "orders/_step_form.html", context, status=status)
    # A one-click move that is refused has the row as its target; its form belongs below the row.
    response.headers["HX-Retarget"] = f"#step-{row.milestone.pk}-form"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _answer(request: PersonRequest, pk: int, act: BulkAct | None) -> HttpResponse:
    milestone = get_object_or_404(with_row_data(Milestone.objects.visible_to(request.user)), pk=pk)
    on_order = _view(request) == "order"
    if not request.htmx:
        return redirect("order", number=milestone.order.number) if on_order else redirect("desk")
    if on_order:
        # Whatever follows from the move is on the page as well: successors, dates, the timeline.
        response = render(request, "orders/_order_body.html", sheet_context(request, milestone.order))
        return offer_undo(response, act)
    row = rows_of([milestone], user=request.user, now=timezone.now())[0]
    response = render(request, "orders/_step_row.html", {"row": row, "view": "desk"})
    return offer_undo(response, act, "desk-changed")


def _view(request: PersonRequest) -> str:
    """Where the row stands; on the desk unless it says otherwise."""
    return "order" if request.GET.get("view") == "order" else "desk"
