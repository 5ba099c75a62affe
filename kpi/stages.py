"""A04, K15: where the time of delivered orders went, by stage, exactly to the last second.

The time from order to delivery is cut at each step's finish; a part belongs to the step that ends it, what comes after
the last one to delivery. Of a part, pauses on the customer's side are waiting for the customer, other pauses waiting
for suppliers and others; the rest is what the step's process says of it: waiting on the customer (C) or a supplier (S),
work (T), else waiting inside. So the parts of an order sum to its lead time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from kpi.figures import members
from kpi.questions import Question
from orders.words import Side, Stage, word_of

KINDS = ("touch", "inside", "customer", "supplier")
_PARTS = """
WITH delivered AS MATERIALIZED (SELECT id, ordered_at, delivered_at FROM ({orders}) AS chosen),
ends AS (
    SELECT step.id, step.order_id, step.stage, step.flags, chosen.ordered_at, chosen.delivered_at,
        step.actual_finish_at AS until,
        LAG(step.actual_finish_at) OVER (PARTITION BY step.order_id ORDER BY step.actual_finish_at, step.id) AS before
    FROM orders_milestone AS step JOIN delivered AS chosen ON chosen.id = step.order_id
    WHERE step.status = 'done' AND step.actual_finish_at > chosen.ordered_at
        AND step.actual_finish_at <= chosen.delivered_at
),
parts AS (
    SELECT id, order_id, stage, flags, COALESCE(before, ordered_at) AS since, until FROM ends
    UNION ALL
    SELECT NULL, chosen.id, 'DLV', '', COALESCE(last.until, chosen.ordered_at), chosen.delivered_at
    FROM delivered AS chosen
    LEFT JOIN (SELECT order_id, MAX(until) AS until FROM ends GROUP BY order_id) AS last ON last.order_id = chosen.id
),
waited AS (
    SELECT parts.*, tstzrange(since, until) AS whole, held.customer, held.other
    FROM parts LEFT JOIN LATERAL (
        SELECT range_agg(tstzrange(from_at, to_at)) FILTER (WHERE side = %(customer)s) AS customer,
            range_agg(tstzrange(from_at, to_at)) FILTER (WHERE side NOT IN (%(customer)s, %(internal)s)) AS other
        FROM orders_clockpause
        WHERE milestone_id = parts.id AND from_at < parts.until AND (to_at IS NULL OR to_at > parts.since)
    ) AS held ON TRUE
    WHERE until > since
),
days AS (
    SELECT order_id, stage, flags, EXTRACT(EPOCH FROM until - since) / 86400 AS whole_days,
        CASE WHEN customer IS NULL THEN 0 ELSE (
            SELECT COALESCE(SUM(EXTRACT(EPOCH FROM upper(piece) - lower(piece))), 0) / 86400
            FROM unnest(customer * whole::tstzmultirange) AS piece
        ) END AS customer_days,
        CASE WHEN other IS NULL THEN 0 ELSE (
            SELECT COALESCE(SUM(EXTRACT(EPOCH FROM upper(piece) - lower(piece))), 0) / 86400
            FROM unnest(other * whole::tstzmultirange - COALESCE(customer, '{{}}'::tstzmultirange)) AS piece
        ) END AS other_days
    FROM waited
),
split AS (
    SELECT order_id, stage, whole_days,
        CASE WHEN flags LIKE '%%C%%' THEN whole_days - other_days ELSE customer_days END AS customer,
        CASE WHEN flags LIKE '%%C%%' THEN other_days
             WHEN flags LIKE '%%S%%' THEN whole_days - customer_days ELSE other_days END AS supplier,
        CASE WHEN flags LIKE '%%C%%' OR flags LIKE '%%S%%' OR flags NOT LIKE '%%T%%' THEN 0
             ELSE whole_days - customer_days - other_days END AS touch,
        CASE WHEN flags LIKE '%%C%%' OR flags LIKE '%%S%%' OR flags LIKE '%%T%%' THEN 0
             ELSE whole_days - customer_days - other_days END AS inside
    FROM days
),
of_order AS (
    SELECT order_id, stage, SUM(whole_days) AS whole, SUM(touch) AS touch, SUM(inside) AS inside,
        SUM(customer) AS customer, SUM(supplier) AS supplier
    FROM split GROUP BY order_id, stage
)
"""
_BY_STAGE = (
    _PARTS
    + """
SELECT stage, COUNT(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY whole),
    percentile_cont(0.9) WITHIN GROUP (ORDER BY whole), SUM(touch), SUM(inside), SUM(customer), SUM(supplier)
FROM of_order GROUP BY stage
"""
)
_BY_ORDER = (
    _PARTS
    + """
SELECT order_id, SUM(touch + inside + customer + supplier) FROM of_order GROUP BY order_id
"""
)


# The same cut at the finishes of the frozen plan, from the order on; of the orders whose plan was frozen.
_PLANNED = """
WITH delivered AS MATERIALIZED (SELECT id, ordered_at FROM ({orders}) AS chosen),
ends AS (
    SELECT step.stage, step.order_id, step.baseline_finish_at AS until,
        COALESCE(
            LAG(step.baseline_finish_at)
                OVER (PARTITION BY step.order_id ORDER BY step.baseline_finish_at, step.id),
            chosen.ordered_at
        ) AS since
    FROM orders_milestone AS step JOIN delivered AS chosen ON chosen.id = step.order_id
    WHERE step.status = 'done' AND step.baseline_finish_at > chosen.ordered_at
)
SELECT stage, SUM(EXTRACT(EPOCH FROM until - since)) / 86400 / (SELECT COUNT(DISTINCT order_id) FROM ends)
FROM ends GROUP BY stage
"""


@dataclass(frozen=True)
class StageTime:
    """Calendar days. `median` and `p90` are of the orders that spent time in the stage, the means of all orders.

    `planned` is the mean of the frozen plans of these orders; None where none of them plans the stage.
    """

    stage: str
    order_count: int
    median: float
    p90: float
    touch: float
    inside: float
    customer: float
    supplier: float
    planned: float | None = None

    @property
    def label(self) -> str:
        return word_of(Stage, self.stage)

    @property
    def mean(self) -> float:
        return self.touch + self.inside + self.customer + self.supplier


def stage_times(asked: Question) -> tuple[list[StageTime], int]:
    """The stages in the order of an order's life, and how many orders delivered in the period they are means of."""
    rows = _read(_BY_STAGE, asked)
    count = members("K11", asked).count()
    places = {stage: index for index, stage in enumerate(Stage.values)}
    planned = {stage: float(days) for stage, days in _read(_PLANNED, asked)}
    times = [
        StageTime(stage, orders, float(median), float(p90), *_means(sums, count), planned=planned.get(stage))
        for stage, orders, median, p90, *sums in rows
    ]
    return sorted(times, key=lambda time: places.get(time.stage, len(places))), count


def _means(sums: Sequence[Any], count: int) -> tuple[float, float, float, float]:
    touch, inside, customer, supplier = (float(days) / count for days in sums)
    return touch, inside, customer, supplier


def order_times(asked: Question) -> dict[int, float]:
    """The days of each order's parts in all; its lead time."""
    return {pk: float(days) for pk, days in _read(_BY_ORDER, asked)}


def _read(statement: str, asked: Question) -> list[tuple]:
    orders = (
        members("K11", asked).order_by().values(key=F("pk")).annotate(begun=F("ordered_at"), ended=F("delivered_at"))
    )
    sql, params = orders.query.sql_with_params()
    named = {f"p{index}": value for index, value in enumerate(params)}
    pieces = sql.split("%s")
    placed = pieces[0] + "".join(f"%({name})s{piece}" for name, piece in zip(named, pieces[1:], strict=True))
    chosen = f'SELECT "key" AS id, begun AS ordered_at, ended AS delivered_at FROM ({placed}) AS found'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(orders=chosen), {**named, "customer": Side.CUSTOMER.value, "internal": Side.INTERNAL.value}
        )
        return cursor.fetchall()
