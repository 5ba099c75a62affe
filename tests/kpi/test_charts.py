"""Pareto of delay reasons, control charts and stage times: the numbers, and the pages that show them."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from kpi.causes import AMOUNT, COUNT, DAYS, causes
from kpi.control import control
from kpi.figures import figure, members
from kpi.models import ProcessChange
from kpi.periods import Period
from kpi.stages import order_times, stage_times
from orders.models import DelayReason, OrderEvent
from orders.services.delays import NotLate, explain_delays
from teams.errors import NotPermitted
from tests.factories import make_team, make_user
from tests.kpi.rows import MARCH, MAY, ask, local, put_order, put_pause, put_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def reasons():
    return {
        code: DelayReason.objects.create(code=code, name_zh=code, name_en=code.title(), side=side)
        for code, side in (("material", "supplier"), ("space", "carrier"))
    }


@pytest.fixture
def late_steps(team, reasons):
    """Twenty late steps: ten for want of material by 5 working days, nine for space by 1, one without a reason."""
    order = put_order(team, amount=1000, fx_rate=7)
    due = local(2026, 3, 2, 18)
    for reason, count, days in (("material", 10, 7), ("space", 9, 1), (None, 1, 1)):
        for _ in range(count):
            put_step(order, due_at=due, closed_at=due + timedelta(days=days), delay_reason=reasons.get(reason))
    return order


def test_pareto_weighs_by_days_count_and_amount(late_steps):
    found = causes(ask(), DAYS)
    assert found.is_trusted
    assert [(each.row.key, each.row.value, each.count, each.row.vital) for each in found.rows] == [
        ("material", 50, 10, True),
        ("space", 9, 9, False),
        ("none", 1, 1, False),
    ]
    assert [each.row.value for each in causes(ask(), COUNT).rows] == [10, 9, 1]
    assert [each.row.value for each in causes(ask(), AMOUNT).rows] == [350_000, 63_000, 7_000]
    assert {each.row.value for each in causes(ask(), AMOUNT, sees_money=lambda team: False).rows} == {0}


def test_each_bar_opens_as_many_steps(late_steps, reasons):
    for each in causes(ask()).rows:
        reason = reasons[each.row.key].pk if each.row.key in reasons else None
        assert members("K23", ask(reason=reason)).count() == each.count


def test_pareto_is_kept_back_while_reasons_are_missing(client, team, late_steps):
    put_step(late_steps, due_at=local(2026, 3, 3, 18), closed_at=local(2026, 3, 9))
    manager = make_user("manager", team=team, language="en")
    client.force_login(manager)

    page = client.get(reverse("kpi_causes"), {"since": "2026-03-01", "until": "2026-03-31"})

    assert not page.context["causes"].is_trusted
    assert "Only 90.5%" in page.content.decode()
    assert "kpi-pareto" not in page.content.decode()


def test_reasons_are_given_to_many_at_once_or_to_none(client, team, late_steps, reasons):
    lead = make_user("lead", team=team, language="en")
    steps = [put_step(late_steps, closed_at=local(2026, 3, 12)) for _ in range(2)]
    on_time = put_step(late_steps, closed_at=local(2026, 3, 9))
    client.force_login(lead)
    listed = f"{reverse('kpi_members', args=['K37'])}?since=2026-03-01&until=2026-03-31&part=missed"

    page = client.get(listed)
    assert {member.row.pk for member in page.context["rows"]} > {step.pk for step in steps}
    body = {"ids": [step.pk for step in steps], "reason": "material", "next": listed}
    answer = client.post(reverse("kpi_reasons"), body, follow=True)

    assert "2 steps have their reason now." in answer.content.decode()
    assert {step.delay_reason_id for step in late_steps.milestones.filter(pk__in=body["ids"])} == {
        reasons["material"].pk
    }
    assert OrderEvent.objects.filter(milestone__in=steps).count() == 2
    with pytest.raises(NotLate, match="is not late"):
        explain_delays(
            milestone_ids=[steps[0].pk, on_time.pk], delay_reason=reasons["space"], by=lead, now=timezone.now()
        )
    steps[0].refresh_from_db()
    assert steps[0].delay_reason == reasons["material"]
    refused = client.post(reverse("kpi_reasons"), {"ids": [on_time.pk], "reason": "space", "next": "//evil"})
    assert refused.headers["Location"] == "/kpi/"
    assert client.post(reverse("kpi_reasons"), {"ids": [], "reason": "space"}).status_code == 302


def test_steps_that_one_does_not_see_have_no_reasons_to_give(client, team, late_steps, reasons):
    stranger = make_user("lead", team=make_team())
    client.force_login(stranger)
    step = late_steps.milestones.first()
    assert client.post(reverse("kpi_reasons"), {"ids": [step.pk], "reason": "space"}).status_code == 404
    with pytest.raises(NotPermitted):
        explain_delays(milestone_ids=[step.pk], delay_reason=reasons["space"], by=stranger, now=timezone.now())


def test_stage_times_of_an_order_sum_to_its_lead_time(team):
    """Ordered on 1 March; 4 days of work, 6 of which 2 waited for the customer, 10 by a supplier, 1 to delivery."""
    clerk = make_user("clerk", team=team)
    order = put_order(team, ordered_at=local(2026, 3, 1), delivered_at=local(2026, 3, 22))
    put_step(order, stage="CONF", flags="T", closed_at=local(2026, 3, 5))
    waited = put_step(order, stage="PREP", closed_at=local(2026, 3, 11))
    put_pause(waited, by=clerk, from_at=local(2026, 3, 7), days=2)
    put_step(order, stage="PROD", flags="S", closed_at=local(2026, 3, 21))
    put_step(order, stage="PAY", closed_at=local(2026, 4, 2))  # after delivery: no part of it
    put_step(order, stage="PROD", status="skipped", closed_at=local(2026, 3, 20))

    times, count = stage_times(ask())

    assert count == 1
    assert [(each.stage, each.median, each.touch, each.inside, each.customer, each.supplier) for each in times] == [
        ("CONF", 4, 4, 0, 0, 0),
        ("PREP", 6, 0, 4, 2, 0),
        ("PROD", 10, 0, 0, 0, 10),
        ("DLV", 1, 0, 1, 0, 0),
    ]
    assert sum(each.mean for each in times) == 21


def test_stage_times_of_many_orders_sum_to_k11(team):
    clerk = make_user("clerk", team=team)
    for number in range(8):
        order = put_order(team, delivered_at=local(2026, 3, 2 + number, 3, 17))
        for day in range(number):
            finish = local(2026, 2, 3 + 3 * day, 5, day)
            step = put_step(
                order, closed_at=finish, flags=["T", "C", "S", ""][day % 4], stage=["CONF", "PROD"][day % 2]
            )
            for side in ("customer", "carrier", "internal")[: number % 4]:
                put_pause(step, by=clerk, side=side, from_at=finish - timedelta(days=2), days=1 + day % 3)
    rows = {order.pk: float(order.days) for order in members("K11", ask())}

    assert len(rows) == 8
    assert order_times(ask()) == pytest.approx(rows)
    times, count = stage_times(ask())
    assert sum(each.mean for each in times) * count == pytest.approx(sum(rows.values()))
    assert min(each.touch + each.customer for each in times) >= 0


def deliver(team, count, days, *, first=date(2026, 1, 5)):
    for number in range(count):
        at = local(first.year, first.month, first.day) + timedelta(days=number)
        put_order(team, ordered_at=at - timedelta(days=days + number % 2), delivered_at=at)


def test_a_duration_is_charted_by_order_and_begins_anew_at_a_declared_change(team):
    deliver(team, 24, 20)
    deliver(team, 24, 30, first=date(2026, 2, 10))
    asked = ask(MARCH, now=MAY)

    before = control("K11", asked)
    ProcessChange.objects.create(
        day=date(2026, 2, 10), title="New mill", by=make_user("lead", team=team), created_at=MAY
    )
    after = control("K11", asked)

    assert len(before.points) == 48
    assert before.chart.segments[0][1].baseline == 20
    assert {index for index, _rule in before.chart.signals} >= set(range(31, 48))
    assert [first for first, _ in after.chart.segments] == [0, 24]
    assert after.chart.signals == []


def test_a_share_is_charted_by_whole_weeks_each_opening_its_rows(team):
    order = put_order(team)
    for week in range(3):
        for day in range(2):
            due = local(2026, 3, 2 + 7 * week + day, 18)
            put_step(order, due_at=due, closed_at=due + timedelta(hours=1 if day and week else -1))

    found = control("K20", ask(MARCH, now=local(2026, 3, 20, 12)))

    assert [(point.key, point.value) for point in found.points] == [("2026-W10", 100.0), ("2026-W11", 50.0)]
    assert found.points[0].period == Period(date(2026, 3, 2), date(2026, 3, 9), "Asia/Shanghai")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        *(("kpi_causes", []), ("kpi_stages", []), ("kpi_control", ["K11"])),
        *(("kpi_members", ["K23"]), ("kpi_members", ["K11"]), ("kpi_members", ["K03"])),
    ],
)
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_charts_and_lists_leave_as_files(client, team, late_steps, name, args, form):
    deliver(team, 3, 10, first=date(2026, 3, 3))
    client.force_login(make_user("manager", team=team, language="en"))
    question = {"since": "2026-03-01", "until": "2026-03-31"}

    page = client.get(reverse(name, args=args), question)
    file = client.get(reverse(name, args=args), {**question, "format": form})

    assert page.status_code == file.status_code == 200
    content = b"".join(file.streaming_content) if file.streaming else file.content
    rows = (
        list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(min_row=2, values_only=True))
        if form == "xlsx"
        else content.decode("utf-8-sig").splitlines()[1:]
    )
    expected = {
        "kpi_causes": lambda: len(page.context["rows"]),
        "kpi_stages": lambda: len(page.context["times"]),
        "kpi_control": lambda: len(page.context["found"].points),
        "kpi_members": lambda: page.context["total"],
    }[name]()
    assert len(rows) == expected
    assert client.get(reverse(name, args=args), {"format": "exe"}).status_code == 404


def test_a_change_is_declared_by_who_steers_and_refused_without_its_day(client, team):
    client.force_login(make_user("lead", team=team, language="en"))
    address = reverse("kpi_change", args=["K11"])

    assert client.post(address, {"day": "2026-02-30", "title": "x"}).status_code == 422
    assert client.post(address, {"day": "2026-02-10", "title": "New mill"}).status_code == 302
    assert client.post(address, {"day": "2026-02-10", "title": "New mill"}).status_code == 302
    assert [(each.code, each.title) for each in ProcessChange.objects.all()] == [("", "New mill")]


def test_nothing_to_chart_is_said(client, team):
    client.force_login(make_user("manager", team=team, language="en"))
    for name, args in (("kpi_causes", []), ("kpi_stages", []), ("kpi_control", ["K01"]), ("kpi_why", ["K01"])):
        page = client.get(reverse(name, args=args), {"since": "2001-01-01", "until": "2001-01-31"})
        assert page.status_code == 200
        assert 'class="empty"' in page.content.decode()


def test_the_plan_of_a_stage_and_the_efficiency(team):
    """Ten days planned, four of them in production; of twenty days taken, eight are work."""
    order = put_order(team, ordered_at=local(2026, 3, 1), delivered_at=local(2026, 3, 21))
    plan = {"T": ("PREP", local(2026, 3, 7), local(2026, 3, 9)), "": ("PROD", local(2026, 3, 11), local(2026, 3, 21))}
    for flags, (stage, planned, done) in plan.items():
        put_step(order, stage=stage, flags=flags, baseline_finish_at=planned, due_at=planned, closed_at=done)

    times, _count = stage_times(ask())

    assert {time.stage: time.planned for time in times if time.planned is not None} == {"PREP": 6, "PROD": 4}
    assert figure("K19", ask()).value == 40


def test_of_a_work_step_what_others_let_wait_is_no_work(team):
    """Twenty days: six of work, of which two are taken off; the customer's and the supplier's steps are none."""
    clerk = make_user("clerk", team=team)
    order = put_order(team, ordered_at=local(2026, 3, 1), delivered_at=local(2026, 3, 21))
    for flags, day in (("T", 7), ("TC", 9), ("S", 12), ("", 21)):
        step = put_step(order, flags=flags, due_at=local(2026, 3, day), closed_at=local(2026, 3, day))
        if flags == "T":
            # Overlapping ones are taken off once, own waiting never, and nothing outside the step's part.
            for side, since, days in (("customer", 4, 1), ("supplier", 4, 2), ("internal", 2, 1), ("supplier", 7, 2)):
                put_pause(step, by=clerk, side=side, from_at=local(2026, 3, since), days=days)
    late = put_order(team, ordered_at=local(2026, 3, 1), delivered_at=local(2026, 3, 11))
    put_step(late, flags="T", due_at=local(2026, 3, 5), closed_at=local(2026, 3, 12))  # after delivery: in no part
    put_order(team, ordered_at=local(2026, 3, 1), delivered_at=local(2026, 3, 9))  # imported with its dates only

    found = figure("K19", ask())

    assert (found.numerator, found.denominator, found.count) == (4, 30, 2)
    assert [(each.rule, each.count) for each in found.excluded] == [("no_work_step", 1)]
    times, _count = stage_times(ask())
    assert sum(time.touch for time in times) * 3 == pytest.approx(4)
