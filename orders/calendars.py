"""Which work calendar a step runs by: chosen by role and side, overridden by the template's own word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from customers.models import Company
from orders.grammar import StepSpec
from orders.models import Order
from teams.models import WorkCalendar
from teams.permissions import RoleCode

FACTORY_ROLES = frozenset({RoleCode.PLANNER, RoleCode.QC})
# Steps that are done at a bank's counter.
BANK_STEPS = frozenset({"DOCS_PRESENTED", "COLLECTION_SENT"})
OFFICE, FACTORY, BANK, CUSTOMER, CARRIER = "office", "factory", "bank", "customer", "carrier"
# The shipped calendar of each kind; an order's team, supplier and customer may bring their own.
CALENDAR_OF_KIND = {OFFICE: "CN_OFFICE", FACTORY: "CN_FACTORY", BANK: "BANK_CN", CARRIER: "CARRIER"}


def kind_of(spec: StepSpec) -> str:
    """Whose working time a step runs in.

    Money from outside comes by bank days, carriers sail on every day, production and inspection go by the factory, a
    supplier's delivery as well, a customer's answer by the customer's office; everything else by the team's.
    """
    is_money = spec.role == RoleCode.FINANCE and "C" in spec.flags
    if spec.code in BANK_STEPS or is_money:
        return BANK
    if spec.duration.unit == "c" or ("A" in spec.flags and "H" in spec.flags):
        return CARRIER
    if spec.role in FACTORY_ROLES or (spec.role == RoleCode.PURCHASER and "S" in spec.flags):
        return FACTORY
    return CUSTOMER if "C" in spec.flags else OFFICE


@dataclass(frozen=True)
class Calendars:
    """The calendars of one order by kind, and all by code."""

    by_kind: Mapping[str, WorkCalendar]
    by_code: Mapping[str, WorkCalendar]

    def of(self, spec: StepSpec) -> WorkCalendar:
        return self.by_code.get(spec.calendar) or self.by_kind[kind_of(spec)]

    def used_by(self, specs: Iterable[StepSpec]) -> dict[int, int]:
        """Calendar ids with their versions now: what a plan made now is computed with."""
        used = {calendar.pk: calendar.version for calendar in (self.of(spec) for spec in specs)}
        return {**used, self.by_kind[OFFICE].pk: self.by_kind[OFFICE].version}


def all_calendars() -> dict[str, WorkCalendar]:
    """Every work calendar by its code; one query."""
    return {calendar.code: calendar for calendar in WorkCalendar.objects.all()}


def calendars_of(order: Order, by_code: Mapping[str, WorkCalendar] | None = None) -> Calendars:
    """The calendars of `order`; reads its team, supplier and customer."""
    by_code = all_calendars() if by_code is None else by_code
    by_id = {calendar.pk: calendar for calendar in by_code.values()}
    office = by_id[order.team.calendar_id]
    own = {
        OFFICE: office,
        FACTORY: _own(order.supplier, by_id),
        CUSTOMER: _own(order.customer, by_id),
    }
    shipped = {kind: by_code.get(code) for kind, code in CALENDAR_OF_KIND.items()}
    kinds = (OFFICE, FACTORY, BANK, CUSTOMER, CARRIER)
    return Calendars({kind: own.get(kind) or shipped.get(kind) or office for kind in kinds}, by_code)


def _own(company: Company | None, by_id: Mapping[int, WorkCalendar]) -> WorkCalendar | None:
    return by_id.get(company.calendar_id) if company and company.calendar_id else None
