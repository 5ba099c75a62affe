"""Leaves: one's own, and those that a lead enters for the people of their teams."""

from django.contrib import messages as banners
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from teams.errors import DomainError
from teams.http import PersonRequest
from teams.models import Leave, User
from teams.preference_forms import LeaveForm
from teams.services import leave as services


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: PersonRequest) -> HttpResponse:
    """`?person=` names whose leaves they are; one's own without it."""
    person, now = _person(request), timezone.now()
    form = LeaveForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_valid():
        try:
            services.add_leave(person=person, now=now, **form.cleaned_data)
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            banners.success(request, _("Saved."))
            return _to_page(request, person)
    context = {
        "form": form,
        "person": person,
        "is_own": person.pk == request.user.pk,
        "leaves": services.leaves_of(person, now),
        "deputised": services.deputised_by(person, now),
        "today": services.today_of(person, now),
        "others": services.people_for(request.user),
    }
    return render(request, "teams/leave.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def leave_remove(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Leave.objects.select_related("user"), pk=pk)
    if not services.may_enter_for(request.user, row.user):
        raise Http404
    services.remove_leave(leave_id=row.pk)
    banners.success(request, _("The leave is removed."))
    return _to_page(request, row.user)


def _person(request: PersonRequest) -> User:
    username = request.GET.get("person", "")
    if not username or username == request.user.username:
        return request.user
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None or not services.may_enter_for(request.user, person):
        raise Http404
    return person


def _to_page(request: PersonRequest, person: User) -> HttpResponse:
    query = "" if person.pk == request.user.pk else f"?{urlencode({'person': person.username})}"
    return redirect(reverse("leave") + query)
