"""What was agreed with the customers: terms, dealt out so that each kind occurs, and the time there is to spare."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from orders.demo.companies import COMPANIES, Profile
from orders.demo.deck import Card, Fate
from orders.demo.people import holder
from orders.overlays import Terms
from orders.words import Incoterm, Mode, PaymentTerms, Priority
from teams.permissions import RoleCode

EXPORTS = frozenset({"EXPORT_FCL", "GARMENT_TNA"})
# The lists have lengths without a common divisor, so that every pair of them occurs in time.
_PAYMENTS = [
    PaymentTerms.TT_COPY_BL, PaymentTerms.LC, PaymentTerms.TT_BEFORE_SHIPMENT, PaymentTerms.OA,
    PaymentTerms.TT_COPY_BL, PaymentTerms.TT_COPY_BL, PaymentTerms.LC, PaymentTerms.TT_BEFORE_SHIPMENT,
    PaymentTerms.DP, PaymentTerms.TT_COPY_BL, PaymentTerms.OA, PaymentTerms.DA,
]  # fmt: skip
_INCOTERMS = [
    Incoterm.FOB, Incoterm.FOB, Incoterm.CIF, Incoterm.FOB, Incoterm.DDP, Incoterm.FOB,
    Incoterm.CFR, Incoterm.FOB, Incoterm.FCA, Incoterm.CIF, Incoterm.DAP,
]  # fmt: skip
_MODES = {
    "EXPORT_FCL": [Mode.FCL, Mode.FCL, Mode.FCL, Mode.LCL, Mode.FCL, Mode.FCL, Mode.AIR],
    "GARMENT_TNA": [Mode.FCL, Mode.LCL, Mode.FCL, Mode.FCL, Mode.LCL, Mode.AIR, Mode.FCL],
}
# Of a letter of credit: calendar days from the planned shipment to the latest one, and from there to the expiry.
_CREDITS = [(9, 21), (0, 15), (12, 21), (7, 21)]  # the second is tight
# Those of running orders that the plan does not keep, by their number among the letters of credit.
_MISSED_CREDITS = {1: (-6, 21), 4: (2, 4)}
# Working days between the earliest delivery that is possible and the promise, from and to, by template.
_SPARE = {
    "EXPORT_FCL": [(0, 2), (3, 9), (4, 10), (8, 16), (14, 24)],
    "GARMENT_TNA": [(1, 3), (4, 10), (5, 12), (10, 20)],
    "DOMESTIC_MTO": [(0, 2), (2, 6), (4, 9)],
    "SPARE_PARTS": [(1, 2), (1, 3)],
}
# Sales promised more than can be done; by so many working days.
_HURRY = {"EXPORT_FCL": (4, 10), "GARMENT_TNA": (5, 12), "DOMESTIC_MTO": (3, 6), "SPARE_PARTS": (1, 1)}
_RATES = {"USD": "7.12000000", "EUR": "7.95000000", "CNY": "1.00000000"}


@dataclass(frozen=True)
class Bargain:
    """`values` are fields of the order, related rows by their natural keys; `spare` working days lie between the
    earliest possible delivery and the promise, negative if it cannot be kept; `credit` as in `_CREDITS`."""

    values: dict[str, Any]
    terms: Terms
    spare: int
    credit: tuple[int, int] | None


def strike(card: Card, rng: Random) -> Bargain:
    """What the customer of the card's order agreed to."""
    customer = rng.choice([p for p in COMPANIES if p.team == card.team and p.part in {"customer", "dealer"}])
    at_home = customer.country == "CN"
    incoterm, mode = _route(card, at_home, rng)
    payment = _payment(card, at_home)
    extras = _extras(card)
    terms = Terms(payment=payment, incoterm=incoterm, mode=mode, country=customer.country, **extras)
    values = {
        **_people(card, customer, rng),
        "incoterm": incoterm,
        "mode": mode,
        "payment_terms": payment,
        "destination": customer.port or customer.city,
        **extras,
        **_money(at_home, rng),
        "priority": rng.choice([Priority.NORMAL] * 6 + [Priority.HIGH, Priority.HIGH, Priority.URGENT, Priority.LOW]),
        "source": "demo",
    }
    return Bargain(values, terms, _spare(card, rng), _credit(card, payment))


def is_under_way(card: Card) -> bool:
    """Half of the finishing orders: shipped, and not delivered before they reach the customer's door."""
    return card.fate is Fate.FINISHING and card.index % 4 >= 2


def _people(card: Card, customer: Profile, rng: Random) -> dict[str, Any]:
    suppliers = [profile for profile in COMPANIES if profile.part == "supplier"]
    return {
        "team": card.team,
        "template": card.template,
        "customer": customer.code,
        "supplier": rng.choice(suppliers).code if rng.random() < 0.7 else None,
        "customer_po_no": f"{customer.code.split('-')[1][:3]}-{rng.randrange(10000, 99999)}",
        "clerk": card.clerk,
        "sales_rep": holder(RoleCode.SALES_REP, card.team),
        "logistics_owner": holder(RoleCode.LOGISTICS, card.team),
    }


def _money(at_home: bool, rng: Random) -> dict[str, Any]:
    currency = "CNY" if at_home else rng.choice(["USD", "USD", "EUR"])
    return {"currency": currency, "fx_rate": Decimal(_RATES[currency])}


def _route(card: Card, at_home: bool, rng: Random) -> tuple[str, str]:
    if at_home:
        return Incoterm.DOM, rng.choice([Mode.TRUCK, Mode.TRUCK, Mode.EXPRESS])
    if card.template == "SPARE_PARTS":
        return Incoterm.DAP, rng.choice([Mode.EXPRESS, Mode.AIR])
    if card.template in EXPORTS:
        modes = _MODES[card.template]
        mode = modes[card.turn % len(modes)]
        if is_under_way(card):
            return Incoterm.DAP, mode
        if card.change is not None:
            return Incoterm.FOB, Mode.FCL
        return _INCOTERMS[card.turn % len(_INCOTERMS)], mode
    return (Incoterm.DAP, Mode.TRUCK) if card.template == "DOMESTIC_MTO" else (Incoterm.FOB, Mode.FCL)


def _payment(card: Card, at_home: bool) -> str:
    if at_home:
        return (PaymentTerms.OA, PaymentTerms.OA, PaymentTerms.TT_BEFORE_SHIPMENT)[card.turn % 3]
    if card.change:
        return PaymentTerms.TT_COPY_BL
    return _PAYMENTS[card.turn % len(_PAYMENTS)]


def _credit(card: Card, payment: str) -> tuple[int, int] | None:
    if payment != PaymentTerms.LC or card.template not in EXPORTS:
        return None
    number = card.turn // 6  # every sixth order is paid so
    usual = _CREDITS[number % len(_CREDITS)]
    return _MISSED_CREDITS.get(number, usual) if card.fate is Fate.RUNNING else usual


def _extras(card: Card) -> dict[str, bool]:
    """What some customers and goods ask for besides."""
    is_export = card.template in EXPORTS
    return {
        "third_party_inspection": (is_export and card.turn % 6 == 4)
        or (card.template == "DOMESTIC_MTO" and card.turn % 8 == 5),
        "wood_packaging": is_export and card.turn % 5 == 1,
        "statutory_inspection": is_export and card.turn % 9 == 3,
    }


def _spare(card: Card, rng: Random) -> int:
    if card.is_hurried and card.template in _HURRY:
        return -rng.randint(*_HURRY[card.template])
    return rng.randint(*rng.choice(_SPARE.get(card.template, [(1, 4)])))
