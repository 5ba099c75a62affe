"""The order list."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from customers.models import Company
from orders.filters import OPEN, OrderFilter
from orders.forms.acts import ACT_FORMS
from orders.models import Order
from orders.pages import register
from orders.pages.paging import BadCursor, page_after
from orders.services.acts import OPERATIONS
from teams.http import PersonRequest
from teams.models import User

NEWEST = "-ordered_at"
FOUND = 8
BULK_ACTS = [
    ("edit", "users"),
    ("promise", "calendar-clock"),
    ("order-confirm", "badge-check"),
    ("order-hold", "circle-pause"),
    ("order-resume", "play"),
    ("order-close", "archive"),
    ("order-cancel", "ban"),
]
KEYS = [
    (("j", "k"), _("next and previous row")),
    (("Enter",), _("open the order")),
    (("x",), _("check the row")),
    (("Shift", "x"), _("check up to this row")),
    (("a",), _("check all, or none")),
    (("e",), _("change the checked orders")),
    (("p",), _("move the promise of the checked orders")),
    (("/",), _("find orders")),
    (("?",), _("this list")),
]
# The filters shown as a drop-down each, in this order.
SELECTS = ("status", "clerk", "team", "template", "stage", "waiting_on")
SORTABLE = ("number", "ordered_at", "current_promised_date", "status")


@login_required
@require_GET
def order_list(request: PersonRequest) -> HttpResponse:
    """Orders by the filters in the address; `after` asks for the rows that follow, for htmx without the page.

    A full order number in the search box of every page leads to the order itself.
    """
    now = timezone.now()
    if "jump" in request.GET and (number := _exact_number(request)):
        return redirect("order", number=number)
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
    context: dict[str, Any] = {"rows": rows, "after": after, "bulk_acts": _bulk_acts(request.user)}
    if request.htmx and request.GET.get("after"):
        return render(request, "orders/_order_rows.html", context)
    count, has_more = register.count_up_to(found)
    context |= {"count": count, "has_more": has_more, **_filter_line(orders, ordering)}
    context["key_list"] = KEYS
    return render(request, "orders/order_list.html", context, status=200 if is_valid else 422)


def _bulk_acts(user: User) -> list[tuple[str, str, str]]:
    """What the reader may do to checked orders: operation, icon, words."""
    return [
        (code, icon, str(ACT_FORMS[code].submit))
        for code, icon in BULK_ACTS
        if user.access.allows_somewhere(OPERATIONS[code].permission)
    ]


def _exact_number(request: PersonRequest) -> str | None:
    text = request.GET.get("q", "").strip()
    if not text:
        return None
    visible = Order.objects.visible_to(request.user).filter(number__in={text, text.upper()})
    return visible.values_list("number", flat=True).first()


@login_required
@require_GET
def order_find(request: PersonRequest) -> HttpResponse:
    """A few orders that contain what is being typed into the search box."""
    text = request.GET.get("q", "").strip()[:200]
    found = []
    if text:
        visible = Order.objects.visible_to(request.user).search(text).select_related("customer")
        found = list(visible.order_by("-ordered_at", "-pk")[:FOUND])
    return render(request, "orders/_order_find.html", {"found": found, "text": text})


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
