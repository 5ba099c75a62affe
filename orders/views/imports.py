"""The import of sheets: upload, see what it would do, correct how it is read, take it, undo it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from orders.forms.imports import ReadingForm, UploadForm
from orders.imports.report import NAMES
from orders.models import ImportProfile, ImportRun, Order
from orders.pages.import_result import result_workbook
from orders.progress import read_progress
from orders.services import imports as services
from orders.services.merges import start_merge
from orders.services.saved_profiles import NameTaken, save_profile
from orders.tasks import nudge_imports
from teams.access import require
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.permissions import Permission

SHOWN = 30
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: PersonRequest) -> HttpResponse:
    if not request.user.access.allows_somewhere(Permission.ORDER_CREATE):
        raise NotPermitted(_("Your role may not do this."))
    bound = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*bound, user=request.user)
    if form.is_valid():
        given = form.cleaned_data
        require(request.user, Permission.ORDER_CREATE, team_id=given["team"].pk)
        try:
            run = services.start_import(
                content=given["file"].read(),
                filename=given["file"].name,
                profile=given["profile"],
                team=given["team"],
                by=request.user,
                now=timezone.now(),
            )
        except services.ExportedSheet:
            given["file"].seek(0)
            merge = start_merge(
                content=given["file"].read(), filename=given["file"].name, by=request.user, now=timezone.now()
            )
            return redirect("merge", pk=merge.pk)
        except DomainError as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect("import", pk=run.pk)
    runs = ImportRun.objects.visible_to(request.user).select_related("team").order_by("-pk")[:SHOWN]
    saved = ImportProfile.objects.visible_to(request.user).select_related("by", "team").order_by("name")
    context = {"form": form, "runs": runs, "saved": saved}
    return render(request, "orders/imports.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def import_profile_delete(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget an own profile; one that somebody else shares is theirs. What was imported by it stays."""
    get_object_or_404(ImportProfile.objects.filter(by=request.user), pk=pk).delete()
    return redirect("imports")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: PersonRequest, pk: int) -> HttpResponse:
    """GET shows the preview or the outcome, POST reads the sheet as it was corrected and, asked so, keeps how."""
    run = _find(request, pk)
    form = ReadingForm(request.POST if request.method == "POST" else None, run=run, user=request.user)
    if form.is_valid():
        require(request.user, Permission.ORDER_CREATE, team_id=run.team_id)
        try:
            _read_again(request, run, form)
        except NameTaken as refusal:
            form.add_error("profile_name", str(refusal))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("import", pk=run.pk)
    return render(request, "orders/import.html", _context(run, form), status=422 if form.errors else 200)


@transaction.atomic
def _read_again(request: PersonRequest, run: ImportRun, form: ReadingForm) -> None:
    """Both or neither: what is kept under a name is what the page shows then."""
    now, given = timezone.now(), form.cleaned_data
    services.look_again(run_id=run.pk, choice=form.choice(), now=now)
    if form.is_saving:
        save_profile(run_id=run.pk, name=given["profile_name"], team=given["profile_team"], by=request.user, now=now)
        messages.success(
            request, _("Sheets with these headers are read as “%(name)s” now.") % {"name": given["profile_name"]}
        )


@login_required
@require_GET
def import_progress(request: PersonRequest, pk: int) -> HttpResponse:
    """What htmx asks for while a worker is at it."""
    run = _find(request, pk)
    context = {"run": run, "progress": read_progress(f"import:{run.pk}")}
    response = render(request, "orders/_import_progress.html", context)
    if run.status != ImportRun.Status.QUEUED:
        response.headers["HX-Refresh"] = "true"
    return response


@login_required
@require_POST
def import_apply(request: PersonRequest, pk: int) -> HttpResponse:
    run = _find(request, pk)
    require(request.user, Permission.ORDER_CREATE, team_id=run.team_id)
    try:
        services.apply_import(run_id=run.pk)
    except DomainError as refusal:
        return _refused(request, run, refusal)
    transaction.on_commit(nudge_imports, robust=True)
    return redirect("import", pk=pk)


@login_required
@require_POST
def import_undo(request: PersonRequest, pk: int) -> HttpResponse:
    run = _find(request, pk)
    require(request.user, Permission.ORDER_CREATE, team_id=run.team_id)
    try:
        services.undo_import(run_id=run.pk, by=request.user, now=timezone.now())
    except DomainError as refusal:
        return _refused(request, run, refusal)
    return redirect("import", pk=pk)


@login_required
@require_GET
def import_result(request: PersonRequest, pk: int) -> HttpResponse:
    """The sheet again, each row with what became of it."""
    run = _find(request, pk)
    content = result_workbook(run)
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="import-{run.pk}-result.xlsx"'
    return response


def _find(request: PersonRequest, pk: int) -> ImportRun:
    return get_object_or_404(ImportRun.objects.visible_to(request.user).select_related("team"), pk=pk)


def _context(run: ImportRun, form: ReadingForm) -> dict:
    numbers = Order.objects.filter(pk__in=run.order_ids).order_by("pk").values_list("number", flat=True)
    return {
        "run": run,
        "form": form,
        "may_correct": run.status in {ImportRun.Status.PREVIEW, ImportRun.Status.FAILED} and bool(run.file),
        "is_clean": not run.report.get("error_count"),
        "numbers": list(numbers[:50]),
        "counts": [
            (NAMES[kind], counts) for kind, counts in run.report.get("counts", {}).items() if any(counts.values())
        ],
    }


def _refused(request: PersonRequest, run: ImportRun, refusal: DomainError) -> HttpResponse:
    context = {**_context(run, ReadingForm(run=run, user=request.user)), "refusal": str(refusal)}
    return render(request, "orders/import.html", context, status=409)
