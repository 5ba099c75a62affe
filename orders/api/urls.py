"""Addresses of orders below `/api/v1/`."""

from rest_framework.routers import SimpleRouter

from orders.api.milestones import MilestoneView
from orders.api.orders import OrderView

router = SimpleRouter()
router.register("orders", OrderView, basename="api-order")
router.register("milestones", MilestoneView, basename="api-milestone")

urlpatterns = router.urls
