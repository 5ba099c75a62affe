"""The measured requests: who asks for what, against which target."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from benchmarks.floor import BARE_PATH, EMPTY_PATH

STEP_FIGURES = "K33,K20,K21,K37,K38"  # of a manager's board what counts steps, which the page asks for by itself

Ask = tuple[str, str, bytes | None]  # method, path, body


@dataclass(frozen=True)
class Row:
    """One line of the report. `most` is the target as a multiple of F0; `queries` the most statements allowed."""

    name: str
    who: str
    asks: Callable[[], Ask]
    most: float | None = None
    queries: int | None = None
    is_write: bool = False


def always(path: str) -> Callable[[], Ask]:
    return lambda: ("GET", path, None)


def floors() -> list[Row]:
    return [
        Row("bare Django view, no middleware", "nobody", always(BARE_PATH)),
        Row("F0: empty view", "nobody", always(EMPTY_PATH)),
    ]


def reading_rows(facts: dict[str, str]) -> list[Row]:
    month = f"from={facts['month']}&to={facts['next_month']}"
    return [
        Row("API orders, 50 newest", "manager", always("/api/v1/orders/"), 10),
        Row("API orders, overdue", "manager", always("/api/v1/orders/?overdue=true"), 10),
        Row("API orders, of a clerk", "manager", always(f"/api/v1/orders/?clerk={facts['clerk']}"), 10),
        Row("API orders, seen by a clerk", "clerk", always("/api/v1/orders/"), 10),
        Row("API orders, seen by a lead", "lead", always("/api/v1/orders/"), 10),
        Row(f"API orders, page at row {facts['depth']}", "manager", always(facts["deep_page"]), 10),
        Row("HTML orders, 50 with strips", "manager", always("/orders/"), 25, 12),
        Row("HTML orders, overdue", "manager", always("/orders/?overdue=true"), 25, 12),
        Row("HTML orders, seen by a clerk", "clerk", always("/orders/"), 25, 12),
        Row("HTML desk, 150 open orders", "clerk", always("/"), 25, 12),
        Row("HTML desk of a lead's team", "lead", always("/"), 25, 12),
        Row("API search “nordhaus”", "manager", always("/api/v1/orders/?q=nordhaus"), 12),
        Row("API search, an order number", "manager", always(f"/api/v1/orders/?q={facts['number']}"), 12),
        Row("API search “华泰” (2 characters)", "manager", always("/api/v1/orders/?q=%E5%8D%8E%E6%B3%B0"), 12),
        Row("API search, nothing found", "manager", always("/api/v1/orders/?q=%E9%BE%98%E9%BE%98"), 12),
        Row("HTML order, 35 steps, 10 lines, 100 events", "manager", always(f"/orders/{facts['big']}/"), 30, 20),
        Row("HTML shipments", "logistics", always("/shipments/"), 25, 12),
        Row("HTML dashboard, month", "manager", always(f"/kpi/?{month}"), 20),
        Row("HTML dashboard, its figures over steps", "manager", always(f"/kpi/?{month}&cards={STEP_FIGURES}"), 20),
        Row("HTML figure K01", "manager", always(f"/kpi/K01/?{month}"), 20),
        Row("API KPI drill-down, first page", "manager", always(f"/api/v1/kpi/K01/members/?{month}"), 12),
        Row("HTML KPI drill-down, first page", "manager", always(f"/kpi/K20/members/?{month}"), 12),
    ]


def completing_row(ids: list[int]) -> Row:
    waiting: Iterator[int] = iter(ids)
    return Row(
        "API complete a milestone",
        "manager",
        lambda: ("POST", f"/api/v1/milestones/{next(waiting)}/complete/", b"{}"),
        15,
        is_write=True,
    )


def bulk_ask(ids: list[int]) -> Ask:
    return "POST", "/api/v1/milestones/bulk/", json.dumps({"action": "complete", "ids": ids}).encode()


def completable(limit: int, now: datetime) -> list[int]:
    """Active steps without a gate or evidence before them, at most one of an order, laid out as the product would."""
    from orders.services import flow

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (m.order_id) m.id, m.order_id FROM orders_milestone m
            JOIN orders_order o ON o.id = m.order_id AND o.status = 'confirmed'
            WHERE m.status = 'active' AND m.required_documents = '{}' AND o.id %% 3 = 0
            AND m.code IN ('PROD_START', 'PROD_DONE', 'PACK_MATERIAL_IN', 'PP_SUBMIT', 'MATERIAL_IN', 'PACKED')
            ORDER BY m.order_id DESC LIMIT %s
            """,
            [limit * 2],
        )
        found = cursor.fetchall()
    chosen = []
    for milestone_id, order_id in found:
        # The seed's dates are the plan's moved to the order's day; the product puts them into working time once.
        flow.refresh(flow_order(order_id), now=now)
        gates = _open_gates(milestone_id)
        if not gates:
            chosen.append(milestone_id)
        if len(chosen) == limit:
            break
    return chosen


def flow_order(order_id: int):
    from orders.models import Order

    return Order.objects.select_related("template").get(pk=order_id)


def _open_gates(milestone_id: int) -> list[str]:
    from orders.models import Milestone
    from orders.network import open_before
    from orders.services import flow

    milestone = Milestone.objects.select_related("order__template").get(pk=milestone_id)
    open_steps = {row.key: row for row in milestone.order.milestones.open()}
    before = open_before(flow.steps_before(milestone.order), milestone.key, dict.fromkeys(open_steps, True))
    return [open_steps[key].code for key in before if open_steps[key].has_flag("G")] + (
        [] if milestone.is_open else ["closed"]
    )
