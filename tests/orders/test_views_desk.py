import csv
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from orders.models import DelayReason, Milestone, OrderDocument
from orders.pages import desk
from orders.reasons import load_delay_reasons
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
    told = json.loads(response.headers["HX-Trigger"])
    assert told["desk-changed"]
    assert told["act-done"]["undo"].endswith("/undo/")
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


def test_a_late_step_is_completed_with_its_reason_only(client, clerk, order):
    load_delay_reasons()
    received = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(clerk)
    proof = {"file_CPO": SimpleUploadedFile("po.pdf", PDF)}

    refused = complete(client, received, **proof)
    taken = complete(client, received, **{"file_CPO": SimpleUploadedFile("po.pdf", PDF)}, delay_reason=reason().pk)

    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["delay_reason"])
    assert taken.status_code == 200
    received.refresh_from_db()
    assert received.delay_reason == reason()


def test_no_row_that_is_late_completes_in_one_click(client, clerk, order):
    """Why it is late is asked first."""
    client.force_login(clerk)

    rows = sections_of(client)["late"].rows

    assert rows
    assert not any(row.is_one_click for row in rows)


def test_several_files_are_kept_as_versions_of_their_kind(client, clerk, order):
    received = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(clerk)
    files = [SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("b.pdf", PDF)]

    complete(client, received, file_CPO=files, other_files=SimpleUploadedFile("photo.png", b"\x89PNG\r\n\x1a\n"))

    kept = order.documents.order_by("pk").values_list("kind", "version", "filename")
    assert list(kept) == [("CPO", 1, "a.pdf"), ("CPO", 2, "b.pdf"), ("OTHER", 1, "photo.png")]


def test_one_click_says_who_is_waited_for(client, clerk, order):
    received = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(clerk)

    answer = client.post(
        f"/steps/{received.pk}/pause/", {"side": "supplier", "is_quick": "1"}, headers={"hx-request": "true"}
    )

    assert answer.status_code == 200
    pause = received.pauses.get()
    assert (pause.side, bool(pause.reason)) == ("supplier", True)
    # A form sent without its reason is still refused.
    other = order.milestones.get(code="STOCK_CHECKED")
    url = f"/steps/{other.pk}/pause/"
    assert client.post(url, {"side": "supplier"}, headers={"hx-request": "true"}).status_code == 422


def test_what_was_done_in_one_click_is_undone(client, clerk, order):
    received = order.milestones.get(code="ORDER_RECEIVED")
    client.force_login(clerk)
    answer = complete(client, received, file_CPO=SimpleUploadedFile("po.pdf", PDF))
    undo = json.loads(answer.headers["HX-Trigger"])["act-done"]["undo"]
    assert [step.pk for step in client.get("/").context["done_rows"]] == [received.pk]

    client.post(undo)

    received.refresh_from_db()
    assert received.status == "active"
    assert client.get("/").context["done_rows"] == []


def test_the_load_of_each_person_is_what_their_desk_counts(client, team, clerk, order, now):
    other, lead = make_user("clerk", team=team), make_user("lead", team=team)
    make_confirmed_order(team=team, by=other, now=now - timedelta(days=30))
    client.force_login(lead)

    loads = {load.person: load for load in client.get("/desk/people/").context["loads"]}

    for person in (clerk, other):
        sections = sections_of(client, f"?who={person.username}")
        load = loads[person]
        assert (load.late, load.today, load.soon, load.waiting) == tuple(
            sections[key].total for key in ("late", "today", "soon", "waiting")
        )
        assert load.open == Milestone.objects.open().filter(assignee=person).count()
    client.force_login(clerk)
    assert client.get("/desk/people/").status_code == 403


def test_the_loads_take_a_constant_number_of_queries(client, team, clerk, order, now, django_assert_max_num_queries):
    lead = make_user("lead", team=team)
    client.force_login(lead)
    client.get("/desk/people/")
    with django_assert_max_num_queries(14) as one:
        client.get("/desk/people/")
    for _more in range(3):
        make_confirmed_order(team=team, by=make_user("clerk", team=team), now=now - timedelta(days=8))
    with django_assert_max_num_queries(14) as many:
        client.get("/desk/people/")

    assert len(many) == len(one)


def reason():
    return DelayReason.objects.order_by("pk").first()


def test_counts_answer_the_same_numbers_as_the_desk(client, clerk, order):
    client.force_login(clerk)
    desk = {key: section.total for key, section in sections_of(client).items()}

    counts = client.get("/desk/counts/").context["counts"]

    assert {key: total for key, _title, total in counts} == desk


def exported(client, query=""):
    text = client.get(f"/desk/export/?format=csv{query}").getvalue().decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def test_the_desk_leaves_as_a_sheet_in_its_order(client, clerk, order, now):
    other = make_confirmed_order(by=clerk, team=order.team, now=now, number="GD-2")
    clerk.language = "en"
    clerk.save()
    client.force_login(clerk)
    page = sections_of(client)

    rows = exported(client)

    places = [(row["order number"], row["position"]) for row in rows]
    expected = [
        (row.milestone.order.number, str(row.milestone.position)) for section in page.values() for row in section.rows
    ]
    assert places == expected  # short enough for the page to show all
    assert {number for number, _place in places} == {order.number, other.number}
    by_section = {key: len(exported(client, f"&section={key}")) for key in page}
    assert by_section == {key: section.total for key, section in page.items()}
    assert sum(count > 0 for count in by_section.values()) > 1
    assert client.get("/desk/export/").content[:2] == b"PK"
    assert client.get("/desk/export/?format=pdf").status_code == 404
    assert client.get("/desk/export/?section=nonsense").status_code == 404


def test_a_sheet_of_a_desk_holds_what_its_reader_sees(client, order):
    stranger = make_user("clerk", team=make_team("OTHER"), language="en")
    client.force_login(stranger)

    assert exported(client) == []


def test_buttons_carry_the_key_of_their_own_row_in_the_language_of_the_reader(client, clerk, order):
    client.force_login(clerk)
    pages = {}
    for language in ("en", "zh-hans"):
        clerk.language = language
        clerk.save()
        pages[language] = client.get("/?section=late")
    rows = [row for section in pages["en"].context["sections"] for row in section.rows]
    completable = [row.milestone.pk for row in rows if "complete" in row.actions and not row.gates]
    assert len(completable) > 1
    for page in pages.values():
        text = page.content.decode()
        assert "987654321" not in text
        for pk in completable:
            assert f'href="/steps/{pk}/complete/?view=desk"' in text
    assert "Complete" in pages["en"].content.decode()
    assert "Complete" not in pages["zh-hans"].content.decode()
