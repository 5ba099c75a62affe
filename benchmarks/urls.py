"""The product's addresses and the floor."""

from django.urls import include, path

from benchmarks.floor import EMPTY_PATH, empty

urlpatterns = [path(EMPTY_PATH[1:], empty), path("", include("config.urls"))]
