from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KpiConfig(AppConfig):
    name = "kpi"
    verbose_name = _("Figures")

    def ready(self) -> None:
        from kpi import action_reminders, alarms, demo, summaries  # Models exist only now.
        from orders.demo.load import added

        summaries.register()
        alarms.register()
        action_reminders.register()
        added += [demo.set_goals, demo.start_reviews]
