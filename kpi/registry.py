"""Every figure by its code. A figure that stands here is on the page, in the API and in the command."""

from collections.abc import Mapping
from types import MappingProxyType

from kpi.errors import UnknownMetric
from kpi.metrics.base import Metric
from kpi.metrics.customers import Repurchase
from kpi.metrics.delivery import InFull, OnTimeDelivery, OnTimeInFull
from kpi.metrics.discipline import (
    AcknowledgeTime,
    FirstPassYield,
    LeadTimeDeviation,
    SupplierOnTime,
    UpdateTimeliness,
)
from kpi.metrics.efficiency import CycleEfficiency
from kpi.metrics.load import Workload
from kpi.metrics.money import CollectionOnTime, SalesAttainment
from kpi.metrics.promises import OnTimeToRequest, PromiseChanges
from kpi.metrics.responses import FirstResponse
from kpi.metrics.shipments import OnTimeShipment
from kpi.metrics.speed import CycleTime, NetCycleTime, OrderToConfirm, OrderToShip
from kpi.metrics.steps import (
    CauseCoded,
    DaysOverdue,
    OverdueIncidence,
    OverdueStock,
    SlaAttainment,
    TaskCompletion,
)
from teams.models import User

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.code: metric
        for metric in (
            OnTimeDelivery(),
            OnTimeToRequest(),
            OnTimeShipment(),
            InFull(),
            OnTimeInFull(),
            PromiseChanges(),
            CycleTime(),
            NetCycleTime(),
            OrderToConfirm(),
            OrderToShip(),
            FirstResponse(),
            LeadTimeDeviation(),
            CycleEfficiency(),
            SlaAttainment(),
            OverdueStock(),
            OverdueIncidence(),
            DaysOverdue(),
            AcknowledgeTime(),
            Repurchase(),
            SalesAttainment(),
            CollectionOnTime(),
            SupplierOnTime(),
            UpdateTimeliness(),
            FirstPassYield(),
            CauseCoded(),
            Workload(),
            TaskCompletion(),
        )
    }
)


def offered_to(user: User | None) -> Mapping[str, Metric]:
    """The figures there are for a person; None, the whole organisation, has all of them."""
    if user is None or user.access.sees_any_money:
        return METRICS
    return {code: metric for code, metric in METRICS.items() if not metric.is_money}


def metric_of(code: str) -> Metric:
    """The definition of a figure.

    Raises:
        UnknownMetric
    """
    if code not in METRICS:
        raise UnknownMetric(code)
    return METRICS[code]
