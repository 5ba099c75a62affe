"""Which reminders are due, whose they are, and that looking again adds nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import reminders
from orders.models import Milestone
from orders.reminders import Rungs, Step
from orders.services import milestones as services
from orders.services import orders as order_services
from teams.models import Notification
from tests.factories import MONDAY, make_confirmed_order, make_team, make_user

HOUR = timedelta(hours=1)
SOON, DUE, LEAD, MANAGER = (MONDAY + n * HOUR for n in (1, 3, 5, 7))
LADDER = Rungs(SOON, DUE, LEAD, MANAGER)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (SOON - HOUR, []),
        (SOON, [Step.SOON]),
        (DUE - HOUR, [Step.SOON]),
        (DUE, [Step.DUE]),  # after an outage too: never "due soon" beside it
        (LEAD, [Step.DUE, Step.LEAD]),
        (MANAGER + 99 * HOUR, [Step.DUE, Step.LEAD, Step.MANAGER]),
    ],
)
def test_due_steps_are_the_furthest_of_the_owner_and_all_escalations(at, expected):
    assert LADDER.due_steps(at) == expected


def test_due_steps_leave_out_rungs_that_the_template_has_not():
    assert Rungs(None, DUE, None, None).due_steps(SOON) == []
    assert Rungs(None, DUE, None, None).due_steps(MANAGER) == [Step.DUE]


@pytest.mark.parametrize(
    ("at", "expected"),
    [(SOON - HOUR, SOON), (SOON, DUE), (DUE, LEAD), (LEAD, MANAGER), (MANAGER - HOUR, MANAGER), (MANAGER, None)],
)
def test_next_after_is_the_first_instant_not_reached(at, expected):
    assert LADDER.next_after(at) == expected


@pytest.fixture
def team(db):
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team, username="wang")


@pytest.fixture
def lead(team):
    return make_user("lead", team=team, username="li")


@pytest.fixture
def manager(team):
    return make_user("manager", team=team, username="zhao")


@pytest.fixture
def step(team, clerk, lead, manager):
    """The one active step of a confirmed order, with a whole ladder by hand."""
    order = make_confirmed_order(team=team, by=clerk)
    milestone = order.milestones.get(status="active")
    Milestone.objects.filter(pk=milestone.pk).update(
        soon_at=SOON, due_at=DUE, lead_at=LEAD, manager_at=MANAGER, next_reminder_at=SOON, required_documents=[]
    )
    milestone.refresh_from_db()
    return milestone


def told() -> list[tuple[str, str]]:
    """Who was told what, in the order of the steps."""
    rows = Notification.objects.exclude(status="cancelled").order_by("pk")
    return sorted((row.payload["step"], row.recipient.username) for row in rows)


def test_sweep_tells_each_step_once_and_moves_to_the_next_instant(step):
    seen = []
    for at in (SOON, SOON + HOUR, DUE, LEAD, MANAGER, MANAGER + HOUR):
        seen.append(reminders.sweep(now=at).queued)
        step.refresh_from_db()

    assert seen == [1, 0, 1, 1, 1, 0]
    assert told() == [("due", "wang"), ("lead", "li"), ("manager", "zhao"), ("soon", "wang")]
    assert step.next_reminder_at is None


def test_sweep_moves_the_next_instant_along_the_ladder(step):
    reminders.sweep(now=DUE - HOUR)

    step.refresh_from_db()
    assert step.next_reminder_at == DUE


def test_sweep_after_an_outage_catches_up_without_a_stale_soon(step):
    reminders.sweep(now=MANAGER + timedelta(days=1, hours=2))

    assert told() == [("due", "wang"), ("lead", "li"), ("manager", "zhao")]


def test_sweep_again_after_a_refresh_put_the_instant_back_adds_nothing(step):
    reminders.sweep(now=DUE)
    Milestone.objects.filter(pk=step.pk).update(next_reminder_at=SOON)

    again = reminders.sweep(now=DUE + HOUR)

    assert (again.milestones, again.queued) == (1, 0)
    assert told() == [("due", "wang")]


def test_sweep_reminds_again_for_a_moved_due_instant(step):
    reminders.sweep(now=DUE)
    Milestone.objects.filter(pk=step.pk).update(due_at=DUE + HOUR, next_reminder_at=SOON)

    assert reminders.sweep(now=DUE + HOUR).queued == 1


def test_closing_cancels_what_is_unsent_and_reopening_reminds_again(step, clerk):
    reminders.sweep(now=DUE)

    services.complete_milestone(milestone_id=step.pk, by=clerk, now=DUE + HOUR)
    assert [row.status for row in Notification.objects.filter(subject=step.subject)] == ["cancelled"]

    services.reopen_milestone(milestone_id=step.pk, reason="wrong one", by=clerk, now=DUE + HOUR)
    # The template's own dates are back; they have passed by then.
    reminders.sweep(now=MONDAY + timedelta(days=30))
    queued = Notification.objects.filter(subject=step.subject, status="queued")
    assert {row.payload["step"] for row in queued} >= {"due"}


def test_the_same_reminder_is_queued_again_after_closing_and_reopening(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    order.milestones.update(required_documents=[])
    milestone = order.milestones.get(status="active")
    late = milestone.due_at + HOUR
    reminders.sweep(now=late)
    services.complete_milestone(milestone_id=milestone.pk, by=clerk, now=late)
    services.reopen_milestone(milestone_id=milestone.pk, reason="wrong one", by=clerk, now=late)

    assert reminders.sweep(now=late).queued == 1
    assert Notification.objects.get(subject=milestone.subject).status == "queued"


def test_closing_the_order_cancels_what_is_unsent_about_its_last_step(team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    Milestone.objects.filter(order=order).update(required_documents=[])
    for milestone in order.milestones.exclude(code="CLOSED").order_by("position"):
        services.complete_milestone(milestone_id=milestone.pk, by=clerk, now=MONDAY)
    last = order.milestones.get(code="CLOSED")
    reminders.sweep(now=last.due_at)
    assert [row.status for row in Notification.objects.filter(subject=last.subject)] == ["queued"]
    type(order).objects.filter(pk=order.pk).update(status="delivered")

    order_services.close_order(order_id=order.pk, by=clerk, now=last.due_at)

    assert [row.status for row in Notification.objects.filter(subject=last.subject)] == ["cancelled"]


@pytest.mark.parametrize("move", ["hold", "cancel"])
def test_holding_and_cancelling_the_order_cancel_what_is_unsent(step, clerk, move):
    reminders.sweep(now=MANAGER)
    assert len(told()) == 3

    if move == "hold":
        order_services.hold_order(order_id=step.order_id, side="customer", reason="waits", by=clerk, now=MANAGER)
    else:
        order_services.cancel_order(order_id=step.order_id, side="customer", reason="gone", by=clerk, now=MANAGER)

    assert told() == []


def test_pausing_on_the_customer_cancels_what_is_unsent_even_after_the_last_rung(step, clerk):
    reminders.sweep(now=MANAGER)
    step.refresh_from_db()
    assert step.next_reminder_at is None

    services.pause_milestone(milestone_id=step.pk, side="customer", reason="asks", by=clerk, now=MANAGER)

    assert told() == []


def test_sweep_passes_over_steps_whose_clock_stands_even_if_an_instant_was_left(step):
    Milestone.objects.filter(pk=step.pk).update(status="pending")

    counts = reminders.sweep(now=DUE)

    step.refresh_from_db()
    assert (counts.milestones, counts.queued, step.next_reminder_at) == (1, 0, None)


def test_a_step_without_a_working_owner_is_its_leads_to_hear_of(step, clerk):
    clerk.is_active = False
    clerk.save()

    reminders.sweep(now=LEAD)

    assert told() == [("due", "li"), ("lead", "li")]


def test_without_owner_and_lead_the_manager_hears(step, clerk, lead):
    for person in (clerk, lead):
        person.is_active = False
        person.save()

    reminders.sweep(now=DUE)

    assert told() == [("due", "zhao")]


def test_a_team_without_a_manager_escalates_to_managers_elsewhere_but_not_to_their_leads(team, clerk):
    other = make_team()
    make_user("lead", team=other, username="far_lead")
    make_user("manager", team=other, username="far_manager")
    order = make_confirmed_order(team=team, by=clerk)
    order.milestones.filter(status="active").update(
        soon_at=None, due_at=DUE, lead_at=LEAD, manager_at=MANAGER, next_reminder_at=DUE
    )

    reminders.sweep(now=MANAGER)

    assert told() == [("due", clerk.username), ("manager", "far_manager")]


def test_after_an_outage_what_came_due_meanwhile_says_that_it_is_late(step):
    reminders.sweep(now=DUE + timedelta(hours=36), last_run_at=DUE - timedelta(minutes=1))

    row = Notification.objects.get(kind="milestone_due")
    assert row.payload["late_since"] == DUE.isoformat()


@pytest.mark.parametrize("last_run_at", [None, DUE + timedelta(hours=35, minutes=58), DUE + timedelta(hours=3)])
def test_a_step_entered_late_is_told_at_once_and_not_called_late(step, last_run_at):
    """Without an outage, or with one that began after its due instant, it was entered so."""
    reminders.sweep(now=DUE + timedelta(hours=36), last_run_at=last_run_at)

    assert "late_since" not in Notification.objects.get(kind="milestone_due").payload


def test_sweep_cost_does_not_grow_with_the_rows_of_a_batch(step, team, clerk):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            reminders.sweep(now=DUE)
        return len(captured)

    statements()  # the calendar is read once per version and process
    Milestone.objects.filter(pk=step.pk).update(next_reminder_at=SOON)
    with_one = statements()
    for _ in range(2):
        make_confirmed_order(team=team, by=clerk)
    Milestone.objects.filter(status="active").update(due_at=DUE, next_reminder_at=SOON)

    assert statements() == with_one
    assert Notification.objects.filter(payload__step="due").count() == 3


def test_sweep_goes_on_batch_after_batch(step, team, clerk, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH_SIZE", 1)
    make_confirmed_order(team=team, by=clerk)
    Milestone.objects.filter(status="active").update(due_at=DUE, next_reminder_at=DUE)

    counts = reminders.sweep(now=DUE)

    assert (counts.milestones, counts.queued) == (2, 2)
