"""The order list."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from customers.models import Company
from orders.filters import OPEN, OrderFilter
from orders.models import Order
from orders.pages import register
from orders.pages.paging import BadCursor, page_after
from teams.http import PersonRequest

NEWEST = "-ordered_at"
# The filters shown as a drop-down each, in this order.
SELECTS = ("status", "clerk", "team", "template", "stage", "waiting_on")
SORTABLE = ("number", "ordered_at", "current_promised_date", "status")


@login_required
@require_GET
def order_list(request: PersonRequest) -> HttpResponse:
    """Orders by the filters in the address; `after` asks for the rows that follow, for htmx without the page."""
    now = timezone.now()
    orders = OrderFilter(request.GET, Order.objects.visible_to(request.user), request=request, now=now)
    is_valid = orders.is_valid()
    found = orders.qs if is_valid else orders.qs.none()
    ordering = (orders.form.cleaned_data.get("ordering") or [NEWEST])[0]
    try:
        page, after = page_after(
            register.with_row_data(found), by=ordering, cursor=request.GET.get("after", ""), size=register.PAGE_SIZE
        )
    except BadCursor as error:
        raise BadRequest from error
    rows = register.rows_of(page, now=now, today=timezone.localdate(now, request.organization.zone))
    context: dict[str, Any] = {"rows": rows, "after": after}
    if request.htmx and request.GET.get("after"):
        return render(request, "orders/_order_rows.html", context)
    count, has_more = register.count_up_to(found)
    context |= {"count": count, "has_more": has_more, **_filter_line(orders, ordering)}
    return render(request, "orders/order_list.html", context, status=200 if is_valid else 422)


def _filter_line(orders: OrderFilter, ordering: str) -> dict[str, Any]:
    """What the line of filters shows: drop-downs with their choices, and what is in force."""
    selects = []
    for name in SELECTS:
        field = orders.form[name]
        choices = [(str(value), str(label)) for value, label in field.field.choices if str(value)]
        value = orders.data.get(name, "")
        if len(choices) > 1 or value:
            selects.append({"name": name, "label": field.label, "choices": choices, "value": value})
    customer = orders.form.cleaned_data.get("customer") if orders.form.is_valid() else None
    errors = [f"{orders.form[name].label}: {'; '.join(texts)}" for name, texts in orders.form.errors.items()]
    name = ordering.lstrip("-")
    in_force = {key: value for key, value in orders.data.items() if value and key not in {"ordering", "after"}}
    sorts = {key: {"next": f"-{key}" if ordering == key else key, "is_on": key == name} for key in SORTABLE}
    return {
        "selects": selects,
        "customer": customer if isinstance(customer, Company) else None,
        "filter_errors": errors,
        "sorts": sorts,
        "sort_direction": "descending" if ordering.startswith("-") else "ascending",
        "is_filtered": bool(in_force),
        "is_narrowed": bool(in_force) and in_force != {"status": OPEN},  # more than the menu's own address asks for
    }
