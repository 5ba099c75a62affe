"""Plain factories, valid by default. Every instant is given, none is read from the clock."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

from customers.models import Company
from orders.models import Order, OrderLine, ProcessTemplate
from orders.process import load_shipped_templates
from orders.services import orders as order_services
from teams.models import Membership, Team, User, WorkCalendar
from teams.permissions import RoleCode
from teams.services.calendars import load_default_calendars

_number = count(1)

# Monday 2026-03-02 09:00 in Shanghai.
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def make_team(code: str | None = None) -> Team:
    load_default_calendars()
    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    code = code or f"team{next(_number)}"
    return Team.objects.create(code=code, name=f"Team {code}", calendar=calendar)


def make_user(role: str = RoleCode.CLERK, *, team: Team, username: str | None = None, **fields) -> User:
    username = username or f"{role}{next(_number)}"
    user = User(username=username, name=fields.pop("name", username.title()), email=f"{username}@example.com", **fields)
    user.set_password("correct horse battery")
    user.save()
    Membership.objects.create(user=user, team=team, role=role)
    return user


def make_company(*, team: Team | None = None, **fields) -> Company:
    code = fields.pop("code", f"C{next(_number)}")
    return Company.objects.create(
        **{"code": code, "name": f"Company {code}", "is_customer": True, "country": "DE", "team": team, **fields}
    )


def make_template(code: str = "SPARE_PARTS") -> ProcessTemplate:
    load_shipped_templates()
    return ProcessTemplate.objects.get(code=code)


def make_order(*, team: Team, by: User, template: str = "SPARE_PARTS", now: datetime = MONDAY, **fields) -> Order:
    """A draft order with one line of 100 pieces, promised for 120 days later: 2026-06-30."""
    lines = fields.pop("lines", [make_line_values(promised_date_original=(now + timedelta(days=120)).date())])
    values = {
        "number": f"GD-T{next(_number)}",
        "customer": fields.pop("customer", None) or make_company(team=team),
        "team": team,
        "clerk": by,
        "template": make_template(template),
        "ordered_at": now,
        "incoterm": "DAP",
        "mode": "TRUCK",
        **fields,
    }
    return order_services.create_order(values=values, lines=lines, by=by, now=now)


def make_line_values(**fields) -> dict:
    return {
        "product_code": "P-1",
        "description": "Pump",
        "quantity": Decimal(100),
        "unit_price": Decimal("2.50"),
        "promised_date_original": date(2026, 6, 30),
        **fields,
    }


def make_confirmed_order(*, team: Team, by: User, now: datetime = MONDAY, **fields) -> Order:
    order = make_order(team=team, by=by, now=now, **fields)
    return order_services.confirm_order(order_id=order.pk, by=by, now=now)


def first_line(order: Order) -> OrderLine:
    return order.lines.order_by("position").first()
