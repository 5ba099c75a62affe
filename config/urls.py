"""Every address of the product. Pages stand in their app's urls.py, the API below /api/v1/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("teams.urls")),
    path("", include("customers.urls")),
    path("", include("orders.urls")),
    path("", include("kpi.urls")),
    path("api/v1/health/", include("teams.health_urls")),
    path("api/v1/", include("config.api_urls")),
    path("admin/", admin.site.urls),
]

handler500 = "config.middleware.server_error"
