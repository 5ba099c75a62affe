"""Order lines pasted from a sheet: cells by tabs, columns by their headers or in the order of the editor. Pure.

What is clear is written as the editor's fields take it; what is not stays as it was typed, for the form to say so.
"""

import csv
import io
import re
from datetime import date
from unicodedata import normalize

from orders.imports import dates
from orders.imports.profile import load
from orders.imports.rows import folded

# Fields of the line editor, in its order, and the columns of the everyday sheet that they are.
FIELDS = {
    "product_code": "product_code",
    "description": "description",
    "quantity": "quantity",
    "unit": "unit",
    "unit_price": "unit_price",
    "requested_date": "requested_date",
    "promised_date_original": "promised_date",
}
_NUMBER = re.compile(r"(\d{1,3}(?:[, ]\d{3})+|\d+)(\.\d+)?\s*([^\d\s.,]\S{0,19})?\Z")
_NOT_GIVEN = frozenset({"待定", "未定", "TBD", "tbd", "-", "—", "/", "无"})


def read_lines(text: str, *, sees_money: bool) -> list[dict[str, str]]:
    """The lines in `text`, each a mapping of editor fields to what stands in them; blank rows are left out."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t")]
    rows = [row for row in rows if any(row)]
    if not rows:
        return []
    names = [name for name in FIELDS if sees_money or name != "unit_price"]
    header = _header(rows[0])
    # Two columns that are known make a header; one might be a product called so.
    if len(header) > 1:
        return [_line({name: row[at] for name, at in header.items() if at < len(row)}, names) for row in rows[1:]]
    return [_line(dict(zip(names, row, strict=False)), names) for row in rows]


def _header(cells: list[str]) -> dict[str, int]:
    """Which column is which field, by the synonyms of the everyday sheet."""
    columns = {column.header: (column.header, *column.aliases) for column in load("orders").columns}
    known = {folded(word): field for field, name in FIELDS.items() for word in columns[name]}
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        field = known.get(folded(re.sub(r"[(（].*?[)）]", "", cell)))
        if field:
            found.setdefault(field, at)
    return found


def _line(cells: dict[str, str], names: list[str]) -> dict[str, str]:
    line = {name: cells.get(name, "") for name in names}
    number = _NUMBER.match(normalize("NFKC", line["quantity"]))
    if number:
        line["quantity"] = re.sub(r"[, ]", "", number[1]) + (number[2] or "")
        line["unit"] = line["unit"] or number[3] or ""
    if price := _NUMBER.match(normalize("NFKC", line.get("unit_price", "")).lstrip("$¥€£ ")):
        line["unit_price"] = re.sub(r"[, ]", "", price[1]) + (price[2] or "")
    line["unit"] = line["unit"] or "pcs"
    for name in ("requested_date", "promised_date_original"):
        line[name] = _day(line[name])
    return line


def _day(text: str) -> str:
    if text in _NOT_GIVEN:
        return ""
    found = dates.parse(text, dates.PLAIN_FORMATS, century=None) if text else ""
    return found.isoformat() if isinstance(found, date) else text
