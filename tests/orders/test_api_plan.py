"""`orders/{number}/plan/`: what is planned and why; previewed, applied and undone re-plans."""

from datetime import UTC, datetime, timedelta

import pytest

from orders.models import PlanChange
from tests.api import Api, queries_of
from tests.factories import make_confirmed_order, make_line_values, make_order, make_team, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user(team=team)


@pytest.fixture
def today():
    return datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)


@pytest.fixture
def order(team, clerk, today):
    promised = (today + 150 * DAY).date()
    return make_confirmed_order(
        team=team,
        by=clerk,
        template="EXPORT_FCL",
        incoterm="FOB",
        mode="FCL",
        now=today - DAY,
        lines=[make_line_values(promised_date_original=promised)],
    )


def plan_path(order):
    return f"orders/{order.number}/plan/"


def test_a_plan_tells_every_step_with_its_float_and_what_binds_it(order, clerk):
    body = Api(clerk).get(plan_path(order)).json()

    steps = {step["code"]: step for step in body["steps"]}
    assert len(steps) == 36  # of the template, and the ENS of a sea shipment to Germany
    assert body["is_feasible"] is True
    assert body["anchors"][0]["step"] == "ETD"
    assert steps["CUSTOMS_RELEASED"]["binding"]["kind"] == "latest"
    assert steps["CUSTOMS_RELEASED"]["binding"]["step"] == "ETD"
    assert steps["ARTWORK_APPROVED"]["is_critical"] is False
    assert steps["MATERIAL_IN"]["is_critical"] is True


def test_a_preview_writes_nothing(order, clerk, today):
    promised = (today + 160 * DAY).date().isoformat()

    answer = Api(clerk).post(plan_path(order), {"changes": {"promised_date": promised}, "dry_run": True})

    assert answer.status_code == 200
    moved = {move["code"] for move in answer.json()["moves"]}
    assert "ETD" in moved
    assert answer.json()["affected"] == [{"username": clerk.username, "name": clerk.name, "steps": len(moved)}]
    assert PlanChange.objects.filter(order=order).count() == 1


def test_what_is_applied_is_what_was_previewed_and_undo_brings_it_back(order, clerk, today):
    api = Api(clerk)
    before = {step["code"]: step["due_at"] for step in api.get(plan_path(order)).json()["steps"]}
    changes = {"promised_date": (today + 160 * DAY).date().isoformat()}
    preview = api.post(plan_path(order), {"changes": changes, "dry_run": True}).json()

    body = {"changes": changes, "reason": "客户推迟", "side": "customer", "plan": preview["plan"]}
    applied = api.post(plan_path(order), body).json()

    after = {step["code"]: step["due_at"] for step in api.get(plan_path(order)).json()["steps"]}
    assert {code: due for code, due in after.items() if due != before[code]} == {
        move["code"]: move["new_due_at"] for move in preview["moves"]
    }
    undone = api.post(f"{plan_path(order)}undo/", {"change": applied["change"]})
    assert undone.status_code == 200
    assert {step["code"]: step["due_at"] for step in api.get(plan_path(order)).json()["steps"]} == before


def test_a_preview_that_grew_old_is_refused(order, clerk, today):
    api = Api(clerk)
    changes = {"promised_date": (today + 160 * DAY).date().isoformat()}
    seen = api.post(plan_path(order), {"changes": changes, "dry_run": True}).json()["plan"]
    api.post(plan_path(order), {"changes": changes, "reason": "x", "side": "customer"})

    late = api.post(plan_path(order), {"changes": {"wood_packaging": True}, "plan": seen})

    assert late.status_code == 409
    assert late.json()["code"] == "plan_moved_on"


def test_an_expected_slip_moves_what_follows_it(order, clerk, today):
    api = Api(clerk)
    milestone = order.milestones.get(code="MATERIAL_IN")
    slip = {"milestone": milestone.pk, "expected_at": (today + 145 * DAY).isoformat()}

    answer = api.post(plan_path(order), {"changes": {"expected": [slip]}, "dry_run": True}).json()

    assert answer["is_feasible"] is False
    [shortfall] = [s for s in answer["shortfalls"] if s["name"] == "anchor"]
    assert shortfall["chain"][0] == "MATERIAL_IN"
    assert shortfall["working_days"] > 0
    assert shortfall["helps"][0]["working_days"] >= shortfall["helps"][-1]["working_days"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"promised_date": "2001-01-01"}, "promised_date"),
        ({"promised_date": "31/12/2030"}, "promised_date"),
        ({"template_version": 9}, "template_version"),
        ({"lc_presentation_days": 0}, "lc_presentation_days"),
        ({"lc_latest_shipment": "2030-02-01", "lc_expiry": "2030-01-01"}, "lc_expiry"),
        ({"expected": [{"milestone": 0, "expected_at": None}]}, "milestone"),
        ({"made_up": 1}, "made_up"),
    ],
)
def test_bad_changes_are_refused_with_the_field_and_change_nothing(order, clerk, changes, field):
    answer = Api(clerk).post(plan_path(order), {"changes": changes, "reason": "x", "side": "customer"})

    assert answer.status_code in {400, 422}
    assert field in str(answer.json()["fields"])
    assert PlanChange.objects.filter(order=order).count() == 1


def test_a_draft_has_no_plan(team, clerk):
    draft = make_order(team=team, by=clerk)

    assert Api(clerk).get(plan_path(draft)).status_code == 409


def test_somebody_who_may_not_edit_may_read_and_no_more(order, team):
    api = Api(make_user("service", team=team))

    assert api.get(plan_path(order)).status_code == 200
    assert api.post(plan_path(order), {"dry_run": True}).status_code == 403


def test_a_plan_costs_a_constant_number_of_queries(order, clerk):
    assert queries_of(lambda: Api(clerk).get(plan_path(order))) <= 22
