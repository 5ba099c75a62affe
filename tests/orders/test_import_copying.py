import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from orders.imports.copying import copy_in
from orders.models import Milestone, Order, OrderEvent, OrderLine
from tests.factories import MONDAY

pytestmark = pytest.mark.django_db
HARD = 'tab\t line\n return\r back\\slash \\N "quoted" \\. 跟单 \\t'


def twin(row, **fields):
    """The same row once more, not saved."""
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**values | {"id": None} | fields)


def content(row) -> dict:
    return {name: value for name, value in model_to_dict(type(row).objects.get(pk=row.pk)).items() if name != "id"}


def test_copied_rows_read_as_saved_ones(order):
    order.note = HARD
    order.save()
    line = order.lines.get()
    line.attributes = {"text": HARD, HARD: None, "number": 1}
    line.save()
    milestone = order.milestones.get(code="DISPATCHED")
    milestone.required_documents = ["PL", 'a,"b"', "back\\slash {}"]
    milestone.save()
    event = OrderEvent.objects.create(order=order, kind="comment", at=MONDAY, recorded_at=MONDAY, data={"x": HARD})
    copies = [
        (order, twin(order, number="GD-COPY", plan_id=None), {"number": "GD-COPY"}),
        (line, twin(line, position=2), {"position": 2}),
        (milestone, twin(milestone, code="COPY"), {"code": "COPY"}),
        (event, twin(event), {}),
    ]
    for original, copy, difference in copies:
        copy_in([copy])

        assert copy.pk not in {None, original.pk}
        assert content(copy) == content(original) | difference
    assert Order.objects.get(number="GD-COPY").created_at is not None


def test_a_broken_rule_of_the_database_stops_the_copy(order):
    line = order.lines.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in([twin(line, position=2), twin(line, position=3, quantity=0)])

    assert OrderLine.objects.count() == 1


def test_nothing_to_copy_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        copy_in([])
    assert not Milestone.objects.exists()
