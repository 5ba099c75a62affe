"""Lists as sheets: at once where they are short or csv, by a worker where a workbook is long."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from customers.filters import filtered
from customers.forms import CompanyFilterForm
from customers.models import Company
from orders.exports.columns import COMPANY_COLUMNS, SHAPES, Column, columns_for
from orders.exports.rows import read_companies, read_rows
from orders.exports.writing import Chunks, csv_lines, write_xlsx
from orders.models import ExportRun
from orders.services import exports as services
from orders.tasks import nudge_exports
from teams.errors import DomainError
from teams.http import PersonRequest
from teams.models import Organization, User

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AT_ONCE = 5000  # a longer workbook is written by a worker
SHOWN = 30


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order_export(request: PersonRequest) -> HttpResponseBase:
    """The list of orders by its address, as csv or xlsx; `rows` says one row per order or per line.

    `columns` names those that are wanted (orders.exports.columns), with commas; without it all are written.

    GET sends the file. POST has a worker write it, which a long workbook asks for.
    """
    query = request.POST if request.method == "POST" else request.GET
    shape, form = query.get("rows", "orders"), query.get("format", "xlsx")
    if shape not in SHAPES or form not in {"csv", "xlsx"}:
        raise Http404
    now = timezone.now()
    filters = query.copy()
    for name in ("rows", "format", "after", "csrfmiddlewaretoken"):
        filters.pop(name, None)
    try:
        ids = services.listed_ids(filters, request.user, now)
        if request.method == "POST":
            run = services.start_export(
                shape=shape, query=filters.urlencode()[:4000], total=len(ids), by=request.user, now=now
            )
            transaction.on_commit(nudge_exports, robust=True)
            return redirect("export", pk=run.pk)
    except DomainError as refusal:
        return render(request, "orders/export_refused.html", {"refusal": refusal}, status=422)
    if form == "xlsx" and len(ids) > AT_ONCE:
        context = {"total": len(ids), "filters": list(filters.items()), "shape": shape, "query": filters.urlencode()}
        return render(request, "orders/export_long.html", context)
    return sheet_response(request.user, shape, form, ids, asked=query.get("columns", ""))


def sheet_response(user: User, shape: str, form: str, ids: list[int], *, asked: str = "") -> HttpResponseBase:
    """The file itself: csv as it is read, xlsx by way of a file on disk; memory stays flat."""
    now, zone = timezone.now(), Organization.current().zone
    access = user.access
    columns = columns_for(shape, sees_money=access.sees_any_money, asked=asked)
    chunks = read_rows(shape, ids, access=access, now=now, zone=zone)
    return file_response(columns, chunks, form, name=f"{shape}-{timezone.localdate(now)}", title=_("Orders"))


def file_response(columns: Sequence[Column], chunks: Chunks, form: str, *, name: str, title: str) -> HttpResponseBase:
    """The rows as csv, streamed, or as a workbook by way of a file on disk."""
    if form == "csv":
        response: HttpResponseBase = StreamingHttpResponse(
            (line.encode() for line in csv_lines(columns, chunks)), content_type="text/csv; charset=utf-8"
        )
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export.xlsx"
            write_xlsx(path, columns, chunks, title=title)
            response = HttpResponse(path.read_bytes(), content_type=XLSX)
    return as_attachment(response, f"{name}.{form}")


def asked_format(request: PersonRequest) -> str:
    """The kind of file that the address asks for, a workbook unless it says csv.

    Raises:
        Http404
    """
    form = request.GET.get("format", "xlsx")
    if form not in {"csv", "xlsx"}:
        raise Http404
    return form


def as_attachment(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_safe
def company_export(request: PersonRequest) -> HttpResponseBase:
    """The list of companies by its address as csv or xlsx, all of it and in its order."""
    filters, now = CompanyFilterForm(request.GET), timezone.now()
    form = asked_format(request)
    filters.is_valid()  # a filter that cannot be read is not used, as on the page
    companies = filtered(Company.objects.visible_to(request.user), filters.cleaned_data, request.user)
    rows = read_companies(companies.order_by("name", "pk"), viewer=request.user, now=now)
    return file_response(COMPANY_COLUMNS, rows, form, name=f"companies-{timezone.localdate(now)}", title=_("Customers"))


@login_required
@require_GET
def export_list(request: PersonRequest) -> HttpResponse:
    runs = ExportRun.objects.visible_to(request.user).order_by("-pk")[:SHOWN]
    return render(request, "orders/exports.html", {"runs": runs})


@login_required
@require_GET
def export_page(request: PersonRequest, pk: int) -> HttpResponse:
    return render(request, "orders/export.html", {"run": _find(request, pk)})


@login_required
@require_GET
def export_progress(request: PersonRequest, pk: int) -> HttpResponse:
    return render(request, "orders/_export_progress.html", {"run": _find(request, pk)})


@login_required
@require_GET
def export_file(request: PersonRequest, pk: int) -> HttpResponseBase:
    run = _find(request, pk)
    if not run.file:
        raise Http404
    with run.file.open("rb") as file:
        response = HttpResponse(file.read(), content_type=XLSX)
    return as_attachment(response, f"{run.shape}-{timezone.localdate(run.created_at)}.xlsx")


def _find(request: PersonRequest, pk: int) -> ExportRun:
    return get_object_or_404(ExportRun.objects.visible_to(request.user), pk=pk)
