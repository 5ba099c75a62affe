"""Two writers of one shipment at the same moment, over two connections."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from orders.models import ShipmentLine
from orders.services import flow, shipments
from tests.factories import MONDAY, first_line, make_confirmed_order, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)


# In this database: on the same server other processes run other tests. Postgres reads the activity once in a
# transaction: without clearing that, a connection opened after the first look is never seen.
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


def wait_until_somebody_waits_for_a_lock():
    for _try in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_a_move_does_not_pass_over_an_order_that_comes_aboard_meanwhile():
    team = make_team()
    clerk = make_user("clerk", team=team)
    first, second = (make_confirmed_order(team=team, by=clerk, incoterm="EXW") for _order in range(2))
    line = first_line(first)
    shipment = shipments.create_shipment(
        values={"number": "S-1", "team": team}, lines={line.pk: line.quantity}, by=clerk, now=MONDAY
    )

    def book():
        try:
            shipments.move_shipment(shipment_id=shipment.pk, to="booked", by=clerk, now=MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            flow.lock_order(first.pk)
            move = other.submit(book)
            wait_until_somebody_waits_for_a_lock()
            ShipmentLine.objects.create(shipment=shipment, order_line=first_line(second), quantity=Decimal(1))
        with pytest.raises(shipments.ChangedMeanwhile):
            move.result()

    shipment.refresh_from_db()
    assert shipment.status == "planned"
