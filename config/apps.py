from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Makes `shared_task` publish through our broker in every process, the shell included; beats know models.
        from config import beats, celery  # noqa: F401


class SettingsAdminConfig(AdminConfig):
    """Django's admin as the settings pages, behind a right of its own."""

    default_site = "config.admin.SettingsSite"
