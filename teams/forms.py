"""Forms about oneself: log-in, password reset by mail, profile, API tokens."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from teams import throttle
from teams.models.people import LANGUAGES


class LoginForm(AuthenticationForm):
    """Says so when there were too many tries; else never tells which of name and password was wrong."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("User name or password is wrong."),
        "locked": _("Too many tries. Please wait a quarter of an hour, or reset your password by mail."),
    }
    is_locked = False

    def get_invalid_login_error(self) -> ValidationError:
        assert self.request is not None  # noqa: S101  set by the view
        if throttle.is_locked(self.request, self.cleaned_data["username"], timezone.now()):
            self.is_locked = True
            return ValidationError(self.error_messages["locked"], code="locked")
        return ValidationError(self.error_messages["invalid_login"], code="invalid_login")


class ResetForm(PasswordResetForm):
    """Mails the link in the reader's language, with the address from the settings, never from the request."""

    def save(self, *args: Any, **kwargs: Any) -> None:
        request = kwargs.get("request")
        base = urlsplit(settings.BASE_URL)
        if request is None or throttle.take_reset(request, self.cleaned_data["email"], timezone.now()):
            own = {"domain_override": base.netloc, "use_https": base.scheme == "https"}
            super().save(*args, **{**kwargs, **own})

    def send_mail(
        self, subject_template_name: str, email_template_name: str, context: Any, *args: Any, **kw: Any
    ) -> None:
        with translation.override(context["user"].language or translation.get_language()):
            super().send_mail(subject_template_name, email_template_name, context, *args, **kw)


class ProfileForm(forms.Form):
    """What people may change about themselves; name and roles belong to the settings."""

    email = forms.EmailField(label=_("e-mail"), required=False, max_length=254)
    language = forms.ChoiceField(
        label=_("language"), required=False, choices=[("", pgettext_lazy("language", "As the company")), *LANGUAGES]
    )
    timezone = forms.ChoiceField(label=_("time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
        zone: Any = self.fields["timezone"]
        zone.choices = [
            ("", pgettext_lazy("time zone", "As the company")),
            *((name, name.replace("_", " ")) for name in zones),
        ]


class TokenForm(forms.Form):
    """A new API token."""

    LIFETIMES = [
        ("90", _("90 days")),
        ("365", _("1 year")),
        ("", pgettext_lazy("token", "no end")),
    ]

    name = forms.CharField(label=_("What it is for"), max_length=80)
    lifetime = forms.ChoiceField(label=_("Valid for"), choices=LIFETIMES, required=False)
    is_read_only = forms.BooleanField(label=_("may only read"), required=False)

    @property
    def lifetime_days(self) -> timedelta | None:
        days = self.cleaned_data["lifetime"]
        return timedelta(days=int(days)) if days else None


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=LANGUAGES)
