"""The figures of the SCMS file, counted straight from its rows: plain Python, nothing shared with the product.

The file knows days only; the import sets each at noon. Its orders are confirmed and wholly delivered.
"""

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from statistics import quantiles


@dataclass
class ScmsOrder:
    """What one `PO / SO #` says over all its rows."""

    number: str
    country: str
    customer: str
    supplier: str
    mode: str
    ordered: date | None
    quoted: date | None
    promised: list[date]
    delivered: list[date]
    shipments: dict[str, tuple[list[date], list[date]]]  # number: promised and delivered days of its rows
    amount: Decimal


def read_orders(text: str) -> list[ScmsOrder]:
    rows = defaultdict(list)
    for row in csv.DictReader(StringIO(text)):
        rows[row["PO / SO #"]].append(row)
    return [_order(number, found) for number, found in rows.items()]


def _order(number, rows):
    first = rows[0]
    shipments = defaultdict(lambda: ([], []))
    for row in rows:
        shipments[row["ASN/DN #"]][0].append(_day(row["Scheduled Delivery Date"], "%d-%b-%y"))
        shipments[row["ASN/DN #"]][1].append(_day(row["Delivered to Client Date"], "%d-%b-%y"))
    return ScmsOrder(
        number,
        first["Country"],
        first["Project Code"],
        first["Vendor"],
        first["Shipment Mode"],
        _day(first["PO Sent to Vendor Date"], "%m/%d/%y"),
        max(filter(None, (_day(row["PQ First Sent to Client Date"], "%m/%d/%y") for row in rows)), default=None),
        [day for promised, _delivered in shipments.values() for day in promised],
        [day for _promised, delivered in shipments.values() for day in delivered],
        dict(shipments),
        sum(Decimal(row["Line Item Value"]) for row in rows),
    )


def _day(text, form):
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).date()
    except ValueError:
        return None


def count(code: str, orders: list[ScmsOrder], first: date, end: date):
    """(numerator, denominator) of the days from `first` to before `end`, by the words of the catalogue."""
    return {
        "K01": _on_time,
        "K09": lambda *asked: (0, _on_time(*asked)[1]),  # no promise was moved
        "K12": _cycle_time,  # nobody noted a pause
        "K13": _to_confirm,
        "K18": _deviation,
        "K37": lambda *asked: (0, _steps(*asked)[3]),  # nor a reason
        "K39": lambda *asked: _steps(*asked)[:2],
        "K05": _on_time,  # no row is over-delivered, so on time is on time in full
        "K04": _in_full,
        "K11": _cycle_time,
        "K30": _repurchase,
        "K32": lambda *asked: (_sold(*asked), 0),  # no target was set
        "K20": lambda *asked: _steps(*asked)[:2],
        "K21": _stock,
        "K22": lambda *asked: (_steps(*asked)[1] - _steps(*asked)[0], _steps(*asked)[1]),
        "K23": lambda *asked: _steps(*asked)[2:],
    }.get(code, _not_in_the_file)(orders, first, end)


def _not_in_the_file(*_asked):
    """It says nothing of requested dates, departures, suppliers' steps, checks or reminders."""
    return 0, 0


def _on_time(orders, first, end):
    due = [order for order in orders if first <= max(order.promised) < end]
    return sum(max(order.delivered) <= max(order.promised) for order in due), len(due)


def _in_full(orders, first, end):
    begun = [order for order in orders if first <= min(order.delivered) < end]
    return sum(max(order.delivered) == min(order.delivered) for order in begun), len(begun)


def cycle_times(orders, first, end):
    done = [order for order in orders if first <= max(order.delivered) < end and order.ordered]
    return [(max(order.delivered) - order.ordered).days for order in done]


def _cycle_time(orders, first, end):
    found = cycle_times(orders, first, end)
    return sum(found), len(found)


def _to_confirm(orders, first, end):
    """The day on which the PO was sent is that of order and of confirmation."""
    return 0, sum(order.ordered is not None and first <= order.ordered < end for order in orders)


def percentile_90(values):
    return quantiles(values, n=10, method="inclusive")[8]


def _steps(orders, first, end):
    """Met, due, working days late, number late: the step "delivered" of each shipment."""
    met = due = late_days = late = 0
    for order in orders:
        for promised, delivered in order.shipments.values():
            if first <= max(promised) < end:
                due += 1
                met += max(delivered) <= max(promised)
                if max(delivered) > max(promised):
                    late += 1
                    late_days += _weekdays(max(promised), max(delivered))
    return met, due, late_days, late


def _deviation(orders, first, end):
    """Working days of the deliveries of the period from promise to delivery, those before it negative."""
    found = [
        _weekdays(max(promised), max(delivered)) - _weekdays(max(delivered), max(promised))
        for order in orders
        for promised, delivered in order.shipments.values()
        if first <= max(delivered) < end
    ]
    return sum(found), len(found)


def _sold(orders, first, end):
    return sum(order.amount for order in orders if order.ordered and first <= order.ordered < end)


def _repurchase(orders, _first, end):
    """Of the customers with a PO in the 365 days before `end`, those with two."""
    bought = Counter(
        order.customer for order in orders if order.ordered and end - timedelta(days=365) <= order.ordered < end
    )
    return sum(times > 1 for times in bought.values()), len(bought)


def _weekdays(start, end):
    return sum((start + timedelta(days=number)).weekday() < 5 for number in range(1, (end - start).days + 1))


def _stock(orders, _first, end):
    """Overdue and open steps as `end` begins: of orders ordered before, the deliveries (and quotes) still to come."""
    overdue = standing = 0
    for order in orders:
        if order.ordered is None or order.ordered >= end:
            continue
        standing += order.quoted is not None and order.quoted >= end
        for promised, delivered in order.shipments.values():
            if max(delivered) >= end:
                standing += 1
                overdue += max(promised) < end - timedelta(days=1)
    return overdue, standing
