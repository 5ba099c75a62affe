"""What most fault tests stand on."""

import pytest

from tests.faults.rig import Sinks
from tests.faults.world import SEED, World, make_world


@pytest.fixture
def sinks():
    with Sinks(SEED) as sinks:
        yield sinks


@pytest.fixture
def world(transactional_db, sinks) -> World:
    return make_world(sinks)
