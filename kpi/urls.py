from django.urls import path

from kpi import chart_views, views

urlpatterns = [
    path("kpi/", views.dashboard, name="dashboard"),
    path("kpi/reasons/", views.kpi_reasons, name="kpi_reasons"),
    path("kpi/causes/", chart_views.kpi_causes, name="kpi_causes"),
    path("kpi/stages/", chart_views.kpi_stages, name="kpi_stages"),
    path("kpi/<str:code>/control/", chart_views.kpi_control, name="kpi_control"),
    path("kpi/<str:code>/change/", chart_views.kpi_change, name="kpi_change"),
    path("kpi/<str:code>/", views.kpi_figure, name="kpi_figure"),
    path("kpi/<str:code>/why/", views.kpi_why, name="kpi_why"),
    path("kpi/<str:code>/members/", views.kpi_members, name="kpi_members"),
]
