"""Ladders of teams: which one is in force, what an edit moves and what it leaves alone, its job, its page."""

import threading
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from orders import reminders, tasks
from orders.demo.ledger import Ledger
from orders.grammar import Ladder, parse_ladder, parse_step
from orders.models import LadderJob, Ladders, Milestone, PlanChange, TeamLadder
from orders.models.ladders import note_first_plan
from orders.pages.ladders import ladder_sentence
from orders.planning import Span
from orders.schedule import write_ladder
from orders.services import flow, ladders, plans
from orders.services import milestones as milestone_services
from orders.services import orders as order_services
from orders.services.ladders import BadLadder, LadderEdit, LadderMovedOn, LadderUnchanged
from orders.services.plans import jobs as plan_jobs
from teams.models import Notification, WorkCalendar
from teams.services import calendar_edits
from tests.factories import MONDAY, make_confirmed_order, make_team, make_template, make_user
from tests.orders.planning_kit import SCHEDULES, china

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = "/settings/ladders/"
HTMX = {"HX-Request": "true"}
FIELDS = ("soon_at", "lead_at", "manager_at", "next_reminder_at")
# Each place with a ladder that tells where it was found: the lead hears after so many hours.
SAID = {
    ("SPARE_PARTS", "PICKED"): "-/1h/-",
    ("SPARE_PARTS", ""): "-/2h/-",
    ("", "PICKED"): "-/3h/-",
    ("", ""): "-/4h/-",
}


@pytest.fixture
def lead(team):
    return make_user("lead", team=team, username="li", name="Li", language="en")


@pytest.fixture
def manager(team):
    return make_user("manager", team=team, username="zhao", language="en")


def step_of(code="PICKED", sla="1h/1h/2h"):
    return parse_step({"code": code, "name_en": code, "stage": "SHIP", "role": "clerk", "duration": "1w", "sla": sla})


def say(team, by, ladder, process="SPARE_PARTS", step="", *, now=MONDAY):
    """Save a ladder, knowing what stands there."""
    edit = LadderEdit(process, step, ladder)
    seen = edit.standing(TeamLadder.objects.filter(team=team))
    return ladders.save_ladder(team_id=team.pk, edit=edit, seen=seen, by=by, now=now)


def work(now=MONDAY):
    return ladders.work_on_jobs(clock=lambda: now)


def times(order, *fields):
    rows = order.milestones.order_by("position").values_list("code", *(fields or FIELDS))
    return {row[0]: row[1:] for row in rows}


def told(step):
    rows = Notification.objects.filter(subject=step.subject).exclude(status="cancelled")
    return sorted((row.payload["step"], row.recipient.username) for row in rows)


# Which ladder is in force


@pytest.mark.parametrize(
    ("places", "hours"),
    [
        (list(SAID), 1),
        (list(SAID)[1:], 2),  # what is said of the process goes before what is said of the step in all of them
        (list(SAID)[2:], 3),
        (list(SAID)[3:], 4),
        ([], 1),
    ],
)
def test_the_most_specific_ladder_is_in_force(places, hours):
    own = Ladders("SPARE_PARTS", {place: parse_ladder(SAID[place]) for place in places})

    assert own.of(step_of()).lead == Span(hours, "h")
    assert own.of(step_of()).soon == (None if places else Span(1, "h"))


def test_what_is_said_of_other_steps_and_processes_is_not_meant():
    own = Ladders("SPARE_PARTS", {("SPARE_PARTS", "DISPATCHED"): None, ("EXPORT_FCL", "PICKED"): None,
                                  ("EXPORT_FCL", ""): None, ("", "DISPATCHED"): None})  # fmt: skip

    assert own.of(step_of()) == parse_ladder("1h/1h/2h")
    assert own.place_of("PICKED") is None


def test_nobody_is_a_ladder_too():
    assert Ladders("SPARE_PARTS", {("SPARE_PARTS", "PICKED"): parse_ladder("-")}).of(step_of()) is None


def test_writing_is_a_function_of_due_instant_ladder_and_calendar():
    """Friday 17:00, with Monday as the next working day."""
    schedule = SCHEDULES["office"]
    milestone = Milestone(due_at=china("2026-03-06 17:00"), soon_at=MONDAY)
    own = Ladders("SPARE_PARTS", {("SPARE_PARTS", ""): parse_ladder("1w/2h/1w")})

    for _twice in range(2):
        write_ladder(milestone, step_of(), schedule, own)

        assert milestone.soon_at == china("2026-03-05 17:00")
        assert milestone.lead_at == china("2026-03-09 09:30")
        assert milestone.manager_at == china("2026-03-09 18:00")
    write_ladder(milestone, step_of(), schedule, Ladders("SPARE_PARTS", {("", ""): parse_ladder("-/-/1w")}))
    assert (milestone.soon_at, milestone.lead_at) == (None, None)
    assert milestone.manager_at == china("2026-03-09 18:00")
    write_ladder(milestone, step_of(sla=""), schedule)
    assert (milestone.soon_at, milestone.lead_at, milestone.manager_at) == (None, None, None)


def test_the_manager_never_hears_before_the_lead():
    """Two working days from a Thursday end on Monday, three calendar days on Sunday."""
    milestone = Milestone(due_at=china("2026-03-05 17:00"))

    write_ladder(milestone, step_of(sla="-/2w/3c"), SCHEDULES["office"])

    assert milestone.manager_at == milestone.lead_at == china("2026-03-09 18:00")


def test_a_new_order_gets_the_ladders_of_its_team(team, clerk):
    make_template()
    say(team, clerk, "-/3h/1w", step="PICKED")
    other = make_team()
    own = make_confirmed_order(team=team, by=clerk).milestones
    theirs = make_confirmed_order(team=other, by=make_user("clerk", team=other)).milestones

    assert own.get(code="PICKED").soon_at is None
    assert theirs.get(code="PICKED").soon_at is not None
    for code in ("STOCK_CHECKED", "DISPATCHED"):
        assert own.get(code=code).lead_at == theirs.get(code=code).lead_at


def test_the_ladders_of_many_orders_are_read_by_one_query(team, clerk, order, django_assert_num_queries):
    other = make_team()
    theirs = make_confirmed_order(team=other, by=make_user("clerk", team=other))
    say(team, clerk, "-")
    for each in (order, theirs):
        assert each.template.code == "SPARE_PARTS"

    with django_assert_num_queries(1):
        found = TeamLadder.objects.of_orders([order, theirs])

    assert found[order.pk].of(step_of()) is None
    assert found[theirs.pk].of(step_of()) == parse_ladder("1h/1h/2h")
    assert Ledger().ladders(order) == found[order.pk]


# What an edit moves


def test_only_that_teams_open_steps_get_other_times_and_no_due_instant_moves(team, clerk, order):
    other = make_team()
    theirs = make_confirmed_order(team=other, by=make_user("clerk", team=other))
    export = make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")
    order.milestones.update(required_documents=[])
    first = order.milestones.get(code="ORDER_RECEIVED")
    milestone_services.complete_milestone(milestone_id=first.pk, by=clerk, now=MONDAY)
    before = {each: times(each) for each in (order, theirs, export)}
    plan = times(order, "due_at", "planned_start_at", "float_minutes", "status")

    job = say(team, clerk, "2h/3h/1w")
    assert (job.total, LadderJob.objects.unfinished().count()) == (1, 1)
    assert work() == 1

    job.refresh_from_db()
    after = times(order)
    moved = {code for code, row in after.items() if row != before[order][code]}
    assert moved == {code for code in after if code != "ORDER_RECEIVED"}
    assert (job.done, job.changed, job.is_finished) == (1, len(moved), True)
    assert times(order, "due_at", "planned_start_at", "float_minutes", "status") == plan
    assert (times(theirs), times(export)) == (before[theirs], before[export])
    assert PlanChange.objects.filter(order=order).count() == 1
    # Recomputing changes nothing (design rule 1).
    flow.refresh(flow.lock_order(order.pk), now=MONDAY)
    assert times(order) == after


def test_taking_a_ladder_back_restores_the_times_of_the_template(team, clerk, order):
    before = times(order)
    say(team, clerk, "2h/3h/1w")
    say(team, clerk, "-", step="PICKED")
    work()
    assert order.milestones.get(code="PICKED").lead_at is None

    edit = LadderEdit("SPARE_PARTS", is_all=True)
    seen = edit.standing(TeamLadder.objects.all())
    ladders.save_ladder(team_id=team.pk, edit=edit, seen=seen, by=clerk, now=MONDAY)
    work()

    assert not TeamLadder.objects.exists()
    assert times(order) == before


def test_a_step_whose_times_stay_is_left_where_the_sweep_has_brought_it(team, clerk, order):
    step = order.milestones.get(status="active")
    reminders.sweep(now=step.due_at)
    step.refresh_from_db()
    assert step.next_reminder_at is None

    say(team, clerk, "1h/1h/3h", step="STOCK_CHECKED")
    work(step.due_at)

    step.refresh_from_db()
    assert step.next_reminder_at is None


def test_an_edit_of_one_step_reads_and_moves_no_other(team, clerk, order):
    before = times(order)

    job = say(team, clerk, "2h/3h/1w", step="PICKED")
    work()

    after = times(order)
    assert {code for code in after if after[code] != before[code]} == {"PICKED"}
    job.refresh_from_db()
    assert job.changed == 1


def test_a_re_plan_after_a_calendar_edit_keeps_the_teams_ladder(team, clerk):
    admin = make_user("admin", team=team)
    order = make_confirmed_order(team=team, by=clerk)
    say(team, clerk, "-/-/1w")
    work()
    calendar = WorkCalendar.objects.get(code="CN_OFFICE")
    changes = {"kind": "days", "from": "2026-03-03", "to": "2026-03-03", "day": "off", "name": "closed"}
    edit = calendar_edits.propose_edit(
        calendar_id=calendar.pk, changes=changes, seen_version=None, by=admin, now=MONDAY
    )
    calendar_edits.save_edit(edit_id=edit.pk, by=admin, now=MONDAY)
    before = order.milestones.get(code="DISPATCHED")

    plan_jobs.work_on_jobs(clock=lambda: MONDAY)

    after = order.milestones.get(code="DISPATCHED")
    assert after.due_at > before.due_at
    assert (after.soon_at, after.lead_at) == (None, None)
    assert after.manager_at.date() == after.due_at.date() + DAY


def test_undoing_a_re_plan_keeps_the_teams_ladder(team, clerk, order):
    say(team, clerk, "-/-/1w")
    work()
    change = plans.apply_changes(
        order_id=order.pk, changes=plans.Changes(terms={"wood_packaging": True}), by=clerk, now=MONDAY
    )
    plans.undo_change(order_id=order.pk, change_id=change.pk, by=clerk, now=MONDAY)

    rows = order.milestones.open().filter(due_at__isnull=False)
    assert rows.count() == 10
    assert not rows.exclude(soon_at=None, lead_at=None, manager_at__isnull=False).exists()


# Who is reminded after an edit


def test_a_rung_that_newly_lies_in_the_past_is_told_at_once_and_none_is_told_again(team, clerk, lead, manager, order):
    step = order.milestones.get(status="active")  # without a ladder in the template: due 18:00 on Monday
    now = step.due_at + 16 * HOUR  # Tuesday 10:00, one and a half working hours late
    assert reminders.sweep(now=now).queued == 1
    assert told(step) == [("due", clerk.username)]

    edit = LadderEdit("SPARE_PARTS", "ORDER_RECEIVED", "-/1h/3h")
    effect = ladders.effect_of(team_id=team.pk, edit=edit, now=now)
    assert (effect.steps, effect.reminders) == (1, 1)
    ladders.save_ladder(team_id=team.pk, edit=edit, seen="", by=lead, now=now)
    work(now)

    assert reminders.sweep(now=now).queued == effect.reminders
    assert told(step) == [("due", clerk.username), ("lead", "li")]
    step.refresh_from_db()
    assert step.next_reminder_at == step.manager_at > now
    say(team, lead, "-/30h/40h", step="ORDER_RECEIVED", now=now)  # the lead has heard of it already
    work(now)
    assert reminders.sweep(now=now).queued == 0
    assert reminders.sweep(now=now + 30 * DAY).queued == 1
    assert told(step) == [("due", clerk.username), ("lead", "li"), ("manager", "zhao")]


def test_a_reminder_that_is_brought_forward_makes_the_sweep_look_again(team, clerk, lead, order):
    step = order.milestones.get(status="active")
    assert step.next_reminder_at == step.due_at
    now = step.due_at - 2 * HOUR
    assert reminders.sweep(now=now).queued == 0

    say(team, lead, "4h/-/-", step="ORDER_RECEIVED", now=now)
    work(now)

    assert reminders.sweep(now=now).queued == 1
    assert told(step) == [("soon", clerk.username)]


def test_a_step_that_begins_late_is_told_at_once(team, clerk, lead, manager):
    """The order is entered three days after it came in: its first step is overdue from the start."""
    order = make_confirmed_order(team=team, by=clerk, now=MONDAY)
    Milestone.objects.update(required_documents=[])
    say(team, lead, "-/1h/2h")
    work()
    late = MONDAY + 3 * DAY
    first = order.milestones.get(status="active")
    milestone_services.complete_milestone(milestone_id=first.pk, by=clerk, now=late)

    step = order.milestones.get(status="active")
    assert step.code == "STOCK_CHECKED"
    assert step.due_at < step.lead_at < step.manager_at < late
    assert step.next_reminder_at == step.due_at
    assert reminders.sweep(now=late).queued == 3
    assert told(step) == [("due", clerk.username), ("lead", "li"), ("manager", "zhao")]


def test_an_order_confirmed_late_reminds_at_the_next_sweep(team, clerk, lead, manager):
    make_template()
    say(team, lead, "-/1h/2h")
    order = make_confirmed_order(team=team, by=clerk, now=MONDAY + 3 * DAY, ordered_at=MONDAY)
    step = order.milestones.get(status="active")

    assert step.next_reminder_at == step.due_at < MONDAY + 3 * DAY
    assert reminders.sweep(now=MONDAY + 3 * DAY).queued == 3


def stop_by_pause(order, clerk):
    step = order.milestones.get(status="active")
    milestone_services.pause_milestone(milestone_id=step.pk, side="customer", reason="x", by=clerk, now=MONDAY)


def skip_first(order, clerk):
    step = order.milestones.get(status="active")
    milestone_services.skip_milestone(milestone_id=step.pk, reason="x", by=clerk, now=MONDAY)


def complete_first(order, clerk):
    step = order.milestones.get(status="active")
    milestone_services.complete_milestone(milestone_id=step.pk, by=clerk, now=MONDAY)


def hold(order, clerk):
    order_services.hold_order(order_id=order.pk, side="customer", reason="x", by=clerk, now=MONDAY)


def cancel(order, clerk):
    order_services.cancel_order(order_id=order.pk, side="customer", reason="x", by=clerk, now=MONDAY)


@pytest.mark.parametrize("act", [stop_by_pause, skip_first, complete_first, hold, cancel])
def test_what_is_closed_skipped_paused_held_or_cancelled_is_not_reminded_of(team, clerk, lead, manager, order, act):
    order.milestones.update(required_documents=[])
    code = order.milestones.get(status="active").code
    act(order, make_user("admin", team=team))
    before = order.milestones.get(code=code)
    later = MONDAY + 30 * DAY
    edit = LadderEdit("SPARE_PARTS", code, "4h/1h/2h")

    assert ladders.effect_of(team_id=team.pk, edit=edit, now=later).reminders == 0
    ladders.save_ladder(team_id=team.pk, edit=edit, seen="", by=lead, now=later)
    work(later)

    step = order.milestones.get(code=code)
    assert step.next_reminder_at is None
    assert (step.lead_at == before.lead_at) is not step.is_open
    reminders.sweep(now=later)
    assert told(step) == []


def test_a_pause_that_ends_lets_the_teams_ladder_go_on(team, clerk, lead, order):
    stop_by_pause(order, clerk)
    say(team, lead, "4h/1h/2h")
    work()
    step = order.milestones.get(status="active")
    assert step.next_reminder_at is None

    milestone_services.resume_milestone(milestone_id=step.pk, by=clerk, now=MONDAY + HOUR)

    step.refresh_from_db()
    assert step.next_reminder_at == step.soon_at is not None


def test_the_effect_tells_what_the_job_and_the_sweep_will_do(team, clerk, lead, manager, order):
    make_user("lead", team=team, username="ling")
    late = [make_confirmed_order(team=team, by=clerk) for _index in range(3)]
    now = MONDAY + 2 * DAY
    reminders.sweep(now=now)
    edit = LadderEdit("SPARE_PARTS", "", "1h/1h/5w")

    effect = ladders.effect_of(team_id=team.pk, edit=edit, now=now)
    job = ladders.save_ladder(team_id=team.pk, edit=edit, seen="", by=lead, now=now)
    work(now)

    job.refresh_from_db()
    assert (effect.steps, effect.reminders) == (job.changed, reminders.sweep(now=now).queued)
    assert effect.reminders == 2 * (len(late) + 1)  # two leads, of the first step of each order


def test_a_step_without_a_working_owner_counts_for_its_leads(team, clerk, lead, order):
    clerk.is_active = False
    clerk.save()
    make_user("lead", team=team)
    due = order.milestones.get(status="active").due_at
    edit = LadderEdit("SPARE_PARTS", "ORDER_RECEIVED", "4h/-/-")

    assert ladders.effect_of(team_id=team.pk, edit=edit, now=due - HOUR).reminders == 2


# The job


def test_a_job_goes_on_behind_the_batches_that_it_committed(team, clerk, lead, monkeypatch):
    orders = [make_confirmed_order(team=team, by=clerk) for _index in range(5)]
    monkeypatch.setattr(ladders, "BATCH_SIZE", 2)
    job = say(team, lead, "2h/3h/1w")
    before = {each: times(each) for each in orders}
    stops = chain([False, False], repeat(True))

    assert ladders.work_on_jobs(clock=lambda: MONDAY, is_stopping=lambda: next(stops)) == 2
    job.refresh_from_db()
    assert (job.done, job.is_finished, job.lease_until) == (2, False, None)
    assert [times(each) != before[each] for each in orders] == [True, True, False, False, False]

    class Killed(BaseException):
        pass

    def die(_milestones):
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(ladders, "_write", die)
        with pytest.raises(Killed), transaction.atomic():
            ladders.run_batch(job.pk, now=MONDAY)
    job.refresh_from_db()
    assert job.done == 2
    assert work() == 3

    job.refresh_from_db()
    assert (job.done, job.changed, job.is_finished) == (5, 50, True)
    assert all(times(each) != before[each] for each in orders)
    assert ladders.run_batch(job.pk, now=MONDAY) == (0, True)


def test_a_job_that_somebody_works_on_is_taken_over_when_its_lease_has_run_out(team, clerk, lead, order):
    job = say(team, lead, "2h/3h/1w")
    LadderJob.objects.update(lease_until=MONDAY + HOUR)

    assert (work(MONDAY), work(MONDAY + 2 * HOUR)) == (0, 1)
    job.refresh_from_db()
    assert job.is_finished


def test_the_tick_works_on_ladders_too(team, clerk, lead, order):
    job = say(team, lead, "2h/3h/1w")

    assert tasks.work_on_plan_jobs() == 1

    job.refresh_from_db()
    assert job.is_finished


def test_a_batch_asks_as_much_for_one_order_as_for_three(team, clerk, lead, order):
    counts = []
    for ladder in ("2h/3h/1w", "1h/2h/1w"):
        job = say(team, lead, ladder)
        with CaptureQueriesContext(connection) as queries:
            ladders.run_batch(job.pk, now=MONDAY)
        counts.append(len(queries))
        for _index in range(2):
            make_confirmed_order(team=team, by=clerk)

    assert counts[0] == counts[1]


def test_an_order_whose_calendar_does_not_reach_so_far_keeps_its_times_and_is_named(team, clerk, lead, order):
    make_confirmed_order(team=team, by=clerk)
    order.milestones.filter(code="CLOSED").update(due_at=datetime(9999, 12, 31, 9, tzinfo=UTC))
    before = times(order)
    job = say(team, lead, "2h/3h/1w")

    work()

    job.refresh_from_db()
    assert (job.done, job.failed, job.faults, job.is_finished) == (2, 1, [order.number], True)
    assert times(order) == before


@pytest.mark.django_db(transaction=True)
def test_a_job_waits_for_a_first_plan_that_was_made_by_the_former_ladders():
    """The order is confirmed by the former ladders and not committed while the job looks: it must not be missed."""
    team = make_team()
    clerk = make_user("clerk", team=team)
    make_template()
    planned, saved, failures = threading.Event(), threading.Event(), []

    def confirm() -> None:
        try:
            with transaction.atomic():
                make_confirmed_order(team=team, by=clerk)
                planned.set()
                assert saved.wait(30)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=confirm)
    thread.start()
    assert planned.wait(30)
    job = say(team, clerk, "-/-/1w")
    assert work() == 0
    job.refresh_from_db()
    assert not job.is_finished
    saved.set()
    thread.join(30)
    assert failures == []

    assert work(MONDAY + HOUR) == 1
    step = Milestone.objects.get(code="PICKED")
    assert (step.soon_at, step.lead_at) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_two_first_plans_of_a_team_do_not_wait_for_each_other():
    team, seen = make_team(), []

    def other() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            note_first_plan(team.pk)
            seen.append(True)
        connection.close()

    with transaction.atomic():
        note_first_plan(team.pk)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)

    assert seen == [True]


# Bad input


@pytest.mark.parametrize(
    ("rungs", "expected"),
    [
        (("1w", "2h", "1w"), "1w/2h/1w"),
        (("-", "0", "3c"), "-/0/3c"),
        (("-", "-", "-"), "-"),
        (("-", "8h", "1w"), "-/8h/1w"),
        (("60w", "90c", "480h"), {"manager"}),
        (("0", "1h", "1h"), {"soon"}),
        (("61w", "1h", "1h"), {"soon"}),
        (("1h", "91c", "91c"), {"lead", "manager"}),
        (("1h", "481h", "-"), {"lead"}),
        (("1h", "2w", "8h"), {"manager"}),
        (("1h", "3c", "2w"), {"manager"}),
        (("", "x", "1d"), {"soon", "lead", "manager"}),
        (("99999h", "1h", "2h"), {"soon"}),
        (("1w/2h/3w", "1h", "2h"), {"soon"}),
    ],
)
def test_rungs_are_read_or_refused_by_name(rungs, expected):
    given = dict(zip(("soon", "lead", "manager"), rungs, strict=True))
    if isinstance(expected, str):
        assert ladders.read_rungs(given) == expected
        return
    with pytest.raises(BadLadder) as refusal:
        ladders.read_rungs(given)
    assert set(refusal.value.fields) == expected


@pytest.mark.parametrize(
    ("process", "step", "field"),
    [
        ("NO_SUCH", "", "template"),
        ("spare_parts", "", "template"),
        ("A" * 400, "", "template"),
        ("\x00", "", "template"),
        ("SPARE_PARTS", "NO_SUCH", "step"),
        ("SPARE_PARTS", "ETD", "step"),  # of another process
        ("SPARE_PARTS", "\x00", "step"),
        ("", "NO_SUCH", "step"),
    ],
)
def test_a_process_or_step_that_is_not_there_is_refused(team, clerk, order, process, step, field):
    make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL")
    edit = LadderEdit(process, step, "1w/1w/1w")

    with pytest.raises(BadLadder) as refusal:
        ladders.save_ladder(team_id=team.pk, edit=edit, seen="", by=clerk, now=MONDAY)

    assert set(refusal.value.fields) == {field}
    assert not TeamLadder.objects.exists()
    assert not LadderJob.objects.exists()


def test_a_step_that_terms_add_may_have_a_ladder(team, clerk):
    order = make_confirmed_order(
        team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL", payment_terms="LC"
    )
    say(team, clerk, "-/2h/4h", process="EXPORT_FCL", step="LC_CHECKED")
    work()

    assert order.milestones.get(code="LC_CHECKED").soon_at is None


def test_who_has_not_seen_the_ladder_in_force_does_not_overwrite_it(team, clerk, lead, order):
    say(team, lead, "1w/1w/2w")

    with pytest.raises(LadderMovedOn, match="Li"):
        ladders.save_ladder(
            team_id=team.pk, edit=LadderEdit("SPARE_PARTS", "", "1w/1w/3w"), seen="", by=clerk, now=MONDAY
        )
    with pytest.raises(LadderUnchanged):
        say(team, clerk, "1w/1w/2w")
    with pytest.raises(LadderUnchanged):
        say(team, clerk, None, step="PICKED")

    assert [row.ladder for row in TeamLadder.objects.all()] == ["1w/1w/2w"]


# Words and the page


@pytest.mark.parametrize(
    ("ladder", "words"),
    [
        (
            parse_ladder("1w/2h/1w"),
            "owner reminded 1 working day before · told when due · lead told 2 working hours late"
            " · manager told 1 working day late",
        ),
        (parse_ladder("-/0/0"), "told when due · lead told when due · manager told when due"),
        (Ladder(None, None, None), "told when due"),
        (None, "told when due"),
    ],
)
def test_a_ladder_reads_as_a_sentence(ladder, words):
    with override("en"):
        assert ladder_sentence(ladder) == words


@pytest.fixture
def site(client, lead, order):
    client.force_login(lead)
    return client


def fields_of(team, step="PICKED", *, act="check", rungs=("2h", "3h", "4h"), **more):
    """What a browser sends of a form."""
    cells = {}
    for name, text in zip(("soon", "lead", "manager"), rungs, strict=True):
        cells |= {f"{name}_amount": text[:-1], f"{name}_unit": text[-1]}
    return {"team": team.code, "template": "SPARE_PARTS", "step": step, "seen": "", "act": act, **cells, **more}


def test_the_page_shows_three_ladders_of_each_step(site, team, lead):
    say(team, lead, "-/3h/1w")
    say(team, lead, "-", step="PICKED")
    say(team, lead, "1w/1w/1w", process="", step="DISPATCHED")

    table = site.get(PAGE, {"team": team.code, "template": "SPARE_PARTS"}).context["page"].table

    lines = table.lines
    assert [line.code for line in lines.values()][:4] == ["", "ORDER_RECEIVED", "STOCK_CHECKED", "ORDER_CONFIRMED"]
    assert lines["PICKED"].template == [
        "owner: 1 working hour before",
        "lead: 1 working hour late",
        "manager: 2 working hours late",
    ]
    assert (lines["PICKED"].own_words, lines["PICKED"].in_force, lines["PICKED"].source) == (
        ["nobody but the owner, when due"],
        "told when due",
        "this step",
    )
    assert lines["DISPATCHED"].own is None
    assert (
        lines["DISPATCHED"].in_force
        == "told when due · lead told 3 working hours late · manager told 1 working day late"
    )
    assert lines["DISPATCHED"].source == lines["CSAT"].source == "all steps of the process"


def test_for_every_process_the_steps_that_several_have_are_shown(site, team, lead):
    say(team, lead, "1w/1w/1w", process="", step="STOCK_CHECKED")

    table = site.get(PAGE, {"template": "*"}).context["page"].table

    assert {"CLOSED", "DELIVERED", "CSAT", "STOCK_CHECKED"} <= set(table.lines)
    assert "WAYBILL_SENT" not in table.lines
    assert table.lines["CLOSED"].template is None
    assert table.lines["CLOSED"].in_force == "as each process has it"
    assert table.lines["STOCK_CHECKED"].source == "this step"


def test_a_step_that_terms_add_is_shown_where_an_open_order_has_it(site, team, clerk):
    listed = site.get(PAGE, {"template": "EXPORT_FCL"}).context["page"].table.lines
    make_confirmed_order(team=team, by=clerk, template="EXPORT_FCL", incoterm="FOB", mode="FCL", payment_terms="LC")

    table = site.get(PAGE, {"template": "EXPORT_FCL"}).context["page"].table

    assert "LC_CHECKED" not in listed
    assert table.lines["LC_CHECKED"].name == "L/C checked (soft clauses, dates)"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("edit", ["", "PICKED", "*", "all"])
@pytest.mark.parametrize("template", ["SPARE_PARTS", "EXPORT_FCL", "*"])
def test_each_form_is_shown_in_both_languages(site, team, lead, language, edit, template):
    lead.language = language
    lead.save()
    say(team, lead, "-/3h/1w")
    answer = site.get(PAGE, {"team": team.code, "template": template, "edit": edit})

    is_there = edit != "PICKED" or template == "SPARE_PARTS"
    assert answer.status_code == (200 if is_there else 404)


def test_a_change_is_shown_before_it_is_saved(site, team, order):
    fields = fields_of(team, act="save")

    preview = site.post(PAGE, fields)
    assert preview.status_code == 200
    assert preview.context["page"].effect.steps == 1
    assert b"1 open step gets other times." in preview.content
    assert not TeamLadder.objects.exists()
    checked = preview.context["form"]["checked"].value()
    other = site.post(PAGE, fields | {"checked": checked, "lead_amount": "4"})  # typed on after the preview
    assert other.status_code == 200
    assert not TeamLadder.objects.exists()

    saved = site.post(PAGE, fields | {"checked": checked})

    assert saved.status_code == 302
    [row] = TeamLadder.objects.all()
    assert (row.team, row.place, row.ladder) == (team, ("SPARE_PARTS", "PICKED"), "2h/3h/4h")
    assert b"Under way: 0 of 1 orders" in site.get(saved.url).content
    work(timezone.now())
    assert b"1 orders looked at, 1 steps have other times." in site.get(saved.url).content


def test_saving_nudges_the_worker(site, team, monkeypatch, django_capture_on_commit_callbacks):
    nudges = []
    monkeypatch.setattr("orders.views.ladders.nudge_plan_jobs", lambda: nudges.append(1))

    with django_capture_on_commit_callbacks(execute=True):
        site.post(PAGE, fields_of(team, act="save", checked="2h/3h/4h"), headers=HTMX)

    assert nudges == [1]


def test_htmx_gets_the_part_and_goes_to_the_page_after_saving(site, team):
    preview = site.post(PAGE, fields_of(team), headers=HTMX)
    assert preview.content.startswith(b'<div id="ladders"')

    saved = site.post(PAGE, fields_of(team, act="save", checked="2h/3h/4h"), headers=HTMX)

    assert saved.headers["HX-Redirect"] == f"{PAGE}?team={team.code}&template=SPARE_PARTS"


def test_a_step_is_reset_after_its_preview(site, team, lead):
    say(team, lead, "-", step="PICKED")
    work()
    seen = site.get(PAGE, {"team": team.code, "template": "SPARE_PARTS", "edit": "PICKED"}).context["form"]["seen"]
    fields = fields_of(team, act="reset", seen=seen.value())

    preview = site.post(PAGE, fields)
    assert preview.context["page"].effect.steps == 1
    assert TeamLadder.objects.exists()
    site.post(PAGE, fields | {"checked": preview.context["form"]["checked"].value()})

    assert not TeamLadder.objects.exists()


def test_a_whole_process_is_reset_after_its_preview(site, team, lead):
    say(team, lead, "-", step="PICKED")
    say(team, lead, "1w/1w/1w")
    say(team, lead, "1w/1w/1w", process="")
    form = site.get(PAGE, {"team": team.code, "template": "SPARE_PARTS", "edit": "all"}).context["form"]
    fields = {name: form[name].value() or "" for name in form.fields} | {"act": "reset"}

    preview = site.post(PAGE, fields)
    site.post(PAGE, fields | {"checked": preview.context["form"]["checked"].value()})

    assert [row.place for row in TeamLadder.objects.all()] == [("", "")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"soon_amount": ""}, "soon_amount"),
        ({"lead_amount": "-1"}, "lead_amount"),
        ({"lead_amount": "1.5"}, "lead_amount"),
        ({"lead_amount": "²"}, "lead_amount"),
        ({"soon_amount": "9" * 19}, "soon_amount"),
        ({"soon_amount": "9" * 5000}, "soon_amount"),
        ({"soon_amount": "0"}, "soon_amount"),
        ({"manager_amount": "2"}, "manager_amount"),
        ({"manager_unit": "y"}, "manager_unit"),
        ({"manager_unit": ""}, "manager_unit"),
        ({"soon_amount": "1\x00"}, "soon_amount"),
        ({"step": "NO_SUCH"}, "step"),
        ({"step": ""}, "step"),
        ({"template": "NO_SUCH"}, "template"),
        ({"template": ""}, "template"),
        ({"team": ""}, "team"),
        ({"seen": "x" * 30_000}, "seen"),
    ],
)
def test_bad_input_is_told_at_its_field(site, team, change, field):
    answer = site.post(PAGE, fields_of(team, act="save", checked="2h/3h/4h") | change)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"].errors[field][0] in answer.content.decode().replace("&#x27;", "'")
    assert not TeamLadder.objects.exists()


def test_digits_of_another_keyboard_are_digits(site, team):
    site.post(PAGE, fields_of(team, act="save", checked="2h/3h/4h") | {"lead_amount": "３"})

    assert TeamLadder.objects.get().ladder == "2h/3h/4h"


def test_an_amount_beside_nobody_says_nothing(site, team):
    fields = fields_of(team, act="save", checked="2h/3h/-") | {"manager_unit": "-", "manager_amount": "many"}

    assert site.post(PAGE, fields).status_code == 302
    assert TeamLadder.objects.get().ladder == "2h/3h/-"


def test_who_was_slower_is_told_and_keeps_theirs_by_saving_again(site, team, manager):
    say(team, manager, "1h/1h/1h", step="PICKED")
    fields = fields_of(team, act="save", checked="2h/3h/4h")

    refused = site.post(PAGE, fields)
    assert refused.status_code == 409
    assert TeamLadder.objects.get().ladder == "1h/1h/1h"
    site.post(PAGE, fields | {"seen": refused.context["form"]["seen"].value()})

    assert TeamLadder.objects.get().ladder == "2h/3h/4h"


def test_what_is_saved_already_is_told(site, team, lead):
    say(team, lead, "2h/3h/4h", step="PICKED")

    answer = site.post(PAGE, fields_of(team, act="save", checked="2h/3h/4h"))

    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == ["Nothing is changed yet."]


@pytest.mark.parametrize(
    ("role", "own", "theirs"),
    [
        ("lead", 200, 404),
        ("sales_manager", 200, 404),
        ("manager", 200, 200),
        ("admin", 200, 200),
        ("clerk", 403, 403),
        ("logistics", 403, 403),
        ("finance", 403, 403),
    ],
)
def test_who_hands_out_the_steps_of_a_team_edits_its_ladders(client, team, order, role, own, theirs):
    other = make_team()
    person = make_user(role, team=team)
    client.force_login(person)

    for each, status in ((team, own), (other, theirs)):
        assert client.get(PAGE, {"team": each.code}).status_code == status
        assert client.post(PAGE, fields_of(each)).status_code == status
        job = LadderJob.objects.create(team=each, by=person, created_at=MONDAY)
        answer = client.get(f"{PAGE}jobs/{job.pk}/", headers=HTMX)
        # Who sees every team, yet edits none, is told so.
        assert answer.status_code == (404 if each == other and role in {"clerk", "logistics"} else status)
    assert client.get(PAGE, {"team": "no-such"}).status_code == (404 if own == 200 else 403)
    assert not TeamLadder.objects.exists()


def test_a_lead_of_one_team_who_works_in_another_edits_only_the_first(client, team):
    other = make_team()
    person = make_user("lead", team=team)
    person.memberships.create(team=other, role="clerk")
    client.force_login(person)

    assert [each.pk for each in client.get(PAGE).context["page"].teams] == [team.pk]
    assert client.get(PAGE, {"team": other.code}).status_code == 403


@pytest.mark.parametrize("query", [{"template": "NO_SUCH"}, {"edit": "NO_SUCH"}, {"template": "\u202e"}])
def test_a_process_or_step_that_is_not_there_is_not_found(site, query):
    assert site.get(PAGE, query).status_code == 404


def test_the_page_asks_as_much_for_one_ladder_as_for_many(site, team, lead):
    say(team, lead, "-", step="PICKED")
    address = {"team": team.code, "template": "SPARE_PARTS"}
    site.get(PAGE, address)
    with CaptureQueriesContext(connection) as one:
        site.get(PAGE, address)
    for code in ("STOCK_CHECKED", "DISPATCHED", "CLOSED"):
        say(team, lead, "-", step=code)
    with CaptureQueriesContext(connection) as many:
        site.get(PAGE, address)

    assert len(one) == len(many)


def test_the_settings_lead_to_the_page(client, team):
    client.force_login(make_user("admin", team=team))

    assert PAGE.encode() in client.get("/settings/").content
