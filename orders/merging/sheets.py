"""From an uploaded file to the rows of an export that came back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.exports.columns import KEY_LABEL, SHAPES
from orders.imports.reading import FileRefused, read_table
from orders.imports.workbooks import Sheet, is_workbook, read_workbook
from orders.merging.fields import NAMES
from orders.merging.keys import RowKey, read_key

MAX_BYTES = 20_000_000
MAX_ROWS = 100_000
_HEADER_WITHIN = 20


@dataclass(frozen=True)
class Row:
    """A row with its number in the sheet; `cells` by the key of the exported column."""

    number: int
    key: RowKey
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Edited:
    """`places` and `headers` say where a column stands in the sheet and what it is called there; `damaged` are the
    numbers of rows whose key cannot be read.
    """

    shape: str
    rows: list[Row]
    places: Mapping[str, int]
    headers: Mapping[str, str]
    damaged: list[int]


def read_edited(content: bytes) -> Edited:
    """The rows of an export, wherever they were moved to in the sheet.

    Raises:
        FileRefused: it cannot be read, or holds no exported list.
    """
    found = _find_header(_sheets(content))
    if found is None:
        raise FileRefused(
            _("There is no column “%(name)s” in the sheet. Export the list, edit that file and send it back.")
            % {"name": str(KEY_LABEL)}
        )
    sheet, at, key_at = found
    keys = {number: read_key(_cell(cells, key_at), NAMES) for number, cells in sheet.rows[at + 1 :]}
    shapes = {key.shape for key in keys.values() if key}
    if not shapes:
        raise FileRefused(_("No row of the sheet has its key any more. Export the list again and edit that file."))
    if len(shapes) > 1:
        raise FileRefused(_("The sheet mixes rows of different lists; send them one by one."))
    shape = shapes.pop()
    labels = _labels(shape)
    places: dict[str, int] = {}
    for index, text in enumerate(sheet.rows[at][1]):
        name = labels.get(_folded(text))
        if name and name not in places:
            places[name] = index
    rows = [
        Row(number, key, {name: _cell(cells, place) for name, place in places.items()})
        for number, cells in sheet.rows[at + 1 :]
        if (key := keys[number]) is not None
    ]
    headers = {name: " ".join(_cell(sheet.rows[at][1], place).split()) for name, place in places.items()}
    return Edited(shape, rows, places, headers, [number for number, key in keys.items() if key is None])


def is_key_header(text: str) -> bool:
    """Whether a header is that of the keys, in any language."""
    return _folded(text) in _in_all_languages(KEY_LABEL)


def _sheets(content: bytes) -> list[Sheet]:
    if is_workbook(content):
        return read_workbook(content, max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
    table = read_table(content, encodings=("utf-8", "gb18030"), max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
    return [Sheet("", [(1, table.header), *table.records])]


def _find_header(sheets: list[Sheet]) -> tuple[Sheet, int, int] | None:
    """The sheet, the index of the header row and that of the column with the keys."""
    for sheet in sheets:
        for at, (_number, cells) in enumerate(sheet.rows[:_HEADER_WITHIN]):
            for index, text in enumerate(cells):
                if is_key_header(text):
                    return sheet, at, index
    return None


@lru_cache(maxsize=8)
def _labels(shape: str) -> dict[str, str]:
    """Header in any language to the column's key; the first column of that name counts."""
    labels: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            for column in SHAPES[shape]:
                labels.setdefault(_folded(str(column.label)), column.key)
    return labels


@lru_cache(maxsize=8)
def _in_all_languages(label: object) -> set[str]:
    words = set()
    for language, _name in settings.LANGUAGES:
        with override(language):
            words.add(_folded(str(label)))
    return words


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _cell(cells: list[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""
