"""What of a file is new, changed or there already. Reads the database, writes nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils.text import slugify

from customers.models import Company
from orders.imports.profile import Profile
from orders.imports.report import Report
from orders.imports.rows import Layout
from orders.imports.wanted import Wanted, WantedCompany, WantedOrder
from orders.models import Order, OrderEvent, OrderLine, Shipment
from orders.models.events import EventKind
from teams.models import Team

CHUNK = 2000


@dataclass
class Plan:
    """What an import will do. `companies` maps a wanted company's key to the row there is, or to None."""

    wanted: Wanted
    companies: dict[str, Company | None] = field(default_factory=dict)
    new_codes: dict[str, str] = field(default_factory=dict)
    new: list[WantedOrder] = field(default_factory=list)
    changed: dict[int, WantedOrder] = field(default_factory=dict)  # by the order's id
    unchanged: list[WantedOrder] = field(default_factory=list)


def make_plan(wanted: Wanted, team: Team | None, profile: Profile, layout: Layout, report: Report) -> Plan:
    """Compare the file with the database; `team` is None while it does not exist."""
    plan = Plan(wanted)
    _sort_orders(plan, team, profile, layout, report)
    _check_changed(plan, layout, report)
    _check_shipments(plan, layout, report)
    _find_companies(plan, team, layout, report)
    _count(plan, report)
    return plan


def _sort_orders(plan: Plan, team: Team | None, profile: Profile, layout: Layout, report: Report) -> None:
    index, header = layout.where("order.number")
    known: dict[str, Order] = {}
    for numbers in chunks(list(plan.wanted.orders)):
        known |= {order.number: order for order in Order.objects.filter(number__in=numbers)}
    prints = _fingerprints([order.pk for order in known.values() if order.source == profile.name])
    for number, wanted in plan.wanted.orders.items():
        order = known.get(number)
        if order is None:
            plan.new.append(wanted)
        elif order.source != profile.name or team is None or order.team_id != team.pk:
            report.error(wanted.row, index, header, number, "number_taken")
        elif prints.get(order.pk) == wanted.fingerprint:
            plan.unchanged.append(wanted)
        else:
            plan.changed[order.pk] = wanted


def _fingerprints(order_ids: Sequence[int]) -> dict[int, str]:
    """What the last import said of each order."""
    found: dict[int, str] = {}
    for ids in chunks(order_ids):
        events = OrderEvent.objects.filter(
            order__in=ids, kind__in=[EventKind.IMPORTED, EventKind.EDITED], data__has_key="fingerprint"
        )
        found |= dict(events.order_by("pk").values_list("order_id", "data__fingerprint"))
    return found


def _check_changed(plan: Plan, layout: Layout, report: Report) -> None:
    """A changed order is updated only where nobody worked on it since, and where it lost nothing."""
    index, header = layout.where("order.number")
    for ids in chunks(sorted(plan.changed)):
        by_people = OrderEvent.objects.filter(order__in=ids).exclude(data__has_key="fingerprint")
        for pk in by_people.order_by("order_id").values_list("order_id", flat=True).distinct():
            report.error(plan.changed[pk].row, index, header, plan.changed[pk].number, "changed_here")
        carried = OrderLine.objects.filter(order__in=ids).order_by("pk")
        for pk, ref, shipment in carried.values_list("order_id", "source_ref", "shipment_lines__shipment__number"):
            wanted = plan.changed[pk]
            line = next((line for line in wanted.lines if line.ref == ref), None)
            if line is None:
                report.error(wanted.row, index, header, wanted.number, "line_gone", line=ref)
            elif shipment and shipment != line.shipment:
                at = layout.where("shipment.number")
                report.error(line.row, *at, line.shipment, "changed_shipment", old=shipment)


def _check_shipments(plan: Plan, layout: Layout, report: Report) -> None:
    """A new order's shipment may exist only through another order of this import."""
    index, header = layout.where("shipment.number")
    ours = {number for order in (*plan.unchanged, *plan.changed.values()) for number in order.shipments}
    rows = {
        line.shipment: line.row for order in plan.new for line in reversed(order.lines) if line.shipment not in ours
    }
    for numbers in chunks([number for number in rows if number]):
        for number in Shipment.objects.filter(number__in=numbers).values_list("number", flat=True):
            report.error(rows[number], index, header, number, "number_taken")


def _find_companies(plan: Plan, team: Team | None, layout: Layout, report: Report) -> None:
    wanted = plan.wanted.companies
    plan.new_codes = {key: company.code or code_for(company.name) for key, company in wanted.items()}
    reporting = {layout.header[place.index] for place in layout.places if place.column.reports_new}
    by_code: dict[str, Company] = {}
    by_name: dict[str, list[Company]] = {}
    for codes in chunks(list(plan.new_codes.values())):
        by_code |= {company.code: company for company in Company.objects.filter(code__in=codes)}
    for names in chunks([company.name for company in wanted.values() if not company.code]):
        for company in _usable(team).filter(Q(name__in=names) | Q(code__in=names)).order_by("pk"):
            for name in {company.name, company.code}:
                by_name.setdefault(name, []).append(company)
    for key, item in wanted.items():
        index, header = layout.where(f"{item.owner}.code" if item.code else f"{item.owner}.name")
        namesakes = [] if item.code else by_name.get(item.name, [])
        found = namesakes[0] if namesakes else by_code.get(plan.new_codes[key])
        if len(namesakes) > 1:
            report.error(item.row, index, header, item.name, "several_companies")
        elif found and found.team_id and (team is None or found.team_id != team.pk):
            report.error(item.row, index, header, item.code or item.name, "company_taken")
        elif found is None and header in reporting:
            report.doubt(item.row, index, header, item.code or item.name, "new_company")
        plan.companies[key] = found


def _usable(team: Team | None) -> QuerySet[Company]:
    """Companies that all teams share, and the team's own."""
    return Company.objects.filter(Q(team=None) | Q(team=team)) if team else Company.objects.filter(team=None)


def code_for(name: str) -> str:
    """A code for a company that the source knows by name only; the same name always gets the same."""
    slug = slugify(name, allow_unicode=True).upper()[:32].strip("-") or "C"
    return f"{slug}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def missing_roles(company: WantedCompany, found: Company) -> list[str]:
    """The flags that a company there already lacks."""
    return sorted(role for role in company.roles if not getattr(found, role))


def _count(plan: Plan, report: Report) -> None:
    groups = {"new": plan.new, "changed": list(plan.changed.values()), "unchanged": plan.unchanged}
    shipments: dict[str, set[str]] = {}
    counted: set[str] = set()
    for name in ("unchanged", "changed", "new"):  # a shipment of several orders counts once
        shipments[name] = {number for order in groups[name] for number in order.shipments} - counted
        counted |= shipments[name]
    touched = [
        (key, c) for key, c in plan.wanted.companies.items() if (f := plan.companies[key]) and missing_roles(c, f)
    ]
    missing = sum(found is None for found in plan.companies.values())
    report.counts = {
        "orders": {name: len(orders) for name, orders in groups.items()},
        "lines": {name: sum(len(order.lines) for order in orders) for name, orders in groups.items()},
        "shipments": {name: len(shipments[name]) for name in groups},
        "companies": {
            "new": missing,
            "changed": len(touched),
            "unchanged": len(plan.companies) - missing - len(touched),
        },
        "milestones": {name: sum(len(order.milestones) for order in orders) for name, orders in groups.items()},
    }


def chunks(items: Sequence, size: int = CHUNK) -> Iterator[Sequence]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
