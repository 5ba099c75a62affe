"""Editing an order: its fields, and the lines of a draft; what others changed meanwhile is told."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from orders.forms.lines import MAX_LINES, StoredLineFormSet
from orders.forms.orders import EditOrderForm
from orders.models import Order
from orders.services import orders as services
from orders.views.order import find_order
from orders.workflow import OrderStatus
from teams.access import require
from teams.errors import DomainError, StaleVersion
from teams.http import PersonRequest
from teams.permissions import Permission

Conflicts = dict[str, dict[str, Any]]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_edit(request: PersonRequest, number: str) -> HttpResponse:
    order = find_order(request, number)
    require(request.user, Permission.ORDER_EDIT, team_id=order.team_id)
    data = request.POST if request.method == "POST" else None
    form, lines = _forms(request, order, data)
    conflicts: Conflicts = {}
    if form.is_valid() and (lines is None or lines.is_valid()):
        try:
            order = _save(request, order, form, lines)
        except StaleVersion as conflict:
            form, lines, conflicts = _with_conflicts(request, order, conflict)
        except DomainError as refusal:
            _add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("order", number=order.number)
    context = {"order": order, "form": form, "lines": lines, "conflicts": conflicts}
    has_errors = bool(form.errors) or (lines is not None and lines.is_bound and not lines.is_valid())
    return render(request, "orders/order_edit.html", context, status=409 if conflicts else 422 if has_errors else 200)


def _forms(request: PersonRequest, order: Order, data: QueryDict | None) -> tuple[EditOrderForm, Any]:
    """The form of the order's fields and, of a draft, that of its lines."""
    form = EditOrderForm(data, order=order, user=request.user)
    if order.status == OrderStatus.DRAFT and order.lines.count() <= MAX_LINES:
        # Whoever sends no lines, such as a page opened before, leaves them as they are.
        sent = data if data is None or "lines-TOTAL_FORMS" in data else None
        return form, StoredLineFormSet(sent, order=order, sees_money=request.user.access.sees_money(order.team_id))
    if order.status != OrderStatus.DRAFT and data is not None and "lines-TOTAL_FORMS" in data:
        form.add_error(None, _("The order was confirmed meanwhile; its lines are now changed one by one on its page."))
    return form, None


def _save(request: PersonRequest, order: Order, form: EditOrderForm, lines: Any) -> Order:
    """One write for fields and lines; lines that the writer left alone are left alone."""
    write: dict[str, Any] = {
        "order_id": order.pk,
        "values": form.changes(),
        "seen_version": form.cleaned_data["version"],
        "by": request.user,
        "now": timezone.now(),
    }
    if lines is not None and lines.is_bound and lines.has_changed():
        return services.edit_draft(**write, lines=lines.values())
    return services.edit_order(**write)


def _with_conflicts(
    request: PersonRequest, order: Order, conflict: StaleVersion
) -> tuple[EditOrderForm, Any, Conflicts]:
    """The forms again with what was typed, now against the version that the writer is shown beside it."""
    order.refresh_from_db()
    typed: QueryDict = request.POST.copy()
    typed["version"] = str(order.version)
    form, lines = _forms(request, order, typed)
    form.is_valid()
    told: Conflicts = {}
    for name, values in conflict.conflicts.items():
        if name in form.fields:
            theirs = _as_shown(form, name, getattr(order, name))
            told[name] = {**values, "label": form.fields[name].label, "theirs": theirs}
        elif name == "lines":
            told[name] = {**values, "label": _("lines"), "theirs": _lines_as_shown(order)}
    return form, lines, told


def _as_shown(form: EditOrderForm, name: str, value: Any) -> str:
    choices = dict(getattr(form.fields[name], "choices", ())) if isinstance(value, str) else {}
    return str(choices.get(value, value) if value not in (None, "") else "—")


def _lines_as_shown(order: Order) -> str:
    lines = order.lines.order_by("position")[:20]
    return "; ".join(f"{line.product_code or line.description} {line.quantity.normalize():f}" for line in lines) or "—"


def _add_refusal(form: Any, refusal: DomainError) -> None:
    named = {name: text for name, text in refusal.fields.items() if name in form.fields}
    for name, text in named.items():
        form.add_error(name, text)
    if not named:
        form.add_error(None, str(refusal))
