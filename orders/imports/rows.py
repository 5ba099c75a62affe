"""From a table to typed rows: headers matched, cells read, pointers followed, rows compared. No queries, no clock."""

from dataclasses import dataclass, field
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from orders.imports.cells import CONTROL, Cell, CellReader
from orders.imports.profile import Column, Profile
from orders.imports.reading import LEAVE_OUT, Table
from orders.imports.report import Report


@dataclass(slots=True)
class Row:
    """A row that was read: values by target, texts by header."""

    number: int
    values: dict[str, Any]
    texts: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """A column of the file that the profile knows, at its index."""

    index: int
    column: Column
    reader: CellReader
    fields: tuple[str, ...]  # targets that take the value
    attributes: tuple[str, ...]  # and those that keep the text


@dataclass
class Layout:
    """Which column of the file is which; `unknown` are kept as text."""

    header: list[str]
    places: list[Place]
    unknown: list[tuple[int, str]]

    def place_of(self, target: str) -> Place | None:
        """The column that fills a target."""
        return next((place for place in self.places if target in place.fields), None)

    def text_of(self, row: Row, target: str) -> str:
        """What stands in the row's cell that fills `target`."""
        place = self.place_of(target)
        return row.texts.get(place.column.header, "") if place else ""

    def where(self, target: str) -> tuple[int, str]:
        """Index and header of the column that fills `target`, for a finding."""
        place = self.place_of(target)
        return (place.index, self.header[place.index]) if place else (-1, target)


def match_columns(table: Table, profile: Profile, zone: ZoneInfo, report: Report) -> Layout:
    """Find the profile's columns as the table says, else by header or synonym, whatever the case and blanks."""
    named = {column.header: column for column in profile.columns}
    row = table.header_row
    wanted = {folded(name): column for column in profile.columns for name in (column.header, *column.aliases)}
    places: list[Place] = []
    unknown: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for index, header in enumerate(table.header):
        field = table.fields.get(index, "") if table.fields is not None else None
        if field == LEAVE_OUT:
            continue
        column = wanted.get(folded(header)) if field is None else named.get(field)
        name = column.header if column else header
        if CONTROL.search(header):
            report.error(row, index, header, header, "control_character")
        elif not header:
            report.error(row, index, "", "", "nameless_column")
        elif name in seen:
            report.error(row, index, header, header, "double_column")
        elif column:
            places.append(_place(index, column, profile, zone))
        else:
            unknown.append((index, header))
            report.doubt(row, index, header, header, "unknown_column")
        seen.setdefault(name, index)
    for column in profile.columns:
        if column.is_required and column.header not in seen:
            report.error(row, -1, column.header, "", "missing_column")
    return Layout(table.header, places, unknown)


def _place(index: int, column: Column, profile: Profile, zone: ZoneInfo) -> Place:
    fields = tuple(target.name for target in column.targets if not target.attribute)
    attributes = tuple(target.attribute for target in column.targets if target.attribute)
    return Place(index, column, CellReader(column, profile, zone), fields, attributes)


def read_rows(table: Table, layout: Layout, profile: Profile, report: Report) -> list[Row]:
    """Read every cell; a row of the wrong length is an error and left out."""
    expected = len(table.header)
    rows: list[Row] = []
    pointers: list[tuple[Row, Place, Cell]] = []
    for number, cells in table.records:
        while len(cells) > expected and not cells[-1]:  # delimiters at the end of the line
            cells.pop()
        if len(cells) != expected:
            odd = cells[expected] if len(cells) > expected else cells[-1]
            at = min(len(cells), expected) - (len(cells) < expected)
            header = table.header[at] if at < expected else ""
            report.error(number, at, header, odd, "ragged", count=len(cells), expected=expected)
            continue
        rows.append(_read_row(number, cells, layout, report, pointers))
    _follow(pointers, rows, layout, report)
    return rows


def _read_row(
    number: int, cells: list[str], layout: Layout, report: Report, pointers: list[tuple[Row, Place, Cell]]
) -> Row:
    row = Row(number, {}, {})
    for place in layout.places:
        raw, column = cells[place.index], place.column
        cell = place.reader.read(raw)
        row.texts[column.header] = cell.text
        if cell.error:
            report.error(number, place.index, layout.header[place.index], raw, cell.error.rule, **cell.error.values)
            continue
        for note in cell.notes:
            report.doubt(number, place.index, layout.header[place.index], raw, note.rule, **note.values)
        if cell.pointer:
            pointers.append((row, place, cell))
        elif cell.value is None and cell.text and column.keep_text_in:
            row.attributes[column.keep_text_in] = cell.text
        elif not cell.text and column.reports_empty:
            report.doubt(number, place.index, layout.header[place.index], raw, "missing_value")
        if cell.value is not None:
            for target in place.fields:
                row.values[target] = cell.value
            for key in place.attributes:
                row.attributes[key] = cell.text
    for index, header in layout.unknown:
        text = cells[index].strip()
        if CONTROL.search(text):
            report.error(number, index, header, text, "control_character")
        elif text:
            row.attributes[header[:80]] = text[:1000]
    return row


def _follow(pointers: list[tuple[Row, Place, Cell]], rows: list[Row], layout: Layout, report: Report) -> None:
    """A pointer leaves the figure to the row it names, which has to be of the same shipment."""
    by_id = {row.values.get("row.id"): row for row in rows} if pointers else {}
    for row, place, cell in pointers:
        row_id, shipment = cell.pointer or ("", "")
        at = (row.number, place.index, layout.header[place.index], cell.text)
        named = by_id.get(row_id)
        if named is None:
            report.error(*at, "pointer_to_nothing")
        elif named.values.get("shipment.number") != shipment or row.values.get("shipment.number") != shipment:
            report.error(*at, "pointer_elsewhere", row=named.number)
        elif any(target in named.values for target in place.fields):
            report.doubt(*at, "pointer", row=named.number)
        else:
            report.doubt(*at, "pointer_to_text", row=named.number)


def folded(header: str) -> str:
    """A header without what people write differently: case, width, blanks, dashes, dots."""
    return "".join(normalize("NFKC", header).casefold().split()).replace("_", "").replace(".", "").replace("-", "")
