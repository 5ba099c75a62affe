"""The order list."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from orders.filters import OrderFilter
from orders.forms.acts import ACT_FORMS
from orders.models import Order, SavedView
from orders.pages import order_columns, register
from orders.pages.order_columns import ListColumn
from orders.pages.order_filters import filter_line
from orders.pages.order_groups import GROUPS, MOST, groups_of
from orders.pages.paging import BadCursor, page_after
from orders.services.acts import MAX_TARGETS, OPERATIONS
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


@login_required
@require_GET
def order_list(request: PersonRequest) -> HttpResponse:
    """Orders by the filters in the address; `group` counts them by one of them, `columns` names what is shown.

    For htmx `after` asks for the rows that follow, and `rows` for those of a group, both without the page.

    A full order number in the search box of every page leads to the order itself.
    """
    now = timezone.now()
    if "jump" in request.GET and (number := _exact_number(request)):
        return redirect("order", number=number)
    orders = OrderFilter(request.GET, Order.objects.visible_to(request.user), request=request, now=now)
    is_valid = orders.is_valid()
    found = orders.qs if is_valid else orders.qs.none()
    ordering = (orders.form.cleaned_data.get("ordering") or [NEWEST])[0]
    columns = order_columns.chosen(request.user, request.GET.get("columns", ""))
    context: dict[str, Any] = {"columns": columns, "shown": {column.key for column in columns}}
    context |= {"bulk_acts": _bulk_acts(request.user), "width": len(columns) + 2}
    group = request.GET.get("group", "")
    if group in GROUPS and not request.htmx:
        return _show(request, orders, ordering, {**context, "groups": groups_of(found, group, now), "group": group})
    try:
        page, after = page_after(
            register.with_row_data(found, context["shown"]),
            by=ordering,
            cursor=request.GET.get("after", ""),
            size=register.PAGE_SIZE,
        )
    except BadCursor as error:
        raise BadRequest from error
    today = timezone.localdate(now, request.organization.zone)
    rows = register.rows_of(page, access=request.user.access, now=now, today=today)
    context |= {"rows": rows, "after": after}
    if request.htmx and ("rows" in request.GET or request.GET.get("after")):
        return render(request, "orders/_order_rows.html", context)
    return _show(request, orders, ordering, context)


def _show(request: PersonRequest, orders: OrderFilter, ordering: str, context: dict[str, Any]) -> HttpResponse:
    """The page around the rows or the groups."""
    is_valid = orders.is_valid()
    found = orders.qs if is_valid else orders.qs.none()
    count, has_more = register.count_up_to(found)
    context |= {"count": count, "has_more": has_more, **filter_line(orders, ordering, SELECTS)}
    context |= {"key_list": KEYS, "group_choices": GROUPS.items(), "most_groups": MOST}
    context |= {"column_choices": order_columns.choices(request.user, context["columns"])}
    context |= _views(request, context["columns"])
    context["export_columns"] = ",".join(order_columns.exported_keys(context["columns"]))
    return render(request, "orders/order_list.html", context, status=200 if is_valid else 422)


# What everybody has: words and address.
BUILT_IN = [
    (pgettext_lazy("order status", "Open"), "status=open"),
    (_("Overdue"), "status=open&overdue=true"),
    (_("At risk"), "status=open&at_risk=true"),
    (pgettext_lazy("orders", "All"), ""),
]


def _views(request: PersonRequest, columns: Sequence[ListColumn]) -> dict[str, Any]:
    """The views above the list; the one in force is marked by its address, whatever the order of its parts.

    A view that is saved takes the columns along, unless they are the usual ones.
    """
    now = _parts(request.GET.urlencode())
    built_in = [{"name": name, "query": query, "is_on": _parts(query) == now} for name, query in BUILT_IN]
    visible = SavedView.objects.visible_to(request.user).select_related("by").order_by("name", "pk")
    saved = [(view, _parts(view.query) == now) for view in visible]
    current = next((view for view, is_on in saved if is_on), None)
    kept, keys = request.GET.copy(), tuple(column.key for column in columns)
    if keys != order_columns.DEFAULT:
        kept["columns"] = ",".join(keys)
    asked = QueryDict(mutable=True)
    asked["query"], asked["name"] = kept.urlencode(), current.name if current else ""
    return {
        "built_in": built_in,
        "saved_views": saved,
        "own_view": current if current is not None and current.by_id == request.user.pk else None,
        "view_query": asked.urlencode(),
        "query": request.GET.urlencode(),
    }


def _parts(query: str) -> list[tuple[str, str]]:
    parts = QueryDict(query)
    return sorted((name, value) for name, values in parts.lists() for value in values if value and name != "after")


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


@login_required
@require_GET
def order_ids(request: PersonRequest) -> HttpResponse:
    """The rows that a list would show further down, to be checked with those on the page."""
    orders = OrderFilter(request.GET, Order.objects.visible_to(request.user), request=request, now=timezone.now())
    found = orders.qs if orders.is_valid() else orders.qs.none()
    # One more than an act takes: it says so itself rather than leaving some out in silence.
    ids = found.order_by("-ordered_at", "-pk").values_list("pk", flat=True)[: MAX_TARGETS + 1]
    return render(request, "orders/_order_ids.html", {"ids": list(ids)})
