"""Addresses below `/api/v1/` that belong to no order: log-in, oneself, calendars, inbox."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from teams.api.account import MeView, TokenView
from teams.api.calendars import AddView, BetweenView, CalendarView
from teams.api.notifications import NotificationView

router = SimpleRouter()
router.register("calendars", CalendarView, basename="api-calendar")
router.register("notifications", NotificationView, basename="api-notification")

urlpatterns = [
    path("token/", TokenView.as_view(), name="api-token"),
    path("me/", MeView.as_view(), name="api-me"),
    path("calendars/<str:code>/add/", AddView.as_view(), name="api-calendar-add"),
    path("calendars/<str:code>/between/", BetweenView.as_view(), name="api-calendar-between"),
    *router.urls,
]
