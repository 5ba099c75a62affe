"""What rows say against each other or against sense; everything here is doubtful, nothing an error. Pure."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import combinations

from orders.imports.profile import Profile
from orders.imports.report import Report
from orders.imports.rows import Layout, Place, Row

_LEGAL_FORMS = re.compile(
    r"\b(ltd|limited|inc|incorporated|plc|llc|llp|gmbh|co|kg|corp|corporation|company|bv|sa|ag|pvt|pty)\b"
)
_SIMILAR = 0.88
# A rounded price explains this much per piece, a rounded amount this much in all.
HALF_A_CENT = Decimal("0.005")
SATURDAY = 5


def check_rows(rows: list[Row], layout: Layout, profile: Profile, report: Report) -> None:
    """Report duplicates, dates out of order, amounts that are no product, similar names; count weekends."""
    _check_duplicates(rows, layout, report)
    _check_sequences(rows, layout, profile, report)
    _check_amounts(rows, layout, report)
    for place in layout.places:
        if place.column.reports_similar:
            _check_names(rows, place, layout, report)
        if place.column.counts_weekends:
            target = place.column.targets[0].name
            days = Counter(_day(row.values.get(target)) for row in rows)
            weekend = sum(count for day, count in days.items() if day is not None and day.weekday() >= SATURDAY)
            report.weekends[layout.header[place.index]] = weekend


def _check_duplicates(rows: list[Row], layout: Layout, report: Report) -> None:
    place = layout.place_of("row.id")
    if place is None:
        return
    first_of_id: dict[str, int] = {}
    first_of_rest: dict[tuple[str, ...], int] = {}
    header = layout.header[place.index]
    for row in rows:
        identifier = row.texts[place.column.header]
        if identifier in first_of_id:
            report.error(row.number, place.index, header, identifier, "double_id", row=first_of_id[identifier])
        first_of_id.setdefault(identifier, row.number)
        rest = tuple(text for name, text in row.texts.items() if name != place.column.header)
        if rest in first_of_rest:
            report.doubt(row.number, place.index, header, identifier, "duplicate_row", row=first_of_rest[rest])
        first_of_rest.setdefault(rest, row.number)


def _check_sequences(rows: list[Row], layout: Layout, profile: Profile, report: Report) -> None:
    places = {place.column.header: place for place in layout.places}
    for earlier, later in profile.sequences:
        if earlier not in places or later not in places:
            continue
        first, second = places[earlier].column.targets[0].name, places[later].column.targets[0].name
        index = places[later].index
        for row in rows:
            before, after = _day(row.values.get(first)), _day(row.values.get(second))
            if before and after and after < before:
                report.doubt(
                    row.number,
                    index,
                    layout.header[index],
                    row.texts[later],
                    "out_of_order",
                    earlier=earlier,
                    date=before.isoformat(),
                )


def _check_amounts(rows: list[Row], layout: Layout, report: Report) -> None:
    index, header = layout.where("line.amount")
    for row in rows:
        quantity, price, amount = (row.values.get(f"line.{name}") for name in ("quantity", "unit_price", "amount"))
        if quantity is None or price is None or amount is None:
            continue
        if abs(quantity * price - amount) > HALF_A_CENT * quantity + HALF_A_CENT:
            report.doubt(row.number, index, header, amount, "value_differs", expected=f"{quantity * price:f}")


def _check_names(rows: list[Row], place: Place, layout: Layout, report: Report) -> None:
    """Names that differ by spelling only; compared within the same first two letters, so that many names stay quick."""
    first: dict[str, int] = {}
    for row in rows:
        name = row.texts[place.column.header]
        if name and name not in place.column.not_given:
            first.setdefault(name, row.number)
    blocks: dict[str, list[tuple[str, str]]] = {}
    for name in first:
        blocks.setdefault(_bare(name)[:2], []).append((name, _bare(name)))
    for one, other in _similar(blocks):
        earlier, later = sorted((one, other), key=lambda name: first[name])
        report.doubt(
            first[later],
            place.index,
            layout.header[place.index],
            later,
            "similar_name",
            other=earlier,
            row=first[earlier],
        )


def _similar(blocks: dict[str, list[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    for block in blocks.values():
        for (one, bare), (other, other_bare) in combinations(block, 2):
            matcher = SequenceMatcher(None, bare, other_bare, autojunk=False)
            if (
                matcher.real_quick_ratio() >= _SIMILAR
                and matcher.quick_ratio() >= _SIMILAR
                and matcher.ratio() >= _SIMILAR
            ):
                yield one, other


def _bare(name: str) -> str:
    """A name without case, brackets, punctuation and legal form."""
    words = re.sub(r"\([^)]*\)", " ", name.casefold()).replace(".", "")
    words = re.sub(r"[^\w]+", " ", words)
    return " ".join(_LEGAL_FORMS.sub(" ", words).split()) or words.strip()


def _day(value):
    """The calendar day of a date or of an instant in its own zone."""
    return value.date() if isinstance(value, datetime) else value
