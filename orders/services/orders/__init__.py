"""Orders: create, edit, confirm, hold, resume, cancel, close, change lines and promises."""

from orders.services.orders.confirming import confirm_order
from orders.services.orders.editing import NumberTaken, create_order, edit_draft, edit_order
from orders.services.orders.lines import (
    NotReady,
    change_line,
    move_promise,
    refresh_search_of,
    replace_lines,
    revise_lines,
    search_text,
)
from orders.services.orders.moves import cancel_order, close_order, hold_order, resume_order

__all__ = [
    "NotReady",
    "NumberTaken",
    "cancel_order",
    "change_line",
    "close_order",
    "confirm_order",
    "create_order",
    "edit_draft",
    "edit_order",
    "hold_order",
    "move_promise",
    "refresh_search_of",
    "replace_lines",
    "resume_order",
    "revise_lines",
    "search_text",
]
