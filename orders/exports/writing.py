"""Rows into csv and xlsx, one after the other, in memory that does not grow (reliability C45)."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from orders.exports.columns import Column
from orders.sheets_out import guarded, safe_text

BOM = "\ufeff"  # without it Excel takes UTF-8 for the machine's own encoding
Chunks = Iterable[Sequence[Mapping[str, Any]]]


class _Echo:
    """What the csv module writes, handed back."""

    def write(self, text: str) -> str:
        return text


def csv_lines(columns: Sequence[Column], chunks: Chunks) -> Iterator[str]:
    """The file piece by piece: UTF-8 with a mark, commas, cells that look like formulas guarded."""
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow([guarded(str(column.label)) for column in columns])
    values = [column.value for column in columns]
    for chunk in chunks:
        yield "".join(writer.writerow([_text(value(row)) for value in values]) for row in chunk)


def _text(value: Any) -> str:
    if value is None:
        return ""
    kind = type(value)  # asked of millions of cells
    if kind is str:
        return guarded(value) if value else ""
    if kind is int:
        return str(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return guarded(value)
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def write_xlsx(
    path: Path, columns: Sequence[Column], chunks: Chunks, *, title: str, told: Callable[[int], None] | None = None
) -> int:
    """Write a workbook with dates as dates, numbers as numbers and all else as text; returns the number of rows.

    `told` hears after each chunk how many rows are written.
    """
    # Text stays text: nothing is taken for a formula, a number or a link.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet(safe_text(title)[:31])
    head = book.add_format({"bold": True, "bg_color": "#EEF0F3", "bottom": 1})
    day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm"))
    number = book.add_format({"num_format": "#,##0.###"})
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width, None, {"hidden": True} if column.is_hidden else {})
    for at, column in enumerate(columns):
        sheet.write_string(0, at, safe_text(str(column.label)), head)
    sheet.freeze_panes(1, 1)
    count = 0
    for chunk in chunks:
        for row in chunk:
            count += 1
            for at, column in enumerate(columns):
                value = column.value(row)
                if value is None or value == "":
                    continue
                if isinstance(value, str):
                    sheet.write_string(count, at, safe_text(value))
                elif isinstance(value, datetime):
                    sheet.write_datetime(count, at, value, moment)
                elif isinstance(value, date):
                    sheet.write_datetime(count, at, value, day)
                else:
                    sheet.write_number(count, at, value, number)
        if told:
            told(count)
    sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
    book.close()
    return count
