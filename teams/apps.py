from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TeamsConfig(AppConfig):
    name = "teams"
    verbose_name = _("People and calendars")

    def ready(self) -> None:
        from teams.api import schema  # noqa: F401  registers itself
