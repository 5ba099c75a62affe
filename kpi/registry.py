"""Every figure by its code. A figure that stands here is on the page, in the API and in the command."""

from collections.abc import Mapping
from types import MappingProxyType

from kpi.errors import UnknownMetric
from kpi.metrics.base import Metric
from kpi.metrics.delivery import InFull, OnTimeDelivery, OnTimeInFull
from kpi.metrics.speed import CycleTime, OrderToShip
from kpi.metrics.steps import DaysOverdue, OverdueIncidence, OverdueStock, SlaAttainment

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.code: metric
        for metric in (
            OnTimeDelivery(),
            InFull(),
            OnTimeInFull(),
            CycleTime(),
            OrderToShip(),
            SlaAttainment(),
            OverdueStock(),
            OverdueIncidence(),
            DaysOverdue(),
        )
    }
)


def metric_of(code: str) -> Metric:
    """The definition of a figure.

    Raises:
        UnknownMetric
    """
    if code not in METRICS:
        raise UnknownMetric(code)
    return METRICS[code]
