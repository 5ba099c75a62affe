"""One line of a confirmed order: a quantity cancelled, another date wished."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from orders.forms.lines import LineChangeForm
from orders.services import orders as services
from orders.views.order import find_order
from teams.access import require
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.permissions import Permission


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def line_change(request: PersonRequest, number: str, position: int) -> HttpResponse:
    """GET shows the form below the line, POST writes and shows the order anew."""
    order = find_order(request, number)
    line = get_object_or_404(order.lines, position=position)
    require(request.user, Permission.ORDER_EDIT, team_id=order.team_id)
    form = LineChangeForm(request.POST if request.method == "POST" else None, line=line)
    if form.is_valid():
        try:
            services.change_line(line_id=line.pk, by=request.user, now=timezone.now(), **form.values())
        except DomainError as refusal:
            for name, text in refusal.fields.items():
                form.add_error(name if name in form.fields else None, text)
            if not refusal.fields:
                form.add_error(None, str(refusal))
    if form.is_bound and not form.errors:
        messages.success(request, _("Saved."))
        if request.htmx:
            return HttpResponseClientRedirect(reverse("order", args=[order.number]))
        return redirect("order", number=order.number)
    template = "orders/_line_change.html" if request.htmx else "orders/line_change.html"
    context = {"order": order, "line": line, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)
