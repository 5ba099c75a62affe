"""Workbooks from strangers: looked at from outside first, then read by a process of its own (reliability C44)."""

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from django.utils.translation import gettext as _

from orders.imports.reading import MAX_COLUMNS, FileRefused

MAX_MEMBERS = 200
MAX_UNPACKED = 60 * 1024 * 1024
MAX_STRINGS = 20 * 1024 * 1024
MAX_RATIO = 100
READ_SECONDS = 60
_CHILD = Path(__file__).with_name("child.py")
# The name of the stream in which Excel keeps a workbook with a password, in UTF-16.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class Sheet:
    """A visible sheet: its rows that hold something, each with its number there, cells as text."""

    name: str
    rows: list[tuple[int, list[str]]]


def is_workbook(content: bytes) -> bool:
    """Whether the first bytes are those of an xlsx, xls or another zip or OLE file."""
    return content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def read_workbook(content: bytes, *, max_bytes: int, max_rows: int) -> list[Sheet]:
    """The sheets of an xlsx or xls file.

    Raises:
        FileRefused: it is too big, broken, has a password or macros, or is no workbook at all; says which.
    """
    if len(content) > max_bytes:
        raise FileRefused(
            _("The file has %(size)s MB; at most %(limit)s MB are taken at once.")
            % {"size": f"{len(content) / 1e6:.1f}", "limit": f"{max_bytes / 1e6:.0f}"}
        )
    if content.startswith(b"PK"):
        _check_zip(content)
    elif _ENCRYPTED in content:
        raise _password()
    answer = _ask_child(content, max_rows)
    if refused := answer.get("refused"):
        raise _password() if refused == "password" else _broken(str(answer.get("why", "")))
    sheets = answer["sheets"]
    for sheet in sheets:
        if sheet.get("refused") == "rows":
            raise FileRefused(_("The file has more than %(limit)s rows; split it.") % {"limit": max_rows})
        if sheet.get("refused") == "columns":
            raise FileRefused(_("The file has more than %(limit)s columns.") % {"limit": MAX_COLUMNS})
    found = [Sheet(sheet["name"], [(number, cells) for number, cells in sheet["rows"]]) for sheet in sheets]
    if not any(sheet.rows for sheet in found):
        raise FileRefused(_("The file is empty."))
    return found


def _check_zip(content: bytes) -> None:
    """Read the directory of the zip, and nothing more, before anything is unpacked."""
    try:
        members = zipfile.ZipFile(BytesIO(content)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise _broken(str(error)) from error
    names = [member.filename for member in members]
    if "xl/workbook.xml" not in names and "xl/workbook.bin" not in names:
        raise FileRefused(_("This is a zip file without a workbook in it. Upload the workbook itself."))
    if any("vbaProject" in name for name in names):
        raise FileRefused(_("The workbook holds macros. Save it as .xlsx without macros and try again."))
    unpacked = sum(member.file_size for member in members)
    strings = sum(member.file_size for member in members if member.filename.endswith("sharedStrings.xml"))
    is_strange = (
        len(members) > MAX_MEMBERS
        or len(set(names)) != len(names)
        or any(".." in name.split("/") or name.startswith("/") for name in names)
        or any(member.flag_bits & 1 for member in members)
    )
    is_bomb = unpacked > MAX_UNPACKED or strings > MAX_STRINGS or unpacked > MAX_RATIO * max(len(content), 1000)
    if is_strange or is_bomb:
        raise FileRefused(
            _("The workbook unpacks to more than is taken, or is built strangely. Save it anew in Excel or as CSV.")
        )


def _ask_child(content: bytes, max_rows: int) -> dict:
    command = [sys.executable, "-I", str(_CHILD), str(max_rows), str(MAX_COLUMNS)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=READ_SECONDS, check=False)
        if done.returncode == 0:
            return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        pass
    raise FileRefused(
        _("The workbook takes too much memory or time to read. Delete empty rows and columns, or save it as CSV.")
    )


def _password() -> FileRefused:
    return FileRefused(_("The workbook has a password. Save it without one and try again."))


def _broken(why: str) -> FileRefused:
    return FileRefused(_("The workbook is broken and cannot be read (%(why)s).") % {"why": why[:120]})
