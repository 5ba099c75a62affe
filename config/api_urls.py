"""The REST API, version 1: each app brings its own part."""

from django.urls import include, path, re_path

from teams.api.docs import SchemaView, docs
from teams.api.views import NothingHereView

urlpatterns = [
    path("", include("teams.api.urls")),
    path("", include("customers.api")),
    path("", include("orders.api.urls")),
    path("", include("kpi.api_urls")),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    re_path(r"", NothingHereView.as_view(), name="api-nothing"),
]
