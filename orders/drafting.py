"""What a new order begins with: the next number, the terms of an order before it, and its lines without their dates."""

import re
from decimal import Decimal
from typing import Any

from orders.models import Order, ProcessTemplate
from teams.models import User
from teams.permissions import Permission

# What is agreed with a customer once and again; numbers, dates and people are not.
TERMS = (
    *("incoterm", "payment_terms", "mode", "country", "destination", "supplier", "currency", "fx_rate"),
    *("third_party_inspection", "wood_packaging", "statutory_inspection"),
)
_LINE = ("product_code", "description", "quantity", "unit", "unit_price")
_END = re.compile(r"(\d+)(\D*)\Z", re.ASCII)


def next_number(user: User) -> str:
    """The number after the last order of the teams in which `user` creates orders; empty where none ends in digits."""
    allowed = user.access.teams_allowing(Permission.ORDER_CREATE)
    orders = Order.objects.visible_to(user)
    last = (orders if allowed is None else orders.filter(team__in=allowed)).order_by("-pk").first()
    found = _END.search(last.number) if last else None
    if last is None or found is None:
        return ""
    head, digits, tail = last.number[: found.start()], found[1], found[2]
    for step in range(1, 50):
        number = f"{head}{int(digits) + step:0{len(digits)}}{tail}"
        if len(number) <= 40 and not Order.objects.filter(number=number).exists():
            return number
    return ""


def terms_of(order: Order) -> dict[str, Any]:
    """Customer, team, template (in its version of today) and terms of `order`, for a form."""
    values: dict[str, Any] = {name: getattr(order, name) for name in TERMS}
    template = order.template
    if template is not None and not template.is_current:
        template = ProcessTemplate.objects.filter(code=template.code, is_current=True).first()
    return {**values, "customer": order.customer, "team": order.team_id, "template": template}


def lines_of(order: Order, *, sees_money: bool) -> list[dict[str, Any]]:
    """The order's lines as people write them, without dates; prices only for who sees them."""
    names = [name for name in _LINE if sees_money or name != "unit_price"]
    return [{name: _plain(getattr(line, name)) for name in names} for line in order.lines.order_by("position")]


def _plain(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
