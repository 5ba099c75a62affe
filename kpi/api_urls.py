"""Addresses of the figures below /api/v1/kpi/."""

from django.urls import path

from kpi.api import FigureDetailView, MemberListView, MetricListView

urlpatterns = [
    path("kpi/", MetricListView.as_view(), name="kpi-list"),
    path("kpi/<str:code>/", FigureDetailView.as_view(), name="kpi-figure"),
    path("kpi/<str:code>/members/", MemberListView.as_view(), name="kpi-members"),
]
