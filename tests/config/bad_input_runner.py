"""Runs a case of bad input: fills its payload, sends it, and holds the answer against what it expects.

Cases are those of `tests/data/bad_input_examples.json`; `bad_input_more.py` holds many more of the same kinds.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from orders.models import Milestone, Order
from orders.services.orders import edit_order
from teams.models import Organization
from teams.services.tokens import create_token
from tests.config.world import things_of
from tests.factories import MONDAY, make_confirmed_order, make_order, make_team, make_user

API = "/api/v1/"


@dataclass
class Ground:
    """What the placeholders stand for, and who asks."""

    names: dict[str, str]
    token: str
    clerk: Any
    admin: Any
    order: Order
    milestone: Milestone


def lay_ground() -> Ground:
    """A clerk's order that somebody edited, a closed one, and another team with a canary."""
    Organization.current()
    team, other = make_team("alpha"), make_team("beta")
    clerk, stranger = make_user("clerk", team=team), make_user("clerk", team=other)
    colleague, admin = make_user("lead", team=team), make_user("admin", team=team)
    order = make_confirmed_order(team=team, by=clerk)

    edit_order(order_id=order.pk, values={"destination": "Hamburg"}, seen_version=1, by=colleague, now=MONDAY)
    closed = make_order(team=team, by=clerk)
    Order.objects.filter(pk=closed.pk).update(status="closed", closed_at=MONDAY)
    held = make_confirmed_order(team=team, by=clerk)
    Order.objects.filter(pk=held.pk).update(status="on_hold")
    foreign = things_of(other, stranger)
    Order.objects.filter(pk=foreign.order.pk).update(
        customer_po_no="CANARY-OTHER-TEAM", search_text="canary-other-team"
    )
    milestone = order.milestones.get(code="STOCK_CHECKED")
    names = {
        "customer_id": str(order.customer_id),
        "milestone_id": str(milestone.pk),
        "number": order.number,
        "closed_number": closed.number,
        "held_number": held.number,
        "draft_number": make_order(team=team, by=clerk).number,
        "foreign_document_id": str(foreign.document.pk),
        "foreign_milestone_id": str(foreign.milestone.pk),
        "foreign_number": foreign.order.number,
        "foreign_company_id": str(foreign.company.pk),
        "foreign_contact_id": str(foreign.contact.pk),
        "foreign_shipment_id": str(foreign.shipment.pk),
        "foreign_notification_id": str(foreign.notification.pk),
        "foreign_line_id": str(foreign.order.lines.get().pk),
        "foreign_username": stranger.username,
        "line_id": str(order.lines.get().pk),
    }
    return Ground(names, create_token(user=clerk, now=MONDAY)[1], clerk, admin, order, milestone)


def fill(value: Any, names: dict[str, str]) -> Any:
    """Placeholders and the little language of long and binary values."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda match: names.get(match[1], match[0]), value)
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if isinstance(value, dict):
        if "$hex" in value:
            return bytes.fromhex(value["$hex"])
        if "$repeat" in value:
            text, times = value["$repeat"]
            return text * times
        if "$concat" in value:
            return "".join(fill(part, names) for part in value["$concat"])
        if "$range" in value:
            first, last = value["$range"]
            return list(range(first, last + 1))
        return {key: fill(item, names) for key, item in value.items()}
    return value


def send(case: dict[str, Any], ground: Ground, client: Client | None = None) -> Any:
    """The answer to a case of `where` api, url or header."""
    client = client or APIClient(raise_request_exception=False)
    payload = fill(case.get("payload", {}), ground.names)
    if case["where"] == "header" and "method" not in payload:
        payload = {"method": "GET", "path": "me/", "headers": {payload["header"]: payload["value"]}}
    path = payload["path"] if payload["path"].startswith("/") else API + payload["path"]
    headers = {"Authorization": f"Token {ground.token}", **payload.get("headers", {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    if "Cookie" in headers:
        headers.pop("Authorization")
    raw = payload.get("raw")
    if raw is None and "body" in payload:
        raw = json.dumps(payload["body"])
    body = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    return client.generic(
        payload["method"],
        path,
        body or b"",
        content_type=payload.get("type", "application/json"),
        headers=headers,
    )


def counts() -> dict[str, tuple[int, int]]:
    """Rows and greatest key of every table of ours, in one query."""
    tables = sorted(
        name
        for name in connection.introspection.table_names()
        if name.split("_")[0] in {"orders", "customers", "teams"}
    )
    parts = [f"SELECT '{name}', count(*), coalesce(max(id), 0) FROM {name}" for name in tables]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {name: (rows, last) for name, rows, last in cursor.fetchall()}


def faults_of(case: dict[str, Any], ground: Ground) -> list[str]:
    """What the answer lacks of what the case expects; a refusal leaves every table as it was."""
    with transaction.atomic():
        before, stood = counts(), (ground.order.status, ground.milestone.status)
        response = send(case, ground)
        after = counts()
        faults = list(_check(case, ground, response))
        if response.status_code >= 400:
            # Tries of the log-in are counted on purpose.
            moved = {name for name in before if before[name] != after[name] and name != "teams_loginattempt"}
            ground.order.refresh_from_db()
            ground.milestone.refresh_from_db()
            if moved or stood != (ground.order.status, ground.milestone.status):
                faults.append(f"refused, yet {sorted(moved)} changed")
        transaction.set_rollback(True)
    ground.order.refresh_from_db()
    ground.milestone.refresh_from_db()
    return faults


def _check(case: dict[str, Any], ground: Ground, response: Any) -> Any:
    text = response.content.decode("utf-8", "replace")
    if response.status_code >= 500:
        yield f"{response.status_code}"
    if "Traceback" in text:
        yield "a stack trace"
    head, *facts = [part.strip() for part in case["expect"].split(";")]
    statuses = [int(part) for part in head.split("|") if part.strip().isdigit()]
    if "or accepted" in case["expect"]:
        statuses += [200, 201]
    if statuses and response.status_code not in statuses:
        yield f"{response.status_code} instead of {head}: {text[:300]}"
    for fact in facts:
        yield from _check_fact(fact, case, ground, response, text)


def _check_fact(fact: str, case: dict[str, Any], ground: Ground, response: Any, text: str) -> Any:
    if fact.startswith("names="):
        name = fact.partition("=")[2].split()[0]
        fields = response.json().get("fields", {}) if "json" in response.get("Content-Type", "") else {}
        if not any(name in key.split(".") for key in fields):
            yield f"{name} is not named: {text[:300]}"
    elif fact == "verbatim":
        sent = case["payload"]["body"]["note"]
        stored = Milestone.objects.values_list("note", flat=True).get(pk=ground.milestone.pk)
        if response.json().get("note") != sent or stored != sent:
            yield f"not verbatim: {response.json().get('note')!r}"
    elif fact.startswith("results="):
        if len(response.json()["results"]) != int(fact.partition("=")[2]):
            yield f"{len(response.json()['results'])} results"
    elif fact.startswith("results hold only own rows"):
        if "CANARY" in text or ground.names["foreign_number"] in text:
            yield "a foreign row"
    elif fact == "both changes present":
        row = Order.objects.get(pk=ground.order.pk)
        if (row.priority, row.destination) != ("high", "Hamburg"):
            yield f"{row.priority}, {row.destination}"
    elif fact.startswith("links in pages") and "evil.example" in text:
        yield "the forged host in the answer"
