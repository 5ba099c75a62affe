"""The REST API, version 1: each app brings its own part."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from teams.api.views import NothingHereView

urlpatterns = [
    path("", include("teams.api.urls")),
    path("", include("customers.api")),
    path("", include("orders.api.urls")),
    path("", include("kpi.api_urls")),
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    re_path(r"", NothingHereView.as_view(), name="api-nothing"),
]
