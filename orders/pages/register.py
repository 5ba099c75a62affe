"""The order list: where each order stands, what is next and who holds it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db.models import F, Max, Min, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from orders.models import Milestone, Order, OrderLine
from orders.models.orders import UNLISTED
from orders.models.templates import in_language
from orders.words import Side
from orders.workflow import OPEN_MILESTONE, RUNNING_ORDER, MilestoneStatus
from teams.access import Access

PAGE_SIZE = 50
COUNTED_UP_TO = 1000
FAR = datetime.max.replace(tzinfo=UTC)


class ListedStep(NamedTuple):
    """What a row tells of a step. A page reads fifteen hundred of them, so they are no models."""

    position: int
    status: str
    name_zh: str
    name_en: str
    due_at: datetime | None
    waiting_on: str
    holder: str | None  # the assignee's name
    is_late: bool  # by Milestone.with_lateness
    is_stopped: bool

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_MILESTONE


@dataclass
class OrderRow:
    """One line of the list."""

    order: Order
    steps: list[ListedStep] = field(default_factory=list)
    next_step: ListedStep | None = None
    late_count: int = 0
    promised_first: date | None = None  # of the lines still wanted
    promised_last: date | None = None
    is_promise_broken: bool = False
    shows_money: bool = False

    @property
    def done_count(self) -> int:
        return sum(step.status == MilestoneStatus.DONE for step in self.steps)

    @property
    def wanted_count(self) -> int:
        return sum(step.status not in {MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED} for step in self.steps)

    @property
    def is_waiting(self) -> bool:
        return self.next_step is not None and self.next_step.waiting_on not in {"", Side.INTERNAL}


def with_row_data(orders: QuerySet, shown: Collection[str] = ()) -> QuerySet:
    """Orders with the records that a row shows; `shown` are keys of orders.pages.order_columns."""
    people = [name for name in ("sales_rep", "logistics_owner") if name in shown]
    return orders.select_related("customer", "clerk", "team", "template", *people).defer(*UNLISTED)


def rows_of(orders: Sequence[Order], *, access: Access, now: datetime, today: date) -> list[OrderRow]:
    """Rows for `orders` (from `with_row_data`) in two queries, however many there are; `access` is the reader's."""
    rows = {order.pk: OrderRow(order, shows_money=access.sees_money(order.team_id)) for order in orders}
    steps = Milestone.objects.filter(order__in=rows).with_lateness(now)
    steps = steps.annotate(holder=Coalesce(NullIf(F("assignee__name"), Value("")), F("assignee__username")))
    steps = steps.order_by("order_id", "position", "pk")
    for order_id, *values in steps.values_list("order_id", *ListedStep._fields):
        rows[order_id].steps.append(ListedStep._make(values))
    wanted = OrderLine.objects.filter(order__in=rows, cancelled_quantity__lt=F("quantity"))
    promises = wanted.values("order_id").annotate(first=Min("promised_date_current"), last=Max("promised_date_current"))
    dates = {promise["order_id"]: promise for promise in promises.order_by()}
    for row in rows.values():
        promise = dates.get(row.order.pk, {})
        row.promised_first, row.promised_last = promise.get("first"), promise.get("last")
        _finish(row, today)
    return [rows[order.pk] for order in orders]


def _finish(row: OrderRow, today: date) -> None:
    is_running = row.order.status in RUNNING_ORDER
    row.late_count = sum(step.is_late for step in row.steps) if is_running else 0
    active = [step for step in row.steps if step.status == MilestoneStatus.ACTIVE]
    row.next_step = min(active, key=lambda step: (step.due_at or FAR, step.position), default=None)
    row.is_promise_broken = (
        row.order.is_open
        and row.order.delivered_at is None
        and row.promised_last is not None
        and row.promised_last < today
    )


def count_up_to(orders: QuerySet, limit: int = COUNTED_UP_TO) -> tuple[int, bool]:
    """How many orders there are, counting no further than `limit`; the flag says there are more."""
    counted = orders.order_by().values("pk")[: limit + 1].count()
    return min(counted, limit), counted > limit
