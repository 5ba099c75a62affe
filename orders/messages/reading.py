"""From a message to statements about orders. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orders.containers import check_digit
from orders.messages.days import FoundDay, find_days

LONGEST = 20_000
# Clauses end here; an order number holds until the next one.
_CLAUSE = re.compile(r"(?:[^。；;！!？?\n，,.]|(?<=\d),(?=\d)|\.(?!\s|$))+")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#-]{2,39}")
_CONTAINER = re.compile(r"\b([A-Za-z]{3}[UJZujz])\s?(\d{6})-?(\d)\b")
_UNITS = "pcs|pieces|sets?|ctns?|cartons|件|套|箱|个|只|台|条|双|打|吨|米|公斤|托|kgs?|pallets?|rolls?|卷|m"
_AMOUNT = rf"(?<![\d.])(?P<number>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?)\s?(?P<unit>{_UNITS})(?![A-Za-z])"
_QUANTITY = re.compile(_AMOUNT, re.IGNORECASE)
# What a quantity becomes stands right behind the word for it; “to 20 September, 300 pcs” says nothing of the 300.
_BECOMES = re.compile(
    r"(?:数量[^\d]{0,6}|改(?:为|成|到)|变(?:为|成)|调(?:整)?(?:为|成|到)|减(?:少)?(?:到|为|至)|降(?:到|为|至)|增(?:加)?(?:到|为|至)"
    r"|只(?:要|做|订|出|有)|\b(?:qty|quantity)\W{0,3}(?:is|=)?\s*"
    r"|\b(?:qty|quantity|reduc\w+|cut|chang\w+|increas\w+)\b.{0,40}?\bto\s+|\bonly\s+)\s*(?:了|约)?\s*" + _AMOUNT,
    re.IGNORECASE,
)
_LESS = re.compile(
    r"(?:取消|砍掉?|减(?:少|掉)?|(?<![至最不])少(?:了|做|装|发|出|交)?|扣(?:掉|除)?"
    r"|\bcancel(?:l?ed)?\s|\breduc\w+ by\s|\bshort (?:by|of)\s|\bminus\s)\s*(?:其中|的|了)?\s*" + _AMOUNT,
    re.IGNORECASE,
)
_LESS_AFTER = re.compile(_AMOUNT + r"\s*(?:取消|不要|砍掉|\b(?:short|less)\b)", re.IGNORECASE)
_NUMBERED = {
    "bl_no": re.compile(
        r"(?:提单号?|b/l|bl)\s*(?:no\.?|号码|号)?\s*[:：#是为]?\s*([A-Za-z]{2,5}[A-Za-z0-9]{5,20})", re.I
    ),
    "booking_no": re.compile(
        r"(?:订舱号?|booking|s/o|so号)\s*(?:no\.?|号码|号)?\s*[:：#是为]?\s*([A-Za-z0-9]{2,5}[A-Za-z0-9]{4,20})", re.I
    ),
    "seal_no": re.compile(r"(?:封条号?|封号|铅封号?|seal)\s*(?:no\.?)?\s*[:：#是为]?\s*([A-Za-z0-9]{5,20})", re.I),
}
# What a clause tells, by words; the first kind that fits is meant. Longer words stand before those they contain.
EVENTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("etd", re.compile(r"\betd\b|船期|预计开船|开船(?:日|时间)?(?:是|为|改|推|延|定)|预计离港", re.I)),
    ("eta", re.compile(r"\beta\b|预计到港|预计到达|到港(?:日|时间)?(?:是|为|改|推|延)", re.I)),
    (
        "promise",
        re.compile(
            r"交期|交货期|货期|推迟|延期|延后|延到|改到|改为|提前到|推到|delivery date|postpone|delay"
            r"|push(?:ed)? (?:back )?to"
            r"|move[sd]?\b.{0,40}?\bto\b|reschedul",
            re.I,
        ),
    ),
    (
        "waits_customer",
        re.compile(r"等客户|待客户|客户还没|客户未|waiting (?:for|on) (?:the )?(?:customer|client|buyer)", re.I),
    ),
    (
        "waits_supplier",
        re.compile(
            r"等供应商|待供应商|等工厂|工厂还没|供应商还没|waiting (?:for|on) (?:the )?(?:supplier|factory|vendor)",
            re.I,
        ),
    ),
    ("waits_carrier", re.compile(r"等船公司|等货代|waiting (?:for|on) (?:the )?(?:carrier|forwarder)", re.I)),
    ("delivered", re.compile(r"已?签收|已?送达|已交付|已?到门|\bdelivered\b", re.I)),
    ("arrived", re.compile(r"已到港|到港了|已抵港|已靠港|\barrived\b", re.I)),
    ("departed", re.compile(r"已开船|开船了|已离港|已出运|已起飞|已发车|\b(?:departed|sailed|shipped)\b", re.I)),
    ("loaded", re.compile(r"已装柜|装柜(?:完|好|了)|已装箱|已装车|\bloaded\b", re.I)),
    ("booked", re.compile(r"已订舱|订好舱|已放舱|舱位已|\bbooked\b", re.I)),
)
_DONE = re.compile(
    r"完成|好了|已|通过|收到|确认了|做完|结束|到账|\bok\b|\bdone\b|approved|passed|received|finished|completed|confirmed",
    re.I,
)
_NOT = re.compile(r"还没|未|没有|尚未|不能|无法|别|\bnot\b|n't\b", re.I)


@dataclass(frozen=True)
class Mark:
    """A part of the text that was understood; `kind` is order, date, quantity, event, step or number."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Quantity:
    """What the quantity of a line becomes, or by how much it is less; `unit` as it was written."""

    number: Decimal
    unit: str
    is_less: bool


@dataclass
class Statement:
    """What one clause says about one order: the event, with the days and numbers beside it.

    `event` is one of `EVENTS`, “step” for a step of the order that is done, or empty. `days` are the readings of its
    date, more than one where nobody can tell.
    """

    order: str
    text: str
    event: str = ""
    step: str = ""
    days: tuple[date, ...] = ()
    is_assumed: bool = False
    fields: dict[str, str] = field(default_factory=dict)  # bl_no, booking_no, seal_no, container_no
    quantity: Quantity | None = None


def candidate_words(text: str) -> set[str]:
    """What may be an order's number or a customer's PO, in upper case, to be looked up."""
    words = {found[0].rstrip("._/-#").upper() for found in _WORD.finditer(text[:LONGEST])}
    return {word for word in words if any(char.isdigit() for char in word)}


def read_message(
    text: str, *, orders: Mapping[str, str], steps: Mapping[str, Collection[str]], today: date
) -> tuple[list[Mark], list[Statement]]:
    """Marks from left to right without overlaps, and statements in the order of the text.

    `orders` maps words of `candidate_words` to the order they name, `steps` an order to the names of its open steps.
    """
    marks: list[Mark] = []
    statements: list[Statement] = []
    about = ""
    waiting: list[tuple[Statement, str, int]] = []  # said before the order is named
    for clause in _CLAUSE.finditer(text[:LONGEST]):
        part, offset = clause[0], clause.start()
        named = list(_orders_in(part, orders))
        marks += [Mark(offset + start, offset + end, "order") for start, end, _order in named]
        found, own = _read_clause(_blanked(part, named), offset, part.strip(), today=today)
        marks += own
        if not named and not about:
            waiting.append((found, part, offset))
            continue
        for order in dict.fromkeys(order for _start, _end, order in named) or [about]:
            for said, its_part, at in [*waiting, (found, part, offset)]:
                if _says_something(said):
                    statements.append(_about(said, order, its_part, steps.get(order, ()), at, marks))
        waiting, about = [], named[-1][2] if named else about
    return _without_overlaps(marks), [s for s in statements if s.event or s.fields or s.quantity]


def _orders_in(part: str, orders: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    for found in _WORD.finditer(part):
        word = found[0].rstrip("._/-#")
        order = orders.get(word.upper())
        if order:
            yield found.start(), found.start() + len(word), order


def _blanked(part: str, named: Sequence[tuple[int, int, str]]) -> str:
    """The clause without its order numbers, so that nothing is read out of them; places stay."""
    for start, end, _order in named:
        part = part[:start] + " " * (end - start) + part[end:]
    return part


def _read_clause(part: str, offset: int, said: str, *, today: date) -> tuple[Statement, list[Mark]]:
    marks: list[Mark] = []
    statement = Statement("", said)
    for name, pattern in _NUMBERED.items():
        if (found := pattern.search(part)) and any(char.isdigit() for char in found[1]):
            statement.fields[name] = found[1].upper()
            marks.append(Mark(offset + found.start(1), offset + found.end(1), "number"))
            part = part[: found.start(1)] + " " * len(found[1]) + part[found.end(1) :]
    for found in _CONTAINER.finditer(part):
        if check_digit(found[1].upper() + found[2]) == int(found[3]):
            statement.fields["container_no"] = f"{found[1]}{found[2]}{found[3]}".upper()
            marks.append(Mark(offset + found.start(), offset + found.end(), "number"))
    days: list[FoundDay] = list(find_days(part, today))
    marks += [Mark(offset + day.start, offset + day.end, "date") for day in days]
    if days:
        # “from 9 to 20 September”: what things become stands last.
        statement.days, statement.is_assumed = days[-1].days, days[-1].is_assumed
    for found in _QUANTITY.finditer(part):
        marks.append(Mark(offset + found.start(), offset + found.end(), "quantity"))
    statement.quantity = _quantity_in(part)
    for name, pattern in EVENTS:
        if found := pattern.search(part):
            is_denied = _NOT.search(part) and not name.startswith("waits")
            statement.event = "" if is_denied else name
            if not is_denied:
                marks.append(Mark(offset + found.start(), offset + found.end(), "event"))
            break
    return statement, marks


def _says_something(statement: Statement) -> bool:
    return bool(statement.event or statement.fields or statement.quantity or _DONE.search(statement.text))


def _quantity_in(part: str) -> Quantity | None:
    """A change of quantity that the clause tells; what is denied is none."""
    if _NOT.search(part):
        return None
    becomes, less = _BECOMES.search(part), _LESS.search(part) or _LESS_AFTER.search(part)
    found = becomes or less
    if found is None:
        return None
    return Quantity(Decimal(found["number"].replace(",", "")), found["unit"].lower(), is_less=becomes is None)


def _about(
    found: Statement, order: str, part: str, names: Collection[str], offset: int, marks: list[Mark]
) -> Statement:
    """The clause's statement for one order; a step of that order that is named as done beats a weaker event."""
    event, step = found.event, ""
    if _DONE.search(part) and not _NOT.search(part):
        at, name = _step_in(part, names)
        if name:
            event, step = "step", name
            marks.append(Mark(offset + at, offset + at + len(name), "step"))
    return Statement(order, found.text, event, step, found.days, found.is_assumed, dict(found.fields), found.quantity)


def _step_in(part: str, names: Collection[str]) -> tuple[int, str]:
    """Where the longest name of a step stands in the clause."""
    folded = part.casefold()
    for name in sorted(names, key=len, reverse=True):
        at = folded.find(name.casefold())
        if at >= 0 and len(name) > 1:
            return at, name
    return -1, ""


def _without_overlaps(marks: Sequence[Mark]) -> list[Mark]:
    kept: list[Mark] = []
    for mark in sorted(set(marks), key=lambda mark: (mark.start, -mark.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept
