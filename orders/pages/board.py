"""The board: running orders as cards, each in the stage of its next step."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, QuerySet, Value, Window
from django.db.models.functions import Coalesce, NullIf, RowNumber

from orders.models import Milestone, Order
from orders.words import Side, Stage

CARDS = 20  # of a column
CARDS_ALONE = 200  # when one stage is opened


@dataclass
class Card:
    """`step` is the order's most urgent active step; `step_ids` all its active steps of that stage."""

    step: Milestone
    step_ids: list[int] = field(default_factory=list)

    @property
    def order(self) -> Order:
        return self.step.order

    @property
    def is_waiting(self) -> bool:
        return self.step.waiting_on not in {"", Side.INTERNAL}


@dataclass
class Column:
    stage: str
    title: str
    cards: list[Card]
    total: int

    @property
    def hidden_count(self) -> int:
        return self.total - len(self.cards)


def columns_of(orders: QuerySet[Order], *, now: datetime, stage: str = "") -> list[Column]:
    """The stages in which orders stand now, in the order of an order's life; three queries.

    The most urgent cards of each column are read. `stage` reads that column alone, and more of it.
    """
    ranked = _next_steps(orders)
    counts = {row["stage"]: row["count"] for row in ranked.values("stage").annotate(count=Count("pk")).order_by()}
    shown = _cards(ranked, now, stage)
    stages = [each for each in Stage if each in counts and stage in ("", each)]
    return [Column(each.value, str(each.label), shown[each.value], counts[each.value]) for each in stages]


def _next_steps(orders: QuerySet[Order]) -> QuerySet[Milestone]:
    """What is next of each order, as rows that can be counted and ranked."""
    steps = Milestone.objects.of_running_orders().filter(order__in=orders.order_by().values("pk"))
    first = steps.next_of_orders()
    return Milestone.objects.filter(pk__in=first.values("pk"))


def _cards(steps: QuerySet[Milestone], now: datetime, stage: str) -> dict[str, list[Card]]:
    place = Window(RowNumber(), partition_by="stage", order_by=[F("due_at").asc(nulls_last=True), F("pk").asc()])
    most = CARDS
    if stage:
        steps, most = steps.filter(stage=stage), CARDS_ALONE
    top = steps.annotate(place=place).filter(place__lte=most).values("pk")
    holder = Coalesce(NullIf(F("assignee__name"), Value("")), F("assignee__username"))
    rows = Milestone.objects.filter(pk__in=top).with_lateness(now).annotate(holder=holder)
    cards = {row.order_id: Card(row) for row in rows.select_related("order__customer")}
    same = Milestone.objects.active().filter(order__in=cards).order_by("position", "pk")
    for pk, order_id, its_stage in same.values_list("pk", "order_id", "stage"):
        if its_stage == cards[order_id].step.stage:
            cards[order_id].step_ids.append(pk)
    found: dict[str, list[Card]] = defaultdict(list)
    for card in sorted(
        cards.values(), key=lambda card: (card.step.due_at is None, card.step.due_at or now, card.step.pk)
    ):
        found[card.step.stage].append(card)
    return found
