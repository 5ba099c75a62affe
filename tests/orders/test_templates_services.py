"""Versions of a process: what is saved, refused, copied, and which open orders move."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from orders.grammar import GrammarError, row_of
from orders.models import Order, ProcessTemplate, TemplateDependency, TemplateStep
from orders.process import steps_of
from orders.services import orders as order_services
from orders.services import templates as services
from orders.services.plans.jobs import work_on_jobs
from tests.factories import MONDAY, make_confirmed_order, make_template, make_user

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(days=1)


@pytest.fixture
def admin(team):
    return make_user("admin", team=team)


def rows_of(template):
    return [row_of(spec) for _pk, spec in steps_of(template.pk)]


def save(template, rows, by, **values):
    given = {"buffer": template.buffer, "names": (template.name_zh, template.name_en), "base_version": template.version}
    return services.save_version(code=template.code, rows=rows, by=by, now=LATER, **{**given, **values})


def test_saving_makes_the_next_version_and_leaves_the_old_one_as_it_was(admin):
    template = make_template("DOMESTIC_MTO")
    before = rows_of(template)
    rows = [{**row, "duration": "12w"} if row["code"] == "PROD_DONE" else row for row in before]

    saved = save(template, rows, admin)

    template.refresh_from_db()
    assert (saved.version, saved.is_current, saved.made_by, saved.created_at) == (2, True, admin, LATER)
    assert (template.version, template.is_current) == (1, False)
    assert rows_of(template) == before
    assert rows_of(saved) == rows
    assert saved.kind == template.kind


def test_rows_are_added_removed_and_ordered_and_the_calendar_is_kept(admin):
    template = make_template("SPARE_PARTS")
    rows = rows_of(template)
    rows[2]["calendar"] = "CN_FACTORY"
    rows = [rows[0], rows[2] | {"depends_on": "ORDER_RECEIVED"}, *rows[3:]]
    rows.append({**rows[-1], "code": "EXTRA", "depends_on": "CLOSED+2w,DELIVERED"})

    saved = save(template, rows, admin)

    assert [spec.code for _pk, spec in steps_of(saved.pk)] == [row["code"] for row in rows]
    assert rows_of(saved)[1]["calendar"] == "CN_FACTORY"
    assert rows_of(saved)[-1]["depends_on"] == "CLOSED+2w,DELIVERED"


def test_new_orders_get_the_new_version_and_open_ones_keep_theirs(admin, team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    template = order.template
    saved = save(template, [row for row in rows_of(template) if row["code"] != "CSAT"], admin)

    order.refresh_from_db()
    assert order.template == template
    assert list(services.orders_on_older_versions(saved, admin)) == [order]


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[1].update(duration="401w"),
        lambda rows: rows[1].update(role=""),
        lambda rows: rows[1].update(calendar="NOWHERE"),
        lambda rows: rows[1].update(documents="NOWHERE"),
        lambda rows: rows[1].update(depends_on="CLOSED"),
        lambda rows: rows.clear(),
    ],
)
def test_a_refused_version_saves_nothing(admin, change):
    template = make_template()
    rows = rows_of(template)
    change(rows)
    counts = TemplateStep.objects.count(), TemplateDependency.objects.count()

    with pytest.raises(GrammarError):
        save(template, rows, admin)

    assert ProcessTemplate.objects.get(code=template.code).is_current
    assert (TemplateStep.objects.count(), TemplateDependency.objects.count()) == counts


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"names": ("", "Parts")}, "name_zh"),
        ({"names": ("备件", " ")}, "name_en"),
        ({"names": ("备" * 121, "Parts")}, "name_zh"),
        ({"buffer": "2x"}, "buffer"),
        ({"buffer": "500w"}, "buffer"),
    ],
)
def test_names_and_buffer_are_checked(admin, values, field):
    template = make_template()

    with pytest.raises(services.BadTemplate) as refusal:
        save(template, rows_of(template), admin, **values)

    assert list(refusal.value.fields) == [field]


def test_saving_what_is_there_is_refused(admin):
    template = make_template()

    with pytest.raises(services.TemplateUnchanged):
        save(template, rows_of(template), admin)


def test_the_second_of_two_writers_is_told(admin):
    template = make_template()
    rows = rows_of(template)
    first = save(template, [{**row, "sla": ""} for row in rows], admin)

    with pytest.raises(services.TemplateMovedOn) as refusal:
        save(template, [{**row, "documents": ""} for row in rows], admin)

    assert refusal.value.current == first
    assert ProcessTemplate.objects.filter(code=template.code).count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_wins(admin):
    template = make_template()
    rows = rows_of(template)
    outcomes, start = [], threading.Barrier(2)

    def write(cell):
        try:
            start.wait(10)
            save(template, [{**row, **cell} for row in rows], admin)
            outcomes.append("saved")
        except services.TemplateMovedOn:
            outcomes.append("moved on")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(cell,)) for cell in ({"sla": ""}, {"documents": ""})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(outcomes) == ["moved on", "saved"]
    assert ProcessTemplate.objects.get(code=template.code, is_current=True).version == 2


def test_a_copy_is_a_process_of_its_own(admin):
    source = make_template("CLAIM_8D")

    copy = services.copy_template(
        code="CLAIM_EU", copy_of=source.pk, names=("欧盟客诉", "EU complaint"), by=admin, now=LATER
    )

    assert (copy.version, copy.is_current, copy.kind, copy.made_by) == (1, True, source.kind, admin)
    assert rows_of(copy) == rows_of(source)
    source.refresh_from_db()
    assert source.is_current


@pytest.mark.parametrize("code", ["CLAIM_8D", "claim", "A B", "", "X" * 41])
def test_a_code_that_is_taken_or_none_is_refused(admin, code):
    source = make_template("CLAIM_8D")

    with pytest.raises(services.BadTemplate) as refusal:
        services.copy_template(code=code, copy_of=source.pk, names=("名", "Name"), by=admin, now=LATER)

    assert list(refusal.value.fields) == ["code"]


def test_chosen_orders_move_and_others_stay(admin, team, clerk):
    orders = [make_confirmed_order(team=team, by=clerk) for _ in range(3)]
    template = orders[0].template
    saved = save(template, [row for row in rows_of(template) if row["code"] != "CSAT"], admin)

    job = services.migrate_orders(template=saved, order_ids=[orders[0].pk, orders[1].pk], by=admin, now=LATER)
    work_on_jobs(clock=lambda: LATER)

    job.refresh_from_db()
    assert (job.total, job.done, job.failed, job.is_finished) == (2, 2, 0, True)
    on_new = set(Order.objects.filter(template=saved).values_list("pk", flat=True))
    assert on_new == {orders[0].pk, orders[1].pk}
    assert not orders[0].milestones.open().filter(code="CSAT").exists()


def test_all_orders_are_those_that_are_open_and_on_an_older_version(admin, team, clerk):
    open_one, cancelled = (make_confirmed_order(team=team, by=clerk) for _ in range(2))
    order_services.cancel_order(order_id=cancelled.pk, side="customer", reason="withdrawn", by=clerk, now=LATER)
    saved = save(open_one.template, [{**row, "sla": ""} for row in rows_of(open_one.template)], admin)
    make_confirmed_order(team=team, by=clerk, template="CLAIM_8D")

    job = services.migrate_orders(template=saved, order_ids=None, by=admin, now=LATER)

    assert job.order_ids == [open_one.pk]


def test_nothing_to_move_is_refused(admin, team, clerk):
    order = make_confirmed_order(team=team, by=clerk)

    with pytest.raises(services.NothingToMove):
        services.migrate_orders(template=order.template, order_ids=[order.pk], by=admin, now=LATER)


def test_orders_move_to_the_current_version_only(admin, team, clerk):
    order = make_confirmed_order(team=team, by=clerk)
    save(order.template, [{**row, "sla": ""} for row in rows_of(order.template)], admin)

    with pytest.raises(services.TemplateMovedOn):
        services.migrate_orders(template=order.template, order_ids=None, by=admin, now=LATER)
