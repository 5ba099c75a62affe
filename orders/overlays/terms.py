"""What of an order's terms changes its steps. Pure: no queries, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from orders.words import Incoterm, Mode

SEA = frozenset({Mode.FCL, Mode.LCL, Mode.SEA})
AIR = frozenset({Mode.AIR, Mode.AIR_CHARTER, Mode.EXPRESS})
LAND = frozenset({Mode.TRUCK, Mode.RAIL})
BUYER_BOOKS = frozenset({Incoterm.EXW, Incoterm.FCA})  # and its forwarder does all that follows from the booking
INSURED = frozenset({Incoterm.CIF, Incoterm.CIP})
CLEARED_BY_BUYER = frozenset({Incoterm.DAP, Incoterm.DPU, Incoterm.DDU})
# The customs territory in which an entry summary declaration (ENS) is filed: the members of the European Union.
EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905  a table
)


@dataclass(frozen=True)
class Terms:
    """What of an order's terms changes its steps; plain values, empty when not known."""

    payment: str = ""  # orders.words.PaymentTerms
    incoterm: str = ""  # orders.words.Incoterm
    mode: str = ""  # orders.words.Mode
    country: str = ""  # ISO 3166-1 alpha-2 of the destination
    third_party_inspection: bool = False
    wood_packaging: bool = False
    statutory_inspection: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: bool(value) if isinstance(value, bool) else str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Terms:
        """The terms of `to_dict`; what is missing is not known, keys of another version are ignored."""
        kinds = {field.name: bool if field.default is False else str for field in fields(cls)}
        read: dict[str, Any] = {name: kind(values.get(name) or kind()) for name, kind in kinds.items()}
        return cls(**read)
