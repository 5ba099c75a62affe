"""Answers are read by readers worked out once; what comes out is what Django REST framework itself would answer."""

import pytest
from django.utils import timezone
from rest_framework import serializers
from rest_framework.test import APIRequestFactory

import config.api_urls  # noqa: F401  # every answer there is
from kpi.goals import attain_now
from kpi.models import Goal
from orders.api import rows
from orders.api.serializers import HolderAnswer, NextStepAnswer, PersonAnswer, ProgressAnswer
from orders.models import Order, OrderLine
from teams.api.serializers import Answer, RowAnswer
from teams.inbox_views import with_outings
from teams.models import Notification
from tests.config.world import MONDAY, make_world

pytestmark = pytest.mark.django_db


def answers_below(kind):
    return {shape for each in kind.__subclasses__() for shape in {each, *answers_below(each)}}


def rows_by_model(world):
    """Rows of each model that is answered: as the views read them, and with all that may be empty left empty."""
    things = world.sides["own"]
    milestone = things.milestone
    milestone.pauses.create(side="customer", reason="-", from_at=MONDAY, by=world.people["clerk"])
    user = world.people["manager"]
    order = rows.with_lines(rows.orders_for(user)).get(pk=things.order.pk)
    rows.add_details([order], MONDAY)
    bare = Order.objects.create(number="BARE", team=world.team)
    rows.add_details([bare], MONDAY)
    bare.steps = []
    shipment = rows.shipments_for(user).get(pk=things.shipment.pk)
    goals = list(Goal.objects.all())
    for goal in goals:
        goal.attained = attain_now(goals, timezone.now())[goal.pk]
    found = {
        "order": [order, bare],
        "milestone": [*rows.milestones_for(user)[:20]],
        "shipment": [shipment],
        "user": list(world.people.values()),
        "clockpause": list(milestone.pauses.all()),
        "orderline": list(OrderLine.objects.all()[:5]),
        "shipmentline": shipment.seen_lines,
        "workcalendar": [world.team.calendar],
        "goal": goals,
        "orderdocument": [things.document],
        "importrun": [world.imports[world.people["clerk"].pk]],
    }
    message = things.notification
    message = with_outings(Notification.objects.all()).get(pk=message.pk)
    return found | {
        thing._meta.model_name: [thing] for thing in (things.company, things.contact, things.interaction, message)
    }


def test_every_answer_is_what_the_framework_would_give():
    world = make_world()
    request = APIRequestFactory().get("/")
    request.user = world.people["manager"]
    context = {"request": request, "now": timezone.now()}
    by_model, seen = rows_by_model(world), set()
    for shape in answers_below(RowAnswer):
        for row in by_model[shape.Meta.model._meta.model_name]:
            expected = serializers.ModelSerializer.to_representation(shape(context=context), row)
            assert shape(row, context=context).data == expected
            seen.add(shape)
    assert {PersonAnswer, NextStepAnswer} < seen
    order = by_model["order"][0]
    for shape, row in ((ProgressAnswer, order), (HolderAnswer, order.going_on[0])):
        expected = serializers.Serializer.to_representation(shape(context=context), row)
        assert shape(row, context=context).data == expected


def test_no_price_is_answered_to_who_may_not_know_it():
    world = make_world()
    order = world.sides["own"].order
    for role, sees in (("sales_manager", True), ("qc", False)):
        request = APIRequestFactory().get("/")
        request.user = world.people[role]
        line = order.lines.first()
        shape = next(each for each in answers_below(Answer) if each.__name__ == "OrderLineAnswer")
        assert ("unit_price" in shape(line, context={"request": request}).data) is sees
