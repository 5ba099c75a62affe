"""From an uploaded file to the one table that is imported: which sheet, which header row, which column is which."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from django.utils.translation import gettext as _

from orders.imports.dates import PLAIN_FORMATS, is_yearless
from orders.imports.profile import Column, Profile
from orders.imports.reading import LEAVE_OUT, MAX_COLUMNS, FileRefused, Table, read_table
from orders.imports.rows import folded
from orders.imports.workbooks import Sheet, is_workbook, read_workbook

HEADER_WITHIN = 20
DAY_FIRST = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d-%m-%y", "%d.%m.%Y", "%d.%m.%y")
MONTH_FIRST = ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y", "%m.%d.%Y", "%m.%d.%y")
ORDERS = {"dmy": DAY_FIRST, "mdy": MONTH_FIRST}
_TWO_NUMBERS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})\Z", re.ASCII)
_UNIT = re.compile(r"[(（\[【].*?[)）\]】]")


@dataclass(frozen=True)
class Choice:
    """What a person corrected: the sheet, the header's row number, columns by index, which of two numbers is the day.

    An empty one leaves all of it to be found. `mapping` holds headers of the profile, or `LEAVE_OUT`.
    """

    sheet: str = ""
    header_row: int = 0
    mapping: Mapping[int, str] = field(default_factory=dict)
    date_order: str = ""
    year: int = 0  # of dates without one; 0: nobody has said it


@dataclass(frozen=True)
class Found:
    """The table and how it was read, for the person to see and to correct."""

    table: Table
    profile: Profile
    sheets: list[str]
    sheet: str
    mapping: dict[int, str]  # index to the profile's header; what is missing is kept as text
    guessed: frozenset[int]  # found by likeness only
    samples: list[list[str]]  # the first rows as they stand in the file
    date_order: str  # "dmy", "mdy", or empty: nothing needs it, or nobody knows
    asks_date_order: bool
    asks_year: bool = False


def find_table(content: bytes, profile: Profile, choice: Choice) -> Found:
    """Read the file as `choice` says, and find what it leaves open.

    Raises:
        FileRefused
    """
    if is_workbook(content):
        sheets = read_workbook(content, max_bytes=profile.max_bytes, max_rows=profile.max_rows)
    else:
        sheets = [_text_sheet(content, profile)]
    known = {folded(name): column.header for column in profile.columns for name in (column.header, *column.aliases)}
    sheets, is_transposed = _upright(sheets, known, choice)
    sheet, at = _place(sheets, known, choice)
    width = max(len(cells) for _number, cells in sheet.rows[at:])
    headers = [" ".join(text.split()) for text in sheet.rows[at][1]]
    headers += [""] * (width - len(headers))
    records = [(number, cells + [""] * (width - len(cells))) for number, cells in sheet.rows[at + 1 :]]
    if not records:
        raise FileRefused(_("The file has a header and no rows."))
    mapping, guessed = _match(headers, known, choice.mapping)
    blank = {
        index for index, text in enumerate(headers) if not text and not any(cells[index] for _number, cells in records)
    }
    columns = {column.header: column for column in profile.columns}
    dates = [index for index in range(width) if _is_plain_date(columns.get(mapping.get(index, "")))]
    written = {cells[index].strip() for _number, cells in records for index in dates}
    order, asks = _date_order(sorted(written), choice.date_order)
    table = Table(
        header=headers,
        records=records,
        encoding="utf-8",
        delimiter="",
        header_row=sheet.rows[at][0],
        is_transposed=is_transposed,
        fields={index: LEAVE_OUT if index in blank else mapping.get(index, "") for index in range(width)},
    )
    return Found(
        table=table,
        profile=replace(_with_order(profile, order), year=choice.year or None),
        sheets=[one.name for one in sheets],
        sheet=sheet.name,
        mapping=mapping,
        guessed=guessed,
        samples=[cells for _number, cells in records[:3]],
        date_order=order,
        asks_date_order=asks,
        asks_year=any(map(is_yearless, written)),
    )


def _text_sheet(content: bytes, profile: Profile) -> Sheet:
    table = read_table(
        content,
        encodings=profile.encodings,
        delimiter=profile.delimiter,
        max_bytes=profile.max_bytes,
        max_rows=profile.max_rows,
    )
    return Sheet("", [(1, table.header), *table.records])


def _upright(sheets: Sequence[Sheet], known: Mapping[str, str], choice: Choice) -> tuple[list[Sheet], bool]:
    """The sheets as they are; or turned, where the headers stand below each other and an order is a column."""
    turned = [_turned(sheet) for sheet in sheets]
    as_they_are, on_their_side = (_best(these, known, choice.sheet) for these in (sheets, turned))
    return (turned, True) if on_their_side >= 2 and on_their_side > as_they_are else (list(sheets), False)


def _turned(sheet: Sheet) -> Sheet:
    """Columns as rows; row numbers then count the columns. Too wide a table is none of this shape."""
    if not sheet.rows or len(sheet.rows) > MAX_COLUMNS:
        return Sheet(sheet.name, [])
    height = sheet.rows[-1][0]
    if height > MAX_COLUMNS:
        return Sheet(sheet.name, [])
    width = max(len(cells) for _number, cells in sheet.rows)
    columns = [[""] * height for _column in range(width)]
    for number, cells in sheet.rows:
        for at, text in enumerate(cells):
            columns[at][number - 1] = text
    return Sheet(sheet.name, [(at, cells) for at, cells in enumerate(columns, start=1) if any(cells)])


def _best(sheets: Sequence[Sheet], known: Mapping[str, str], name: str) -> int:
    """How many headers are known in the best row of the first ones."""
    rows = [cells for sheet in sheets if not name or sheet.name == name for _at, cells in sheet.rows[:HEADER_WITHIN]]
    return max((_score(cells, known) for cells in rows), default=0)


def _score(cells: Sequence[str], known: Mapping[str, str]) -> int:
    return len({known[plain] for text in cells if (plain := _plain(text)) in known})


def _place(sheets: Sequence[Sheet], known: Mapping[str, str], choice: Choice) -> tuple[Sheet, int]:
    """The sheet and the index of its header row: as chosen, else where most headers are known; the first such."""
    best: tuple[int, Sheet, int] | None = None
    for sheet in sheets:
        if not sheet.rows or (choice.sheet and sheet.name != choice.sheet):
            continue
        for at, (number, cells) in enumerate(sheet.rows[:HEADER_WITHIN]):
            if choice.header_row and number != choice.header_row:
                continue
            score = _score(cells, known)
            if best is None or score > best[0]:
                best = (score, sheet, at)
    if best is None:
        raise FileRefused(_("There is no such sheet, or it has no such row."))
    return best[1], best[2]


def _plain(header: str) -> str:
    """A header without the unit in brackets: “数量(PCS)” is 数量."""
    return folded(_UNIT.sub("", header)) or folded(header)


def _match(
    headers: Sequence[str], known: Mapping[str, str], chosen: Mapping[int, str]
) -> tuple[dict[int, str], frozenset[int]]:
    """Index to the profile's header: as chosen, by name or synonym, else by likeness; each header once."""
    targets = set(known.values())
    mapping = {index: name for index, name in chosen.items() if name in targets or name == LEAVE_OUT}
    # Two columns for one field: the first one is meant.
    first = {name: index for index, name in sorted(mapping.items(), reverse=True)}
    mapping = {index: name for index, name in mapping.items() if name == LEAVE_OUT or first[name] == index}
    guessed: set[int] = set()
    for index, text in enumerate(headers):
        name = known.get(_plain(text))
        if text and index not in chosen and name and name not in mapping.values():
            mapping[index] = name
    for index, text in enumerate(headers):
        if not text or index in mapping or index in chosen:
            continue
        near = get_close_matches(_plain(text), known, n=1, cutoff=0.8)
        if near and known[near[0]] not in mapping.values():
            mapping[index] = known[near[0]]
            guessed.add(index)
    return mapping, frozenset(guessed)


def _is_plain_date(column: Column | None) -> bool:
    return column is not None and column.kind in {"date", "instant"} and not column.formats


def _date_order(texts: Sequence[str], chosen: str) -> tuple[str, bool]:
    """Which of two numbers is the day: as chosen, else as a number above 12 proves; and whether it has to be asked."""
    pairs = {(int(found[1]), int(found[2])) for text in texts if (found := _TWO_NUMBERS.match(text.strip()))}
    if chosen in ORDERS:
        return chosen, bool(pairs)
    day_first, month_first = any(first > 12 for first, _second in pairs), any(second > 12 for _f, second in pairs)
    if day_first != month_first:
        return ("dmy" if day_first else "mdy"), True
    return "", any(first != second for first, second in pairs)


def _with_order(profile: Profile, order: str) -> Profile:
    """The profile with its plain dates read in this order too; two-digit years are of this century then."""
    if not order:
        return profile
    columns = tuple(
        replace(column, formats=(*PLAIN_FORMATS, *ORDERS[order])) if _is_plain_date(column) else column
        for column in profile.columns
    )
    return replace(profile, columns=columns, century=profile.century or 2000)
