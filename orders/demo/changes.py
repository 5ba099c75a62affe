"""What has changed plans since the orders were confirmed, told to the services themselves: a few orders, for a look."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from orders.demo.deck import Card, Change
from orders.demo.people import holder
from orders.demo.story import Story
from orders.demo.world import ZONE
from orders.models import Order
from orders.services import shipments
from orders.services.plans import Changes, apply_changes
from orders.targets import on_board_code
from orders.words import Incoterm, Mode, Side
from teams.models import User
from teams.permissions import RoleCode
from teams.worktime import add_working_days, end_of_working_day

_EARLIER = timedelta(days=9)  # than the second part, the first one sails


def change_plans(told: Iterable[tuple[Card, Story]], now: datetime) -> int:
    """Re-plan the orders whose cards say so; returns how many."""
    count = 0
    for card, story in told:
        if card.change:
            order = Order.objects.select_related("clerk", "team__calendar").get(number=story.number)
            _WAYS[card.change](order, now)
            count += 1
    return count


def _promise(order: Order, now: datetime) -> None:
    """The customer wants the goods later."""
    if order.current_promised_date:
        later = add_working_days(order.current_promised_date, 8, order.team.calendar.schedule())
        reason = "客户仓库盘点，要求推迟交货"
        _apply(order, Changes(promised_date=later), reason=reason, side=Side.CUSTOMER, now=now)


def _slip(order: Order, now: datetime) -> None:
    """The supplier of the step that is up says when he can be ready."""
    step = order.milestones.active().select_related("calendar").order_by("-due_at", "pk")[0]
    schedule = step.calendar.schedule()
    day = add_working_days(max(now, step.due_at or now).astimezone(ZONE).date(), 4, schedule)
    expected = Changes(expected={step.pk: end_of_working_day(day, schedule)})
    _apply(order, expected, reason="供应商排产推后，预计晚四个工作日完成", side=Side.SUPPLIER, now=now)


def _terms(order: Order, now: datetime) -> None:
    """Sold FOB, and now with insurance and an inspection by a third party."""
    terms = {"incoterm": Incoterm.CIF, "third_party_inspection": True}
    _apply(order, Changes(terms=terms), reason="客户改要 CIF，并指定第三方验货", side=Side.CUSTOMER, now=now)


def _parts(order: Order, now: datetime) -> None:
    """Two thirds go ahead; each part has steps of its own from now on."""
    on_board = order.milestones.get(code=on_board_code(order.milestones.values_list("code", flat=True)))
    sails = (on_board.due_at or now).astimezone(ZONE).date()
    lines = {line.pk: line.quantity for line in order.lines.all()}
    rest = {pk: quantity // 3 for pk, quantity in lines.items()}
    first = {pk: quantity - rest[pk] for pk, quantity in lines.items()}
    for number, quantities, etd in ((1, first, sails - _EARLIER), (2, rest, sails)):
        logistics = User.objects.get(username=holder(RoleCode.LOGISTICS, order.team.code))
        values = {
            "number": f"{order.number}-S{number}",
            "team": order.team,
            "owner": logistics,
            "mode": Mode.FCL,
            "origin": "Shanghai",
            "destination": order.destination,
            "etd": etd,
        }
        aboard = {pk: quantity for pk, quantity in quantities.items() if quantity > Decimal(0)}
        shipments.create_shipment(values=values, lines=aboard, by=logistics, now=now)
    _apply(order, Changes(), reason="客户同意分两批出运", side=Side.CUSTOMER, now=now)


def _apply(order: Order, changes: Changes, *, reason: str, side: str, now: datetime) -> None:
    if order.clerk:
        apply_changes(order_id=order.pk, changes=changes, by=order.clerk, now=now, reason=reason, side=side)


_WAYS: dict[Change, Callable[[Order, datetime], None]] = {
    Change.PROMISE: _promise,
    Change.SLIP: _slip,
    Change.TERMS: _terms,
    Change.PARTS: _parts,
}
