"""What a paper says of a shipment, read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from customers.models import Company
from orders.models import Shipment, ShipmentLine
from teams.models import Organization


@dataclass(frozen=True)
class Cargo:
    """A shipment with the lines that the reader sees; instants are written in `zone`."""

    shipment: Shipment
    lines: Sequence[ShipmentLine]
    seller: str
    zone: ZoneInfo

    @property
    def buyers(self) -> list[Company]:
        """The customers of the orders aboard, each once."""
        found = {line.order_line.order.customer_id: line.order_line.order.customer for line in self.lines}
        return [customer for customer in found.values() if customer]

    def day(self, at: datetime | None) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d") if at else ""

    def total(self, name: str) -> Decimal | int | None:
        """The sum of a packing field; None while one line does not say it."""
        values = [getattr(line, name) for line in self.lines]
        return None if not values or None in values else sum(values)


def read_cargo(shipment: Shipment, lines: Sequence[ShipmentLine]) -> Cargo:
    organization = Organization.current()
    return Cargo(shipment, lines, organization.name, organization.zone)


def figure(value: Decimal | int | None) -> str:
    """1,200.5, or a dash where nobody has said it."""
    return "-" if value is None else f"{Decimal(value).normalize():,f}"
