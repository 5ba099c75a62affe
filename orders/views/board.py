"""The board by stage: where every running order stands."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from orders.filters import OrderFilter
from orders.models import Order
from orders.pages.board import columns_of
from orders.pages.order_filters import filter_line
from orders.words import Stage
from teams.http import PersonRequest
from teams.permissions import Permission

SELECTS = ("clerk", "team", "template", "waiting_on")


@login_required
@require_GET
def board(request: PersonRequest) -> HttpResponse:
    """Cards of the orders that the filters in the address leave; `stage` opens one column alone."""
    now = timezone.now()
    query = request.GET.copy()
    stage = query.pop("stage", [""])[-1]
    orders = OrderFilter(query, Order.objects.visible_to(request.user), request=request, now=now)
    is_valid = orders.is_valid()
    found = orders.qs if is_valid else orders.qs.none()
    stage = stage if stage in Stage.values else ""
    context = {
        "columns": columns_of(found, now=now, stage=stage),
        "stage": stage,
        "may_complete": request.user.access.allows_somewhere(Permission.MILESTONE_COMPLETE),
        **filter_line(orders, "", SELECTS),
    }
    return render(request, "orders/board.html", context, status=200 if is_valid else 422)
