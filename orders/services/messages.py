"""What a pasted message would change: proposed, decided on by a person, done as one act."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from orders.containers import ContainerRefused, normal_numbers
from orders.instants import instant_on
from orders.messages import Mark, Statement, read_message
from orders.messages.reading import Quantity, candidate_words
from orders.models import BulkAct, Milestone, Order, OrderLine, Shipment
from orders.models.templates import in_language
from orders.services.acts.parts import Part, take_parts
from orders.words import Side
from orders.workflow import SHIPMENT_INSTANTS, SHIPMENT_MOVES, OrderStatus, ShipmentStatus
from teams.errors import DomainError
from teams.models import User

MOST = 200  # proposals of one message
MOST_LINES = 12  # of an order that are offered where nobody can tell which is meant
_WAITS = {"waits_customer": Side.CUSTOMER, "waits_supplier": Side.SUPPLIER, "waits_carrier": Side.CARRIER}
_FIELD_NAMES = ("container_no", "seal_no", "bl_no", "booking_no")


@dataclass(frozen=True)
class Proposal:
    """One change that a message seems to ask for. `problem` says why it cannot be made; it is shown all the same.

    `values` are JSON values. With more than one day in `days` the person says which is meant.
    """

    number: str
    order_id: int
    said: str
    code: str = ""
    target_id: int = 0
    target: str = ""  # the step or shipment, as people know it
    values: Mapping[str, Any] = field(default_factory=dict)
    days: tuple[str, ...] = ()
    day_field: str = ""  # which value the day is
    is_assumed: bool = False
    is_unsure: bool = False  # one of several that may be meant: the person chooses
    problem: str = ""

    @property
    def asks_side(self) -> bool:
        return self.code == "promise"


class MessageRefused(DomainError):
    """A proposal that was taken is refused now; `fields` names it by its place."""

    code = "message_refused"


def propose(text: str, *, user: User, now: datetime) -> tuple[list[Mark], list[Proposal]]:
    """Read a message against the orders that `user` sees. Writes nothing."""
    orders = _orders_named(text, user)
    by_id = {order.pk: order for order in orders.values()}
    open_steps = _open_steps(by_id)
    names = {
        str(order_id): [name for step in steps for name in (step.name_zh, step.name_en) if name]
        for order_id, steps in open_steps.items()
    }
    marks, statements = read_message(
        text,
        orders={word: str(order.pk) for word, order in orders.items()},
        steps=names,
        today=timezone.localdate(now),
    )
    shipments, lines = _shipments(by_id, user), _lines(by_id)
    found: list[Proposal] = []
    for statement in statements:
        order = by_id[int(statement.order)]
        found += _proposals(statement, order, open_steps[order.pk], shipments[order.pk], now)
        if statement.quantity:
            found += _quantities(statement, statement.quantity, order, lines[order.pk])
    once: dict[str, Proposal] = {}
    for proposal in found:
        once.setdefault(f"{proposal.order_id} {proposal.code} {proposal.target_id} {dict(proposal.values)}", proposal)
    return marks, list(once.values())[:MOST]


def _orders_named(text: str, user: User) -> dict[str, Order]:
    """Words of the text, in upper case, to the order that they name by its number or, if only one does, its PO."""
    words = sorted(candidate_words(text))[:500]
    visible = Order.objects.visible_to(user).select_related("team")
    numbered = {order.number.upper(): order for order in visible.filter(number__in=_spellings(words, text))}
    rest = [word for word in words if word not in numbered]
    by_po: dict[str, list[Order]] = defaultdict(list)
    for order in visible.filter(Q(customer_po_no__in=_spellings(rest, text)) & ~Q(status=OrderStatus.CANCELLED))[:500]:
        by_po[order.customer_po_no.upper()].append(order)
    return {**{po: found[0] for po, found in by_po.items() if len(found) == 1}, **numbered}


def _spellings(words: Sequence[str], text: str) -> set[str]:
    """The words as people write them: in capitals, in small letters, and as they stand in the text."""
    typed = {word.strip(".,;:()（），。；：") for word in text.split()}
    return {*words, *(word.lower() for word in words), *typed}


def _open_steps(orders: Mapping[int, Order]) -> dict[int, list[Milestone]]:
    """Open steps by order, the active ones first and by when they are due."""
    steps: dict[int, list[Milestone]] = {pk: [] for pk in orders}
    for step in Milestone.objects.open().filter(order__in=orders).order_by("due_at", "position", "pk"):
        steps[step.order_id].append(step)
    for found in steps.values():
        found.sort(key=lambda step: step.status != "active")
    return steps


def _shipments(orders: Mapping[int, Order], user: User) -> dict[int, list[Shipment]]:
    """Shipments by order that still move, as `user` sees them."""
    found: dict[int, list[Shipment]] = {pk: [] for pk in orders}
    moving = Shipment.objects.visible_to(user).moving().filter(lines__order_line__order__in=orders)
    pairs = moving.order_by("etd", "pk").values_list("lines__order_line__order", "pk").distinct()
    by_id = Shipment.objects.in_bulk({pk for _order, pk in pairs})
    for order_id, pk in pairs:
        if order_id in found and by_id[pk] not in found[order_id]:
            found[order_id].append(by_id[pk])
    return found


def _lines(orders: Mapping[int, Order]) -> dict[int, list[OrderLine]]:
    """Lines by order that are still wanted."""
    found: dict[int, list[OrderLine]] = {pk: [] for pk in orders}
    for line in OrderLine.objects.filter(order__in=orders, cancelled_quantity__lt=F("quantity")).order_by("position"):
        found[line.order_id].append(line)
    return found


def _proposals(
    statement: Statement, order: Order, steps: Sequence[Milestone], shipments: Sequence[Shipment], now: datetime
) -> list[Proposal]:
    base = Proposal(order.number, order.pk, statement.text[:300], is_assumed=statement.is_assumed)
    found: list[Proposal] = []
    if statement.fields:
        found.append(_numbers(base, statement, shipments))
    if statement.event in SHIPMENT_INSTANTS:
        found.append(_move(base, statement, shipments, now))
    elif statement.event in {"etd", "eta"} and statement.days:
        found.append(_sailing(base, statement, shipments))
    elif statement.event == "promise" and statement.days:
        days = tuple(day.isoformat() for day in statement.days)
        found.append(_with_days(replace(base, code="promise", target_id=order.pk), "new_date", days))
    elif statement.event in _WAITS:
        found.append(_wait(base, _WAITS[statement.event], steps))
    elif statement.event == "step":
        found.append(_complete(base, statement, steps, now))
    return found


def _with_days(proposal: Proposal, name: str, days: tuple[str, ...], **values: Any) -> Proposal:
    """One day is written into the values; of several the person chooses."""
    if len(days) == 1:
        values[name] = days[0]
    return replace(proposal, values=values, days=days, day_field=name)


def _numbers(base: Proposal, statement: Statement, shipments: Sequence[Shipment]) -> Proposal:
    values = {name: statement.fields[name] for name in _FIELD_NAMES if name in statement.fields}
    if "container_no" in values:
        try:
            values["container_no"] = normal_numbers(values["container_no"])
        except ContainerRefused as refusal:
            return replace(base, values=values, problem=str(refusal))
    return _on_shipment(replace(base, code="ship-edit", values=values), shipments)


def _sailing(base: Proposal, statement: Statement, shipments: Sequence[Shipment]) -> Proposal:
    days = tuple(day.isoformat() for day in statement.days)
    return _on_shipment(_with_days(replace(base, code="ship-edit"), statement.event, days), shipments)


def _on_shipment(proposal: Proposal, shipments: Sequence[Shipment]) -> Proposal:
    """The one shipment of the order that still moves."""
    if not shipments:
        return replace(proposal, problem=_("The order has no shipment that is still moving."))
    if len(shipments) > 1:
        numbers = ", ".join(shipment.number for shipment in shipments[:5])
        return replace(proposal, problem=_("Several shipments may be meant: %(numbers)s.") % {"numbers": numbers})
    return replace(proposal, target_id=shipments[0].pk, target=shipments[0].number)


def _move(base: Proposal, statement: Statement, shipments: Sequence[Shipment], now: datetime) -> Proposal:
    to = statement.event
    ready = [shipment for shipment in shipments if to in SHIPMENT_MOVES[shipment.status]]
    proposal = replace(base, code=f"ship-{to}")
    if not ready and shipments:
        states = ", ".join(f"{s.number} “{s.get_status_display()}”" for s in shipments[:5])
        return replace(proposal, problem=_("This is not the next move of: %(states)s.") % {"states": states})
    return _on_shipment(_with_instant(proposal, "at", statement.days, now), ready)


def _with_instant(proposal: Proposal, name: str, days: Sequence[date], now: datetime) -> Proposal:
    """A day of which no time is said counts from noon; today until now. A day to come is nothing that has happened."""
    today = timezone.localdate(now)
    past = [day for day in days if day <= today]
    if days and not past:
        return replace(proposal, problem=_("The day lies in the future; it has not happened yet."))
    return _with_days(proposal, name, tuple(day.isoformat() for day in past))


def _wait(base: Proposal, side: Side, steps: Sequence[Milestone]) -> Proposal:
    if not steps or steps[0].status != "active":
        return replace(base, problem=_("No step of the order is in hand."))
    step = steps[0]
    values = {"side": side.value, "reason": base.said}
    return replace(base, code="pause", target_id=step.pk, target=step.name, values=values)


def _complete(base: Proposal, statement: Statement, steps: Sequence[Milestone], now: datetime) -> Proposal:
    step = next((step for step in steps if statement.step in (step.name_zh, step.name_en)), None)
    if step is None:
        return replace(base, problem=_("This step is not open any more."))
    proposal = replace(base, code="complete", target_id=step.pk, target=in_language(step.name_zh, step.name_en))
    return _with_instant(proposal, "actual_finish_at", statement.days, now)


# Units that mean the same; a quantity in another one than the line's is asked about, never converted.
_SAME_UNITS = (
    {"pcs", "pc", "piece", "pieces", "件", "个", "只"},
    {"set", "sets", "套"},
    {"ctn", "ctns", "carton", "cartons", "箱"},
    {"m", "米"},
    {"kg", "kgs", "公斤"},
    {"pallet", "pallets", "托"},
    {"roll", "rolls", "卷"},
)


def _quantities(statement: Statement, said: Quantity, order: Order, lines: Sequence[OrderLine]) -> list[Proposal]:
    """Part of a line is no longer wanted, or wanted again.

    The line is told by its product; where it is not, each line is offered and none chosen.
    """
    base = Proposal(order.number, order.pk, statement.text[:300], code="cut", target_id=order.pk)
    if order.status == OrderStatus.DRAFT:
        return [replace(base, problem=_("The order is still a draft: change its lines there."))]
    named = [line for line in lines if line.product_code and line.product_code.casefold() in statement.text.casefold()]
    meant = (named or list(lines))[:MOST_LINES]
    if not meant:
        return [replace(base, problem=_("No line of the order is still wanted."))]
    return [_quantity(replace(base, is_unsure=len(meant) > 1), said, line) for line in meant]


def _quantity(base: Proposal, said: Quantity, line: OrderLine) -> Proposal:
    """What becomes of one line; more than was ordered is no change of a line."""
    wanted = line.quantity - line.cancelled_quantity
    after = wanted - said.number if said.is_less else said.number
    values = {"line": line.pk, "before": str(wanted), "after": str(after), "cancelled": str(line.quantity - after)}
    proposal = replace(base, target=f"{line.position} {line.product_code}".strip(), values=values)
    if not _is_unit_of(said.unit, line.unit):
        text = _("The message says “%(said)s”, the line is in “%(unit)s”.") % {"said": said.unit, "unit": line.unit}
        return replace(proposal, problem=text)
    if after > line.quantity:
        text = _("The line has %(quantity)s; more needs a new line or order.") % {"quantity": _plain(line.quantity)}
        return replace(proposal, problem=text)
    if after < 0:
        return replace(proposal, problem=_("The line has less than that."))
    return replace(proposal, problem=_("The line has this quantity already.")) if after == wanted else proposal


def _is_unit_of(said: str, unit: str) -> bool:
    """Whether both mean the same, as far as anybody can tell."""
    kinds = [{place for place, same in enumerate(_SAME_UNITS) if word.casefold() in same} for word in (said, unit)]
    return kinds[0] == kinds[1] or not unit or not all(kinds)


def is_certain(proposal: Proposal) -> bool:
    """Whether it may come checked: nothing is in its way, and nothing is left to choose.

    A quantity never does: “数量 400 件” may tell what was loaded as well as what is still wanted.
    """
    return not (proposal.problem or proposal.code == "cut" or len(proposal.days) > 1)


def words_of(proposal: Proposal) -> str:
    """What taking it would do, in a sentence."""
    if not proposal.code:
        return proposal.said
    values = proposal.values
    day = values.get("new_date") or values.get("at") or values.get("actual_finish_at")
    shown = {"day": _day(day) if day else _("the day you choose") if len(proposal.days) > 1 else _("now")}
    if proposal.code == "promise":
        return _("Move the promise to %(day)s") % shown
    if proposal.code == "complete":
        return _("Complete “%(step)s”, %(day)s") % {"step": proposal.target, **shown}
    if proposal.code == "pause":
        return _("“%(step)s” waits on: %(side)s") % {"step": proposal.target, "side": Side(values["side"]).label}
    if proposal.code == "ship-edit":
        return _edit_words(proposal)
    if proposal.code == "cut":
        return _cut_words(proposal)
    status = ShipmentStatus(proposal.code.removeprefix("ship-")).label
    return _("Shipment %(number)s: %(status)s, %(day)s") % {"number": proposal.target or "?", "status": status, **shown}


def _cut_words(proposal: Proposal) -> str:
    if not proposal.values:
        return _("Another quantity")
    before, after = (_plain(Decimal(proposal.values[name])) for name in ("before", "after"))
    words = {"line": proposal.target, "before": before, "after": after}
    return _("Line %(line)s: %(after)s instead of %(before)s") % words


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _edit_words(proposal: Proposal) -> str:
    names = {field.name: str(field.verbose_name) for field in Shipment._meta.concrete_fields}
    parts = [f"{names[name]} {_day(v) if name in {'etd', 'eta'} else v}" for name, v in proposal.values.items()]
    if len(proposal.days) > 1:
        parts.append(_("the day you choose"))
    return _("Shipment %(number)s: %(parts)s") % {"number": proposal.target or "?", "parts": ", ".join(parts)}


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{text} {date_format(day, 'D')}"


@transaction.atomic
def take(*, chosen: Mapping[int, Proposal], days: Mapping[int, str], side: str, by: User, now: datetime) -> BulkAct:
    """Do the proposals, by their places in the list, all of them or none.

    `days` answers which day is meant, `side` at whose wish promises move.

    Raises:
        MessageRefused: a day or the side is missing, or an order refuses.
    """
    by_order: dict[int, list[Part]] = defaultdict(list)
    places: dict[int, int] = {}
    for place, proposal in chosen.items():
        by_order[proposal.order_id].append(_part(place, proposal, days.get(place, ""), side, now))
        places.setdefault(proposal.order_id, place)
    if not by_order:
        raise MessageRefused(_("Choose what shall be done."))
    act, refused = take_parts("message", by_order, said={}, by=by, now=now)
    if refused:
        raise MessageRefused(
            _("Nothing was changed."), fields={f"take-{places[order_id]}": text for order_id, text in refused.items()}
        )
    return act


def _last_move(shipment_id: int) -> datetime | None:
    """When what is known last of the shipment happened."""
    found = Shipment.objects.filter(pk=shipment_id).values_list(*SHIPMENT_INSTANTS.values()).first() or ()
    return max((at for at in found if at), default=None)


def _part(place: int, proposal: Proposal, day: str, side: str, now: datetime) -> Part:
    values = dict(proposal.values)
    if len(proposal.days) > 1:
        if day not in proposal.days:
            text = _("Say which day is meant.")
            raise MessageRefused(text, fields={f"take-{place}": text})
        values[proposal.day_field] = day
    if proposal.code == "promise":
        if side not in Side.values:
            text = _("Say at whose wish the promise moves.")
            raise MessageRefused(text, fields={"side": text})
        reason = proposal.said
        new_date = date.fromisoformat(values["new_date"])
        return "promise", proposal.target_id, {"new_date": new_date, "side": side, "reason": reason}
    for name in ("at", "actual_finish_at"):
        if name in values:
            last = _last_move(proposal.target_id) if name == "at" else None
            zone = timezone.get_current_timezone()
            values[name] = instant_on(date.fromisoformat(values[name]), zone=zone, now=now, after=last)
    for name in ("etd", "eta"):
        if name in values:
            values[name] = date.fromisoformat(values[name])
    if proposal.code == "complete":
        values["note"] = proposal.said
    if proposal.code == "cut":
        cancelled = Decimal(values["cancelled"])
        return "cut", proposal.target_id, {"cancelled": {values["line"]: cancelled}, "reason": proposal.said}
    return proposal.code, proposal.target_id, values
