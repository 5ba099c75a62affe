"""Cargo given another shape, its packing, photos of its loading, and its papers as PDF."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.forms.cargo import MergeForm, PackingForm, PhotoForm, SplitForm
from orders.pages.shipments import ShipmentRow, suggested_number
from orders.papers import packing_list, shipping_advice
from orders.papers.cargo import read_cargo
from orders.services import cargo as services
from orders.views.shipments import offer_re_plans, row_of, show_page
from teams.access import require
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.permissions import Permission


def _editable(request: PersonRequest, number: str) -> ShipmentRow:
    row = row_of(request, number)
    require(request.user, Permission.SHIPMENT_EDIT, team_id=row.shipment.team_id)
    return row


def _sent(request: PersonRequest) -> Any:
    """What was sent, be it nothing; None where nothing was."""
    return request.POST if request.method == "POST" else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shipment_split(request: PersonRequest, number: str) -> HttpResponse:
    row = _editable(request, number)
    shipment = row.shipment
    first = {"number": suggested_number(row.orders[0]) if row.orders else ""}
    form = SplitForm(_sent(request), lines=shipment.seen_lines, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.split_shipment(
                shipment_id=shipment.pk,
                number=form.cleaned_data["number"],
                lines=form.quantities(),
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("%(number)s takes what travels apart.") % {"number": made.number})
            offer_re_plans(request, row.orders)
            return redirect("shipment", number=made.number)
    return _form_page(request, "orders/shipment_split.html", row, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shipment_merge(request: PersonRequest, number: str) -> HttpResponse:
    row = _editable(request, number)
    form = MergeForm(_sent(request), shipment=row.shipment, user=request.user)
    if request.method == "POST" and form.is_valid():
        ids = [other.pk for other in form.cleaned_data["others"]]
        try:
            services.merge_shipments(into_id=row.shipment.pk, from_ids=ids, by=request.user, now=timezone.now())
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("They travel together now."))
            offer_re_plans(request, row_of(request, number).orders)
            return redirect("shipment", number=number)
    return _form_page(request, "orders/shipment_merge.html", row, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shipment_packing(request: PersonRequest, number: str) -> HttpResponse:
    row = _editable(request, number)
    form = PackingForm(_sent(request), lines=row.shipment.seen_lines)
    if request.method == "POST" and form.is_valid():
        try:
            services.set_packing(
                shipment_id=row.shipment.pk, packing=form.packing(), by=request.user, now=timezone.now()
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("shipment", number=number)
    return _form_page(request, "orders/shipment_packing.html", row, form)


def _form_page(request: PersonRequest, template: str, row: ShipmentRow, form: Any) -> HttpResponse:
    context = {"row": row, "shipment": row.shipment, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)


@login_required
@require_POST
def shipment_photos(request: PersonRequest, number: str) -> HttpResponse:
    """Photos from a phone, kept with every order aboard that the person sees."""
    row = row_of(request, number)
    require(request.user, Permission.DOCUMENT_ADD, team_id=row.shipment.team_id)
    form = PhotoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.add_loading_photos(
                shipment_id=row.shipment.pk,
                uploads=form.cleaned_data["photos"],
                order_ids=[order.pk for order in row.orders],
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_error("photos", str(refusal))
        else:
            messages.success(request, _("The photos are kept with the orders aboard."))
            return redirect("shipment", number=number)
    return show_page(request, row, status=422, photo_form=form)


@login_required
@require_safe
def shipment_paper(request: PersonRequest, number: str, paper: str) -> HttpResponse:
    """The packing list or the shipping advice, of the goods that the person sees."""
    row = row_of(request, number)
    cargo = read_cargo(row.shipment, row.shipment.seen_lines)
    make = packing_list if paper == "packing-list" else shipping_advice
    content = make(cargo, issued=timezone.localdate(timezone.now(), cargo.zone).isoformat())
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{row.shipment.number}-{paper}.pdf"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
