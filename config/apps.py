from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Makes `shared_task` publish through our broker in every process, the shell included.
        from config import celery  # noqa: F401
