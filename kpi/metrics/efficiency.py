"""K19, process cycle efficiency: how much of the time from order to delivery somebody worked on the order."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import Aggregate, Case, CharField, DecimalField, Exists, Func, OuterRef, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import HIT, Metric, Rule
from kpi.metrics.speed import NO_ORDER_DATE, CycleTime
from kpi.questions import Question
from orders.models import Milestone, Order
from orders.words import Side
from orders.workflow import MilestoneStatus

NO_WORK_STEP = "no_work_step"
# A step's part of the order's time is that since the finish before it, as the stage waterfall cuts it too
# (kpi.stages); of the parts of work steps, pauses on others are taken off.
_TOUCH = """
(SELECT COALESCE(SUM(EXTRACT(EPOCH FROM part.until - part.since) - held.seconds), 0) / 86400
FROM (
    SELECT step.id, step.flags, step.actual_finish_at AS until,
        COALESCE(LAG(step.actual_finish_at) OVER (ORDER BY step.actual_finish_at, step.id), {begun}) AS since
    FROM orders_milestone AS step
    WHERE step.order_id = {key} AND step.status = '{done}'
        AND step.actual_finish_at > {begun} AND step.actual_finish_at <= {ended}
) AS part
CROSS JOIN LATERAL (
    SELECT COALESCE(SUM(EXTRACT(EPOCH FROM upper(piece) - lower(piece))), 0) AS seconds
    FROM unnest((
        SELECT range_agg(tstzrange(GREATEST(from_at, part.since), LEAST(COALESCE(to_at, part.until), part.until)))
        FROM orders_clockpause
        WHERE milestone_id = part.id AND side <> '{internal}'
            AND from_at < part.until AND (to_at IS NULL OR to_at > part.since)
    )) AS piece
) AS held
WHERE part.until > part.since AND part.flags LIKE '%%T%%' AND part.flags NOT LIKE '%%C%%'
    AND part.flags NOT LIKE '%%S%%')
"""


class TouchDays(Func):
    """Calendar days of work on an order between two instants: its key, the earlier and the later one."""

    arity = 3
    output_field = DecimalField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra_context: Any) -> tuple[str, Any]:
        # Columns, which bring no parameters.
        key, begun, ended = (compiler.compile(each)[0] for each in self.get_source_expressions())
        words = {"done": MilestoneStatus.DONE.value, "internal": Side.INTERNAL.value}
        return _TOUCH.format(key=key, begun=begun, ended=ended, **words), ()


class CycleEfficiency(CycleTime):
    """Estimated: nobody records when they touch an order, so what nobody waits for counts as work."""

    code = "K19"
    name = pgettext_lazy("figure", "Process cycle efficiency, estimated")
    formula = _(
        "calendar days of work steps, each since the step before it, less pauses on others, summed ÷ calendar days "
        "from order to full delivery, of orders fully delivered in the period; estimated, since touch times are not "
        "recorded"
    )
    unit = "%"
    unit_name = pgettext_lazy("unit", "%")
    scale = 100
    is_higher_better = True
    source = "PCE, value-added time ÷ total lead time"
    amount = "touch"
    weight = "days"
    above_name = pgettext_lazy("figure", "days of work, estimated")
    below_name = pgettext_lazy("figure", "days from order to delivery")
    rules: ClassVar = {
        NO_ORDER_DATE: CycleTime.rules[NO_ORDER_DATE],
        NO_WORK_STEP: Rule(NO_WORK_STEP, pgettext_lazy("rule", "No finished step of its process is work")),
    }

    def rows(self, asked: Question) -> QuerySet[Order]:
        worked = Milestone.objects.filter(order=OuterRef("pk"), status=MilestoneStatus.DONE, flags__contains="T")
        return (
            super()
            .rows(asked)
            .annotate(
                outcome=Case(
                    When(ordered_at=None, then=Value(NO_ORDER_DATE)),
                    When(~Exists(worked), then=Value(NO_WORK_STEP)),
                    default=Value(HIT),
                    output_field=CharField(),
                ),
                touch=TouchDays("pk", "ordered_at", "delivered_at"),
            )
        )

    def sums(self) -> dict[str, Aggregate]:
        return Metric.sums(self)

    def statistics(self, counted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {}

    def beside(self, asked: Question) -> dict[str, Any]:
        return {}
