import pytest

from tests.factories import make_confirmed_order, make_team, make_user
from tests.orders import planning_kit


@pytest.fixture
def team():
    return make_team()


@pytest.fixture
def clerk(team):
    return make_user("clerk", team=team)


@pytest.fixture
def order(team, clerk):
    """A confirmed spare-parts order: its first step is active, the clerk owns all."""
    return make_confirmed_order(team=team, by=clerk)


@pytest.fixture
def tell_planning_counts(record_property):
    """What the test counts is told at the end of the run (tests/conftest.py)."""
    before = planning_kit.counts.copy()
    yield
    for name, number in (planning_kit.counts - before).items():
        record_property(f"counted: {name}", number)
