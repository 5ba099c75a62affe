"""Links that answer a message: shown by GET, given once by POST, worthless to everybody else."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import ClockPause, DelayReason, Milestone, OrderEvent
from orders.services import milestones as milestone_services
from teams import throttle
from teams.models import AnswerLink, Leave, LinkMiss, LoginAttempt, Notification
from teams.notifications import answer_tokens
from tests.factories import make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, username="wang", name="王芳", language="en")


@pytest.fixture
def step(team, clerk):
    """The first step, whose turn has come: nothing stands before it, nothing is asked for."""
    order = make_confirmed_order(team=team, by=clerk, number="GD/26 1", now=timezone.now() - 30 * DAY)
    order.milestones.filter(status="active").update(required_documents=[])
    return order.milestones.get(status="active")


def tell(step, person, **payload) -> Notification:
    """The person was told that the step is due, with a link."""
    now = timezone.now()
    item = Notification.objects.create(
        kind="milestone_due",
        recipient=person,
        subject=step.subject,
        dedupe_key=f"{step.subject}:due:{person.pk}",
        payload={"milestone": step.pk, "step": "due", "due_at": (step.due_at or now).isoformat(), **payload},
        status="shown",
        created_at=now,
        not_before=now,
        shown_at=now,
    )
    answer_tokens.issue([item])
    return item


def link_of(item: Notification) -> AnswerLink:
    return AnswerLink.objects.get(notification=item)


def address_of(item: Notification) -> str:
    return reverse("answer", args=[answer_tokens.token_of(item)])


def fingerprint() -> dict[str, int]:
    """Rows written by this transaction, by table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


def test_the_page_tells_what_it_is_about_and_offers_four_answers(client, step, clerk):
    page = client.get(address_of(tell(step, clerk)))

    text = page.content.decode()
    assert page.status_code == 200
    assert "GD/26 1" in text
    assert "Order received" in text
    assert page.context["page"].offered == {"done", "late", "waiting", "snooze"}
    assert 'lang="en"' in text


def test_it_speaks_its_persons_language_whoever_is_logged_in(client, step, clerk):
    type(clerk).objects.filter(pk=clerk.pk).update(language="zh-hans")
    client.force_login(make_user("lead", team=make_team(), language="en"))

    assert 'lang="zh-CN"' in client.get(address_of(tell(step, clerk))).content.decode()


def test_looking_changes_nothing(client, step, clerk):
    url = address_of(tell(step, clerk))
    before = fingerprint()

    statuses = [
        client.get(url).status_code,
        client.get(url, {"do": "done"}).status_code,
        client.get(url, {"do": "snooze", "until": "hour"}).status_code,
        client.head(url).status_code,
        client.options(url).status_code,
        client.put(url).status_code,
    ]

    assert statuses == [200, 200, 200, 200, 405, 405]
    assert fingerprint() == before


@pytest.mark.parametrize("do", ["done", "late", "waiting", "snooze"])
def test_the_query_unfolds_an_answer(client, step, clerk, do):
    assert client.get(address_of(tell(step, clerk)), {"do": do}).context["page"].opened == do


def test_the_page_is_kept_by_nobody(client, step, clerk):
    item = tell(step, clerk)

    for response in (client.get(address_of(item)), client.get(reverse("answer", args=["x"]))):
        assert response["Cache-Control"] == "no-store"
        assert response["X-Robots-Tag"] == "noindex"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "script-src 'self'" in response["Content-Security-Policy"]


def test_done_completes_the_step_and_acknowledges_the_message(client, step, clerk):
    item = tell(step, clerk)

    answer = client.post(address_of(item), {"do": "done"})

    step.refresh_from_db()
    item.refresh_from_db()
    assert answer.status_code == 200
    assert (step.status, step.closed_by) == ("done", clerk)
    assert item.acknowledged_at is not None
    event = OrderEvent.objects.get(milestone=step, kind="completed")
    assert (event.by, event.reason) == (clerk, "(answered from a message)")
    assert link_of(item).answer == "done"


def test_done_keeps_the_note_that_the_step_had(client, step, clerk):
    Milestone.objects.filter(pk=step.pk).update(note="call first")

    client.post(address_of(tell(step, clerk)), {"do": "done"})

    step.refresh_from_db()
    assert step.note == "call first (answered from a message)"


def test_late_notes_the_date_and_the_cause_and_moves_no_plan(client, step, clerk):
    reason = DelayReason.objects.create(code="supplier", name_zh="供应商", name_en="Supplier late", side="supplier")
    plans, dues = step.order.plan_id, list(step.order.milestones.order_by("pk").values_list("due_at"))
    day = timezone.localdate() + 20 * DAY

    answer = client.post(
        address_of(tell(step, clerk)),
        {"do": "late", "day": day.isoformat(), "clock": "15:30", "delay_reason": reason.pk, "note": "yarn"},
    )

    step = Milestone.objects.select_related("order").get(pk=step.pk)
    assert answer.status_code == 200
    assert step.expected_at.isoformat() == f"{day.isoformat()}T07:30:00+00:00"  # 15:30 in Shanghai
    assert step.delay_reason == reason
    assert step.order.plan_id == plans
    assert list(step.order.milestones.order_by("pk").values_list("due_at")) == dues
    event = OrderEvent.objects.get(milestone=step, kind="edited")
    assert (event.reason, event.side) == ("yarn (answered from a message)", "supplier")
    assert event.data["fields"]["expected_at"][1] == step.expected_at.isoformat()


def test_late_without_a_time_is_the_end_of_the_working_day(client, step, clerk):
    client.post(address_of(tell(step, clerk)), {"do": "late", "day": "2027-03-03", "note": "yarn"})

    step.refresh_from_db()
    assert step.expected_at.isoformat() == "2027-03-03T10:00:00+00:00"  # Wednesday 18:00 in Shanghai


def test_late_on_a_day_off_is_taken_all_the_same(client, step, clerk):
    client.post(address_of(tell(step, clerk)), {"do": "late", "day": "2027-03-07", "note": "yarn"})

    step.refresh_from_db()
    assert step.expected_at.isoformat() == "2027-03-07T10:00:00+00:00"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"day": "2001-01-01", "note": "x"}, "day"),
        ({"day": "9999-12-31", "clock": "23:59", "note": "x"}, "day"),
        ({"day": "31.12.", "note": "x"}, "day"),
        ({"note": "x"}, "day"),
        ({"day": "2027-03-03", "clock": "25:00", "note": "x"}, "clock"),
        ({"day": "2027-03-03"}, "delay_reason"),
        ({"day": "2027-03-03", "note": "   "}, "delay_reason"),
        ({"day": "2027-03-03", "delay_reason": "999999"}, "delay_reason"),
        ({"day": "2027-03-03", "note": "x" * 241}, "note"),
    ],
)
def test_late_names_the_field_at_fault_and_keeps_the_link(client, step, clerk, sent, field):
    item = tell(step, clerk)

    answer = client.post(address_of(item), {"do": "late", **sent})

    step.refresh_from_db()
    assert answer.status_code == 422
    assert field in answer.context["page"].forms["late"].errors
    assert step.expected_at is None
    assert link_of(item).used_at is None


def test_waiting_stops_the_clock(client, step, clerk):
    item = tell(step, clerk)

    answer = client.post(address_of(item), {"do": "waiting", "side": "customer", "reason": "artwork"})

    pause = ClockPause.objects.get(milestone=step)
    assert answer.status_code == 200
    assert (pause.side, pause.by, pause.to_at) == ("customer", clerk, None)
    assert pause.reason == "artwork (answered from a message)"


@pytest.mark.parametrize(
    ("sent", "field"), [({"side": "customer"}, "reason"), ({"reason": "x"}, "side"), ({"side": "moon"}, "side")]
)
def test_waiting_names_the_field_at_fault(client, step, clerk, sent, field):
    answer = client.post(address_of(tell(step, clerk)), {"do": "waiting", **sent})

    assert answer.status_code == 422
    assert field in answer.context["page"].forms["waiting"].errors
    assert not ClockPause.objects.exists()


def test_a_second_wait_is_refused_in_words(client, step, clerk):
    milestone_services.pause_milestone(
        milestone_id=step.pk, side="customer", reason="artwork", by=clerk, now=timezone.now()
    )
    item = tell(step, clerk)

    answer = client.post(address_of(item), {"do": "waiting", "side": "customer", "reason": "again"})

    assert answer.status_code == 409
    assert "stands already" in answer.content.decode()
    assert link_of(item).used_at is None


@pytest.mark.parametrize("until", ["hour", "morning", "days"])
def test_snooze_tells_again_later(client, step, clerk, until):
    answer = client.post(address_of(tell(step, clerk)), {"do": "snooze", "until": until})

    again = Notification.objects.get(kind="milestone_snoozed")
    assert answer.status_code == 200
    assert again.recipient == clerk
    assert again.not_before > timezone.now() + 59 * timedelta(minutes=1)
    assert again.dedupe_key == f"{step.subject}:snooze:{again.not_before.isoformat()}:{clerk.pk}"


@pytest.mark.parametrize(
    "sent",
    [
        {"until": "date"},
        {"until": "date", "day": "2001-01-01"},
        {"until": "date", "day": "9999-12-31"},
        {"until": "date", "day": "soon"},
        {"until": "never"},
        {},
    ],
)
def test_an_impossible_snooze_is_refused(client, step, clerk, sent):
    item = tell(step, clerk)

    answer = client.post(address_of(item), {"do": "snooze", **sent})

    assert answer.status_code == 422
    assert set(answer.context["page"].forms["snooze"].errors) <= {"day", "until"}
    assert not Notification.objects.filter(kind="milestone_snoozed").exists()
    assert link_of(item).used_at is None


def test_an_answer_that_is_none_is_refused(client, step, clerk):
    item = tell(step, clerk)

    answers = [client.post(address_of(item), sent) for sent in ({}, {"do": "skip"})]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert "choose one of the answers" in answers[0].content.decode()
    assert link_of(item).used_at is None


def test_a_link_answers_once(client, step, clerk):
    item = tell(step, clerk)
    client.post(address_of(item), {"do": "waiting", "side": "customer", "reason": "artwork"})

    again = client.post(address_of(item), {"do": "done"})
    looked = client.get(address_of(item))

    step.refresh_from_db()
    assert (again.status_code, looked.status_code) == (410, 410)
    assert "Waiting on somebody" in again.content.decode()
    assert step.status == "active"
    assert LinkMiss.objects.totals()["replayed"] == 2


def test_an_expired_link_answers_nothing(client, step, clerk):
    item = tell(step, clerk)
    AnswerLink.objects.update(expires_at=timezone.now() - HOUR)

    answers = [client.get(address_of(item)), client.post(address_of(item), {"do": "done"})]

    step.refresh_from_db()
    assert [answer.status_code for answer in answers] == [410, 410]
    assert step.status == "active"
    assert LinkMiss.objects.totals() == {"forged": 0, "replayed": 0, "expired": 2, "revoked": 0}


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "é" * 40, "a" * 3000, "../admin", "null"])
def test_a_forged_link_is_nothing(client, step, clerk, token):
    tell(step, clerk)

    answers = [client.get(f"/a/{token}/"), client.post(f"/a/{token}/", {"do": "done"})]

    assert {answer.status_code for answer in answers} == {404}


def test_one_wrong_character_is_nothing(client, step, clerk):
    token = answer_tokens.token_of(tell(step, clerk))
    wrong = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in (0, 20, 42)]

    assert [client.get(reverse("answer", args=[other])).status_code for other in wrong] == [404, 404, 404]
    assert LinkMiss.objects.totals()["forged"] == 3


def test_only_a_digest_is_stored(step, clerk):
    item = tell(step, clerk)

    assert answer_tokens.token_of(item) not in str(AnswerLink.objects.values().get())


def test_guessing_is_slowed_and_true_links_still_answer(client, step, clerk):
    item = tell(step, clerk)
    statuses = [client.get(f"/a/guess-{number}/").status_code for number in range(32)]

    refused = client.get("/a/guess-again/")

    # The minute may have turned over in between.
    assert 429 in statuses[30:] or LoginAttempt.objects.filter(scope="answer").count() == 2
    assert statuses[:30].count(404) == 30
    assert refused.status_code in {404, 429}
    assert client.get(address_of(item)).status_code == 200


def test_a_flood_of_guesses_writes_nothing(client, rf):
    now = timezone.now()
    request = rf.get("/a/x/", REMOTE_ADDR="203.0.113.9")
    tries = [throttle.take_miss(request, "forged", now) for _try in range(40)]

    assert tries == [True] * 30 + [False] * 10
    assert LoginAttempt.objects.get(scope="answer").count == 30
    assert LinkMiss.objects.totals()["forged"] == 30
    assert throttle.take_miss(rf.get("/a/x/", REMOTE_ADDR="203.0.113.10"), "forged", now)
    assert throttle.take_miss(request, "forged", now + timedelta(minutes=1))


def test_a_refusal_for_too_many_says_when_to_come_back(client, rf):
    now = timezone.now()
    for minute in (now, now + timedelta(minutes=1)):
        for _try in range(30):
            throttle.take_miss(rf.get("/a/x/"), "forged", minute)

    refused = client.get("/a/x/")

    assert refused.status_code == 429
    assert refused["Retry-After"] == "60"


def test_the_link_is_its_persons_whoever_posts(client, step, clerk):
    item = tell(step, clerk)
    client.force_login(make_user("admin", team=make_team()))

    client.post(address_of(item), {"do": "done"})

    step.refresh_from_db()
    assert step.closed_by == clerk


def test_a_person_who_left_answers_nothing(client, step, clerk):
    item = tell(step, clerk)
    type(clerk).objects.filter(pk=clerk.pk).update(is_active=False)

    answers = [client.get(address_of(item)), client.post(address_of(item), {"do": "done"})]

    step.refresh_from_db()
    assert [answer.status_code for answer in answers] == [404, 404]
    assert step.status == "active"
    assert LinkMiss.objects.totals()["revoked"] == 2


def test_a_person_who_sees_the_order_no_more_answers_nothing(client, step, clerk):
    item = tell(step, make_user("clerk", team=make_team()))

    assert client.get(address_of(item)).status_code == 404
    assert client.post(address_of(item), {"do": "snooze", "until": "hour"}).status_code == 404


def test_a_step_that_is_closed_says_so(client, step, clerk):
    item = tell(step, clerk)
    milestone_services.complete_milestone(milestone_id=step.pk, by=clerk, now=timezone.now())

    page = client.get(address_of(item))
    posts = [client.post(address_of(item), {"do": do, "until": "hour"}) for do in ("done", "snooze")]

    assert page.status_code == 200
    assert "nothing left to answer" in page.content.decode()
    assert page.context["page"].offered == frozenset()
    assert [answer.status_code for answer in posts] == [409, 409]
    assert link_of(item).used_at is None
    assert OrderEvent.objects.filter(milestone=step, kind="completed").count() == 1


def test_missing_documents_are_named_and_nothing_is_done(client, step, clerk):
    Milestone.objects.filter(pk=step.pk).update(required_documents=["PI"])
    item = tell(step, clerk)

    page = client.get(address_of(item))
    answer = client.post(address_of(item), {"do": "done"})

    step.refresh_from_db()
    assert not page.context["page"].is_one_tap
    assert "must be added first" in page.content.decode()
    assert "Missing evidence" in answer.content.decode()
    assert answer.status_code == 409
    assert step.status == "active"
    assert link_of(item).used_at is None


def test_who_may_not_complete_is_told_so(client, step, team):
    reader = make_user("service", team=team, language="en")
    item = tell(step, reader)

    page = client.get(address_of(item))
    answers = [
        client.post(address_of(item), {"do": "done"}),
        client.post(address_of(item), {"do": "late", "day": "2027-03-03", "note": "x"}),
    ]

    assert page.context["page"].offered == {"waiting", "snooze"}
    assert "belongs to another role" in page.content.decode()
    assert [answer.status_code for answer in answers] == [403, 403]
    assert link_of(item).used_at is None


def test_a_deputy_answers_while_the_leave_lasts(client, step, clerk, team):
    deputy = make_user("purchaser", team=team, language="en")
    Milestone.objects.filter(pk=step.pk).update(role="clerk")
    leave = Leave.objects.create(
        user=clerk, deputy=deputy, from_date=timezone.localdate() - DAY, to_date=timezone.localdate() + DAY
    )
    item = tell(step, deputy, **{"for": clerk.pk, "for_name": "王芳"})

    page = client.get(address_of(item)).content.decode()
    leave.delete()
    after = client.post(address_of(item), {"do": "done"})
    Leave.objects.create(
        user=clerk, deputy=deputy, from_date=timezone.localdate() - DAY, to_date=timezone.localdate() + DAY
    )
    answer = client.post(address_of(item), {"do": "done"})

    step.refresh_from_db()
    assert "You stand in for 王芳" in page
    assert after.status_code == 403  # sees the team's orders, and carries the step no more
    assert (answer.status_code, step.closed_by) == (200, deputy)


def test_what_a_deputy_puts_off_comes_back_to_whom_it_is_for(client, step, clerk, team):
    deputy = make_user("clerk", team=team)
    day = timezone.localdate()
    Leave.objects.create(user=clerk, deputy=deputy, from_date=day - DAY, to_date=day + DAY)

    client.post(address_of(tell(step, deputy, **{"for": clerk.pk})), {"do": "snooze", "until": "days"})

    assert Notification.objects.get(kind="milestone_snoozed").recipient == clerk


def test_a_post_needs_the_token_of_the_form(step, clerk):
    url, client = address_of(tell(step, clerk)), Client(enforce_csrf_checks=True)
    page = client.get(url)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())[1]

    without = client.post(url, {"do": "done"})
    foreign = client.post(url, {"do": "done", "csrfmiddlewaretoken": token}, headers={"Origin": "https://evil.example"})
    # A browser sends this origin from a page without a referrer.
    own = client.post(url, {"do": "done", "csrfmiddlewaretoken": token}, headers={"Origin": "null"}, secure=True)

    assert (without.status_code, foreign.status_code, own.status_code) == (403, 403, 200)


@pytest.mark.django_db(transaction=True)
def test_two_posts_at_once_have_one_effect():
    team = make_team()
    clerk = make_user("clerk", team=team)
    order = make_confirmed_order(team=team, by=clerk, now=timezone.now() - 30 * DAY)
    step = order.milestones.get(status="active")
    url = address_of(tell(step, clerk))
    start, statuses = threading.Barrier(4), []

    def post() -> None:
        try:
            start.wait(timeout=10)
            statuses.append(Client().post(url, {"do": "snooze", "until": "hour"}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(statuses) == [200, 410, 410, 410]
    assert Notification.objects.filter(kind="milestone_snoozed").count() == 1


@pytest.mark.parametrize(
    ("name", "rows"), [("linkmiss_one_a_day", ["forged", "forged"]), ("linkmiss_kind_known", ["whim"])]
)
def test_a_count_is_one_row_of_a_known_kind(name, rows):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LinkMiss.objects.bulk_create(LinkMiss(kind=kind, on_date=timezone.now().date()) for kind in rows)
