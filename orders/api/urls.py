"""Addresses of orders below `/api/v1/`."""

from rest_framework.routers import SimpleRouter

from orders.api.documents import DocumentView
from orders.api.imports import ImportView
from orders.api.milestones import MilestoneView
from orders.api.orders import OrderView
from orders.api.shipments import ShipmentView

router = SimpleRouter()
router.register("orders", OrderView, basename="api-order")
router.register("milestones", MilestoneView, basename="api-milestone")
router.register("shipments", ShipmentView, basename="api-shipment")
router.register("documents", DocumentView, basename="api-document")
router.register("imports", ImportView, basename="api-import")

urlpatterns = router.urls
