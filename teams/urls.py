from django.contrib.auth import views as auth_views
from django.urls import path

from teams import (
    calendar_edit_views,
    calendar_views,
    channel_views,
    delivery_views,
    inbox_views,
    leave_views,
    preference_views,
    views,
)

urlpatterns = [
    path("accounts/login/", views.LoginView.as_view(), name="login"),
    path("accounts/logout/", views.LogoutView.as_view(), name="logout"),
    path("accounts/password/", views.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/reset/", views.PasswordResetView.as_view(), name="password_reset"),
    path("accounts/password/reset/sent/", auth_views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path(
        "accounts/password/reset/<uidb64>/<token>/",
        auth_views.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "accounts/password/reset/done/", auth_views.PasswordResetCompleteView.as_view(), name="password_reset_complete"
    ),
    path("language/", views.set_language, name="set_language"),
    path("accounts/", views.profile, name="profile"),
    path("accounts/tokens/", views.tokens, name="tokens"),
    path("accounts/tokens/<int:pk>/revoke/", views.token_revoke, name="token_revoke"),
    path("accounts/notifications/", preference_views.preferences, name="notification_preferences"),
    path("accounts/notifications/channels/new/<slug:kind>/", preference_views.channel_new, name="own_channel_new"),
    path(
        "accounts/notifications/channels/<int:pk>/remove/", preference_views.channel_remove, name="own_channel_remove"
    ),
    path("accounts/notifications/channels/<int:pk>/test/", preference_views.way_test, name="way_test"),
    path("accounts/notifications/channels/<int:pk>/again/", preference_views.way_use_again, name="way_use_again"),
    path("accounts/leave/", leave_views.leave, name="leave"),
    path("accounts/leave/<int:pk>/remove/", leave_views.leave_remove, name="leave_remove"),
    path("inbox/", inbox_views.inbox, name="inbox"),
    path("inbox/acknowledge/", inbox_views.inbox_acknowledge_many, name="inbox_acknowledge_many"),
    path("inbox/read/", inbox_views.inbox_read_all, name="inbox_read_all"),
    path("inbox/<int:pk>/", inbox_views.inbox_open, name="inbox_open"),
    path("inbox/<int:pk>/acknowledge/", inbox_views.inbox_acknowledge, name="inbox_acknowledge"),
    path("settings/", calendar_views.settings_page, name="settings"),
    path("settings/channels/", channel_views.channel_list, name="channels"),
    path("settings/channels/new/", channel_views.channel_new, name="channel_new"),
    path("settings/channels/<int:pk>/", channel_views.channel_page, name="channel"),
    path("settings/channels/<int:pk>/switch/", channel_views.channel_switch, name="channel_switch"),
    path("settings/channels/<int:pk>/test/", channel_views.channel_test, name="channel_test"),
    path("settings/channels/<int:pk>/people/", channel_views.channel_people, name="channel_people"),
    path("settings/channels/<int:pk>/people/again/", channel_views.channel_again, name="channel_again"),
    path("settings/delivery/", delivery_views.delivery, name="delivery"),
    path("settings/delivery/figures/", delivery_views.delivery_figures, name="delivery_figures"),
    path("settings/delivery/retry/", delivery_views.delivery_retry, name="delivery_retry"),
    path("settings/delivery/cancel/", delivery_views.delivery_cancel, name="delivery_cancel"),
    path("settings/calendars/", calendar_views.calendar_list, name="calendars"),
    path("settings/calendars/new/", calendar_views.calendar_new, name="calendar_new"),
    path("settings/calendars/<slug:code>/", calendar_views.calendar_page, name="calendar"),
    path("settings/calendars/<slug:code>/days/", calendar_edit_views.calendar_days, name="calendar_days"),
    path("settings/calendars/<slug:code>/hours/", calendar_edit_views.calendar_hours, name="calendar_hours"),
    path("settings/calendars/<slug:code>/makeup/", calendar_edit_views.calendar_makeup, name="calendar_makeup"),
    path("settings/calendars/<slug:code>/import/", calendar_edit_views.calendar_import, name="calendar_import"),
    path(
        "settings/calendars/<slug:code>/recurring/", calendar_edit_views.calendar_recurring, name="calendar_recurring"
    ),
    path(
        "settings/calendars/<slug:code>/recurring/<int:pk>/remove/",
        calendar_edit_views.calendar_recurring_remove,
        name="calendar_recurring_remove",
    ),
    path("settings/calendars/<slug:code>/edits/<int:pk>/", calendar_edit_views.calendar_edit, name="calendar_edit"),
    path(
        "settings/calendars/<slug:code>/edits/<int:pk>/effect/",
        calendar_edit_views.calendar_edit_effect,
        name="calendar_edit_effect",
    ),
    path(
        "settings/calendars/<slug:code>/edits/<int:pk>/save/",
        calendar_edit_views.calendar_edit_save,
        name="calendar_edit_save",
    ),
    path(
        "settings/calendars/<slug:code>/edits/<int:pk>/drop/",
        calendar_edit_views.calendar_edit_drop,
        name="calendar_edit_drop",
    ),
    path(
        "settings/calendars/<slug:code>/edits/<int:pk>/redo/",
        calendar_edit_views.calendar_edit_redo,
        name="calendar_edit_redo",
    ),
]
