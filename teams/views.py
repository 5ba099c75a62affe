"""Log-in and everything about oneself: password, language, profile, API tokens."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from teams import throttle
from teams.forms import LanguageForm, LoginForm, ProfileForm, ResetForm, TokenForm
from teams.http import PageRequest, PersonRequest
from teams.models import ApiToken
from teams.permissions import RoleCode
from teams.services import people
from teams.services import tokens as token_services


class LoginView(auth_views.LoginView):
    """422 when name or password is wrong, 429 when there were too many tries; leads on only within the site."""

    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        throttle.remember_device(response, form.get_user().get_username())
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        status = 429 if form.is_locked else 422
        return self.render_to_response(self.get_context_data(form=form), status=status)


class LogoutView(auth_views.LogoutView):
    """By POST only; the browser drops what it kept of the pages."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class PasswordChangeView(auth_views.PasswordChangeView):
    success_url = reverse_lazy("profile")

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password is changed. Other devices are logged out."))
        return super().form_valid(form)


class PasswordResetView(auth_views.PasswordResetView):
    form_class = ResetForm
    email_template_name = "registration/password_reset_email.txt"
    subject_template_name = "registration/password_reset_subject.txt"


@require_POST
def set_language(request: PageRequest) -> HttpResponse:
    """Switch the language: kept with the account, and in a cookie for the pages before log-in."""
    form = LanguageForm(request.POST)
    response = HttpResponseRedirect(_safe_next(request))
    if form.is_valid():
        language = form.cleaned_data["language"]
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
        if request.user.is_authenticated:
            people.choose_language(user=request.user, language=language)
    return response


def _safe_next(request: PageRequest) -> str:
    """The address in `next` if it lies within the site, else the first page."""
    address = request.POST.get("next", "")
    within = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if within else "/"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PersonRequest) -> HttpResponse:
    user = request.user
    initial = {"email": user.email, "language": user.language, "timezone": user.timezone}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        people.save_profile(user=user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("profile")
    memberships = [
        (membership.team.name, str(RoleCode(membership.role).label))
        for membership in user.memberships.select_related("team").order_by("team__name", "role")
    ]
    context = {"form": form, "memberships": memberships}
    return render(request, "teams/profile.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: PersonRequest) -> HttpResponse:
    """The person's own tokens; a new one is shown once, in the answer to its making."""
    form = TokenForm(request.POST or None, initial={"lifetime": "90"})
    made = None
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        lifetime = form.lifetime_days
        _row, made = token_services.create_token(
            user=request.user,
            name=form.cleaned_data["name"],
            is_read_only=form.cleaned_data["is_read_only"],
            expires_at=now + lifetime if lifetime else None,
            now=now,
        )
        form = TokenForm(initial={"lifetime": "90"})
    rows = ApiToken.objects.valid(timezone.now()).filter(user=request.user).order_by("-created_at", "-pk")
    context = {"form": form, "tokens": rows, "made": made}
    return render(request, "teams/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def token_revoke(request: PersonRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.filter(user=request.user), pk=pk)
    token_services.revoke_token(token_id=token.pk, now=timezone.now())
    messages.success(request, _("The token is revoked."))
    return redirect("tokens")
