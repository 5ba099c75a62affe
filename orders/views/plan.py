"""The plan of an order: its table, the why of a date, re-planning by preview, undo."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from orders.forms.plan import ApplyForm, ReplanForm, UndoForm
from orders.models import ClockPause, Milestone, Order, PlanChange
from orders.pages.plan import LivePlan, outlook_of, plan_rows, read_live, shortfalls_of
from orders.pages.replan import ChangeView, Preview, changes_of, preview_of, shipment_numbers
from orders.pages.why import why_of
from orders.services import plans
from orders.services.plans import Changes, PlanMovedOn
from orders.views.order import find_order
from orders.workflow import OrderStatus
from teams.access import require
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.permissions import Permission


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_plan(request: PersonRequest, number: str) -> HttpResponse:
    """GET shows the plan, POST applies what was previewed."""
    order = _find(request, number)
    if request.method != "POST":
        return _show(request, order)
    require(request.user, Permission.ORDER_EDIT, team_id=order.team_id)
    return _apply(request, order)


@login_required
@require_GET
def plan_preview(request: PersonRequest, number: str) -> HttpResponse:
    """What the changes in the query would move; without any, what re-planning to today's facts would."""
    order = _find(request, number)
    milestones = _milestones(order)
    form = ReplanForm(request.GET or None, order=order, milestones=milestones)
    if not form.is_bound or form.is_valid():
        changes = form.changes() if form.is_bound else Changes()
        return _show(
            request, order, milestones=milestones, form=form, **_preview(order, milestones, changes, form, request.GET)
        )
    return _show(request, order, milestones=milestones, form=form, status=422)


@login_required
@require_POST
def plan_undo(request: PersonRequest, number: str) -> HttpResponse:
    order = _find(request, number)
    require(request.user, Permission.ORDER_EDIT, team_id=order.team_id)
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _show(
            request, order, notice=_("Only the last change of the plan can be undone, and only once."), status=422
        )
    change = get_object_or_404(PlanChange, order=order, pk=form.cleaned_data["change"])
    if change.values.get("promises"):
        require(request.user, Permission.PROMISE_CHANGE, team_id=order.team_id)
    try:
        plans.undo_change(order_id=order.pk, change_id=change.pk, by=request.user, now=timezone.now())
    except DomainError as refusal:
        return _show(request, order, notice=str(refusal), status=409)
    messages.success(request, _("The plan is as it was before."))
    return _to_plan(request, order)


@login_required
@require_GET
def plan_notice(request: PersonRequest, number: str) -> HttpResponse:
    """The line of the order page that tells whether the plan in force still fits the facts."""
    order = _find(request, number)
    moves = []
    if _may_plan(order):
        try:
            moves = plans.propose(order, Changes(), now=timezone.now()).moves_of_note
        except DomainError:
            moves = []  # why it makes no plan is told where somebody re-plans
    context = {"order": order, "moves": moves, "may_edit": _may_edit(request, order)}
    return render(request, "orders/_plan_notice.html", context)


@login_required
@require_GET
def step_why(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """The why of a step's date: into the dialog for htmx, else as a page."""
    order = _find(request, number)
    milestones = _milestones(order)
    milestone = next((m for m in milestones if m.pk == pk), None)
    if milestone is None:
        raise Http404
    live = _live(order, milestones)
    context = {"order": order, "milestone": milestone, "why": why_of(live, milestone) if live else None, "live": live}
    return render(request, "orders/_plan_why.html" if request.htmx else "orders/plan_why.html", context)


def _find(request: PersonRequest, number: str) -> Order:
    order = find_order(request, number)
    return Order.objects.select_related("team", "template", "plan", "customer", "supplier").get(pk=order.pk)


def _milestones(order: Order) -> list[Milestone]:
    rows = order.milestones.select_related("calendar", "assignee").prefetch_related(
        Prefetch("pauses", ClockPause.objects.order_by("from_at"))
    )
    return list(rows.order_by("position", "pk"))


def _live(order: Order, milestones: list[Milestone]) -> LivePlan | None:
    return read_live(order, milestones, now=timezone.now(), shipments=shipment_numbers(milestones))


def _may_plan(order: Order) -> bool:
    """Whether there is a plan that can still change."""
    return order.plan_id is not None and order.status not in {OrderStatus.CLOSED, OrderStatus.CANCELLED}


def _may_edit(request: PersonRequest, order: Order) -> bool:
    return request.user.access.allows(Permission.ORDER_EDIT, order.team_id)


def _preview(
    order: Order, milestones: list[Milestone], changes: Changes, form: ReplanForm, sent: QueryDict
) -> dict[str, Any]:
    """The context of a preview; a refusal stands beside its field."""
    if not _may_plan(order):
        return {"notice": _("This order has no plan that could be changed."), "status": 409}
    try:
        proposal = plans.propose(order, changes, now=timezone.now())
    except DomainError as refusal:
        if form.is_bound:
            form.add_refusal(refusal)
            return {"status": 422}
        return {"notice": str(refusal), "status": 409}
    preview: Preview = preview_of(proposal, _live(order, milestones))
    needs_reason = bool(changes.promised_date or changes.expected)
    return {
        "preview": preview,
        "needs_reason": needs_reason,
        "has_changes": needs_reason or bool(changes.terms or changes.template),
        "apply_form": ApplyForm(initial={"seen_plan": order.plan_id}),
        "sent": [(name, value) for name, values in sent.lists() for value in values],
    }


def _apply(request: PersonRequest, order: Order) -> HttpResponse:
    """Apply what was previewed; a refusal shows the preview anew."""
    milestones = _milestones(order)
    sent = request.POST.copy()
    own = {name: sent.pop(name, [""])[-1] for name in ("seen_plan", "side", "reason", "csrfmiddlewaretoken")}
    form = ReplanForm(sent or None, order=order, milestones=milestones)
    apply_form = ApplyForm({name: own[name] for name in ("seen_plan", "side", "reason")})
    if form.is_bound and not form.is_valid():
        return _show(request, order, milestones=milestones, form=form, status=422)
    changes = form.changes() if form.is_bound else Changes()
    if changes.promised_date:
        require(request.user, Permission.PROMISE_CHANGE, team_id=order.team_id)
    notice, status = "", 422
    if apply_form.is_valid():
        try:
            change = plans.apply_changes(
                order_id=order.pk, changes=changes, by=request.user, now=timezone.now(), **apply_form.cleaned_data
            )
        except PlanMovedOn as refusal:
            notice, status = str(refusal), 409
        except DomainError as refusal:
            apply_form.add_refusal(refusal)
        else:
            if change is None:
                messages.success(request, _("Nothing moves: the plan fits already."))
            return _to_plan(request, order, done=change)
    fresh = _find(request, order.number)
    context = _preview(fresh, milestones, changes, form, sent)
    if "preview" in context:
        if status == 409:
            apply_form.data = {**apply_form.data, "seen_plan": str(fresh.plan_id)}
        context["apply_form"] = apply_form
    return _show(
        request, fresh, form=form, **{**context, "notice": notice or context.get("notice", ""), "status": status}
    )


def _to_plan(request: PersonRequest, order: Order, done: PlanChange | None = None) -> HttpResponse:
    """The plan's page; about the change just `done` it tells how many dates moved, and offers to undo it."""
    url = reverse("order_plan", args=[order.number])
    response = redirect(f"{url}?done={done.pk}" if done else url)
    return HttpResponseClientRedirect(response.url) if request.htmx else response


def _done(request: PersonRequest, changes: list[ChangeView]) -> ChangeView | None:
    """The last change, where the page is shown because it has just been made."""
    last = changes[0] if changes else None
    return last if last and last.may_undo and request.GET.get("done") == str(last.change.pk) else None


def _show(
    request: PersonRequest,
    order: Order,
    *,
    milestones: list[Milestone] | None = None,
    form: ReplanForm | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    milestones = milestones or _milestones(order)
    live = _live(order, milestones)
    may_edit = _may_edit(request, order) and _may_plan(order)
    changes = changes_of(order)
    shown = {
        "order": order,
        "live": live,
        "rows": plan_rows(live) if live else [],
        "outlook": outlook_of(live) if live else None,
        "shortfalls": shortfalls_of(live.plan, live.nodes, live.milestones, live.shipments) if live else [],
        "changes": changes,
        "done": _done(request, changes),
        "may_edit": may_edit,
        "may_promise": request.user.access.allows(Permission.PROMISE_CHANGE, order.team_id),
        "form": form or ReplanForm(order=order, milestones=milestones),
        **context,
    }
    template = "orders/_plan_body.html" if request.htmx else "orders/plan.html"
    return render(request, template, shown, status=status)
