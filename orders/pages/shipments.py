"""Shipments as the pages show them: what they carry, the cut-offs counting down, and the next move."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NotRequired, TypedDict

from django.db.models import DecimalField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orders.cutoffs import CUTOFFS, Cutoff
from orders.models import (
    ActItem,
    BulkAct,
    DocumentKind,
    Order,
    OrderDocument,
    OrderEvent,
    OrderLine,
    Shipment,
    ShipmentLine,
)
from orders.models.events import EventKind
from orders.models.shipments import ShipmentQuerySet, Urgency
from orders.pages.steps import day_length, working_time
from orders.workflow import BEFORE_DEPARTURE, SHIPMENT_INSTANTS, SHIPMENT_MOVES, OrderStatus, ShipmentStatus
from teams.models import User
from teams.permissions import Permission

if TYPE_CHECKING:  # rows with what queries add to them
    from django_stubs_ext import WithAnnotations

    class _Seen(TypedDict):
        seen_lines: list[ShipmentLine]
        urgency: NotRequired[int]  # of `by_urgency`

    class _Left(TypedDict):
        left: Decimal

    SeenShipment = WithAnnotations[Shipment, _Seen]
    LineWithLeft = WithAnnotations[OrderLine, _Left]

# What the button of a move says.
MOVE_NAMES: dict[str, Promise] = {
    ShipmentStatus.BOOKED: pgettext_lazy("button", "Book"),
    ShipmentStatus.LOADED: pgettext_lazy("button", "Load"),
    ShipmentStatus.DEPARTED: pgettext_lazy("button", "Depart"),
    ShipmentStatus.ARRIVED: pgettext_lazy("button", "Arrive"),
    ShipmentStatus.DELIVERED: pgettext_lazy("button", "Deliver"),
}


@dataclass(frozen=True)
class CutoffCell:
    """One cut-off: `tone` is late (passed, not met), today (less than a working day left), done or quiet."""

    cutoff: Cutoff
    at: datetime
    tone: str
    left: timedelta | None  # working time until then, None where the calendar does not reach

    @property
    def is_met(self) -> bool:
        return self.tone == "done"

    @property
    def is_missed(self) -> bool:
        return self.tone == "late"


@dataclass
class ShipmentRow:
    """One line of the list, and the head of a shipment's page."""

    shipment: "SeenShipment"
    orders: list[Order]
    cutoffs: list[CutoffCell]
    day_length: timedelta
    is_etd_passed: bool
    next_move: str = ""  # the status it leads to; empty if there is none or the reader may not make it
    may_edit: bool = False

    @property
    def move_name(self) -> Promise | str:
        return MOVE_NAMES.get(self.next_move, "")

    @property
    def is_moving(self) -> bool:
        return self.shipment.status not in {ShipmentStatus.DELIVERED, ShipmentStatus.CANCELLED}


@dataclass
class Group:
    """Rows under one heading: an urgency, or a week of departures."""

    title: str
    tone: str
    rows: list[ShipmentRow]


def with_row_data(
    shipments: ShipmentQuerySet, user: User, *, of_lines: Collection[str] = ()
) -> "QuerySet[SeenShipment]":
    """The queryset with what `rows_of` reads; of the cargo only what belongs to orders that the reader sees.

    `of_lines`: the fields of the cargo's lines and their orders that are shown, all of them by default.
    """
    lines = ShipmentLine.objects.filter(order_line__order__in=Order.objects.visible_to(user))
    lines = lines.select_related("order_line__order__customer").order_by("order_line__order", "order_line__position")
    if of_lines:
        lines = lines.only(*of_lines)
    rows = shipments.with_cutoffs().select_related("team__calendar", "owner", "forwarder")
    seen = Prefetch("lines", lines, to_attr="seen_lines")
    return rows.prefetch_related(seen)  # type: ignore[return-value]  # django-stubs takes to_attr for another type


def rows_of(shipments: "Sequence[SeenShipment]", *, user: User, now: datetime) -> list[ShipmentRow]:
    """Rows for `shipments` (from `with_row_data`); no further query."""
    today = timezone.localdate(now)
    return [_row(shipment, user, now, today) for shipment in shipments]


def _row(shipment: "SeenShipment", user: User, now: datetime, today: date) -> ShipmentRow:
    schedule = shipment.team.calendar.schedule()
    length = day_length(schedule)
    cells = []
    for cutoff in CUTOFFS:
        at = getattr(shipment, cutoff.field)
        if at is None:
            continue
        left = working_time(now, at, schedule)
        is_near = left is not None and left <= length
        met = getattr(shipment, cutoff.met)
        tone = "done" if met else "late" if at < now else "today" if is_near else "quiet"
        cells.append(CutoffCell(cutoff, at, tone, left))
    waits = shipment.status in BEFORE_DEPARTURE
    row = ShipmentRow(
        shipment,
        orders=list({line.order_line.order_id: line.order_line.order for line in shipment.seen_lines}.values()),
        cutoffs=cells,
        day_length=length,
        is_etd_passed=bool(waits and shipment.etd and shipment.etd < today),
    )
    following = next((move for move in SHIPMENT_INSTANTS if move in SHIPMENT_MOVES[shipment.status]), "")
    if user.access.allows(Permission.SHIPMENT_MOVE, shipment.team_id):
        row.next_move = following
    row.may_edit = user.access.allows(Permission.SHIPMENT_EDIT, shipment.team_id)
    return row


def grouped(rows: Sequence[ShipmentRow], now: datetime) -> list[Group]:
    """Rows in the order of `by_urgency`, under headings: urgencies, and weeks for those still to depart."""
    this_monday = _monday(timezone.localdate(now))
    groups: dict[str, Group] = {}
    for row in rows:
        urgency = Urgency(row.shipment.urgency)
        title = str(urgency.label)
        if urgency == Urgency.COMING and row.shipment.etd:
            title = _week(_monday(row.shipment.etd), this_monday)
        tone = {Urgency.CUTOFF: "late", Urgency.LATE: "late"}.get(urgency, "")
        groups.setdefault(title, Group(title, tone, [])).rows.append(row)
    return list(groups.values())


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week(monday: date, this_monday: date) -> str:
    weeks = (monday - this_monday).days // 7
    if weeks == 0:
        return _("Departing this week")
    if weeks == 1:
        return _("Departing next week")
    return _("Departing in the week of %(day)s") % {"day": monday.strftime("%m-%d")}


# A shipment's own page -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class HistoryEntry:
    """What was done to a shipment, once however many orders it carries."""

    event: OrderEvent
    text: str
    fields: list[str]


def history_of(shipment: Shipment, user: User, *, sees_money: bool) -> list[HistoryEntry]:
    """Newest first. A move is recorded with each order on board, and told once; money is not told to all."""
    events = (
        OrderEvent.objects.filter(shipment=shipment, order__in=Order.objects.visible_to(user))
        .select_related("by")
        .order_by("-recorded_at", "-pk")[:200]
    )
    names = {field.name: str(field.verbose_name) for field in Shipment._meta.fields}
    entries: dict[tuple, HistoryEntry] = {}
    for event in events:
        fields = [names[name] for name in event.data.get("fields", {}) if sees_money or name not in MONEY_FIELDS]
        text = str(ShipmentStatus(event.new).label) if event.kind == EventKind.MOVED else str(event.get_kind_display())
        entries.setdefault((event.recorded_at, event.kind, event.new), HistoryEntry(event, text, fields))
    return list(entries.values())


def photos_of(shipment: Shipment, user: User) -> list[OrderDocument]:
    """Photos of the loading, each once however many orders they are kept with; newest first."""
    aboard = ShipmentLine.objects.filter(shipment=shipment).values("order_line__order")
    documents = OrderDocument.objects.visible_to(user).evidence().filter(order__in=aboard, kind=DocumentKind.LOAD_PHOTO)
    once = {document.sha256: document for document in documents.order_by("-pk")[:100]}
    return sorted(once.values(), key=lambda document: -document.pk)


def last_act_on(shipment: Shipment, user: User) -> BulkAct | None:
    """The reader's own last move or roll-over of the shipment, if it can still be undone."""
    items = ActItem.objects.filter(
        act__by=user, act__operation__startswith="ship-", target_id=shipment.pk, state=ActItem.State.DONE
    )
    item = items.select_related("act").order_by("-pk").first()
    return item.act if item and item.act.undone_at is None else None


MONEY_FIELDS = ("freight_cost", "freight_currency")


# What is left to ship --------------------------------------------------------------------------------------------

_ZERO = Value(Decimal(0), output_field=DecimalField())


def with_left(lines: QuerySet[OrderLine], *, without: Shipment | None = None) -> "QuerySet[LineWithLeft]":
    """Annotate `left`: what no shipment carries yet, as `orders.services.shipments.quantity_left` says of one line."""
    counts = ~Q(shipment_lines__shipment__status=ShipmentStatus.CANCELLED)
    if without is not None:
        counts &= ~Q(shipment_lines__shipment=without.pk)
    taken = Coalesce(Sum("shipment_lines__quantity", filter=counts), _ZERO)
    return lines.annotate(left=F("quantity") - F("cancelled_quantity") - taken)


def orders_to_ship(user: User, text: str = "") -> QuerySet[Order]:
    """Confirmed orders of which something is in no shipment yet, the next promised first."""
    open_lines = with_left(OrderLine.objects.filter(order=OuterRef("pk"))).filter(left__gt=Decimal(0))
    orders = (
        Order.objects.visible_to(user)
        .filter(Exists(open_lines), status=OrderStatus.CONFIRMED)
        .select_related("customer", "team")
        .order_by(F("current_promised_date").asc(nulls_last=True), "pk")
    )
    teams = user.access.teams_allowing(Permission.SHIPMENT_EDIT)
    if teams is not None:
        orders = orders.filter(team__in=teams)
    return orders.search(text) if text else orders


def suggested_number(order: Order) -> str:
    """The order's number with the next free part: GD-26001-S1, -S2 …"""
    taken = set(Shipment.objects.filter(number__startswith=f"{order.number}-S").values_list("number", flat=True))
    return next(name for part in range(1, len(taken) + 2) if (name := f"{order.number}-S{part}"[-40:]) not in taken)


STATUS_FILTERS = [
    ("moving", pgettext_lazy("shipments", "Moving")),
    ("cutoff", pgettext_lazy("shipments", "Cut-off passed")),
    *ShipmentStatus.choices,
    ("all", pgettext_lazy("shipments", "All")),
]
OWNER_FILTERS = [("mine", gettext_lazy("My shipments"))]
