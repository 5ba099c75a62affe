from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from customers import services as customers  # Models exist only now.
        from orders import notices
        from orders.services.orders import refresh_search_of

        notices.register()
        customers.renamed.append(refresh_search_of)
