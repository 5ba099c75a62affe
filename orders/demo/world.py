"""What the stories are told from: the instant they lead up to, the calendars and the process templates. Read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from orders.grammar import StepSpec, in_order
from orders.models import ProcessTemplate
from orders.planning import START, Plan, PlanStep, plan
from orders.process import steps_of
from orders.schedule import plan_steps
from orders.services.orders import FACTORY_CALENDAR, FACTORY_ROLES
from teams.models import WorkCalendar
from teams.worktime import WorkSchedule

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE_CALENDAR = "CN_OFFICE"  # of every team of the demo
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class World:
    """`now` is the instant up to which everything has happened."""

    now: datetime
    schedules: Mapping[str, WorkSchedule]
    specs: Mapping[str, Sequence[StepSpec]]

    @classmethod
    def read(cls, now: datetime) -> Self:
        codes = (OFFICE_CALENDAR, FACTORY_CALENDAR)
        calendars = {calendar.code: calendar.schedule() for calendar in WorkCalendar.objects.filter(code__in=codes)}
        templates = ProcessTemplate.objects.filter(is_current=True)
        return cls(
            now, calendars, {template.code: [spec for _pk, spec in steps_of(template.pk)] for template in templates}
        )

    @property
    def office(self) -> WorkSchedule:
        return self.schedules[OFFICE_CALENDAR]

    def schedule_of(self, spec: StepSpec) -> WorkSchedule:
        """The calendar that the services give to the step."""
        return self.schedules[FACTORY_CALENDAR if spec.role in FACTORY_ROLES else OFFICE_CALENDAR]

    def plan(self, template: str, start: datetime, pauses: Mapping[str, Sequence[Span]] | None = None) -> Plan:
        """The product's own plan of an order of `template` that was ordered at `start`."""
        steps = _plan_steps(tuple(self.specs[template]))
        return plan(steps, {START: start}, self.schedules, {}, pauses or {}, self.now)

    def in_order(self, template: str) -> list[StepSpec]:
        """The steps so that each stands after those it depends on."""
        return in_order(self.specs[template])


@lru_cache(maxsize=16)
def _plan_steps(specs: tuple[StepSpec, ...]) -> list[PlanStep]:
    calendars = {s.code: FACTORY_CALENDAR if s.role in FACTORY_ROLES else OFFICE_CALENDAR for s in specs}
    return plan_steps(specs, calendars)
