from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InternalError, transaction

from orders.models import ClockPause, Milestone, Order, OrderEvent
from orders.plan_words import NoPlan
from orders.services import flow, plans
from orders.services import milestones as services
from orders.services import orders as order_services
from orders.services.documents import add_document, decide_document
from orders.services.evidence import complete_with_files
from orders.services.flow import ReasonMissing
from orders.services.owners import CannotCarry
from orders.workflow import TransitionNotAllowed
from teams.errors import NotPermitted
from teams.permissions import Permission
from tests.factories import MONDAY, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def step(order, code):
    return order.milestones.get(code=code)


def complete(order, code, by, now=MONDAY, **fields):
    return services.complete_milestone(milestone_id=step(order, code).pk, by=by, now=now, **fields)


def add_po(order, by):
    upload = SimpleUploadedFile("po.pdf", b"%PDF-1.7 purchase order")
    return add_document(order_id=order.pk, kind="CPO", upload=upload, by=by, now=MONDAY)


def test_completing_needs_the_required_document(order, clerk):
    with pytest.raises(services.EvidenceMissing) as refusal:
        complete(order, "ORDER_RECEIVED", clerk)

    assert list(refusal.value.fields) == ["documents"]
    assert step(order, "ORDER_RECEIVED").status == "active"


def test_completing_with_evidence_starts_the_successor(order, clerk):
    document = add_po(order, clerk)

    done = complete(order, "ORDER_RECEIVED", clerk, document_ids=[document.pk], note="PO by mail")

    assert (done.status, done.actual_finish_at, done.recorded_at, done.closed_by) == ("done", MONDAY, MONDAY, clerk)
    assert step(order, "STOCK_CHECKED").status == "active"
    event = OrderEvent.objects.get(milestone=done, kind="completed")
    assert (event.old, event.new, event.by, event.reason) == ("active", "done", clerk, "PO by mail")


def test_a_refused_document_is_no_evidence(order, clerk):
    document = add_po(order, clerk)
    decide_document(document_id=document.pk, status="refused", note="unreadable", by=clerk, now=MONDAY)

    with pytest.raises(services.EvidenceMissing):
        complete(order, "ORDER_RECEIVED", clerk)


def test_a_document_of_another_order_cannot_be_attached(order, team, clerk):
    other = make_confirmed_order(team=team, by=clerk)
    foreign = add_po(other, clerk)

    with pytest.raises(services.EvidenceMissing):
        complete(order, "STOCK_CHECKED", clerk, document_ids=[foreign.pk])

    foreign.refresh_from_db()
    assert foreign.milestone is None


def test_a_gate_holds_its_successors(order, clerk):
    with pytest.raises(services.GateClosed):
        complete(order, "PICKED", clerk)  # FUNDS_OK is a gate

    services.skip_milestone(milestone_id=step(order, "FUNDS_OK").pk, reason="within credit", by=clerk, now=MONDAY)
    assert complete(order, "PICKED", clerk).status == "done"


@pytest.mark.parametrize(
    ("finish", "note", "refused"),
    [
        (MONDAY, "", False),
        (MONDAY - HOUR, "", False),
        (MONDAY + timedelta(minutes=4), "", False),  # a phone's clock may be a little fast
        (MONDAY + HOUR, "", True),
        (MONDAY - timedelta(days=8), "", True),  # back-dated far without a reason
        (MONDAY - timedelta(days=8), "found the slip today", False),
        (datetime(1999, 1, 1, tzinfo=UTC), "old", True),
    ],
)
def test_the_true_date_may_lie_back_but_not_ahead(order, clerk, finish, note, refused):
    if refused:
        with pytest.raises(services.ImpossibleInstant) as refusal:
            complete(order, "STOCK_CHECKED", clerk, actual_finish_at=finish, note=note)
        assert list(refusal.value.fields) == ["actual_finish_at"]
    else:
        done = complete(order, "STOCK_CHECKED", clerk, actual_finish_at=finish, note=note)
        assert done.closed_at == min(finish, MONDAY)


def test_skipping_needs_a_reason(order, clerk):
    with pytest.raises(ReasonMissing):
        services.skip_milestone(milestone_id=step(order, "PICKED").pk, reason=" ", by=clerk, now=MONDAY)


def test_reopening_takes_back_the_finish_and_holds_the_successor_again(order, clerk):
    complete(order, "STOCK_CHECKED", clerk)

    reopened = services.reopen_milestone(
        milestone_id=step(order, "STOCK_CHECKED").pk, reason="wrong shelf", by=clerk, now=MONDAY + HOUR
    )

    assert (reopened.actual_finish_at, reopened.closed_at, reopened.recorded_at) == (None, None, None)
    assert reopened.status == "pending"  # the order is not even received yet
    assert step(order, "ORDER_CONFIRMED").status == "pending"
    with pytest.raises(TransitionNotAllowed):
        services.reopen_milestone(milestone_id=reopened.pk, reason="again", by=clerk, now=MONDAY + HOUR)


def test_a_pause_on_the_customer_moves_the_due_instant_and_those_after_it(order, clerk):
    first, later = step(order, "STOCK_CHECKED"), step(order, "ORDER_CONFIRMED")
    services.pause_milestone(milestone_id=first.pk, side="customer", reason="which variant?", by=clerk, now=MONDAY)

    resumed = services.resume_milestone(milestone_id=first.pk, by=clerk, now=MONDAY + 2 * HOUR)

    assert resumed.due_at == first.due_at + 2 * HOUR + timedelta(hours=1.5)  # pushed over lunch
    assert step(order, "ORDER_CONFIRMED").due_at == later.due_at + 2 * HOUR
    assert step(order, "ORDER_CONFIRMED").baseline_finish_at == later.due_at
    assert OrderEvent.objects.filter(milestone=first, kind="due").count() == 1


def test_waiting_for_a_supplier_tells_who_but_stops_no_clock(order, clerk):
    before = step(order, "STOCK_CHECKED").due_at
    services.pause_milestone(
        milestone_id=step(order, "STOCK_CHECKED").pk, side="supplier", reason="no answer", by=clerk, now=MONDAY
    )
    assert step(order, "STOCK_CHECKED").waiting_on == "supplier"

    services.resume_milestone(milestone_id=step(order, "STOCK_CHECKED").pk, by=clerk, now=MONDAY + 2 * HOUR)

    assert step(order, "STOCK_CHECKED").due_at == before


def test_pausing_twice_and_resuming_a_running_clock_are_refused(order, clerk):
    pk = step(order, "STOCK_CHECKED").pk
    with pytest.raises(services.NotPaused):
        services.resume_milestone(milestone_id=pk, by=clerk, now=MONDAY)
    services.pause_milestone(milestone_id=pk, side="customer", reason="x", by=clerk, now=MONDAY)
    with pytest.raises(services.AlreadyPaused):
        services.pause_milestone(milestone_id=pk, side="customer", reason="x", by=clerk, now=MONDAY)


def test_completing_ends_the_pause(order, clerk):
    pk = step(order, "STOCK_CHECKED").pk
    services.pause_milestone(milestone_id=pk, side="customer", reason="x", by=clerk, now=MONDAY)

    services.complete_milestone(milestone_id=pk, by=clerk, now=MONDAY + HOUR)

    assert ClockPause.objects.get(milestone=pk).to_at == MONDAY + HOUR


def test_assigning_changes_the_person_and_says_so(order, team, clerk):
    colleague = make_user("clerk", team=team, name="李娜")

    assigned = services.assign_milestone(
        milestone_id=step(order, "PICKED").pk, assignee=colleague, by=clerk, now=MONDAY
    )

    assert assigned.assignee == colleague
    assert OrderEvent.objects.get(kind="assigned").new == "李娜"


def test_steps_of_a_held_order_cannot_change(order, clerk):
    order_services.hold_order(order_id=order.pk, side="customer", reason="credit", by=clerk, now=MONDAY)

    with pytest.raises(TransitionNotAllowed):
        complete(order, "STOCK_CHECKED", clerk)


@pytest.mark.parametrize(
    ("due", "closed", "pause", "overdue"),
    [
        (-1, None, None, True),
        (0, None, None, False),  # the due moment itself is still on time
        (-1, 0, None, False),  # closed at this very instant
        (-1, 1, None, True),  # closed later: it was overdue then
        (-1, None, ("customer", -2, None), False),  # the clock stands still
        (-1, None, ("supplier", -2, None), True),  # a supplier stops no clock
        (-1, None, ("customer", -3, -2), True),  # the pause is over
        (-1, None, ("customer", -3, 0), True),  # half open: over at this instant
        (-1, None, ("customer", 0, None), False),  # half open: begins at this instant
    ],
)
def test_overdue_is_one_rule_in_sql_and_python(order, clerk, due, closed, pause, overdue):
    noon = MONDAY + 3 * HOUR
    milestone = step(order, "STOCK_CHECKED")
    Milestone.objects.filter(pk=milestone.pk).update(due_at=noon + due * HOUR)
    if closed is not None:
        Milestone.objects.filter(pk=milestone.pk).update(
            status="done",
            closed_at=noon + closed * HOUR,
            actual_finish_at=noon + closed * HOUR,
            recorded_at=noon,
            next_reminder_at=None,
        )
    if pause:
        side, start, end = pause
        ClockPause.objects.create(
            milestone=milestone,
            side=side,
            reason="x",
            from_at=noon + start * HOUR,
            to_at=None if end is None else noon + end * HOUR,
            by=clerk,
        )
    milestone.refresh_from_db()

    assert milestone.is_overdue(noon) is overdue
    assert Milestone.objects.overdue(noon).contains(milestone) is overdue


def test_recomputing_changes_nothing(order, clerk):
    pk = step(order, "STOCK_CHECKED").pk
    services.pause_milestone(milestone_id=pk, side="customer", reason="x", by=clerk, now=MONDAY)
    services.resume_milestone(milestone_id=pk, by=clerk, now=MONDAY + HOUR)
    before = list(Milestone.objects.order_by("pk").values())
    events = OrderEvent.objects.count()

    with transaction.atomic():
        flow.refresh(flow.lock_order(order.pk), now=MONDAY + 5 * HOUR)

    assert list(Milestone.objects.order_by("pk").values()) == before
    assert OrderEvent.objects.count() == events


def test_events_cannot_be_rewritten(order):
    with pytest.raises(InternalError, match="append-only"), transaction.atomic():
        OrderEvent.objects.filter(order=order).update(reason="never happened")
    with pytest.raises(InternalError, match="append-only"), transaction.atomic():
        OrderEvent.objects.filter(order=order).first().delete()


@pytest.mark.parametrize(
    ("role", "code", "allowed"),
    [
        ("clerk", "PICKED", True),  # a clerk pushes every step of an order
        ("logistics", "PICKED", True),  # the step's own role
        ("logistics", "FUNDS_OK", False),
        ("finance", "FUNDS_OK", True),
        ("finance", "PICKED", False),
        ("lead", "PICKED", True),
        ("market_developer", "PICKED", False),
    ],
)
def test_who_may_complete_which_step(order, team, role, code, allowed):
    person = make_user(role, team=team)

    if allowed:
        services.require_on(person, Permission.MILESTONE_COMPLETE, step(order, code))
    else:
        with pytest.raises(NotPermitted):
            services.require_on(person, Permission.MILESTONE_COMPLETE, step(order, code))


def test_a_pause_begun_by_a_server_whose_clock_is_ahead_can_be_ended(order, clerk):
    milestone = step(order, "ORDER_RECEIVED")
    ahead = MONDAY + timedelta(minutes=5)
    services.pause_milestone(milestone_id=milestone.pk, side="customer", reason="waits", by=clerk, now=ahead)

    services.resume_milestone(milestone_id=milestone.pk, by=clerk, now=MONDAY)

    pause = ClockPause.objects.get(milestone=milestone)
    assert (pause.from_at, pause.to_at) == (ahead, ahead)


def test_no_file_is_kept_of_a_completion_that_is_refused(order, clerk):
    documents = Path(settings.MEDIA_ROOT) / "documents"
    before = set(documents.glob("*"))
    files = [("PI", SimpleUploadedFile("pi.pdf", b"%PDF-1.7 proforma"))]

    with pytest.raises(services.EvidenceMissing):
        complete_with_files(milestone_id=step(order, "ORDER_RECEIVED").pk, files=files, by=clerk, now=MONDAY)

    assert set(documents.glob("*")) == before
    assert not order.documents.exists()


@pytest.mark.parametrize("who", ["stranger", "left"])
def test_a_step_is_given_only_to_a_person_who_sees_the_order(order, team, clerk, who):
    stranger = make_user("lead", team=make_team())
    left = make_user("clerk", team=team, is_active=False)
    person = {"stranger": stranger, "left": left}[who]
    milestone = step(order, "ORDER_RECEIVED")

    with pytest.raises(CannotCarry) as refusal:
        services.assign_milestone(milestone_id=milestone.pk, assignee=person, by=clerk, now=MONDAY)

    assert list(refusal.value.fields) == ["assignee"]
    assert step(order, "ORDER_RECEIVED").assignee == clerk


def test_a_step_may_be_given_to_a_person_who_sees_every_team(order, clerk):
    manager = make_user("manager", team=make_team())
    milestone = step(order, "ORDER_RECEIVED")

    given = services.assign_milestone(milestone_id=milestone.pk, assignee=manager, by=clerk, now=MONDAY)

    assert given.assignee_id == manager.pk


def test_a_gate_holds_also_behind_another_open_step(order, clerk):
    with pytest.raises(services.GateClosed):
        complete(order, "DISPATCHED", clerk)  # FUNDS_OK, a gate, lies before PICKED, which is open too


def test_a_running_pause_moves_nothing_until_it_ends(order, clerk):
    pk = step(order, "STOCK_CHECKED").pk
    due = step(order, "STOCK_CHECKED").due_at
    services.pause_milestone(milestone_id=pk, side="customer", reason="x", by=clerk, now=MONDAY)

    services.skip_milestone(milestone_id=step(order, "CSAT").pk, reason="x", by=clerk, now=MONDAY + 2 * HOUR)

    assert step(order, "STOCK_CHECKED").due_at == due
    assert not OrderEvent.objects.filter(kind="due").exists()


def test_a_calendar_without_working_time_makes_no_new_plan_and_spoils_no_old_one(order, clerk):
    before = dict(order.milestones.values_list("code", "due_at"))
    calendar = order.team.calendar
    calendar.intervals.all().delete()
    calendar.exceptions.all().delete()
    calendar.version += 1
    calendar.save(update_fields=["version"])

    with pytest.raises(NoPlan) as refused:
        plans.propose(Order.objects.get(pk=order.pk), plans.Changes(), now=MONDAY)
    assert set(refused.value.fields) == {"CLOSED"}
    complete(order, "STOCK_CHECKED", clerk)

    assert dict(order.milestones.values_list("code", "due_at")) == before
