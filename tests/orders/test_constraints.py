"""What must always hold, held by the database: each constraint refuses the row that breaks it, by its name."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from orders.models import (
    ActItem,
    BulkAct,
    ClockPause,
    ExportRun,
    ImportRun,
    Inspection,
    Milestone,
    Order,
    OrderDocument,
    OrderLine,
    Payment,
    PlanChange,
    PlanJob,
    SampleRound,
    SavedView,
    SheetMerge,
    Shipment,
    ShipmentLine,
    TeamLadder,
    TemplateDependency,
)
from tests.factories import MONDAY, first_line

pytestmark = pytest.mark.django_db


def break_order(order, **fields):
    Order.objects.filter(pk=order.pk).update(**fields)


def break_line(order, **fields):
    OrderLine.objects.filter(order=order).update(**fields)


def break_milestone(order, **fields):
    Milestone.objects.filter(order=order, code="STOCK_CHECKED").update(**fields)


def add_pause(order, **fields):
    values = {"side": "customer", "reason": "x", "from_at": MONDAY, "by": order.clerk, **fields}
    ClockPause.objects.create(milestone=order.milestones.get(code="PICKED"), **values)


def add_act_item(order, **fields):
    act, _made = BulkAct.objects.get_or_create(operation="edit", by=order.clerk, at=MONDAY)
    ActItem.objects.create(act=act, target_id=order.pk, label="x", **{"state": "done", **fields})


def add_sample(order, **values):
    first = {"kind": "pp", "round": 1, "sent_on": MONDAY.date(), "by": order.clerk, "created_at": MONDAY}
    return SampleRound.objects.create(order=order, **{**first, **values})


def add_inspection(order, **values):
    first = {"kind": "FRI", "inspected_on": MONDAY.date(), "lot_size": 100, "level": "II", "aql_major": "2.5"}
    first |= {"aql_minor": "4.0", "sample_size": 20, "accept_major": 1, "accept_minor": 2, "has_passed": True}
    first |= {"disposition": "release", "by": order.clerk, "created_at": MONDAY}
    return Inspection.objects.create(order=order, **{**first, **values})


def add_view(order, **values):
    return SavedView.objects.create(**{"by": order.clerk, "name": "x", "created_at": MONDAY, **values})


def add_document(order, **fields):
    values = {
        "kind": "PI",
        "file": "x",
        "filename": "x",
        "content_type": "text/plain",
        "size": 1,
        "sha256": "0" * 64,
        "uploaded_by": order.clerk,
        "uploaded_at": MONDAY,
        **fields,
    }
    OrderDocument.objects.create(order=order, **values)


def add_plan(order, **fields):
    PlanChange.objects.create(order=order, by=order.clerk, at=MONDAY, **{"cause": "replan", "basis": {}, **fields})


def add_job(order, **fields):
    values = {"kind": "calendar", "by": order.clerk, "created_at": MONDAY, **fields}
    return PlanJob.objects.filter(**values).first() or PlanJob.objects.create(**values)


def add_ladder(order, ladder="1w/4h/1w"):
    TeamLadder.objects.create(team=order.team, step_code="PICKED", ladder=ladder, by=order.clerk, at=MONDAY)


def add_shipment(order, quantity=1, **fields):
    shipment = Shipment.objects.create(number="S-1", team=order.team, **fields)
    ShipmentLine.objects.create(shipment=shipment, order_line=first_line(order), quantity=Decimal(quantity))
    return shipment


def twice(function, *args, **kwargs):
    function(*args, **kwargs)
    function(*args, **kwargs)


CASES = {
    "order_status_known": lambda o: break_order(o, status="lost"),
    "order_customer_known_once_confirmed": lambda o: break_order(o, customer=None),
    "order_cancelled_at_follows_status": lambda o: break_order(o, cancelled_at=MONDAY),
    "order_amount_and_rate_not_negative": lambda o: break_order(o, amount=-1),
    "order_lc_expires_after_shipment": lambda o: break_order(
        o, lc_latest_shipment=date(2026, 5, 2), lc_expiry=date(2026, 5, 1)
    ),
    "order_lc_presentation_days_positive": lambda o: break_order(o, lc_presentation_days=0),
    "planchange_cause_known": lambda o: add_plan(o, cause="whim"),
    "planchange_once_a_job": lambda o: [add_plan(o, job=add_job(o)) for _twice in range(2)],
    "planjob_kind_known": lambda o: add_job(o, kind="whim"),
    "teamladder_one_per_team_process_and_step": lambda o: twice(add_ladder, o),
    "teamladder_ladder_follows_grammar": lambda o: add_ladder(o, "1d/2h"),
    "order_tolerances_are_shares": lambda o: break_order(o, under_tolerance=Decimal("1.5")),
    "orderline_position_once": lambda o: OrderLine.objects.create(order=o, position=1, quantity=1),
    "orderline_quantity_positive": lambda o: break_line(o, quantity=0),
    "orderline_cancelled_within_quantity": lambda o: break_line(o, cancelled_quantity=101),
    "orderline_money_not_negative": lambda o: break_line(o, unit_price=-1),
    "milestone_code_once": lambda o: Milestone.objects.create(
        order=o, code="PICKED", position=99, stage="SHIP", role="qc", calendar=o.team.calendar
    ),
    "milestone_closed_at_follows_status": lambda o: break_milestone(o, status="skipped"),
    "milestone_actual_only_when_done": lambda o: break_milestone(o, actual_finish_at=MONDAY),
    "milestone_no_reminder_when_closed": lambda o: break_milestone(
        o, status="skipped", closed_at=MONDAY, recorded_at=MONDAY, next_reminder_at=MONDAY
    ),
    "clockpause_one_running": lambda o: twice(add_pause, o),
    "clockpause_ends_after_it_begins": lambda o: add_pause(o, to_at=MONDAY - timedelta(hours=1)),
    "clockpause_side_known": lambda o: add_pause(o, side="nobody"),
    "shipment_status_known": lambda o: add_shipment(o, status="lost"),
    "shipment_delivered_at_follows_status": lambda o: add_shipment(o, delivered_at=MONDAY),
    "shipmentline_once": lambda o: ShipmentLine.objects.create(
        shipment=add_shipment(o), order_line=first_line(o), quantity=1
    ),
    "shipmentline_quantity_positive": lambda o: add_shipment(o, quantity=0),
    "actitem_once": lambda o: twice(add_act_item, o),
    "actitem_state_known": lambda o: add_act_item(o, state="lost"),
    "importrun_status_known": lambda o: ImportRun.objects.create(
        team=o.team, by=o.clerk, profile="orders", filename="x", file="x", status="lost", created_at=MONDAY
    ),
    "exportrun_status_known": lambda o: ExportRun.objects.create(
        by=o.clerk, shape="orders", status="lost", created_at=MONDAY
    ),
    "exportrun_shape_known": lambda o: ExportRun.objects.create(by=o.clerk, shape="boxes", created_at=MONDAY),
    "sheetmerge_status_known": lambda o: SheetMerge.objects.create(
        by=o.clerk, filename="x", file="x", status="lost", created_at=MONDAY
    ),
    "sampleround_once": lambda o: twice(add_sample, o),
    "sampleround_verdict_known": lambda o: add_sample(o, verdict="lost", decided_on=MONDAY.date()),
    "sampleround_decided_follows_verdict": lambda o: add_sample(o, decided_on=MONDAY.date()),
    "inspection_sample_within_lot": lambda o: add_inspection(o, sample_size=200),
    "inspection_passed_follows_defects": lambda o: add_inspection(o, critical=1),
    "payment_amount_positive": lambda o: Payment.objects.create(
        order=o, amount=0, received_on=MONDAY.date(), by=o.clerk, created_at=MONDAY
    ),
    "savedview_name_once": lambda o: twice(add_view, o),
    "orderdocument_version_once": lambda o: twice(add_document, o),
    "orderdocument_decision_follows_status": lambda o: add_document(o, status="accepted"),
    "templatestep_code_once": lambda o: o.template.steps.filter(position=1).update(code="PICKED"),
    "templatestep_position_once": lambda o: o.template.steps.filter(position=1).update(position=2),
    "templatedependency_once": lambda o: TemplateDependency.objects.bulk_create(
        [TemplateDependency(step=d.step, depends_on=d.depends_on) for d in TemplateDependency.objects.all()[:1]]
    ),
    "templatedependency_not_on_itself": lambda o: TemplateDependency.objects.create(
        step=o.template.steps.first(), depends_on=o.template.steps.first()
    ),
    "processtemplate_version_once": lambda o: type(o.template).objects.create(
        code=o.template.code, version=1, is_current=False
    ),
    "processtemplate_one_current_version": lambda o: type(o.template).objects.create(code=o.template.code, version=2),
}


@pytest.mark.parametrize("name", CASES)
def test_constraint_refuses(name, order):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        CASES[name](order)


def test_every_constraint_has_its_case():
    names = {
        constraint.name
        for model in apps.get_app_config("orders").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, models.BaseConstraint)
    }

    assert names == set(CASES)
