"""Reads a workbook in a process of its own, with little memory and time: a bad file ends this process and no other.

Run by path, so that nothing of the product is imported: bytes on standard input, one JSON document on standard output.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

MEMORY = 768 * 1024 * 1024  # address space; the reader's own libraries take a third of it
CPU_SECONDS = 20


def main() -> None:
    max_rows, max_columns = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    content = sys.stdin.buffer.read()
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        sheets = [
            read_sheet(workbook.get_sheet_by_name(sheet.name), sheet.name, max_rows, max_columns)
            for sheet in workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible
        ]
    except PasswordError:
        answer: dict[str, Any] = {"refused": "password"}
    except (CalamineError, ValueError, OSError, EOFError) as error:
        answer = {"refused": "broken", "why": str(error)[:200]}
    else:
        answer = {"sheets": sheets}
    json.dump(answer, sys.stdout)


def read_sheet(sheet: Any, name: str, max_rows: int, max_columns: int) -> dict[str, Any]:
    """Rows that hold something, by their number in the sheet; cells as text."""
    left = sheet.start[1] if sheet.start else 0
    rows: list[tuple[int, list[str]]] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [""] * left + [text_of(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        if len(texts) > max_columns:
            return {"name": name, "rows": [], "refused": "columns"}
        rows.append((number, texts))
        if len(rows) > max_rows:
            return {"name": name, "rows": [], "refused": "rows"}
    return {"name": name, "rows": rows}


def text_of(cell: Any) -> str:
    """A cell as a person would type it: dates as 2026-03-04, whole numbers without a point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time | timedelta):
        return str(cell)
    return ""


if __name__ == "__main__":
    main()
