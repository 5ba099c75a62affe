"""An order's first plan as orders.services.plans.first makes it, without its queries. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from orders.basis import Basis, Shape
from orders.calendars import OFFICE, Calendars
from orders.planning import Plan
from orders.schedule import Inputs, nodes_of, plan_steps, specs_of
from orders.targets import Dates, targets_of


def first_inputs(shape: Shape, start: datetime, dates: Dates, calendars: Calendars, presentation_days: int) -> Inputs:
    """What the plan is asked with that confirming makes for an order of `shape`, ordered at `start`."""
    bare, specs = _bare_inputs(shape, start, calendars, presentation_days), specs_of(shape.template, shape.terms)
    # The dates hang from the steps as they are; how long after shipment papers may be presented is no part of that.
    steps, office = plan_steps(nodes_of(shape), bare.calendars), calendars.by_kind[OFFICE].schedule()
    targets = targets_of(dates, specs, nodes_of(shape), steps, bare.schedules, office)
    return replace(bare, basis=replace(bare.basis, anchors=targets.anchors, limits=targets.limits))


def forward_plan(
    shape: Shape, start: datetime, calendars: Calendars, anchors: Mapping[str, datetime] | None = None
) -> Plan:
    """The plan of an order that hangs from nothing but `anchors`: where nothing is promised yet."""
    bare = _bare_inputs(shape, start, calendars, presentation_days=0)
    return replace(bare, basis=replace(bare.basis, anchors=anchors or {})).plan()


def _bare_inputs(shape: Shape, start: datetime, calendars: Calendars, presentation_days: int) -> Inputs:
    own = {key: calendars.of(node.spec) for key, node in nodes_of(shape).items()}
    used = calendars.used_by(specs_of(shape.template, shape.terms))
    basis = Basis(shape, start=start, as_of=start, presentation_days=presentation_days, calendars=used)
    schedules = {str(calendar.pk): calendar.schedule() for calendar in own.values()}
    return Inputs(basis, {key: str(calendar.pk) for key, calendar in own.items()}, schedules, pauses={})
