"""What an act changes in orders, read by comparing them before and after."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from orders.models import Milestone, Order
from orders.models.templates import in_language
from orders.workflow import OPEN_MILESTONE, MilestoneStatus, OrderStatus


@dataclass(frozen=True)
class MovedDate:
    """A step's due instant before and after."""

    name: str
    old: datetime | None
    new: datetime | None


@dataclass
class OrderChange:
    """What becomes of one order."""

    number: str
    status: tuple[str, str] | None = None  # names of the old and the new one
    promise: tuple[date | None, date | None] | None = None
    finished: list[str] = field(default_factory=list)  # steps that close
    reopened: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)  # steps whose turn comes
    moved: list[MovedDate] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # people whose turn comes

    @property
    def is_something(self) -> bool:
        return bool(self.status or self.promise or self.finished or self.reopened or self.started or self.moved)


@dataclass
class Effect:
    """What the act does to one target; `refusal` says why it would do nothing."""

    target_id: int
    label: str
    refusal: str = ""
    changes: list[OrderChange] = field(default_factory=list)
    target: Any = None


@dataclass(frozen=True)
class _Step:
    name: str
    status: str
    due_at: datetime | None
    assignee: str


@dataclass(frozen=True)
class OrderState:
    number: str
    status: str
    promise: date | None
    steps: dict[int, _Step]


def read_states(order_ids: Iterable[int]) -> dict[int, OrderState]:
    """How the orders stand now; two queries, however many there are."""
    ids = list(order_ids)
    steps: dict[int, dict[int, _Step]] = {pk: {} for pk in ids}
    columns = ("order_id", "pk", "name_zh", "name_en", "status", "due_at", "assignee__name", "assignee__username")
    for order_id, pk, zh, en, status, due_at, name, username in (
        Milestone.objects.filter(order__in=ids).order_by("order_id", "position", "pk").values_list(*columns)
    ):
        steps[order_id][pk] = _Step(in_language(zh, en), status, due_at, name or username or "")
    heads = Order.objects.filter(pk__in=ids).values_list("pk", "number", "status", "current_promised_date")
    return {pk: OrderState(number, status, promise, steps[pk]) for pk, number, status, promise in heads}


def changes_between(before: dict[int, OrderState], after: dict[int, OrderState]) -> list[OrderChange]:
    """What differs, order by order; orders without a difference are left out."""
    found = [_change(old, after[pk]) for pk, old in before.items() if pk in after]
    return [change for change in found if change.is_something]


def _change(old: OrderState, new: OrderState) -> OrderChange:
    change = OrderChange(new.number)
    if old.status != new.status:
        change.status = (str(OrderStatus(old.status).label), str(OrderStatus(new.status).label))
    if old.promise != new.promise:
        change.promise = (old.promise, new.promise)
    for pk, step in new.steps.items():
        was = old.steps.get(pk)
        if was is None:
            change.started.append(step.name)
            continue
        _compare(was, step, change)
    return change


def _compare(was: _Step, step: _Step, change: OrderChange) -> None:
    was_open, is_open = was.status in OPEN_MILESTONE, step.status in OPEN_MILESTONE
    if was_open and not is_open:
        change.finished.append(step.name)
    elif is_open and not was_open:
        change.reopened.append(step.name)
    elif step.status == MilestoneStatus.ACTIVE != was.status:
        change.started.append(step.name)
        if step.assignee:
            change.told.add(step.assignee)
    if is_open and was.due_at != step.due_at:
        change.moved.append(MovedDate(step.name, was.due_at, step.due_at))
