"""What every page shows around its content."""

from typing import Any

from django.http import HttpRequest

from teams.models import Notification
from teams.permissions import Permission

MOST_COUNTED = 100  # more are “99+”; every page would count all that nobody reads


def workspace(request: HttpRequest) -> dict[str, Any]:
    """Unread messages and what the menu may offer; nothing for a stranger."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    access = user.access
    return {
        "unread_count": Notification.objects.inbox_of(user).unread().order_by()[:MOST_COUNTED].count(),
        "may_see_kpi": access.allows_somewhere(Permission.KPI_VIEW),
        "may_edit_settings": access.allows_somewhere(Permission.SETTINGS_EDIT),
        "may_assign": access.allows_somewhere(Permission.MILESTONE_ASSIGN),
        "may_create_order": access.allows_somewhere(Permission.ORDER_CREATE),
    }
