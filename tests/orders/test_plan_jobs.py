"""Re-planning many orders: exactly those that move, exactly once, whatever dies in between."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from orders.models import EventKind, Milestone, Order, PlanChange, PlanJob
from orders.services.plans import jobs
from teams.models import CalendarEdit, Notification, WorkCalendar
from teams.services import calendar_edits
from tests.factories import MONDAY, make_confirmed_order, make_line_values, make_team, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NATIONAL_DAY = ["2026-10-08", "2026-10-09"]  # two more days off after the statutory ones


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user(team=team)


@pytest.fixture
def admin(team):
    return make_user("admin", team=team)


def make_promised(team, clerk, promised):
    return make_confirmed_order(
        team=team,
        by=clerk,
        template="EXPORT_FCL",
        incoterm="FOB",
        mode="FCL",
        lines=[make_line_values(promised_date_original=promised)],
    )


def close_two_days(admin, code="CN_OFFICE"):
    calendar = WorkCalendar.objects.get(code=code)
    changes = {"kind": "days", "from": NATIONAL_DAY[0], "to": NATIONAL_DAY[1], "day": "off", "name": "国庆"}
    return calendar_edits.propose_edit(
        calendar_id=calendar.pk, changes=changes, seen_version=None, by=admin, now=MONDAY
    )


def dues(order):
    return dict(Milestone.objects.filter(order=order).values_list("code", "due_at"))


def test_an_edit_counts_just_the_orders_that_it_moves(team, clerk, admin):
    in_summer = make_promised(team, clerk, date(2026, 7, 15))
    over_the_holiday = make_promised(team, clerk, date(2026, 10, 16))

    edit = close_two_days(admin)

    assert edit.status == CalendarEdit.Status.READY
    assert (edit.total, edit.affected) == (2, 1)
    assert edit.examples[0]["order"] == over_the_holiday.number
    assert PlanChange.objects.filter(order__in=[in_summer, over_the_holiday]).count() == 2


def test_a_saved_edit_re_plans_the_orders_it_moves_and_no_other(team, clerk, admin):
    in_summer = make_promised(team, clerk, date(2026, 7, 15))
    over_the_holiday = make_promised(team, clerk, date(2026, 10, 16))
    before = {order: dues(order) for order in (in_summer, over_the_holiday)}
    edit = close_two_days(admin)
    calendar_edits.save_edit(edit_id=edit.pk, by=admin, now=MONDAY + DAY)

    jobs.work_on_jobs(clock=lambda: MONDAY + DAY)

    job = PlanJob.objects.get(kind=PlanJob.Kind.CALENDAR)
    assert (job.total, job.done, job.moved, job.failed) == (2, 2, 1, 0)
    assert dues(in_summer) == before[in_summer]
    moved = {code for code, due in dues(over_the_holiday).items() if due != before[over_the_holiday][code]}
    assert len(moved) == edit.milestones_affected
    assert "ETD" not in moved
    assert over_the_holiday.events.filter(kind=EventKind.PLANNED).count() == 1
    in_summer.refresh_from_db()
    assert in_summer.plan.basis["calendars"][str(edit.calendar_id)] == edit.base_version + 1


def test_each_person_is_told_once_for_all_orders(team, clerk, admin):
    for _index in range(3):
        make_promised(team, clerk, date(2026, 10, 16))
    edit = close_two_days(admin)
    calendar_edits.save_edit(edit_id=edit.pk, by=admin, now=MONDAY + DAY)

    jobs.work_on_jobs(clock=lambda: MONDAY + DAY)

    [message] = Notification.objects.filter(kind="plans_changed")
    assert message.recipient == clerk
    assert message.payload["orders"] == 3


def test_a_job_that_died_in_a_batch_goes_on_behind_what_it_committed(team, clerk, admin, monkeypatch):
    orders = [make_promised(team, clerk, date(2026, 10, 16)) for _index in range(5)]
    edit = close_two_days(admin)
    calendar_edits.save_edit(edit_id=edit.pk, by=admin, now=MONDAY + DAY)
    monkeypatch.setattr(jobs, "BATCH_SIZE", 2)
    job_id = PlanJob.objects.get(kind=PlanJob.Kind.CALENDAR).pk
    jobs.run_batch(job_id, now=MONDAY + DAY)

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(jobs.OrderEvent.objects, "bulk_create", die)
        with pytest.raises(Killed), transaction.atomic():
            jobs.run_batch(job_id, now=MONDAY + DAY)
    assert PlanJob.objects.get(pk=job_id).done == 2
    jobs.work_on_jobs(clock=lambda: MONDAY + 2 * DAY)

    assert PlanJob.objects.get(pk=job_id).done == 5
    assert PlanChange.objects.filter(job=job_id).count() == 5
    assert {change.order_id for change in PlanChange.objects.filter(job=job_id)} == {order.pk for order in orders}


def test_a_large_edit_is_counted_by_a_worker(team, clerk, admin, monkeypatch):
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    for _index in range(3):
        make_promised(team, clerk, date(2026, 10, 16))

    edit = close_two_days(admin)
    assert edit.status == CalendarEdit.Status.COUNTING
    jobs.work_on_jobs(clock=lambda: MONDAY)

    edit.refresh_from_db()
    assert (edit.status, edit.total, edit.affected) == (CalendarEdit.Status.READY, 3, 3)
    assert Order.objects.filter(plan__cause="confirmed").count() == 3
