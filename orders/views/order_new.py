"""A new order: a draft with its lines; confirming it is a move of its own."""

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BooleanField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.models import Company
from orders import drafting
from orders.filters import people_of
from orders.forms.lines import MAX_LINES, LineForm, LineFormSet
from orders.forms.orders import NewOrderForm
from orders.line_paste import read_lines
from orders.models import Order
from orders.services import orders as services
from teams.access import require
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.permissions import Permission

OFFERED = 20
PASTED = 100_000  # characters of a sheet


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_new(request: PersonRequest) -> HttpResponse:
    access = request.user.access
    if not access.allows_somewhere(Permission.ORDER_CREATE):
        raise NotPermitted(_("Your role may not do this."))
    options: dict[str, Any] = {"user": request.user, "sees_money": access.sees_any_money}
    line_options = {"form_kwargs": {"sees_money": access.sees_any_money}, "prefix": "lines"}
    if request.method == "POST":
        form, lines = NewOrderForm(request.POST, **options), LineFormSet(request.POST, **line_options)
        if form.is_valid() and lines.is_valid():
            order = _create(request, form, lines)
            if order is not None:
                messages.success(request, _("The draft is saved. Confirm it to lay down its steps."))
                return redirect("order", number=order.number)
        status = 422
    else:
        suggested, copied = _suggested(request)
        form, lines = NewOrderForm(initial=suggested, **options), LineFormSet(initial=copied, **line_options)
        status = 200
    return render(request, "orders/order_new.html", {"form": form, "lines": lines}, status=status)


def _suggested(request: PersonRequest) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What stands in the form at first, and the lines: of the order that is copied, else what its customer had last."""
    own = people_of(request.user).filter(username=request.user.username).first()
    values: dict[str, Any] = {
        "ordered_date": timezone.localdate(),
        "clerk": own,
        "customer": request.GET.get("customer", "")[:40],
        "number": drafting.next_number(request.user),
    }
    visible = Order.objects.visible_to(request.user)
    if "copy" in request.GET:
        source = get_object_or_404(visible.select_related("customer", "template"), number=request.GET["copy"])
        values |= drafting.terms_of(source)
        values["clerk"] = own or source.clerk
        return values, drafting.lines_of(source, sees_money=request.user.access.sees_money(source.team_id))
    last = visible.filter(customer__code=values["customer"]).order_by("-ordered_at", "-pk").first()
    return (values | drafting.terms_of(last) if values["customer"] and last else values), []


@login_required
@require_POST
def lines_pasted(request: PersonRequest) -> HttpResponse:
    """Rows of the line editor for what was pasted from a sheet; nothing is written."""
    if not request.user.access.allows_somewhere(Permission.ORDER_CREATE):
        raise NotPermitted(_("Your role may not do this."))
    text, start = request.POST.get("text", "")[:PASTED], request.POST.get("start", "")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 4 else 0
    sees_money = request.user.access.sees_any_money
    found = read_lines(text.replace("\x00", ""), sees_money=sees_money)[: max(0, MAX_LINES - first)]
    forms = []
    for index, line in enumerate(found, start=first):
        data = {f"lines-{index}-{name}": value for name, value in line.items()}
        form = LineForm(data, prefix=f"lines-{index}", sees_money=sees_money)
        form.fields["DELETE"] = BooleanField(required=False, label=pgettext("a line", "Remove"))
        forms.append(form)
    return render(request, "orders/_lines_pasted.html", {"forms": forms})


def _create(request: PersonRequest, form: NewOrderForm, lines: Any) -> Order | None:
    values = dict(form.cleaned_data)
    promised, ordered = values.pop("promised_date"), values.pop("ordered_date")
    require(request.user, Permission.ORDER_CREATE, team_id=values["team"].pk)
    now = timezone.now()
    # A day ordered today is ordered now; another day begins with its morning, as nobody types the hour.
    morning = datetime.combine(ordered, time(9), timezone.get_current_timezone())
    values["ordered_at"] = now if ordered == timezone.localdate(now) else morning
    try:
        return services.create_order(values=values, lines=lines.values(promised), by=request.user, now=now)
    except DomainError as refusal:
        for name, text in refusal.fields.items():
            form.add_error(name if name in form.fields else None, text)
        if not refusal.fields:
            form.add_error(None, str(refusal))
    return None


@login_required
@require_GET
def company_options(request: PersonRequest) -> HttpResponse:
    """What the browser offers while a customer or supplier is typed."""
    text = request.GET.get("customer") or request.GET.get("supplier") or ""
    companies = Company.objects.visible_to(request.user)
    kind = companies.suppliers() if "supplier" in request.GET else companies.customers()
    found = kind.search(text.partition(" · ")[0].strip()[:80]) if text else kind
    return render(request, "orders/_company_options.html", {"companies": found.order_by("name", "pk")[:OFFERED]})
