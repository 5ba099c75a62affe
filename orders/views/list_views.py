"""What a person keeps of the order list: columns and named views."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from orders.forms.views import SaveViewForm
from orders.models import SavedView
from orders.pages import order_columns
from orders.services import views as services
from teams.errors import DomainError
from teams.http import PersonRequest


@login_required
@require_POST
def columns_keep(request: PersonRequest) -> HttpResponse:
    """Keep the checked columns in the order given, or the usual ones on `reset`; back to the same list."""
    asked = [] if "reset" in request.POST else request.POST.getlist("column")
    offered = {column.key for column in order_columns.offered(request.user)}
    services.keep_columns(columns=[key for key in dict.fromkeys(asked) if key in offered], by=request.user)
    return redirect(_list(request.POST.get("query", ""), columns=""))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def view_save(request: PersonRequest) -> HttpResponse:
    """GET asks for the name of the view whose address is `query`, POST keeps it."""
    if request.method != "POST":
        first = {"query": request.GET.get("query", "")[:2000], "name": request.GET.get("name", "")[:40]}
        form = SaveViewForm(initial=first, user=request.user)
        return render(request, "orders/_view_form.html" if request.htmx else "orders/view_save.html", {"form": form})
    form = SaveViewForm(request.POST, user=request.user)
    if form.is_valid():
        given = form.cleaned_data
        query = _tidy(given["query"])
        try:
            services.save_view(name=given["name"], query=query, team=given["team"], by=request.user, now=timezone.now())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(_list(query))
    return render(request, "orders/view_save.html", {"form": form}, status=422)


@login_required
@require_POST
def view_delete(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget an own view; one that somebody else shares is theirs."""
    view = get_object_or_404(SavedView.objects.filter(by=request.user), pk=pk)
    query = view.query
    view.delete()
    return redirect(_list(query))


def _list(query: str, **changes: str) -> str:
    return f"{reverse('orders')}?{_tidy(query, **changes)}"


def _tidy(query: str, **changes: str) -> str:
    """The address of the list without what belongs to one look at it only."""
    wanted = QueryDict(query[:2000], mutable=True)
    for name in ("after", "jump", "rows", *changes):
        wanted.pop(name, None)
    for name, values in list(wanted.lists()):
        if not any(values):
            del wanted[name]
    return wanted.urlencode()
