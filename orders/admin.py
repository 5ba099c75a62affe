"""Settings of processes and delay reasons."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

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
    """Edited on its own pages only, where every save makes a new version."""

    list_display = ["code", "version", "name_zh", "name_en", "kind", "is_current", "editor"]
    readonly_fields = ["editor"]
    ordering = ["code", "-version"]
    inlines = [StepInline]

    @admin.display(description=_("Edit"))
    def editor(self, template: ProcessTemplate) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("process_template", args=[template.code]), _("Open the process")
        )


@admin.register(DelayReason)
class DelayReasonAdmin(admin.ModelAdmin):
    list_display = ["code", "name_zh", "name_en", "side", "is_active"]
    ordering = ["side", "code"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
