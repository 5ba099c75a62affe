"""Shipments: the list by urgency and ETD, a shipment's page, and its moves in place."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.exports.columns import SHIPMENT_COLUMNS
from orders.exports.rows import read_shipments
from orders.forms.acts import SHIPMENT_WORDS
from orders.forms.cargo import PhotoForm
from orders.forms.shipments import LINE, CancelForm, MoveForm, ShipmentFilterForm, ShipmentForm
from orders.models import Order, OrderLine, Shipment, ShipmentLine
from orders.models.shipments import ShipmentQuerySet
from orders.pages.shipment_calendar import read_month
from orders.pages.shipments import (
    Group,
    ShipmentRow,
    grouped,
    history_of,
    last_act_on,
    orders_to_ship,
    photos_of,
    rows_of,
    suggested_number,
    with_left,
    with_row_data,
)
from orders.services import plans
from orders.services import shipments as services
from orders.services.acts import OPERATIONS, do_one
from orders.services.cargo import RESHAPABLE
from orders.views.acts import offer_undo
from orders.views.exports import asked_format, file_response
from orders.workflow import BEFORE_DEPARTURE, ShipmentStatus
from teams.access import require
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.models import User
from teams.permissions import Permission

if TYPE_CHECKING:
    from orders.pages.shipments import LineWithLeft, SeenShipment

PAGE_SIZE = 60
# Of the cargo a row tells which orders it belongs to.
LISTED = ("shipment", "order_line__order__number", "order_line__order__customer__name")
BOARD = frozenset({"moving", "cutoff"})
EARLIEST_MONTH, LATEST_MONTH = date(2000, 1, 1), date(2099, 12, 1)
BULK_ACTS = [
    *((f"ship-{move}", words) for move, words in SHIPMENT_WORDS.items()),
    ("ship-roll", pgettext_lazy("button", "Roll over")),
]
KEYS = [
    (("j", "k"), gettext_lazy("next and previous row")),
    (("Enter",), gettext_lazy("open the shipment")),
    (("m",), gettext_lazy("mark the next move")),
    (("x",), gettext_lazy("check the row")),
    (("Shift", "x"), gettext_lazy("check up to this row")),
    (("a",), gettext_lazy("check all, or none")),
    (("?",), gettext_lazy("this list")),
]


@login_required
@require_safe
def shipment_list(request: PersonRequest) -> HttpResponse:
    """What is to be shipped, the most urgent first; filters stand in the address."""
    now = timezone.now()
    form = ShipmentFilterForm(request.GET)
    form.is_valid()  # a filter that cannot be read is told beside it, and not used
    wanted = form.cleaned_data
    status = wanted.get("status") or "moving"
    shipments = _filtered(Shipment.objects.visible_to(request.user), wanted, status, request.user, now)
    page = _page_number(request.GET)
    part, is_board = slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE + 1), status in BOARD
    if not is_board:
        # Which ones first, by the index alone: so a page far down costs hardly more than the first.
        keys = list(shipments.values_list("pk", flat=True)[part])
        shipments, part = _in_order(Shipment.objects.filter(pk__in=keys), status, now), slice(None)
    found = list(with_row_data(shipments, request.user, of_lines=LISTED)[part])
    rows = rows_of(found[:PAGE_SIZE], user=request.user, now=now)
    context = {
        "form": form,
        "status": status,
        "groups": grouped(rows, now) if is_board else [Group("", "", rows)] if rows else [],
        "page": page,
        "has_next": len(found) > PAGE_SIZE,
        "may_create": request.user.access.allows_somewhere(Permission.SHIPMENT_EDIT),
        "bulk_acts": BULK_ACTS if request.user.access.allows_somewhere(Permission.SHIPMENT_MOVE) else (),
        "key_list": KEYS,
        "is_filtered": any(value for name, value in wanted.items() if name != "status"),
    }
    return render(request, "orders/shipments.html", context)


def _filtered(shipments: ShipmentQuerySet, wanted: dict[str, Any], status: str, user: User, now: datetime) -> Any:
    """The shipments that fit what is wanted, in the order of the list."""
    if wanted.get("q"):
        shipments = shipments.search(wanted["q"], user)
    if wanted.get("mode"):
        shipments = shipments.filter(mode=wanted["mode"])
    if wanted.get("owner"):
        shipments = shipments.filter(owner=user)
    if wanted.get("etd_from"):
        shipments = shipments.filter(etd__gte=wanted["etd_from"])
    if wanted.get("etd_to"):
        shipments = shipments.filter(etd__lte=wanted["etd_to"])
    if status == "cutoff":
        shipments = shipments.cutoff_missed(now)
    elif status == "moving":
        shipments = shipments.moving()
    elif status != "all":
        shipments = shipments.filter(status=status)
    return _in_order(shipments, status, now)


def _in_order(shipments: ShipmentQuerySet, status: str, now: datetime) -> ShipmentQuerySet:
    """What is under way by what it calls for, everything else by ETD, the last first."""
    if status in BOARD:
        return shipments.by_urgency(now, timezone.localdate(now))
    return shipments.order_by("-etd", "-pk")


def _page_number(query: QueryDict) -> int:
    text = query.get("page", "")
    return min(int(text), 10_000) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else 1


def _visible(request: PersonRequest, number: str) -> "SeenShipment":
    """The shipment with its row's data, if the person may see it; else 404."""
    rows = with_row_data(Shipment.objects.visible_to(request.user), request.user)
    return get_object_or_404(rows, number=number)


def _require_somewhere(request: PersonRequest, permission: Permission) -> None:
    """Refuse those who may do this in no team, before any object is named."""
    if not request.user.access.allows_somewhere(permission):
        raise NotPermitted(_("Your role may not do this."))


def row_of(request: PersonRequest, number: str) -> ShipmentRow:
    """The shipment as its row, if the person may see it; else 404."""
    return rows_of([_visible(request, number)], user=request.user, now=timezone.now())[0]


@login_required
@require_safe
def shipment_export(request: PersonRequest) -> HttpResponseBase:
    """The list by its address as csv or xlsx, all of it and in its order."""
    form, now = ShipmentFilterForm(request.GET), timezone.now()
    file_form = asked_format(request)
    form.is_valid()
    status = form.cleaned_data.get("status") or "moving"
    shipments = _filtered(Shipment.objects.visible_to(request.user), form.cleaned_data, status, request.user, now)
    zone = request.organization.zone
    rows = read_shipments(shipments, user=request.user, zone=zone)
    columns = [column.in_language() for column in SHIPMENT_COLUMNS]
    name = f"shipments-{timezone.localdate(now)}"
    return file_response(columns, rows, file_form, name=name, title=_("Shipments"))


@login_required
@require_safe
def shipment_calendar(request: PersonRequest) -> HttpResponse:
    """Departures, arrivals and cut-offs of a month; the list's filters hold, but for its dates."""
    now = timezone.now()
    form = ShipmentFilterForm(request.GET)
    form.is_valid()
    wanted = {name: form.cleaned_data.get(name) for name in ("q", "mode", "owner")}
    shipments = _filtered(Shipment.objects.visible_to(request.user), wanted, "all", request.user, now)
    try:
        first = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        first = timezone.localdate(now).replace(day=1)
    first = min(max(first, EARLIEST_MONTH), LATEST_MONTH)
    context = {"form": form, "month": read_month(shipments, first, now), "this_month": timezone.localdate(now)}
    return render(request, "orders/shipment_calendar.html", context)


@login_required
@require_safe
def shipment_page(request: PersonRequest, number: str) -> HttpResponse:
    return show_page(request, row_of(request, number))


def show_page(request: PersonRequest, row: ShipmentRow, status: int = 200, **forms: Any) -> HttpResponse:
    """The shipment's page; `forms` take the place of empty ones, with what was refused."""
    shipment = row.shipment
    sees_money = request.user.access.sees_money(shipment.team_id)
    context = {
        "row": row,
        "shipment": shipment,
        "sees_money": sees_money,
        "history": history_of(shipment, request.user, sees_money=sees_money),
        "move_form": MoveForm(initial={"to": row.next_move}),
        "cancel_form": CancelForm(),
        "photo_form": PhotoForm(),
        "photos": photos_of(shipment, request.user),
        "may_add_photos": request.user.access.allows(Permission.DOCUMENT_ADD, shipment.team_id),
        "may_reshape": row.may_edit and shipment.status in RESHAPABLE,
        "may_roll": row.next_move and shipment.status in BEFORE_DEPARTURE,
        "last_act": last_act_on(shipment, request.user),
        "may_cancel": bool(row.next_move) and shipment.status in {ShipmentStatus.PLANNED, ShipmentStatus.BOOKED},
        **forms,
    }
    return render(request, "orders/shipment.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shipment_move(request: PersonRequest, number: str) -> HttpResponse:
    """GET shows the row with the form of its next move, POST makes it; the answer is the row, or the page."""
    row = row_of(request, number)
    require(request.user, Permission.SHIPMENT_MOVE, team_id=row.shipment.team_id)
    if request.method != "POST":
        if not request.htmx:
            return redirect("shipment", number=number)
        is_open = "close" not in request.GET
        return _show_row(request, row, MoveForm(initial={"to": row.next_move}) if is_open else None)
    form = MoveForm(request.POST)
    act = None
    if form.is_valid():
        operation = OPERATIONS[f"ship-{form.cleaned_data['to']}"]
        try:
            act = do_one(
                operation, row.shipment.pk, {"at": form.cleaned_data["at"]}, by=request.user, now=timezone.now()
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
    if request.htmx:
        after = row_of(request, number)
        response = _show_row(request, after, form if form.errors else None, status=422 if form.errors else 200)
        return offer_undo(response, act)
    if form.errors:
        return show_page(request, row_of(request, number), status=422, move_form=form)
    return redirect("shipment", number=number)


def _show_row(request: PersonRequest, row: ShipmentRow, form: MoveForm | None, status: int = 200) -> HttpResponse:
    return render(request, "orders/_shipment_row.html", {"row": row, "form": form}, status=status)


@login_required
@require_POST
def shipment_cancel(request: PersonRequest, number: str) -> HttpResponse:
    row = row_of(request, number)
    require(request.user, Permission.SHIPMENT_MOVE, team_id=row.shipment.team_id)
    form = CancelForm(request.POST)
    if form.is_valid():
        try:
            services.cancel_shipment(
                shipment_id=row.shipment.pk, by=request.user, now=timezone.now(), **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
    if form.errors:
        return show_page(request, row_of(request, number), status=422, cancel_form=form)
    messages.success(request, _("The shipment is cancelled; its goods are free for another one."))
    offer_re_plans(request, row.orders)
    return redirect("shipment", number=number)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shipment_edit(request: PersonRequest, number: str) -> HttpResponse:
    row = row_of(request, number)
    shipment = row.shipment
    require(request.user, Permission.SHIPMENT_EDIT, team_id=shipment.team_id)
    aboard = {line.order_line_id: line.quantity for line in shipment.seen_lines}
    are_lines_open = shipment.status in {ShipmentStatus.PLANNED, ShipmentStatus.BOOKED}
    orders = [order.pk for order in row.orders]
    left = with_left(OrderLine.objects.filter(order__in=orders), without=shipment).filter(left__gt=Decimal(0))
    lines = list(left.select_related("order").order_by("order", "position")) if are_lines_open else []
    form = ShipmentForm(
        request.POST or None,
        user=request.user,
        team_id=shipment.team_id,
        lines=lines,
        shipment=shipment,
        initial={**_values_of(shipment), **{f"{LINE}{pk}": _plain(quantity) for pk, quantity in aboard.items()}},
    )
    if request.method == "POST" and form.is_valid():
        quantities = form.quantities()
        try:
            services.edit_shipment(
                shipment_id=shipment.pk,
                values=form.values(),
                # Lines of orders that the person does not see stay as they are.
                lines={**_unseen(shipment), **quantities} if are_lines_open and quantities != aboard else None,
                seen_version=form.cleaned_data["version"],
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
            form.take_new_version(Shipment.objects.values_list("version", flat=True).get(pk=shipment.pk))
        else:
            messages.success(request, _("Saved."))
            offer_re_plans(request, row.orders)
            return redirect("shipment", number=form.cleaned_data["number"])
    context = {"form": form, "shipment": shipment, "row": row, "are_lines_open": are_lines_open}
    return render(request, "orders/shipment_edit.html", context, status=422 if form.errors else 200)


def _values_of(shipment: Shipment) -> dict[str, Any]:
    return {field.name: field.value_from_object(shipment) for field in Shipment._meta.concrete_fields}


def _plain(quantity: Decimal) -> str:
    """As a number input takes it, without zeros that say nothing."""
    return f"{quantity.normalize():f}"


def _unseen(shipment: "SeenShipment") -> dict[int, Any]:
    seen = {line.pk for line in shipment.seen_lines}
    rest = ShipmentLine.objects.filter(shipment=shipment).exclude(pk__in=seen)
    return dict(rest.values_list("order_line_id", "quantity"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def shipment_new(request: PersonRequest) -> HttpResponse:
    """Ship what is left of the orders named in the address; without one, choose among those to be shipped."""
    _require_somewhere(request, Permission.SHIPMENT_EDIT)
    numbers = list(dict.fromkeys(request.GET.getlist("order")))[:20]
    if not numbers:
        return _choose_orders(request)
    visible = Order.objects.visible_to(request.user).select_related("customer", "team")
    orders = list(visible.filter(number__in=numbers).order_by("pk"))
    if len(orders) < len(numbers):
        raise Http404
    for order in orders:
        require(request.user, Permission.SHIPMENT_EDIT, team_id=order.team_id)
    left = with_left(OrderLine.objects.filter(order__in=orders)).filter(left__gt=Decimal(0))
    lines = list(left.select_related("order").order_by("order", "position"))
    form = ShipmentForm(
        request.POST or None,
        user=request.user,
        team_id=orders[0].team_id,
        lines=lines,
        initial=_first_values(orders[0], lines, request.user),
    )
    if request.method == "POST" and form.is_valid():
        try:
            shipment = services.create_shipment(
                values={**form.values(), "team": orders[0].team},
                lines=form.quantities(),
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            offer_re_plans(request, orders)
            return redirect("shipment", number=shipment.number)
    context = {"form": form, "orders": orders, "lines": lines}
    return render(request, "orders/shipment_new.html", context, status=422 if form.errors else 200)


def offer_re_plans(request: PersonRequest, orders: Iterable[Order]) -> None:
    """Tell which orders' plans no longer fit the shipment; nothing moves before somebody has seen the preview."""
    for order in Order.objects.filter(pk__in=[order.pk for order in orders], plan__isnull=False).order_by("pk"):
        try:
            moves = plans.propose(order, plans.Changes(), now=timezone.now()).moves_of_note
        except DomainError:  # told on the order's own page
            continue
        if moves:
            text = ngettext(
                "Order %(number)s: %(count)s date would move with this. Its page shows the preview of the new plan.",
                "Order %(number)s: %(count)s dates would move with this. Its page shows the preview of the new plan.",
                len(moves),
            )
            messages.info(request, text % {"number": order.number, "count": len(moves)})


def _first_values(order: Order, lines: "list[LineWithLeft]", user: User) -> dict[str, Any]:
    """All that is left travels, the way the order says."""
    return {
        "number": suggested_number(order),
        "mode": order.mode,
        "destination": order.destination,
        "owner": order.logistics_owner_id or user.pk,
        **{f"{LINE}{line.pk}": _plain(line.left) for line in lines},
    }


def _choose_orders(request: PersonRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:200].strip()
    context = {"orders": orders_to_ship(request.user, text)[:50], "text": text}
    return render(request, "orders/shipment_choose.html", context)
