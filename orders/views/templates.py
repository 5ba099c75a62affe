"""Settings: process templates, their editor, and moving open orders to a new version."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from orders.forms.templates import NewTemplateForm, TemplateEditor
from orders.models import PlanJob, ProcessTemplate
from orders.pages import templates as pages
from orders.pages.paging import BadCursor, page_after
from orders.process import steps_of
from orders.services import templates as services
from orders.step_words import FLAGS
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.permissions import Permission

PAGE_SIZE = 50
TABS = ("steps", "network", "coverage", "versions")


def _require_settings(request: PersonRequest) -> None:
    if not request.user.access.allows_somewhere(Permission.SETTINGS_EDIT):
        raise NotPermitted(_("Your role may not do this."))


def _current(request: PersonRequest, code: str) -> ProcessTemplate:
    """The current version of a process; processes are no secret, so only a missing one is a 404."""
    template = get_object_or_404(ProcessTemplate.objects.select_related("made_by"), code=code, is_current=True)
    _require_settings(request)
    return template


@login_required
@require_safe
def template_list(request: PersonRequest) -> HttpResponse:
    _require_settings(request)
    return render(request, "orders/templates.html", {"rows": pages.template_rows(request.user)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_new(request: PersonRequest) -> HttpResponse:
    _require_settings(request)
    form = NewTemplateForm(request.POST or None, initial={"copy_of": request.GET.get("copy_of", "")[:20]})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            template = services.copy_template(
                code=given["code"],
                copy_of=given["copy_of"].pk,
                names=(given["name_zh"], given["name_en"]),
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, _("The process is there. Change its steps now."))
            return redirect("process_template_edit", code=template.code)
    status = 422 if request.method == "POST" else 200
    return render(request, "orders/template_new.html", {"form": form}, status=status)


@login_required
@require_safe
def template_page(request: PersonRequest, code: str) -> HttpResponse:
    """The current version: its figures, and one part of it by tab."""
    template = _current(request, code)
    tab = request.GET.get("show", "")
    context = {**pages.template_context(template, request.user), "tab": tab if tab in TABS else TABS[0]}
    return render(request, "orders/template.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_edit(request: PersonRequest, code: str) -> HttpResponse:
    """All rows in one form: checked first, then saved as the next version."""
    template = _current(request, code)
    specs = [spec for _pk, spec in steps_of(template.pk)]
    editor = TemplateEditor(request.POST if request.method == "POST" else None, template=template, specs=specs)
    context: dict[str, Any] = {"editor": editor, "template": template, "flags": _flag_words()}
    status = 200
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act == "add":
            editor.add_blank()
        elif not editor.is_valid():
            status = 422
        else:
            try:
                if act == "save":
                    return _saved(request, _save(request, editor))
                draft = services.check_draft(**editor.values())
                context["preview"] = pages.preview_context(template, draft, request.user)
            except services.TemplateMovedOn as refusal:
                status = 409
                context |= _both(template, editor, refusal)
            except DomainError as refusal:
                status = 422
                editor.add_refusal(refusal)
    name = "orders/_template_editor.html" if request.htmx else "orders/template_edit.html"
    return render(request, name, context, status=status)


def _flag_words() -> list[tuple[str, str, Any, Any]]:
    return [(letter, icon, word, meaning) for letter, (icon, word, meaning) in FLAGS.items()]


def _save(request: PersonRequest, editor: TemplateEditor) -> ProcessTemplate:
    return services.save_version(
        code=editor.template.code,
        base_version=editor.head.cleaned_data["base_version"],
        by=request.user,
        now=timezone.now(),
        **editor.values(),
    )


def _saved(request: PersonRequest, template: ProcessTemplate) -> HttpResponse:
    words = _("Version %(version)s is saved; new orders are planned by it.") % {"version": template.version}
    messages.success(request, words)
    address = reverse("process_template", args=[template.code])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _both(template: ProcessTemplate, editor: TemplateEditor, refusal: services.TemplateMovedOn) -> dict[str, Any]:
    """What the other person changed, and what this one does; saving again keeps this one's rows."""
    base = ProcessTemplate.objects.filter(code=template.code, version=editor.head.cleaned_data["base_version"]).first()
    draft = services.check_draft(**editor.values())
    editor.head.take_base(refusal.current.version)
    return {
        "conflict": str(refusal),
        "template": refusal.current,
        **pages.conflict_context(base, refusal.current, draft),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_migrate(request: PersonRequest, code: str) -> HttpResponse:
    """Open orders on older versions, each with what the current one would move; the chosen ones are moved by a job."""
    template = _current(request, code)
    refused, status = "", 200
    if request.method == "POST":
        try:
            job = services.migrate_orders(
                template=template,
                order_ids=None if request.POST.get("all") else _order_ids(request.POST),
                by=request.user,
                now=timezone.now(),
            )
            return redirect("process_template_job", pk=job.pk)
        except DomainError as refusal:
            refused, status = str(refusal), 422
    orders = services.orders_on_older_versions(template, request.user)
    try:
        page, after = page_after(
            orders.select_related(*pages.MIGRATION_RELATIONS),
            by="number",
            cursor=request.GET.get("after", ""),
            size=PAGE_SIZE,
        )
    except BadCursor as error:
        raise BadRequest from error
    now = timezone.now()
    context = {
        "template": template,
        "rows": [pages.migration_row(order, template, now) for order in page],
        "after": after,
        "total": orders.count(),
        "chosen": set(_order_ids(request.POST)),
        "refused": refused,
        "jobs": pages.template_jobs(template),
    }
    return render(request, "orders/template_migrate.html", context, status=status)


def _order_ids(data: QueryDict) -> list[int]:
    return [int(text) for text in data.getlist("order") if text.isascii() and text.isdigit() and len(text) < 19]


@login_required
@require_safe
def template_job(request: PersonRequest, pk: int) -> HttpResponse:
    """How far the orders are that move to a version; htmx asks for the bar alone."""
    jobs = PlanJob.objects.filter(kind=PlanJob.Kind.TEMPLATE).select_related("template", "by")
    job = get_object_or_404(jobs, pk=pk)
    _require_settings(request)
    words = ngettext(
        "%(count)s order moves to version %(version)s", "%(count)s orders move to version %(version)s", job.total
    )
    version = job.template.version if job.template else 0
    context = {"job": job, "words": words % {"count": job.total, "version": version}}
    name = "orders/_template_job.html" if request.htmx else "orders/template_job.html"
    return render(request, name, context)
