"""Departures, arrivals and cut-offs of a month, day by day."""

import calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from orders.cutoffs import CUTOFFS
from orders.models import Shipment
from orders.models.shipments import ShipmentQuerySet
from orders.workflow import BEFORE_DEPARTURE, ShipmentStatus

MOST_A_DAY = 6


@dataclass(frozen=True)
class Entry:
    """`kind` is etd, eta or a cut-off's code; `clock` the time of day of a cut-off in the reader's zone."""

    shipment: Shipment
    kind: str
    name: Any
    clock: str
    tone: str


@dataclass
class Day:
    date: date
    is_of_month: bool
    is_today: bool
    entries: list[Entry] = field(default_factory=list)

    @property
    def shown(self) -> list[Entry]:
        return self.entries[:MOST_A_DAY]

    @property
    def hidden(self) -> list[Entry]:
        """What is unfolded on demand."""
        return self.entries[MOST_A_DAY:]


@dataclass(frozen=True)
class Month:
    first: date
    weeks: list[list[Day]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in the month itself; a phone shows only days with something."""
        return not any(day.entries for week in self.weeks for day in week if day.is_of_month)

    @property
    def before(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)


def read_month(shipments: ShipmentQuerySet, first: date, now: datetime) -> Month:
    """The weeks, Monday first, that hold the month of `first`; days are those of the time zone in force. One query."""
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    start, end = weeks[0][0], weeks[-1][-1]
    zone = timezone.get_current_timezone()
    from_at = datetime.combine(start, time(), zone)
    to_at = datetime.combine(end + timedelta(days=1), time(), zone)
    within = Q(etd__range=(start, end)) | Q(eta__range=(start, end))
    for cutoff in CUTOFFS:
        within |= Q(**{f"{cutoff.field}__gte": from_at, f"{cutoff.field}__lt": to_at})
    found = shipments.exclude(status=ShipmentStatus.CANCELLED).filter(within).with_cutoffs().order_by("etd", "pk")
    entries: dict[date, list[Entry]] = defaultdict(list)
    today = timezone.localdate(now)
    for shipment in found[:2000]:
        for day, entry in _entries(shipment, now, today):
            entries[day].append(entry)
    days = [
        [
            Day(day, day.month == first.month, day == today, sorted(entries[day], key=lambda each: each.clock))
            for day in week
        ]
        for week in weeks
    ]
    return Month(first, days)


def _entries(shipment: Shipment, now: datetime, today: date) -> list[tuple[date, Entry]]:
    waits = shipment.status in BEFORE_DEPARTURE
    found: list[tuple[date, Entry]] = []
    if shipment.etd:
        tone = "late" if waits and shipment.etd < today else "done" if not waits else "accent"
        found.append((shipment.etd, Entry(shipment, "etd", "ETD", "", tone)))
    if shipment.eta and shipment.status != ShipmentStatus.PLANNED:
        is_there = shipment.status in {ShipmentStatus.ARRIVED, ShipmentStatus.DELIVERED}
        late = not is_there and shipment.eta < today
        tone = "done" if is_there else "late" if late else "quiet"
        found.append((shipment.eta, Entry(shipment, "eta", "ETA", "", tone)))
    for cutoff in CUTOFFS:
        at = getattr(shipment, cutoff.field)
        if at is None:
            continue
        local = timezone.localtime(at)
        met = getattr(shipment, cutoff.met)
        tone = "done" if met else "late" if at < now else "today"
        found.append((local.date(), Entry(shipment, cutoff.code, cutoff.name, local.strftime("%H:%M"), tone)))
    return found
