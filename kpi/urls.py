from django.urls import path

from kpi import views

urlpatterns = [
    path("kpi/", views.dashboard, name="dashboard"),
    path("kpi/<str:code>/", views.kpi_figure, name="kpi_figure"),
    path("kpi/<str:code>/members/", views.kpi_members, name="kpi_members"),
]
