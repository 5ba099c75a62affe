"""What the pages of customers ask of the app of orders, which registers itself when it starts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from customers.models import Company
from teams.models import User


@dataclass(frozen=True)
class OrderCounts:
    """A customer's orders that are not closed, and how many of them are overdue; of those the viewer sees."""

    open: int = 0
    overdue: int = 0


class OrderBook(Protocol):
    def counts(self, company_ids: Collection[int], *, viewer: User, now: datetime) -> Mapping[int, OrderCounts]:
        """By company id; one query."""
        ...

    def newest(self, company: Company, *, viewer: User, now: datetime, limit: int) -> Sequence[Any]:
        """The company's newest orders, as customer or supplier, each with `is_late`."""
        ...


_books: list[OrderBook] = []


def register(book: OrderBook) -> None:
    _books[:] = [book]


def order_book() -> OrderBook:
    return _books[0]
