"""Arranging the dashboard: which figures, in which order, for whom."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kpi.asking import check_reader
from kpi.boards import save_board, standard_codes
from kpi.forms import QuestionForm
from kpi.models import KpiBoard
from kpi.registry import offered_to
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.models import User
from teams.refusals import RefusedForm
from teams.share_field import ShareField


class BoardForm(RefusedForm):
    """`codes` come in the order in which the page shows them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=40, required=False)
    team = ShareField()
    is_first = forms.BooleanField(label=gettext_lazy("My dashboard opens with it"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team: Any = self.fields["team"]
        team.offer_to(user)


@login_required
@require_http_methods(["GET", "POST"])
def board_new(request: PersonRequest) -> HttpResponse:
    """A new arrangement, from what the role looks at and the period and filters of the address."""
    check_reader(request.user)
    if request.method == "POST":
        return _save(request, None, timezone.now())
    chosen = [code for code in request.GET.getlist("codes") if code in offered_to(request.user)]
    form = BoardForm(user=request.user)
    return _page(
        request, form, chosen or standard_codes(request.user), _tidy(request.GET, request.user, timezone.now())
    )


@login_required
@require_http_methods(["GET", "POST"])
def board_edit(request: PersonRequest, pk: int) -> HttpResponse:
    """One's own board arranged anew."""
    board = get_object_or_404(KpiBoard, pk=pk, by=request.user)
    if request.method == "POST":
        return _save(request, board, timezone.now())
    initial = {"name": board.name, "team": board.team, "is_first": board.is_first}
    return _page(request, BoardForm(user=request.user, initial=initial), board.codes, board.query, board)


@login_required
@require_POST
def board_delete(request: PersonRequest, pk: int) -> HttpResponse:
    board = get_object_or_404(KpiBoard, pk=pk, by=request.user)
    board.delete()
    messages.success(request, _("The board is deleted; the figures stay."))
    return redirect("dashboard")


def _tidy(query: QueryDict, user: User, now: datetime) -> str:
    """Period and filters of an address, and nothing else of it."""
    form = QuestionForm(query, user=user, now=now)
    form.question()
    return urlencode(form.query())


def _save(request: PersonRequest, board: KpiBoard | None, now: datetime) -> HttpResponse:
    form = BoardForm(request.POST, user=request.user)
    codes = request.POST.getlist("codes")
    query = _tidy(QueryDict(urlencode(parse_qsl(request.POST.get("query", "")[:2000]))), request.user, now)
    if form.is_valid():
        try:
            saved = save_board(**form.cleaned_data, codes=codes, query=query, by=request.user, now=now, board=board)
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("The board is saved."))
            return redirect(board_url(saved))
    return _page(request, form, codes, query, board, status=422)


def board_url(board: KpiBoard) -> str:
    """The dashboard with this board, its period and its filters."""
    return f"{reverse('dashboard')}?{urlencode([('board', board.pk), *parse_qsl(board.query)])}"


def _page(
    request: PersonRequest,
    form: BoardForm,
    chosen: list[str],
    query: str,
    board: KpiBoard | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    offered = offered_to(request.user)
    known = [code for code in dict.fromkeys(chosen) if code in offered]
    figures = [*((offered[code], True) for code in known)]
    figures += [(metric, False) for code, metric in offered.items() if code not in known]
    context = {"form": form, "figures": figures, "query_kept": query, "board": board}
    return render(request, "kpi/board_edit.html", context, status=status)
