import pytest

from tests.factories import make_confirmed_order, make_team, make_user


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
