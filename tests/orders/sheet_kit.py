"""Workbooks made for tests, as people's programs make them."""

import zipfile
from io import BytesIO
from typing import Any

import openpyxl


def workbook(rows: list[list[Any]], *, sheets: dict[str, list[list[Any]]] | None = None) -> bytes:
    """An xlsx file with `rows` on its first sheet, or with `sheets` by name."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, content in (sheets or {"Sheet1": rows}).items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_member(content: bytes, name: str, data: bytes) -> bytes:
    """The zip with one more member."""
    stream = BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def sheet_xml(xml: str) -> bytes:
    """A workbook whose only sheet has `xml` as its data."""
    source, stream = BytesIO(workbook([["x"]])), BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                text = data.decode()
                start, end = text.index("<sheetData>"), text.index("</sheetData>")
                data = (text[:start] + "<sheetData>" + xml + text[end:]).encode()
                data = data.replace(b'<dimension ref="A1" />', b"").replace(b'<dimension ref="A1"/>', b"")
            new.writestr(member.filename, data)
    return stream.getvalue()
