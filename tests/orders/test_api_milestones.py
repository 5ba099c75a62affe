from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from orders.models import DelayReason, OrderEvent
from orders.reasons import load_delay_reasons
from orders.services import documents
from teams.models import Notification
from tests.api import Api, queries_of
from tests.factories import MONDAY, make_confirmed_order, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(clerk):
    return Api(clerk)


@pytest.fixture
def step(order):
    return order.milestones.get(code="STOCK_CHECKED")


def test_completing_with_its_evidence(api, clerk, order):
    load_delay_reasons()
    step = order.milestones.get(code="ORDER_RECEIVED")
    document = documents.add_document(
        order_id=order.pk, kind="CPO", upload=SimpleUploadedFile("po.pdf", b"%PDF-1.4"), by=clerk, now=MONDAY
    )
    body = {
        "actual_finish_at": "2026-03-02T11:00:00+08:00",
        "note": "late: typed in later",
        "documents": [document.pk],
        "delay_reason": "paperwork",
    }

    response = api.post(f"milestones/{step.pk}/complete/", body)

    assert response.status_code == 200
    done = response.json()
    assert (done["status"], done["actual_finish_at"], done["note"]) == ("done", "2026-03-02T03:00:00Z", body["note"])
    assert (done["delay_reason"], done["closed_by"]["username"]) == ("paperwork", clerk.username)
    document.refresh_from_db()
    assert document.milestone_id == step.pk
    event = OrderEvent.objects.get(milestone=step, kind="completed")
    assert (event.at.isoformat(), event.by) == ("2026-03-02T03:00:00+00:00", clerk)
    assert event.recorded_at > event.at


def test_missing_evidence_is_a_conflict_that_names_documents(api, order):
    step = order.milestones.get(code="ORDER_RECEIVED")

    response = api.post(f"milestones/{step.pk}/complete/", {"note": "x"})

    assert (response.status_code, list(response.json()["fields"])) == (409, ["documents"])


def test_pause_resume_skip_and_reopen(api, step):
    path = f"milestones/{step.pk}/"
    paused = api.post(path + "pause/", {"side": "customer", "reason": "artwork open"}).json()
    resumed = api.post(path + "resume/").json()
    skipped = api.post(path + "skip/", {"reason": "not needed"}).json()
    reopened = api.post(path + "reopen/", {"reason": "needed after all"}).json()

    assert (paused["waiting_on"], paused["pauses"][0]["to_at"]) == ("customer", None)
    assert resumed["pauses"][0]["to_at"] is not None
    assert [skipped["status"], reopened["status"]] == ["skipped", "pending"]
    assert api.post(path + "resume/").json()["code"] == "not_paused"


def test_a_lead_gives_a_step_to_a_colleague(team, step):
    purchaser = make_user("purchaser", team=team)

    given = Api(make_user("lead", team=team)).post(f"milestones/{step.pk}/assign/", {"assignee": purchaser.username})

    assert given.json()["assignee"]["id"] == purchaser.pk
    assert Api(purchaser).get("milestones/", mine="true").json()["results"][0]["id"] == step.pk


def test_a_step_of_another_role_is_not_completed(team, step):
    planner = make_user("planner", team=team)

    assert Api(planner).post(f"milestones/{step.pk}/complete/", {"note": "x"}).status_code == 403


def test_acknowledging_a_step_acknowledges_the_readers_own_reminders(api, team, clerk, step):
    def remind(person):
        return Notification.objects.create(
            kind="milestone_due",
            recipient=person,
            subject=step.subject,
            dedupe_key=f"{step.pk}:{person.pk}",
            created_at=MONDAY,
            not_before=MONDAY,
            status="shown",
            shown_at=MONDAY,
        )

    mine, theirs = remind(clerk), remind(make_user("lead", team=team))

    assert api.post(f"milestones/{step.pk}/acknowledge/").status_code == 200

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.acknowledged_at is not None
    assert mine.read_at is not None
    assert theirs.acknowledged_at is None


def test_bulk_answers_for_each_id_apart(api, team, clerk, step):
    second = make_confirmed_order(team=team, by=clerk).milestones.get(code="STOCK_CHECKED")
    done = make_confirmed_order(team=team, by=clerk).milestones.get(code="STOCK_CHECKED")
    api.post(f"milestones/{done.pk}/complete/", {"note": "x"})
    ids = [second.pk, 987654321, done.pk, step.pk, second.pk]

    body = api.post("milestones/bulk/", {"action": "complete", "ids": ids, "values": {"note": "30 at once"}}).json()

    answers = {result["id"]: result["status"] for result in body["results"]}
    assert answers == {second.pk: 200, 987654321: 404, done.pk: 409, step.pk: 200}
    assert [result["id"] for result in body["results"]] == [second.pk, 987654321, done.pk, step.pk]
    assert body["done_count"] == 2
    step.refresh_from_db()
    assert (step.status, step.note) == ("done", "30 at once")


def test_bulk_asks_the_right_for_each_id(team, clerk, step):
    qc = Api(make_user("qc", team=team))

    body = qc.post("milestones/bulk/", {"action": "skip", "ids": [step.pk], "values": {"reason": "x"}}).json()

    assert body["results"][0]["status"] == 403
    step.refresh_from_db()
    assert step.status != "skipped"


def test_filters_find_what_their_rule_says(api, team, clerk, order):
    other = make_confirmed_order(team=team, by=clerk, now=timezone.now() + timedelta(days=2))
    found = lambda **query: {row["order"] for page in api.walk("milestones/", **query) for row in page}  # noqa: E731

    assert found() == {order.number, other.number}
    assert found(order=order.number) == found(overdue="true") == {order.number}
    assert found(overdue="false") == {other.number}
    assert found(due_before=timezone.now().isoformat().replace("+00:00", "Z")) == {order.number}
    assert found(role="clerk", mine="true") == {order.number, other.number}
    assert found(mine="false") == set()
    assert api.get("milestones/", role="king").status_code == 422


def test_a_list_costs_as_many_queries_with_three_orders_as_with_one(api, team, clerk, order):
    one = queries_of(lambda: api.get("milestones/"))
    for _ in range(2):
        make_confirmed_order(team=team, by=clerk)

    assert queries_of(lambda: api.get("milestones/")) == one


def test_an_unknown_reason_of_delay_is_named(api, step):
    load_delay_reasons()
    DelayReason.objects.filter(code="rework").update(is_active=False)

    for code in ("rework", "no-such"):
        response = api.post(f"milestones/{step.pk}/complete/", {"delay_reason": code})
        assert (response.status_code, list(response.json()["fields"])) == (422, ["delay_reason"])
