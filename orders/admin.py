"""Settings of processes and delay reasons."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from orders.models import DelayReason, ProcessTemplate, TemplateStep
from teams.admin import ReadOnlyAdmin


class StepInline(admin.TabularInline):
    model = TemplateStep
    extra = 0
    can_delete = False
    ordering = ["position"]
    fields = [
        "position",
        "code",
        "name_zh",
        "name_en",
        "stage",
        "role",
        "duration",
        "latest",
        "sla",
        "documents",
        "flags",
    ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProcessTemplate)
class ProcessTemplateAdmin(ReadOnlyAdmin):
    """A version in use is never edited; templates come by `load_defaults` until the editor exists."""

    list_display = ["code", "version", "name_zh", "name_en", "kind", "is_current"]
    ordering = ["code", "-version"]
    inlines = [StepInline]


@admin.register(DelayReason)
class DelayReasonAdmin(admin.ModelAdmin):
    list_display = ["code", "name_zh", "name_en", "side", "is_active"]
    ordering = ["side", "code"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
