"""One order: its page and its moves."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from orders.forms.orders import MOVE_FORMS, MoveForm, PromiseForm
from orders.mentions import mention_names
from orders.models import Order
from orders.pages.sheet import with_sheet_data
from orders.services import orders as services
from orders.views.sheet import sheet_context
from teams.access import require
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.permissions import Permission

# Each move: the right it takes, the service that makes it.
MOVES: dict[str, tuple[Permission, Callable[..., Order]]] = {
    "confirm": (Permission.ORDER_MOVE, services.confirm_order),
    "hold": (Permission.ORDER_MOVE, services.hold_order),
    "resume": (Permission.ORDER_MOVE, services.resume_order),
    "cancel": (Permission.ORDER_CANCEL, services.cancel_order),
    "close": (Permission.ORDER_MOVE, services.close_order),
    "promise": (Permission.PROMISE_CHANGE, services.move_promise),
}


def find_order(request: PersonRequest, number: str) -> Order:
    """The order if the reader may see it, else 404."""
    return get_object_or_404(Order.objects.visible_to(request.user).select_related("team"), number=number)


@login_required
@require_GET
def order_page(request: PersonRequest, number: str) -> HttpResponse:
    order = get_object_or_404(with_sheet_data(Order.objects.visible_to(request.user)), number=number)
    context = sheet_context(request, order, all_events=request.GET.get("events") == "all", is_fresh=True)
    return render(request, "orders/order.html", context)


@login_required
@require_GET
def mention_list(request: PersonRequest) -> JsonResponse:
    """Whom a comment may name, asked for when somebody begins to write one."""
    return JsonResponse({"names": mention_names(request.user)})


@login_required
@require_GET
def order_fresh(request: PersonRequest, number: str) -> HttpResponse:
    """Whether others have worked on the order since the page was made (`seen`: its newest event); asked by the page."""
    order = find_order(request, number)
    seen = request.GET.get("seen", "")
    after = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else 0
    newer = order.events.filter(pk__gt=after).exclude(by=request.user).select_related("by").order_by("-pk")
    context = {"order": order, "seen": after, "newer": newer.first(), "count": newer.count()}
    return render(request, "orders/_order_fresh.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_move(request: PersonRequest, number: str, move: str) -> HttpResponse:
    """GET shows the form of a move, POST makes it and shows the order anew."""
    if move not in MOVES:
        raise Http404
    order = find_order(request, number)
    permission, service = MOVES[move]
    require(request.user, permission, team_id=order.team_id)
    form = MOVE_FORMS[move](request.POST if request.method == "POST" else None, order=order)
    if isinstance(form, PromiseForm):
        form.suggest(request.GET.get("line", ""))
    if form.is_valid():
        try:
            service(order_id=order.pk, by=request.user, now=timezone.now(), **form.values())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    if not form.is_bound or form.errors:
        return _show_move(request, order, move, form)
    response = redirect("order", number=order.number)
    return HttpResponseClientRedirect(response.url) if request.htmx else response


def _show_move(request: PersonRequest, order: Order, move: str, form: MoveForm) -> HttpResponse:
    template = "orders/_order_move.html" if request.htmx else "orders/order_move.html"
    context = {"order": order, "move": move, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)
