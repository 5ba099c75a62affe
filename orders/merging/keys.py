"""The key of an exported row: which record, when it was read, and what each cell was. Pure.

“O123.1c2a7f0.7ff.<6 letters per cell><6 letters>”: kind and id, minutes since 1970 and the editable columns that were
written as bits, both hexadecimal, a check value for each of them, and one for all other cells together.
"""

import base64
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_KEY = re.compile(r"([OLS])(\d{1,18})\.([0-9a-f]{1,8})\.([0-9a-f]{1,8})\.([A-Za-z0-9_-]*)\Z")
_WIDTH = 6
SHAPES = {"O": "orders", "L": "lines", "S": "steps"}
LETTERS = {shape: letter for letter, shape in SHAPES.items()}


@dataclass(frozen=True)
class RowKey:
    """`checks` holds the check value of each editable column that was written; `rest` that of all other cells."""

    shape: str
    pk: int
    read_at: datetime
    checks: Mapping[str, str]
    rest: str


def check(text: str) -> str:
    """Tells another text from the same: CRC-32 in six letters."""
    return base64.urlsafe_b64encode(zlib.crc32(text.encode()).to_bytes(4)).decode()[:_WIDTH]


def write_key(
    shape: str, pk: int, at: datetime, editable: Sequence[str], cells: Mapping[str, str], rest: Sequence[str]
) -> str:
    """`editable` names all editable columns of the shape, `cells` those written with their texts."""
    bits = sum(1 << place for place, name in enumerate(editable) if name in cells)
    checks = "".join(check(cells[name]) for name in editable if name in cells)
    return f"{LETTERS[shape]}{pk}.{int(at.timestamp()) // 60:x}.{bits:x}.{checks}{check(chr(0).join(rest))}"


def read_key(text: str, editable: Mapping[str, Sequence[str]]) -> RowKey | None:
    """The key in a cell; None where it is none, or was damaged."""
    found = _KEY.match(text.strip())
    if not found:
        return None
    shape = SHAPES[found[1]]
    names = [name for place, name in enumerate(editable[shape]) if int(found[4], 16) >> place & 1]
    checks = found[5]
    if len(checks) != _WIDTH * (len(names) + 1):
        return None
    parts = [checks[at : at + _WIDTH] for at in range(0, len(checks), _WIDTH)]
    read_at = datetime.fromtimestamp(int(found[3], 16) * 60, UTC)
    return RowKey(shape, int(found[2]), read_at, dict(zip(names, parts, strict=False)), parts[-1])
