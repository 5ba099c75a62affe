"""Customers and the other companies: the list, a company's page, and noting what was said."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import services
from customers.api import colleagues_of, require_at
from customers.filters import filtered
from customers.forms import PARTS, CompanyFilterForm, CompanyForm, ContactForm, InteractionForm
from customers.models import Company, Contact
from customers.registry import OrderCounts, order_book
from teams.countries import country_name
from teams.errors import DomainError, NotPermitted
from teams.http import PersonRequest
from teams.permissions import Permission

PAGE_SIZE = 50
SHOWN_ORDERS = 20
SHOWN_INTERACTIONS = 30


@login_required
@require_safe
def company_list(request: PersonRequest) -> HttpResponse:
    """Companies the person may see; filters stand in the address."""
    form = CompanyFilterForm(request.GET)
    form.is_valid()  # a filter that cannot be read is not used
    wanted = form.cleaned_data
    visible = Company.objects.visible_to(request.user)
    companies = filtered(visible, wanted, request.user)
    page = Paginator(companies.select_related("owner").order_by("name", "pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    counts = order_book().counts([company.pk for company in page], viewer=request.user, now=timezone.now())
    countries = visible.exclude(country="").order_by().values_list("country", flat=True).distinct()
    owners = colleagues_of(request.user).filter(pk__in=visible.order_by().values("owner")).order_by("name", "pk")
    context = {
        "rows": [(each, country_name(each.country), counts.get(each.pk, OrderCounts())) for each in page],
        "page": page,
        "total": page.paginator.count,
        "wanted": wanted,
        "parts": PARTS,
        "countries": sorted(((code, country_name(code)) for code in countries), key=lambda pair: pair[1]),
        "grades": Company.Grade.values,
        "owners": list(owners.values_list("username", "name")),
        "is_filtered": any(wanted.values()),
        "may_create": request.user.access.allows_somewhere(Permission.COMPANY_EDIT),
    }
    return render(request, "customers/companies.html", context)


def _visible(request: PersonRequest, code: str) -> Company:
    return get_object_or_404(
        Company.objects.visible_to(request.user).select_related("team", "owner", "calendar"), code=code
    )


def _may(request: PersonRequest, permission: Permission, company: Company) -> bool:
    try:
        require_at(request.user, permission, company)
    except NotPermitted:
        return False
    return True


@login_required
@require_safe
def company_page(request: PersonRequest, code: str) -> HttpResponse:
    return _show(request, _visible(request, code))


def _show(request: PersonRequest, company: Company, status: int = 200, **forms: Any) -> HttpResponse:
    now = timezone.now()
    counts = order_book().counts([company.pk], viewer=request.user, now=now)
    interactions = company.interactions.select_related("contact", "by").order_by("-at", "-pk")
    context = {
        "company": company,
        "country": country_name(company.country) if company.country else "",
        "contacts": company.contacts.order_by("-is_primary", "name", "pk"),
        "interactions": interactions[:SHOWN_INTERACTIONS],
        "next_contact": interactions.filter(next_action_at__gte=now).order_by("next_action_at").first(),
        "orders": order_book().newest(company, viewer=request.user, now=now, limit=SHOWN_ORDERS),
        "counts": counts.get(company.pk, OrderCounts()),
        "may_edit": _may(request, Permission.COMPANY_EDIT, company),
        "may_note": _may(request, Permission.INTERACTION_ADD, company),
        "interaction_form": InteractionForm(company=company, initial={"direction": "out"}),
        "contact_form": ContactForm(auto_id="contact_%s"),
        **forms,
    }
    return render(request, "customers/company.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def company_new(request: PersonRequest) -> HttpResponse:
    """A company that looks like one that exists is created only once the person says that it is another."""
    if not request.user.access.allows_somewhere(Permission.COMPANY_EDIT):
        raise NotPermitted(_("Your role may not do this."))
    form = CompanyForm(request.POST or None, user=request.user, initial={"is_customer": True, "owner": request.user.pk})
    similar: list[Company] = []
    if request.method == "POST" and form.is_valid():
        if not form.cleaned_data["is_other"]:
            similar = _similar(request, form.cleaned_data["name"])
        if not similar:
            try:
                values = {**form.values(), "team": form.cleaned_data["team"]}
                company = services.create_company(values=values)
            except DomainError as refusal:
                form.add_refusal(refusal)
            else:
                return redirect("company", code=company.code)
    context = {"form": form, "similar": similar}
    return render(request, "customers/company_new.html", context, status=422 if form.errors or similar else 200)


@login_required
@require_safe
def company_similar(request: PersonRequest) -> HttpResponse:
    """While a name is typed: companies that may be the same one."""
    return render(request, "customers/_similar.html", {"similar": _similar(request, request.GET.get("name", "")[:160])})


def _similar(request: PersonRequest, name: str) -> list[Company]:
    return list(Company.objects.visible_to(request.user).similar_to(name).order_by("-likeness", "pk")[:5])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def company_edit(request: PersonRequest, code: str) -> HttpResponse:
    company = _visible(request, code)
    require_at(request.user, Permission.COMPANY_EDIT, company)
    form = CompanyForm(request.POST or None, user=request.user, row=company)
    if request.method == "POST" and form.is_valid():
        try:
            company = services.edit_company(
                company_id=company.pk,
                values=form.values(),
                seen_version=form.cleaned_data["version"],
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
            form.take_new_version(_visible(request, code).version)
        else:
            messages.success(request, _("Saved."))
            return redirect("company", code=company.code)
    context = {"form": form, "company": company}
    return render(request, "customers/company_edit.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def interaction_add(request: PersonRequest, code: str) -> HttpResponse:
    company = _visible(request, code)
    require_at(request.user, Permission.INTERACTION_ADD, company)
    form = InteractionForm(request.POST, company=company)
    if form.is_valid():
        try:
            values = {**form.values(), "company": company, "at": timezone.now()}
            services.add_interaction(values=values, by=request.user)
        except DomainError as refusal:
            form.add_refusal(refusal)
    if form.errors:
        return _show(request, company, status=422, interaction_form=form)
    return redirect("company", code=code)


@login_required
@require_POST
def contact_add(request: PersonRequest, code: str) -> HttpResponse:
    company = _visible(request, code)
    require_at(request.user, Permission.COMPANY_EDIT, company)
    form = ContactForm(request.POST, auto_id="contact_%s")
    if form.is_valid():
        services.create_contact(values={**form.values(), "company": company})
        return redirect("company", code=code)
    return _show(request, company, status=422, contact_form=form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def contact_edit(request: PersonRequest, code: str, pk: int) -> HttpResponse:
    company = _visible(request, code)
    contact = get_object_or_404(Contact.objects.filter(company=company), pk=pk)
    require_at(request.user, Permission.COMPANY_EDIT, company)
    form = ContactForm(request.POST or None, row=contact)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_contact(
                contact_id=contact.pk,
                values=form.values(),
                seen_version=form.cleaned_data["version"],
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
            form.take_new_version(Contact.objects.values_list("version", flat=True).get(pk=pk))
        else:
            return redirect("company", code=code)
    context = {"form": form, "company": company, "contact": contact}
    return render(request, "customers/contact_edit.html", context, status=422 if form.errors else 200)
