"""What the stories are told from: the instant they lead up to, the calendars and the process templates. Read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self
from zoneinfo import ZoneInfo

from orders.basis import Shape
from orders.calendars import CALENDAR_OF_KIND, CUSTOMER, OFFICE, Calendars, all_calendars
from orders.demo.laying import forward_plan
from orders.grammar import StepSpec
from orders.models import ProcessTemplate
from orders.overlays import Terms
from orders.planning import Plan
from orders.schedule import specs_of
from teams.worktime import WorkSchedule

ZONE = ZoneInfo("Asia/Shanghai")
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class World:
    """`now` is the instant up to which everything has happened; `templates` maps codes to ids of current versions."""

    now: datetime
    calendars: Calendars  # of all orders: the demo's companies bring none of their own
    templates: dict[str, int]

    @classmethod
    def read(cls, now: datetime) -> Self:
        by_code = all_calendars()
        kinds = {**CALENDAR_OF_KIND, CUSTOMER: CALENDAR_OF_KIND[OFFICE]}
        calendars = Calendars({kind: by_code[code] for kind, code in kinds.items()}, by_code)
        return cls(now, calendars, dict(ProcessTemplate.objects.filter(is_current=True).values_list("code", "pk")))

    @property
    def office(self) -> WorkSchedule:
        return self.calendars.by_kind[OFFICE].schedule()

    def schedule_of(self, spec: StepSpec) -> WorkSchedule:
        """The calendar that the services give to the step."""
        return self.calendars.of(spec).schedule()

    def shape(self, template: str, terms: Terms) -> Shape:
        """Which steps an order of `template` on these terms has."""
        return Shape(self.templates[template], terms)

    def specs(self, template: str, terms: Terms) -> Sequence[StepSpec]:
        """The steps of `template` on these terms."""
        return specs_of(self.templates[template], terms)

    def plan(self, template: str, start: datetime) -> Plan:
        """The plan of an order on no particular terms that nothing was promised of: as early as possible."""
        return forward_plan(self.shape(template, Terms()), start, self.calendars)

    @cached_property
    def usual_plans(self) -> dict[str, Plan]:
        """By template, `plan` of an order that is placed now."""
        return {template: self.plan(template, self.now) for template in self.templates}


def to_minute(at: datetime) -> datetime:
    """People do not type seconds."""
    return at.replace(second=0, microsecond=0)
