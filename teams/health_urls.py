from django.urls import path

from teams import health_views

urlpatterns = [
    path("live/", health_views.live, name="health-live"),
    path("ready/", health_views.ready, name="health-ready"),
]
