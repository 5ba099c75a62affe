"""From an uploaded file to the rows of an export that came back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.exports.columns import KEY_LABEL, SHAPES
from orders.imports.reading import MAX_BYTES, FileRefused, read_table
from orders.imports.workbooks import Sheet, is_workbook, read_workbook
from orders.merging.fields import NAMES
from orders.merging.keys import RowKey, read_key

MAX_ROWS = 100_000
_HEADER_WITHIN = 20


@dataclass(frozen=True)
class Row:
    """A row with its number in the sheet; `cells` by the key of the exported column.

    A row of a sheet that people made themselves has no key of its own: `names` says what it is about.
    """

    number: int
    key: RowKey
    cells: Mapping[str, str]
    names: tuple[str, ...] = ()  # order number, and line position or step


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
    has_keys: bool = True


def read_edited(content: bytes) -> Edited:
    """The rows of an export, wherever they were moved to in the sheet; or of a sheet that names orders itself.

    Raises:
        FileRefused: it cannot be read, or nothing in it says which orders it is about.
    """
    sheets = _sheets(content)
    found = _find_header(sheets)
    if found is None:
        own = _read_own(sheets)
        if own is None:
            raise FileRefused(
                _(
                    "The sheet has neither the column “%(name)s” of an exported list nor a column with order numbers "
                    "beside one that can be changed."
                )
                % {"name": str(KEY_LABEL)}
            )
        return own
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


# Which columns name the record of a row in sheets that people made themselves, finest first; and what they call them.
_NAMED_BY = {"steps": ("number", "step"), "lines": ("number", "position"), "orders": ("number",)}
_OWN_WORDS = {
    "number": ("单号", "订单编号", "order", "order no", "order no.", "orderno"),
    "step": ("节点", "步骤", "里程碑", "milestone", "stepname"),
    "position": ("行", "行号", "项次", "lineno", "line no."),
    "finished": ("实际完成", "完成日期", "完成时间", "实际日期", "actual", "actualdate", "done", "doneon"),
    "assignee": ("负责人", "owner"),
    "waiting_on": ("等待方", "在等谁"),
    "requested_date": ("客户要求", "要求交期"),
    "promised_date_current": ("交期", "承诺交期", "当前承诺"),
    "current_promised_date": ("交期", "承诺交期", "当前承诺"),
    "customer_po_no": ("po", "po号", "客户po号"),
    "note": ("备注", "remark", "remarks"),
}


def _read_own(sheets: list[Sheet]) -> Edited | None:
    """A row per step, per line or per order; the first row that names all that is needed is the header."""
    for sheet in sheets:
        for at, (_number, cells) in enumerate(sheet.rows[:_HEADER_WITHIN]):
            for shape, needed in _NAMED_BY.items():
                places = _own_places(shape, cells)
                if set(needed) <= places.keys() and any(name in places for name in NAMES[shape]):
                    return _own_rows(shape, needed, sheet, at, places)
    return None


def _own_places(shape: str, cells: list[str]) -> dict[str, int]:
    labels = {_folded(word): name for name, words in _OWN_WORDS.items() for word in words if name in _columns(shape)}
    labels = {**labels, **_labels(shape)}
    places: dict[str, int] = {}
    for index, text in enumerate(cells):
        if (name := labels.get(_folded(text))) and name not in places:
            places[name] = index
    return places


def _own_rows(shape: str, needed: tuple[str, ...], sheet: Sheet, at: int, places: dict[str, int]) -> Edited:
    nobody = RowKey(shape, 0, datetime.fromtimestamp(0, UTC), {}, 0)
    rows = []
    for number, cells in sheet.rows[at + 1 :]:
        names = tuple(_cell(cells, places[name]).strip() for name in needed)
        if any(names):
            rows.append(Row(number, nobody, {name: _cell(cells, place) for name, place in places.items()}, names))
    headers = {name: " ".join(_cell(sheet.rows[at][1], place).split()) for name, place in places.items()}
    return Edited(shape, rows, places, headers, [], has_keys=False)


def _columns(shape: str) -> set[str]:
    return {column.key for column in SHAPES[shape]}


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
