from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from customers.models import Company  # Models exist only now.
        from teams import calendar_uses

        calendar_uses.register(calendar_uses.Use(Company.objects.calendar_counts, _company_words))


def _company_words(count: int) -> str:
    return ngettext("%(count)d company", "%(count)d companies", count) % {"count": count}
