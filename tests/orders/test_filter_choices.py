"""The drop-downs above a list offer what the filters take."""

from types import SimpleNamespace

import pytest
from django.utils import translation

from orders.filters import OrderFilter, named_choices
from orders.models import Order
from orders.process import load_shipped_templates
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", ["clerk", "manager"])
def test_the_choices_read_by_one_statement_are_those_of_the_filters(language, role, django_assert_num_queries):
    team = make_team()
    make_user("clerk", team=make_team(), name="Elsewhere")
    user = make_user(role, team=team, name="")
    make_user("lead", team=team, name="王丽")
    load_shipped_templates()
    user.access  # noqa: B018  read once for a request
    with translation.override(language):
        with django_assert_num_queries(1):
            found = named_choices(user)
        form = OrderFilter({}, Order.objects.all(), request=SimpleNamespace(user=user)).form
        shown = {
            name: [(str(value), str(label)) for value, label in form.fields[name].choices if str(value)]
            for name in found
        }
    assert found == shown
    assert [len(found[name]) > 0 for name in found] == [True, True, True]
