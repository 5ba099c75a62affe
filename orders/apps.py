from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from customers import registry  # Models exist only now.
        from customers import services as customers
        from orders import agenda, calendar_effects, mentions, notices, plan_notices, snooze, topic_filters, topics
        from orders.pages.companies import CompanyOrders
        from orders.services.orders import refresh_search_of

        topics.register()
        agenda.register()
        notices.register()
        plan_notices.register()
        mentions.register()
        snooze.register()
        topic_filters.register()
        calendar_effects.register()
        customers.renamed.append(refresh_search_of)
        registry.register(CompanyOrders())
