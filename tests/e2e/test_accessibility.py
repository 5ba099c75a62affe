"""Every screen, checked by axe: no finding that is serious or critical (WCAG 2.2 AA)."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page

from kpi.periods import month_of
from kpi.reviews import add_action, start_review
from orders.exports.columns import columns_for
from orders.exports.rows import read_rows
from orders.exports.writing import csv_lines
from orders.reasons import load_delay_reasons
from orders.services import checks, shipments
from orders.services.acts import OPERATIONS, carry_out
from orders.services.exports import start_export
from orders.services.imports import start_import
from orders.services.merges import start_merge
from orders.services.orders import edit_order
from teams.models import Organization
from tests.factories import first_line, make_confirmed_order, make_order, make_team, make_user

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# A new screen needs one line here.
SCREENS = (
    *("/", "/?who=me", "/desk/people/", "/desk/message/", "/acts/", "/acts/{act}/", "/board/"),
    *("/orders/", "/orders/?q=nothing", "/orders/?group=status", "/orders/new/"),
    *("/orders/GD-1/", "/orders/GD-1/edit/", "/orders/GD-1/plan/", "/orders/GD-2/edit/"),
    *("/shipments/", "/shipments/calendar/", "/shipments/new/", "/shipments/S-1/", "/shipments/S-1/edit/"),
    *("/shipments/S-1/split/", "/shipments/S-1/merge/", "/shipments/S-1/packing/"),
    *("/imports/", "/imports/{run}/", "/exports/", "/exports/{export}/", "/sheets/", "/sheets/{merge}/"),
    *(
        "/customers/",
        "/customers/{company}/",
        "/customers/new/",
        "/inbox/",
        "/kpi/",
        "/kpi/K01/",
        "/kpi/K01/why/",
        "/kpi/K01/control/",
        "/kpi/K11/control/",
        "/kpi/causes/",
        "/kpi/goals/",
        "/kpi/heat/",
        "/kpi/catalogue/",
        "/kpi/people/",
        "/kpi/cohorts/",
        "/kpi/boards/new/",
        "/kpi/goals/new/",
        "/kpi/reviews/",
        "/kpi/reviews/{review}/",
        "/kpi/reviews/pages/{review_page}/",
        "/kpi/stages/",
        "/accounts/",
    ),
    *("/accounts/notifications/", "/accounts/leave/", "/accounts/tokens/", "/settings/", "/settings/calendars/"),
    *("/settings/calendars/CN_OFFICE/", "/settings/templates/", "/settings/templates/SPARE_PARTS/"),
    *("/settings/ladders/", "/settings/channels/", "/settings/delivery/"),
)


@pytest.fixture
def places(transactional_db):
    """A little of everything, so that no screen is empty."""
    load_delay_reasons()
    team = make_team("export")
    clerk = make_user("clerk", team=team, name="王丽")
    admin = make_user("admin", team=team, username="admin", name="林经理", language="zh-hans")
    now = timezone.now()
    order = make_confirmed_order(team=team, by=clerk, number="GD-1", now=now - timedelta(days=8))
    make_order(team=team, by=clerk, number="GD-2", now=now)
    values = {"number": "S-1", "team": team, "mode": "FCL", "etd": timezone.localdate(), "cy_cutoff_at": now}
    shipments.create_shipment(values=values, lines={first_line(order).pk: 5}, by=admin, now=now)
    act = carry_out(OPERATIONS["edit"], [order.pk], {"priority": "high"}, by=admin, now=now).act
    sheet = "订单号,客户,数量,交期\nX-1,海天,fünf,3/4/26\n".encode()
    run = start_import(content=sheet, filename="订单.csv", profile="orders", team=team, by=admin, now=now)
    export = start_export(shape="orders", query="", total=2, by=admin, now=now)
    merge = a_merge_with_conflict(order, by=admin, now=now)
    one_sample_and_inspection(order, by=admin, now=now)
    month = month_of(timezone.localdate(now), Organization.current().timezone)
    review = start_review(team=team, period=month, by=admin, now=now)
    page = review.pages.get(person=clerk)
    add_action(page=page, text="早一周问", due_date=timezone.localdate(now) + timedelta(days=1), by=admin, now=now)
    made = {"merge": merge.pk, "act": act.pk, "run": run.pk, "export": export.pk, "company": order.customer.code}
    return {**made, "review": review.pk, "review_page": page.pk}


def a_merge_with_conflict(order, *, by, now):
    """An exported sheet in which the note was edited, as it was here since."""
    columns = columns_for("orders", sees_money=True)
    rows = read_rows("orders", [order.pk], access=by.access, now=now, zone=Organization.current().zone)
    sheet = "".join(csv_lines(columns, rows)).splitlines()
    edit_order(order_id=order.pk, values={"note": "hier"}, seen_version=None, by=by, now=now)
    cells = sheet[1].split(",")
    cells[-2], cells[2] = "dort", "PO-9"  # the note stands before the key
    content = "\n".join([sheet[0], ",".join(cells)]).encode()
    return start_merge(content=content, filename="orders.csv", by=by, now=now)


def one_sample_and_inspection(order, *, by, now):
    day = timezone.localdate(now)
    checks.send_sample(order_id=order.pk, kind="pp", sent_on=day, courier_no="SF1", by=by, now=now)
    plan = {"kind": "FRI", "inspected_on": day, "lot_size": 1000, "level": "II", "aql_major": "2.5", "aql_minor": "4.0"}
    defects = {"critical": 0, "major": 9, "minor": 1, "disposition": "rework"}
    checks.record_inspection(order_id=order.pk, **plan, **defects, by=by, now=now)


def findings(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", RULES
    )
    return [
        f"{violation['impact']} {violation['id']}: {node['html'][:160]} – {node['failureSummary'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"][:3]
    ]


# What is used on the way; the phone lays them out anew, the rest only narrower.
ON_A_PHONE = (
    *("/", "/desk/message/", "/acts/{act}/", "/board/", "/orders/", "/orders/new/", "/orders/GD-1/"),
    *("/shipments/", "/shipments/calendar/", "/shipments/S-1/", "/shipments/S-1/split/", "/sheets/{merge}/"),
    *("/imports/{run}/", "/customers/", "/customers/{company}/", "/inbox/", "/kpi/", "/accounts/notifications/"),
)


@pytest.mark.parametrize(("size", "screens"), [("desktop", SCREENS), ("phone", ON_A_PHONE)])
def test_no_screen_has_a_serious_finding(open_page, places, size, screens):
    page = open_page("admin", size=size)
    faults = []
    for screen in screens:
        path = screen.format(**places)
        page.goto(path, wait_until="networkidle")  # parts that a page asks for belong to it
        faults += [f"{path} {finding}" for finding in findings(page)]
    assert not faults, "\n".join(faults)


def test_the_log_in_page_has_none(open_page):
    page = open_page()
    page.goto("/accounts/login/")

    assert findings(page) == []
