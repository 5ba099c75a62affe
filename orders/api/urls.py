"""Addresses of orders below `/api/v1/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from orders.api.documents import DocumentView
from orders.api.exports import CsvExportView, ExportView
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

urlpatterns = [
    path("exports/orders.xlsx", ExportView.as_view(), name="api-export-xlsx"),
    path("exports/orders.csv", CsvExportView.as_view(), name="api-export-csv"),
    *router.urls,
]
