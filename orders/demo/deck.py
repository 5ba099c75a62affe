"""Which order becomes what: the mix of a living office, dealt out evenly so that its first part is a fair sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count as counter
from itertools import cycle


class Fate(StrEnum):
    """How far an order has come by now."""

    CLOSED = "closed"
    FINISHING = "finishing"  # goods are out; papers, payment or delivery remain
    RUNNING = "running"
    HELD = "held"
    DRAFT = "draft"
    CUSTOMER_CANCELLED = "customer_cancelled"
    WE_CANCELLED = "we_cancelled"
    DRAFT_CANCELLED = "draft_cancelled"


class Change(StrEnum):
    """What has changed the plan of a running order since it was confirmed."""

    PROMISE = "promise"  # the customer wants the goods later
    SLIP = "slip"  # a supplier is late, and says until when
    TERMS = "terms"  # sold on other terms
    PARTS = "parts"  # shipped in two parts


@dataclass(frozen=True)
class Card:
    """What the order number `index` is going to be.

    `turn` counts the orders of its template before it, past, running and other ones apart: terms are dealt out by it,
    so that every kind of terms occurs however few orders there are of a template. `is_hurried`: sales promised the
    goods earlier than they can be there.
    """

    index: int
    fate: Fate
    team: str
    template: str
    clerk: str
    turn: int
    is_hurried: bool
    change: Change | None


# How many of 75 orders.
_SHARES: dict[Fate, int] = {
    Fate.CLOSED: 41,
    Fate.RUNNING: 19,
    Fate.FINISHING: 5,
    Fate.DRAFT: 3,
    Fate.HELD: 2,
    Fate.CUSTOMER_CANCELLED: 3,
    Fate.WE_CANCELLED: 1,
    Fate.DRAFT_CANCELLED: 1,
}
_ROUND = sum(_SHARES.values())
# Open orders lie with the first team above all: its clerk's desk is the one that visitors look at.
_TEAMS_OPEN = ["export1", "export2", "export1", "parts", "export1", "export1", "export2", "export1", "parts", "export1"]
_TEAMS_DONE = ["export1", "export2", "parts", "export1", "parts", "export2", "export1", "export2"]
_TEMPLATES = {
    "export1": ["EXPORT_FCL", "EXPORT_FCL", "CLAIM_8D", "EXPORT_FCL", "PRE_SALES", "EXPORT_FCL", "EXPORT_FCL"],
    "export2": ["GARMENT_TNA", "EXPORT_FCL", "GARMENT_TNA", "PRE_SALES", "GARMENT_TNA", "CLAIM_8D", "GARMENT_TNA"],
    "parts": ["SPARE_PARTS", "DOMESTIC_MTO", "SPARE_PARTS", "DOMESTIC_MTO", "CLAIM_8D", "DOMESTIC_MTO"],
}
_GOODS_TEMPLATES = {
    "export1": ["EXPORT_FCL"],
    "export2": ["GARMENT_TNA", "EXPORT_FCL", "GARMENT_TNA"],
    "parts": ["DOMESTIC_MTO", "SPARE_PARTS"],
}
_CLERKS = {
    "export1": ["clerk", "clerk", "clerk", "hejing", "clerk", "clerk"],
    "export2": ["clerk2", "clerk2", "tangwei"],
    "parts": ["luodan"],
}
_HURRIED_EVERY = 12
# By template, which of its running orders were planned anew.
_CHANGES = {
    "EXPORT_FCL": {1: Change.TERMS, 4: Change.PROMISE, 5: Change.PARTS},
    "GARMENT_TNA": {1: Change.SLIP},
}
_OVER = frozenset({Fate.CLOSED, Fate.CUSTOMER_CANCELLED, Fate.WE_CANCELLED, Fate.DRAFT_CANCELLED})
_WITH_GOODS = frozenset({Fate.FINISHING, Fate.HELD, Fate.CUSTOMER_CANCELLED, Fate.WE_CANCELLED})


def cards(count: int) -> Iterator[Card]:
    """The first `count` cards; more of them begin with the same ones."""
    teams = {True: cycle(_TEAMS_DONE), False: cycle(_TEAMS_OPEN)}
    templates: dict[tuple[str, bool, bool], Iterator[str]] = {}
    clerks: dict[tuple[str, bool], Iterator[str]] = {}
    turns: dict[tuple[str, bool, bool], Iterator[int]] = {}
    for index in range(count):
        fate = _FATES[index % _ROUND]
        is_over, has_goods = fate in _OVER, fate in _WITH_GOODS
        team = next(teams[is_over])
        offered = _GOODS_TEMPLATES if has_goods else _TEMPLATES
        template = next(templates.setdefault((team, is_over, has_goods), cycle(offered[team])))
        clerk = next(clerks.setdefault((team, is_over), cycle(_CLERKS[team])))
        is_running = fate is Fate.RUNNING
        turn = next(turns.setdefault((template, is_over, is_running), counter()))
        is_hurried = turn % _HURRIED_EVERY == (0 if is_running else 5) and (is_running or is_over)
        change = _CHANGES.get(template, {}).get(turn) if is_running else None
        yield Card(index, fate, team, template, clerk, turn, is_hurried, change)


def _dealt() -> list[Fate]:
    """Every fate at even distances, so that twenty orders look like three hundred."""
    places = [((number + 0.5) / count, fate) for fate, count in _SHARES.items() for number in range(count)]
    return [fate for _place, fate in sorted(places)]


_FATES = _dealt()
