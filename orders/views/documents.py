"""Documents and comments of an order."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from orders.files import attachment, small_picture
from orders.forms.documents import CommentForm, DecisionForm, DocumentForm
from orders.models import OrderDocument
from orders.services import documents as services
from orders.views.order import find_order
from orders.views.sheet import sheet_context
from teams.access import require
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.permissions import Permission


@login_required
@require_POST
def document_add(request: PersonRequest, number: str) -> HttpResponse:
    order = find_order(request, number)
    require(request.user, Permission.DOCUMENT_ADD, team_id=order.team_id)
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.add_documents(
                order_id=order.pk,
                kind=form.cleaned_data["kind"],
                uploads=form.cleaned_data["file"],
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, _("The document is added."))
            return redirect("order", number=order.number)
    return render(request, "orders/order.html", sheet_context(request, order, document_form=form), status=422)


@login_required
@require_GET
def document_download(request: PersonRequest, pk: int) -> FileResponse:
    document = get_object_or_404(OrderDocument.objects.visible_to(request.user), pk=pk)
    try:
        return attachment(document)
    except FileNotFoundError as error:
        raise Http404 from error


@login_required
@require_GET
def document_preview(request: PersonRequest, pk: int) -> HttpResponse:
    """A small picture of a picture, drawn anew, so that nothing of the upload but its pixels reaches a browser."""
    document = get_object_or_404(OrderDocument.objects.visible_to(request.user), pk=pk)
    content = small_picture(document)
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


@login_required
@require_POST
def document_decide(request: PersonRequest, pk: int) -> HttpResponse:
    document = get_object_or_404(OrderDocument.objects.visible_to(request.user).select_related("order"), pk=pk)
    require(request.user, Permission.DOCUMENT_DECIDE, team_id=document.order.team_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            services.decide_document(document_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
        except DomainError as refusal:
            messages.error(request, str(refusal))
    else:
        messages.error(request, _("Choose whether the document is accepted or refused."))
    return redirect("order", number=document.order.number)


@login_required
@require_POST
def comment_add(request: PersonRequest, number: str) -> HttpResponse:
    order = find_order(request, number)
    require(request.user, Permission.COMMENT_ADD, team_id=order.team_id)
    form = CommentForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.add_comment(order_id=order.pk, by=request.user, now=timezone.now(), **form.values())
        except DomainError as refusal:
            form.add_error("attachments" if "file" in refusal.fields else "text", str(refusal))
        else:
            return redirect("order", number=order.number)
    return render(request, "orders/order.html", sheet_context(request, order, comment_form=form), status=422)
