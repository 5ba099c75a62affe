from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from orders.models import Milestone, OrderDocument
from orders.pages import desk
from orders.services import milestones as services
from orders.services.orders import hold_order
from tests.factories import make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4 proof"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def order(team, clerk, now):
    """Eight days old: its first steps are late."""
    return make_confirmed_order(team=team, by=clerk, now=now - timedelta(days=8))


def sections_of(client, query=""):
    return {section.key: section for section in client.get(f"/{query}").context["sections"]}


def shown(section):
    return {row.milestone.pk for row in section.rows}


def test_desk_counts_overdue_by_the_one_rule(client, clerk, order, now):
    client.force_login(clerk)

    late = sections_of(client)["late"]

    expected = set(Milestone.objects.overdue(now).filter(assignee=clerk).values_list("pk", flat=True))
    assert shown(late) == expected
    assert late.total == len(expected) > 0


def test_sections_share_no_step(client, clerk, order):
    client.force_login(clerk)

    rows = [row.milestone.pk for section in sections_of(client).values() for row in section.rows]

    assert len(rows) == len(set(rows))


def test_step_waiting_on_the_customer_is_waiting_not_overdue(client, clerk, order, now):
    received = order.milestones.get(code="ORDER_RECEIVED")
    services.pause_milestone(milestone_id=received.pk, side="customer", reason="盖章", by=clerk, now=now)
    client.force_login(clerk)

    sections = sections_of(client)

    assert received.pk in shown(sections["waiting"])
    assert received.pk not in shown(sections["late"])
    assert next(row for row in sections["waiting"].rows if row.milestone == received).is_late_waiting


def test_held_order_leaves_the_desk(client, clerk, order, now):
    hold_order(order_id=order.pk, side="customer", reason="暂缓", by=clerk, now=now)
    client.force_login(clerk)

    assert sum(section.total for section in sections_of(client).values()) == 0


def test_clerk_sees_own_steps_and_the_lead_the_teams(client, team, clerk, order, now):
    colleague, lead = make_user("clerk", team=team), make_user("lead", team=team)
    theirs = make_confirmed_order(team=team, by=colleague, now=now - timedelta(days=8))
    foreign_team = make_team()
    foreign = make_confirmed_order(
        team=foreign_team, by=make_user("clerk", team=foreign_team), now=now - timedelta(days=8)
    )

    def orders_on(user, query=""):
        client.force_login(user)
        return {row.milestone.order_id for section in sections_of(client, query).values() for row in section.rows}

    assert orders_on(clerk) == {order.pk}
    assert orders_on(lead) == {order.pk, theirs.pk}
    assert orders_on(lead, f"?who={colleague.username}") == {theirs.pk}
    assert orders_on(clerk, f"?who={colleague.username}") == {order.pk}
    assert foreign.pk not in orders_on(lead, "?who=all")


def test_desk_takes_a_constant_number_of_queries(client, team, clerk, order, now, django_assert_max_num_queries):
    client.force_login(clerk)
    client.get("/")
    with django_assert_max_num_queries(12) as one:
        client.get("/")
    for _more in range(20):
        make_confirmed_order(team=team, by=clerk, now=now - timedelta(days=8))
    with django_assert_max_num_queries(12) as many:
        client.get("/")

    assert len(many) == len(one)


def test_section_shows_its_first_rows_and_counts_all(client, team, clerk, now):
    for _order in range(9):
        make_confirmed_order(team=team, by=clerk, now=now - timedelta(days=20))
    client.force_login(clerk)

    late = sections_of(client)["late"]
    alone = sections_of(client, "?section=late")["late"]

    assert (len(late.rows), late.total) == (desk.SHOWN, Milestone.objects.overdue(now).count())
    assert len(alone.rows) == alone.total == late.total


def complete(client, milestone, **data):
    url = f"/steps/{milestone.pk}/complete/"
    return client.post(url, data, headers={"hx-request": "true"})


def test_completing_with_evidence_answers_the_row_as_done(client, clerk, order):
    received = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(clerk)

    response = complete(client, received, file_CPO=SimpleUploadedFile("po.pdf", PDF), note="ok")

    assert response.status_code == 200
    assert response.headers["HX-Trigger"] == "desk-changed"
    received.refresh_from_db()
    assert (received.status, received.note) == ("done", "ok")
    assert OrderDocument.objects.get(order=order).milestone == received


def test_missing_evidence_is_422_beside_its_field(client, clerk, order):
    received = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(clerk)

    response = complete(client, received)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["file_CPO"]
    assert response.headers["HX-Retarget"] == f"#step-{received.pk}-form"


def test_refused_completion_keeps_no_file(client, clerk, order, now):
    received = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(clerk)
    tomorrow = timezone.localtime(now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

    response = complete(client, received, file_CPO=SimpleUploadedFile("po.pdf", PDF), actual_finish_at=tomorrow)

    assert response.status_code == 422
    assert "actual_finish_at" in response.context["form"].errors
    assert not OrderDocument.objects.filter(order=order).exists()


def test_foreign_step_is_404_and_another_roles_step_403(client, team, order):
    foreign_team = make_team()
    stranger = make_user("clerk", team=foreign_team)
    qc = make_user("qc", team=team)
    step = order.milestones.get(code="ORDER_RECEIVED")

    client.force_login(stranger)
    assert complete(client, step).status_code == 404
    client.force_login(qc)
    assert complete(client, step).status_code == 403
    step.refresh_from_db()
    assert step.status == "active"


@pytest.mark.parametrize("action", ["complete", "skip", "pause", "assign", "reopen"])
def test_get_shows_the_form_and_changes_nothing(client, team, order, action):
    lead = make_user("lead", team=team)
    step = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(lead)

    page = client.get(f"/steps/{step.pk}/{action}/")
    fragment = client.get(f"/steps/{step.pk}/{action}/", headers={"hx-request": "true"})

    assert (page.status_code, fragment.status_code) == (200, 200)
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    step.refresh_from_db()
    assert step.status == "active"


def test_unknown_action_is_404(client, clerk, order):
    client.force_login(clerk)

    assert client.post(f"/steps/{order.milestones.first().pk}/explode/").status_code == 404


def test_bulk_completes_what_it_can_and_tells_the_rest(client, clerk, order, now):
    steps = {step.code: step for step in order.milestones.all()}
    services_steps = [steps["STOCK_CHECKED"], steps["ORDER_RECEIVED"]]
    client.force_login(clerk)

    response = client.post(
        "/desk/complete/", {"ids": [step.pk for step in services_steps] + ["x", "9" * 30]}, follow=True
    )

    texts = [str(message) for message in response.context["messages"]]
    assert [
        step.status
        for step in order.milestones.filter(code__in=["STOCK_CHECKED", "ORDER_RECEIVED"]).order_by("position")
    ] == ["active", "done"]
    assert len(texts) == 2
    assert order.number in texts[1]


def test_counts_answer_the_same_numbers_as_the_desk(client, clerk, order):
    client.force_login(clerk)
    desk = {key: section.total for key, section in sections_of(client).items()}

    counts = client.get("/desk/counts/").context["counts"]

    assert {key: total for key, _title, total in counts} == desk
