"""The order list's cells, for its template."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.safestring import SafeString

from orders.pages.order_cells import cells

register = template.Library()


@register.simple_tag
def order_cells(row: Any, columns: Sequence[Any]) -> SafeString:
    """A row's cells for the columns shown, in their order."""
    return cells(row, [column.key for column in columns])
