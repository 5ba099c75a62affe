"""Samples, inspections and payments on the order's page."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from orders.forms.checks import InspectionForm, PaymentForm, SampleForm, VerdictForm
from orders.models import Order, SampleRound
from orders.services import checks as services
from orders.views.order import find_order
from orders.views.sheet import sheet_context
from teams.access import require
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.permissions import Permission
from teams.refusals import RefusedForm


@login_required
@require_POST
def sample_send(request: PersonRequest, number: str) -> HttpResponse:
    order = _workable(request, number)
    return _note(request, order, SampleForm(request.POST), "sample_form", services.send_sample, order_id=order.pk)


@login_required
@require_POST
def sample_decide(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    order = _workable(request, number)
    sample = get_object_or_404(SampleRound.objects.filter(order=order), pk=pk)
    form = VerdictForm(request.POST, prefix_id=str(pk))
    return _note(request, order, form, f"verdict_form_{pk}", services.decide_sample, sample_id=sample.pk)


@login_required
@require_POST
def inspection_add(request: PersonRequest, number: str) -> HttpResponse:
    order = _workable(request, number)
    form = InspectionForm(request.POST)
    return _note(request, order, form, "inspection_form", services.record_inspection, order_id=order.pk)


@login_required
@require_POST
def payment_add(request: PersonRequest, number: str) -> HttpResponse:
    order = _workable(request, number, Permission.PAYMENT_ADD)
    return _note(request, order, PaymentForm(request.POST), "payment_form", services.receive_payment, order_id=order.pk)


def _workable(request: PersonRequest, number: str, permission: Permission = Permission.CHECK_ADD) -> Order:
    order = find_order(request, number)
    require(request.user, permission, team_id=order.team_id)
    return order


def _note(
    request: PersonRequest, order: Order, form: RefusedForm, name: str, service: Callable[..., Any], **target: int
) -> HttpResponse:
    """Do it and show the order; refused, the order's page holds the form with what was typed."""
    if form.is_valid():
        try:
            service(by=request.user, now=timezone.now(), **target, **form.cleaned_data)
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            return redirect("order", number=order.number)
    forms: dict[str, Any] = {name: form}
    context = sheet_context(request, order, **forms)
    return render(request, "orders/order.html", context, status=422)
