"""Acts on many records: an exact preview, done row by row, undone as one."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from orders.models import ActItem, BulkAct, ClockPause, Milestone, Order, OrderEvent
from orders.services import milestones as step_services
from orders.services.acts import OPERATIONS, carry_out, preview, undo
from tests.factories import MONDAY, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(hours=2)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, language="en")


@pytest.fixture
def orders(team, clerk):
    return [make_confirmed_order(team=team, by=clerk) for _number in range(3)]


def first_steps(orders):
    return [order.milestones.active().order_by("position").first() for order in orders]


def without_evidence(steps):
    Milestone.objects.filter(pk__in=[step.pk for step in steps]).update(required_documents=[])


def state_of(order):
    order.refresh_from_db()
    steps = order.milestones.order_by("pk").values_list("pk", "status", "due_at", "assignee_id", "waiting_on")
    lines = order.lines.order_by("pk").values_list("pk", "promised_date_current")
    return order.status, order.clerk_id, order.priority, order.current_promised_date, list(steps), list(lines)


def test_a_preview_tells_what_follows_and_writes_nothing(orders, clerk):
    steps = first_steps(orders)
    without_evidence(steps)
    before, events = [state_of(order) for order in orders], OrderEvent.objects.count()

    effects = preview(OPERATIONS["complete"], [step.pk for step in steps], {}, by=clerk, now=LATER)

    assert [effect.refusal for effect in effects] == ["", "", ""]
    assert all(effect.changes[0].started for effect in effects)
    assert [state_of(order) for order in orders] == before
    assert (OrderEvent.objects.count(), BulkAct.objects.count()) == (events, 0)


def test_what_is_done_is_what_the_preview_said(orders, clerk):
    steps = first_steps(orders)
    without_evidence(steps)
    ids = [step.pk for step in steps]
    said = preview(OPERATIONS["complete"], ids, {}, by=clerk, now=LATER)

    result = carry_out(OPERATIONS["complete"], ids, {}, by=clerk, now=LATER)

    assert len(result.done) == 3
    for order, effect in zip(orders, said, strict=True):
        started = next(change.started for change in effect.changes)
        assert started == [m.name for m in order.milestones.active().order_by("position")]


def test_a_refused_row_says_why_and_the_others_are_done(orders, clerk):
    steps = first_steps(orders)
    without_evidence(steps[1:])
    Milestone.objects.filter(pk=steps[0].pk).update(required_documents=["PI"])

    result = carry_out(OPERATIONS["complete"], [s.pk for s in steps], {}, by=clerk, now=LATER)

    assert [item.target_id for item in result.refused] == [steps[0].pk]
    assert "Missing evidence" in result.refused[0].detail
    assert result.act.items.filter(state=ActItem.State.DONE).count() == 2


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("complete", {"note": "all arrived"}),
        ("skip", {"reason": "not needed"}),
        ("pause", {"side": "customer", "reason": "artwork is missing"}),
    ],
)
def test_undo_brings_back_steps_exactly(orders, clerk, code, values):
    steps = first_steps(orders)
    without_evidence(steps)
    before = [state_of(order) for order in orders]
    result = carry_out(OPERATIONS[code], [s.pk for s in steps], values, by=clerk, now=LATER)
    assert [state_of(order) for order in orders] != before

    undone = undo(result.act, by=clerk, now=LATER + timedelta(minutes=5))

    assert (len(undone.done), len(undone.refused)) == (3, 0)
    assert [state_of(order) for order in orders] == before
    assert not ClockPause.objects.running().exists()


def test_undo_of_a_completion_lets_a_pause_stand_again(orders, clerk):
    step = first_steps(orders[:1])[0]
    without_evidence([step])
    step_services.pause_milestone(milestone_id=step.pk, side="customer", reason="wait", by=clerk, now=MONDAY)
    before = state_of(orders[0])
    act = carry_out(OPERATIONS["complete"], [step.pk], {}, by=clerk, now=LATER).act

    undo(act, by=clerk, now=LATER + timedelta(minutes=5))

    assert state_of(orders[0]) == before
    assert step.pauses.running().count() == 1


def test_undo_of_going_on_lets_the_same_pause_stand(orders, clerk):
    step = first_steps(orders[:1])[0]
    step_services.pause_milestone(milestone_id=step.pk, side="customer", reason="wait", by=clerk, now=MONDAY)
    pause = step.pauses.get()
    act = carry_out(OPERATIONS["resume"], [step.pk], {}, by=clerk, now=LATER).act

    undo(act, by=clerk, now=LATER + timedelta(minutes=5))

    assert list(step.pauses.running()) == [pause]


def test_undo_of_an_assignment_gives_back_to_nobody_too(orders, team):
    lead, other = make_user("lead", team=team), make_user("clerk", team=team)
    steps = first_steps(orders)
    Milestone.objects.filter(pk=steps[0].pk).update(assignee=None)
    before = [state_of(order) for order in orders]
    act = carry_out(OPERATIONS["assign"], [s.pk for s in steps], {"assignee": other}, by=lead, now=LATER).act

    undo(act, by=lead, now=LATER)

    assert [state_of(order) for order in orders] == before


def test_undo_of_another_clerk_brings_back_the_steps_handed_over(orders, clerk, team):
    other = make_user("clerk", team=team)
    Milestone.objects.filter(order=orders[0], role="clerk").update(assignee=clerk)
    before = [state_of(order) for order in orders]
    ids = [order.pk for order in orders]
    act = carry_out(OPERATIONS["edit"], ids, {"clerk": other, "priority": "high"}, by=clerk, now=LATER).act
    assert Milestone.objects.open().filter(assignee=other).exists()

    undone = undo(act, by=clerk, now=LATER)  # who does not see the orders any more, and takes them back all the same

    assert len(undone.done) == 3
    assert [state_of(order) for order in orders] == before


def test_undo_of_a_promise_brings_back_each_line(orders, clerk):
    before = [state_of(order) for order in orders]
    values = {"new_date": date(2026, 8, 14), "side": "customer", "reason": "wants it later"}
    act = carry_out(OPERATIONS["promise"], [o.pk for o in orders], values, by=clerk, now=LATER).act

    undone = undo(act, by=clerk, now=LATER)

    assert len(undone.done) == 3
    assert [state_of(order) for order in orders] == before
    orders[0].refresh_from_db()
    assert orders[0].promised_date == before[0][3]


def test_undo_of_a_hold_leaves_no_pause_behind(orders, clerk):
    before = [state_of(order) for order in orders]
    values = {"side": "customer", "reason": "no deposit"}
    act = carry_out(OPERATIONS["order-hold"], [o.pk for o in orders], values, by=clerk, now=LATER).act

    undo(act, by=clerk, now=LATER + timedelta(hours=1))

    assert [state_of(order) for order in orders] == before


def test_what_somebody_worked_on_since_is_left_and_named(orders, clerk):
    steps = first_steps(orders)
    without_evidence(steps)
    act = carry_out(OPERATIONS["complete"], [s.pk for s in steps], {}, by=clerk, now=LATER).act
    step_services.reopen_milestone(milestone_id=steps[1].pk, reason="wrong", by=clerk, now=LATER)

    undone = undo(act, by=clerk, now=LATER)

    assert [item.target_id for item in undone.refused] == [steps[1].pk]
    assert undone.refused[0].state == ActItem.State.LEFT
    assert "changed since" in undone.refused[0].detail


def test_who_has_left_the_team_undoes_nothing_there(orders, clerk):
    act = carry_out(OPERATIONS["edit"], [orders[0].pk], {"priority": "high"}, by=clerk, now=LATER).act
    clerk.memberships.all().delete()

    undone = undo(act, by=type(clerk).objects.get(pk=clerk.pk), now=LATER)

    assert [item.detail for item in undone.refused] == ["Your role may not do this."]
    assert Order.objects.get(pk=orders[0].pk).priority == "high"


def test_undoing_twice_does_nothing_the_second_time(orders, clerk):
    steps = first_steps(orders)
    without_evidence(steps)
    act = carry_out(OPERATIONS["complete"], [s.pk for s in steps], {}, by=clerk, now=LATER).act
    undo(act, by=clerk, now=LATER)
    events = OrderEvent.objects.count()

    again = undo(act, by=clerk, now=LATER)

    assert (again.done, again.refused, OrderEvent.objects.count()) == ([], [], events)


def test_rows_of_another_team_are_no_rows(orders, clerk):
    strangers = make_team()
    other = make_user("clerk", team=strangers)
    foreign = make_confirmed_order(team=strangers, by=other)
    ids = [orders[0].pk, foreign.pk]

    result = carry_out(OPERATIONS["edit"], ids, {"priority": "urgent"}, by=clerk, now=LATER)

    assert [item.target_id for item in result.done] == [orders[0].pk]
    assert Order.objects.get(pk=foreign.pk).priority == "normal"


def test_whose_role_may_not_is_refused_row_by_row(orders, team):
    qc = make_user("qc", team=team)

    result = carry_out(OPERATIONS["edit"], [orders[0].pk], {"priority": "urgent"}, by=qc, now=LATER)

    assert [item.detail for item in result.refused] == ["Your role may not do this."]


def test_two_rows_of_one_order_are_previewed_one_after_the_other(orders, clerk):
    first = first_steps(orders[:1])[0]
    second = orders[0].milestones.open().exclude(pk=first.pk).order_by("position").first()
    without_evidence([first, second])

    effects = preview(OPERATIONS["complete"], [first.pk, second.pk], {}, by=clerk, now=LATER)

    assert [effect.refusal for effect in effects] == ["", ""]
    assert second.name in effects[0].changes[0].started


def test_the_dialog_shows_effects_then_the_result_with_its_undo(client, orders, clerk):
    steps = first_steps(orders)
    without_evidence(steps)
    client.force_login(clerk)
    sent = {"ids": [s.pk for s in steps]}

    looked = client.post(reverse("act_preview", args=["complete"]), sent, headers={"hx-request": "true"})
    assert looked.status_code == 200
    assert BulkAct.objects.count() == 0
    assert "3 rows will be changed" in looked.content.decode()

    done = client.post(reverse("act_do", args=["complete"]), sent, headers={"hx-request": "true"})
    act = BulkAct.objects.get()
    assert reverse("act_undo", args=[act.pk]) in done.content.decode()

    client.post(reverse("act_undo", args=[act.pk]), headers={"hx-request": "true"})
    assert act.items.filter(state=ActItem.State.UNDONE).count() == 3


@pytest.mark.parametrize("ids", [[], ["x"], ["9" * 30], ["-1"], ["\x00"]])
def test_ids_that_are_none_change_nothing(client, clerk, ids):
    client.force_login(clerk)

    answer = client.post(reverse("act_do", args=["complete"]), {"ids": ids}, headers={"hx-request": "true"})

    assert answer.status_code in {400, 422}
    assert BulkAct.objects.count() == 0


def test_more_rows_than_an_act_takes_are_refused(client, clerk):
    client.force_login(clerk)

    answer = client.post(reverse("act_do", args=["complete"]), {"ids": list(range(1, 700))})

    assert answer.status_code == 422
    assert "At most 500" in answer.content.decode()


def test_another_persons_act_does_not_exist(client, orders, clerk, team):
    act = carry_out(OPERATIONS["edit"], [orders[0].pk], {"priority": "high"}, by=clerk, now=LATER).act
    client.force_login(make_user("lead", team=team))

    assert client.post(reverse("act_undo", args=[act.pk])).status_code == 404
    assert client.get(reverse("act", args=[act.pk])).status_code == 404


def test_the_list_of_acts_asks_a_constant_number_of_queries(client, orders, clerk):
    client.force_login(clerk)
    for order in orders:
        carry_out(OPERATIONS["edit"], [order.pk], {"priority": "high"}, by=clerk, now=LATER)
    client.get(reverse("acts"))

    with CaptureQueriesContext(connection) as three:
        client.get(reverse("acts"))
    BulkAct.objects.exclude(pk=BulkAct.objects.first().pk).delete()
    with CaptureQueriesContext(connection) as one:
        page = client.get(reverse("acts"))
    assert page.status_code == 200
    assert len(one) == len(three)
