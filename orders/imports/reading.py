"""From bytes to a table: encoding, line ends, delimiter, quotes; what is not a table of text is refused. Pure."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.sniffing import content_type_of
from teams.errors import DomainError

LEAVE_OUT = "-"
DELIMITERS = (",", ";", "\t", "|")
MAX_COLUMNS = 200
MAX_BYTES = 20_000_000  # of a sheet that comes by the browser or the API
csv.field_size_limit(1_000_000)

_WRONG_KINDS = {
    "application/zip": gettext_lazy("an Excel workbook or another zip file"),
    "application/x-ole-storage": gettext_lazy("an old Excel workbook"),
    "application/pdf": gettext_lazy("a PDF"),
    "text/html": gettext_lazy("a web page, as some systems export under the name of a workbook"),
    "image/png": gettext_lazy("a picture"),
    "image/jpeg": gettext_lazy("a picture"),
    "image/gif": gettext_lazy("a picture"),
}


class FileRefused(DomainError):
    """The file as a whole cannot be read as a table."""

    code = "file"


@dataclass(frozen=True)
class Table:
    """Header and records of a file. A record is its row number, as a spreadsheet shows it, and its cells; blank ones
    are left out.

    `fields` says which column of the profile each column of the file is, by index ("" for text to keep, `LEAVE_OUT`);
    without it headers are matched by name.
    """

    header: list[str]
    records: list[tuple[int, list[str]]]
    encoding: str
    delimiter: str
    header_row: int = 1
    fields: Mapping[int, str] | None = None
    is_transposed: bool = False  # read from a sheet whose rows are columns here


def read_table(
    content: bytes, *, encodings: Sequence[str], delimiter: str = "", max_bytes: int, max_rows: int
) -> Table:
    """Read a delimited text file.

    Raises:
        FileRefused: it is empty, too big, no text, in another encoding, or its quotes do not match.
    """
    if len(content) > max_bytes:
        raise FileRefused(
            _("The file has %(size)s MB; at most %(limit)s MB are taken at once.")
            % {"size": f"{len(content) / 1e6:.1f}", "limit": f"{max_bytes / 1e6:.0f}"}
        )
    if not content.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise FileRefused(_("The file is empty."))
    kind = _WRONG_KINDS.get(content_type_of(content[:4096]))
    if kind:
        raise FileRefused(
            _("This is not a text file but %(kind)s. Save it as CSV (UTF-8) and try again.") % {"kind": kind}
        )
    text, encoding = decode(content, encodings)
    delimiter = delimiter or sniff_delimiter(text)
    rows = _rows(text, delimiter)
    try:
        _number, header = next(rows)
    except StopIteration:
        raise FileRefused(_("The file is empty.")) from None
    header = [" ".join(cell.split()) for cell in header]
    while header and not header[-1]:  # a delimiter at the end of the line
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise FileRefused(_("The file has more than %(limit)s columns.") % {"limit": MAX_COLUMNS})
    records = []
    for number, cells in rows:
        records.append((number, cells))
        if len(records) > max_rows:
            raise FileRefused(_("The file has more than %(limit)s rows; split it.") % {"limit": max_rows})
    if not records:
        raise FileRefused(_("The file has a header and no rows."))
    return Table(header, records, encoding, delimiter)


def decode(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """The text and its encoding: by its byte order mark, else the first of `encodings` that fits.

    Raises:
        FileRefused
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return _decoded(content[len(mark) :], [encoding])
    # Text in UTF-16 has a zero in every other byte of its Latin letters.
    head = content[:2000]
    if len(head) % 2 == 0 and head[1::2].count(0) > len(head) * 0.4 and not head[::2].count(0):
        return _decoded(content, ["utf-16-le"])
    if len(head) % 2 == 0 and head[::2].count(0) > len(head) * 0.4 and not head[1::2].count(0):
        return _decoded(content, ["utf-16-be"])
    return _decoded(content, encodings)


def _decoded(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    where = 0
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            where = where or error.start
            continue
        return text, encoding
    raise FileRefused(
        _("Row %(row)s holds bytes that are no text in %(encodings)s. Save the file as CSV (UTF-8) and try again.")
        % {"row": content.count(b"\n", 0, where) + 1, "encodings": ", ".join(encodings)}
    )


def sniff_delimiter(text: str) -> str:
    """The delimiter that stands most often in the header line, outside quotes; a comma where none does."""
    counts = dict.fromkeys(DELIMITERS, 0)
    is_quoted = False
    for sign in text.lstrip("\r\n")[:20_000]:
        if sign == '"':
            is_quoted = not is_quoted
        elif sign in "\r\n" and not is_quoted:
            break
        elif sign in counts and not is_quoted:
            counts[sign] += 1
    return max(counts, key=lambda sign: counts[sign])


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # newline="" hands every kind of line end to the reader, which knows CR, LF and both, also inside quotes.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileRefused(
                _("Row %(row)s cannot be read: its quotation marks do not match, or a cell is too long (%(why)s).")
                % {"row": number, "why": error}
            ) from error
        if any(cell.strip() for cell in cells):
            yield number, cells
