"""Settings of people and calendars."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from teams.models import (
    ApiToken,
    CalendarException,
    Membership,
    Notification,
    Organization,
    Team,
    User,
    WorkCalendar,
    WorkInterval,
)

# Rights follow from memberships (teams.permissions), never from Django's groups.
admin.site.unregister(Group)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 1
    autocomplete_fields = ["user", "team"]


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ["name", "timezone", "base_currency", "language"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PersonCreationForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username", "name", "email")


@admin.register(User)
class PersonAdmin(UserAdmin):
    """People are disabled, not deleted: what they did stays theirs."""

    add_form = PersonCreationForm
    list_display = ["username", "name", "email", "is_active", "last_login"]
    list_filter = ["is_active", "memberships__team", "memberships__role"]
    search_fields = ["username", "name", "email"]
    ordering = ["username"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["name", "email", "language", "timezone", "is_active"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "name", "email", "usable_password", "password1", "password2"]})]
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ["code", "name", "calendar"]
    search_fields = ["code", "name"]
    ordering = ["code"]
    inlines = [MembershipInline]


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shown, never written here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class IntervalInline(ReadOnlyInline):
    model = WorkInterval
    ordering = ["weekday", "start_minute"]


class ExceptionInline(ReadOnlyInline):
    model = CalendarException
    ordering = ["-date", "is_statutory"]


@admin.register(WorkCalendar)
class WorkCalendarAdmin(ReadOnlyAdmin):
    """Edited on its own pages only, where an edit shows what it moves before it is saved."""

    list_display = ["code", "name_zh", "name_en", "timezone", "verified_until", "version", "editor"]
    readonly_fields = ["editor", "version"]
    ordering = ["code"]
    inlines = [IntervalInline, ExceptionInline]

    @admin.display(description=_("Edit"))
    def editor(self, calendar: WorkCalendar) -> str:
        return format_html('<a href="{}">{}</a>', reverse("calendar", args=[calendar.code]), _("Open the calendar"))


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ["prefix", "user", "name", "created_at", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    exclude = ["digest"]
    ordering = ["-pk"]


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "recipient", "kind", "status", "shown_at", "last_error"]
    list_filter = ["status", "kind"]
    list_select_related = ["recipient"]
    ordering = ["-pk"]
    show_full_result_count = False
