"""Addresses of figures and goals below /api/v1/."""

from django.urls import include, path

from kpi.api import FigureDetailView, MemberListView, MetricListView
from kpi.goal_api import router

urlpatterns = [
    path("kpi/", MetricListView.as_view(), name="kpi-list"),
    path("kpi/<str:code>/", FigureDetailView.as_view(), name="kpi-figure"),
    path("kpi/<str:code>/members/", MemberListView.as_view(), name="kpi-members"),
    path("", include(router.urls)),
]
