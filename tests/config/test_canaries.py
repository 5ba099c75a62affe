"""Canaries: every text and amount of another team is a unique word; none may reach who has no right to it (S3)."""

import re
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import models
from django.urls import reverse
from rest_framework.test import APIClient

from customers.models import Company, Contact, Interaction
from orders.models import (
    ClockPause,
    ImportProfile,
    Inspection,
    Milestone,
    Order,
    OrderDocument,
    OrderLine,
    Payment,
    SampleRound,
    Shipment,
)
from orders.services import checks, plans
from orders.services import documents as document_services
from orders.services import milestones as milestone_services
from orders.services import orders as order_services
from teams.permissions import ROLES, RoleCode, Scope
from tests.config.rights_table import API, PAGES
from tests.config.world import make_world
from tests.factories import MONDAY

pytestmark = pytest.mark.django_db
# Words with a fixed meaning, or keys that a query needs: no free text of anybody.
KEPT = {
    *("status", "mode", "incoterm", "priority", "stage", "role", "flags", "kind", "channel", "direction", "side"),
    *("waiting_on", "currency", "country", "code", "file", "content_type", "sha256", "timezone", "language", "grade"),
    *("cancelled_side", "payment_terms", "bl_release_mode", "freight_currency", "name_zh", "name_en", "search_text"),
}
LISTS = ["companies", "contacts", "interactions", "orders", "milestones", "shipments", "documents", "notifications"]
FILTERS = {
    "orders": [
        "q=CANARY",
        "overdue=true",
        "at_risk=true",
        "status=open",
        "ordering=-number",
        "count=1",
        "page_size=200",
    ],
    "milestones": ["overdue=true", "mine=false", "ordering=-due_at", "page_size=200", "count=1"],
    "shipments": ["ordering=-number", "count=1"],
    "documents": ["kind=CPO", "count=1"],
    "notifications": ["topic=due", "acknowledged=false", "unread=true"],
    "companies": ["q=CANARY", "ordering=name", "is_customer=true", "count=1"],
}


def sow(instance: models.Model, prefix: str) -> None:
    """Write a unique word into every free text of the row."""
    values = {}
    for field in instance._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField) and field.name not in KEPT and not field.choices:
            word = f"{prefix}{instance._meta.model_name}{field.name}{instance.pk}".replace("_", "")
            values[field.name] = word[: field.max_length] if field.max_length else word
        if isinstance(field, models.EmailField):
            values[field.name] = f"{prefix.lower()}{instance.pk}@example.com"
    type(instance)._default_manager.filter(pk=instance.pk).update(**values)


@pytest.fixture
def world():
    world = make_world()
    theirs = world.sides["foreign"]
    clerk = theirs.order.clerk
    order_services.edit_order(
        order_id=theirs.order.pk, values={"note": "CANARYevent"}, seen_version=None, by=clerk, now=MONDAY
    )
    document_services.add_comment(order_id=theirs.order.pk, text="CANARYcomment", by=clerk, now=MONDAY)
    milestone_services.pause_milestone(
        milestone_id=theirs.milestone.pk, side="customer", reason="CANARYpause", by=clerk, now=MONDAY
    )
    plans.apply_changes(
        order_id=theirs.order.pk,
        changes=plans.Changes(terms={"wood_packaging": True}),
        by=clerk,
        now=MONDAY,
        reason="CANARYplan",
    )
    checks.record_inspection(
        order_id=theirs.order.pk,
        **{"kind": "FRI", "inspected_on": MONDAY.date(), "lot_size": 100, "level": "II", "aql_major": "2.5"},
        **{"aql_minor": "4.0", "critical": 0, "major": 0, "minor": 0, "disposition": "release"},
        by=clerk,
        now=MONDAY,
    )
    paid = {"amount": Decimal(5), "received_on": MONDAY.date(), "reference": "x"}
    checks.receive_payment(order_id=theirs.order.pk, **paid, by=clerk, now=MONDAY)
    rows = [theirs.order, theirs.shipment, theirs.document, theirs.company, theirs.contact, theirs.interaction, clerk]
    ImportProfile.objects.filter(pk=theirs.import_profile.pk).update(team=theirs.order.team)  # shared with theirs
    rows.append(theirs.import_profile)
    parts = ("lines", "milestones", "samples", "inspections", "payments")
    for row in [*rows, *(row for part in parts for row in getattr(theirs.order, part).all())]:
        sow(row, "CANARY")
    Order.objects.filter(pk=theirs.order.pk).update(search_text="canary search")
    return world


def addresses(world, person) -> list[str]:
    """Every list with its filters, every figure, every page without an object, and the reader's own objects."""
    found = [f"/api/v1/{name}/" for name in LISTS]
    found += [f"/api/v1/{name}/?{query}" for name, queries in FILTERS.items() for query in queries]
    found += [f"/api/v1/kpi/{code}/?from=2026-01-01&to=2026-12-31" for code in ("K01", "K04", "K20", "K21")]
    found += [f"/api/v1/kpi/{code}/members/?from=2026-01-01&to=2026-12-31" for code in ("K01", "K20")]
    found += [f"/api/v1/kpi/K01/?from=2026-01-01&to=2026-12-31&by={by}" for by in ("clerk", "customer", "team")]
    for name, entry in {**API, **PAGES}.items():
        if entry.reads is not False:
            found.append(reverse(name, args=entry.args(world.of("own", person)) if entry.args else []))
    return [*found, "/orders/?q=CANARY", "/orders/?status=open", "/customers/?q=CANARY"]


def crawl(world, role, forbidden: re.Pattern[bytes]) -> list[str]:
    person = world.people[role]
    client = APIClient(raise_request_exception=False)
    client.force_login(person)
    leaks = []
    for address in addresses(world, person):
        response = client.get(address)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        if match := forbidden.search(body):
            leaks.append(f"{role} {address}: {match[0][:80]!r}")
    return leaks


@pytest.mark.parametrize("role", [role for role in RoleCode.values if ROLES[role].scope is not Scope.ALL])
def test_no_word_of_another_team_is_seen(world, role):
    leaks = crawl(world, role, re.compile(rb"CANARY[A-Za-z0-9]+|canary[0-9]+@"))

    assert not leaks, "\n".join(leaks)


def test_the_canaries_are_there_for_who_may_see_them(world):
    """The control: with the right, the same crawl finds them in every list."""
    found = "\n".join(crawl(world, RoleCode.MANAGER, re.compile(rb"CANARY[A-Za-z0-9]+")))

    for name in ("companies", "contacts", "interactions", "orders", "milestones", "shipments", "documents"):
        assert f"/api/v1/{name}/:" in found


@pytest.mark.parametrize("role", [role for role in RoleCode.values if not ROLES[role].sees_money])
def test_no_amount_is_seen_by_roles_without_money(world, role):
    for side in world.sides.values():
        if hasattr(side, "token") and isinstance(side.order, Order):
            Order.objects.filter(pk=side.order.pk).update(amount=Decimal("777123.45"), fx_rate=Decimal("7.77123451"))
            OrderLine.objects.filter(order=side.order).update(
                unit_price=Decimal("777123.4501"), amount=Decimal("777123.46"), insurance_cost=Decimal("777123.47")
            )
            Shipment.objects.filter(pk=side.shipment.pk).update(freight_cost=Decimal("777123.48"))
    manager = world.people["manager"]
    order_services.edit_order(
        order_id=world.sides["own"].order.pk,
        values={"fx_rate": Decimal("7.77123452")},
        seen_version=None,
        by=manager,
        now=MONDAY,
    )

    leaks = crawl(world, role, re.compile(rb"777,?123|7\.77123"))

    assert not leaks, "\n".join(leaks)


def test_every_model_with_text_of_a_team_is_sown():
    """A new model has to be sown here, or said to hold no text of a team."""
    sown = {Order, OrderLine, Milestone, Shipment, OrderDocument, Company, Contact, Interaction, ClockPause}
    sown |= {SampleRound, Inspection, Payment, ImportProfile}
    known = {model for label in ("orders", "customers") for model in apps.get_app_config(label).get_models()}
    names = {model.__name__ for model in known - sown}

    assert names <= {
        *("DelayReason", "ProcessTemplate", "TemplateStep", "TemplateDependency"),  # of the whole organisation
        *("TeamLadder", "LadderJob"),  # codes and amounts
        *(
            "BulkAct",
            "ActItem",
            "ImportRun",
            "ExportRun",
            "SheetMerge",
            "ListColumns",
        ),  # nobody but who did it sees them
        "SavedView",  # filters, which show to everybody what they may see anyway
        "Progress",  # two figures
        "PlanJob",  # for those who edit settings, who see every team
        *("OrderEvent", "PlanChange", "PromiseChange", "ShipmentLine"),  # written by the services above
    }
