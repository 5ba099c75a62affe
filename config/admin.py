"""The settings pages: Django's admin, for those who may edit settings; for others it does not exist."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from teams.permissions import Permission


class SettingsSite(AdminSite):
    """Log-in happens on the product's own page, behind its throttle."""

    site_header = _("Gendan settings")
    site_title = _("Settings")
    index_title = _("Settings")
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_authenticated and user.access.allows_somewhere(Permission.SETTINGS_EDIT)

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next", "/admin/"))
