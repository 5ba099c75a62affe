"""The key of an exported row: which record, when it was read, and what each cell was. Pure.

“O123.1c2a7f0.7ff.<base64>”: kind and id, minutes since 1970 and the editable columns that were written as bits, both
hexadecimal; then a CRC-32 for each of them and one for all other cells together, four bytes each.
"""

import base64
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_KEY = re.compile(r"([OLS])(\d{1,18})\.([0-9a-f]{1,8})\.([0-9a-f]{1,8})\.([A-Za-z0-9_-]*)\Z")
SHAPES = {"O": "orders", "L": "lines", "S": "steps"}
LETTERS = {shape: letter for letter, shape in SHAPES.items()}


@dataclass(frozen=True)
class RowKey:
    """`checks` holds the check value of each editable column that was written; `rest` that of all other cells."""

    shape: str
    pk: int
    read_at: datetime
    checks: Mapping[str, int]
    rest: int


def check(text: str) -> int:
    """Tells another text from the same: CRC-32."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def write_key(
    shape: str, pk: int, at: datetime, editable: Sequence[str], cells: Mapping[str, str], rest: Sequence[str]
) -> str:
    """`editable` names all editable columns of the shape, `cells` those written with their texts."""
    written = [name for name in editable if name in cells]
    bits = sum(1 << place for place, name in enumerate(editable) if name in cells)
    checks = [*(check(cells[name]) for name in written), check(chr(0).join(rest))]
    packed = base64.urlsafe_b64encode(struct.pack(f">{len(checks)}I", *checks)).decode().rstrip("=")
    return f"{LETTERS[shape]}{pk}.{int(at.timestamp()) // 60:x}.{bits:x}.{packed}"


def read_key(text: str, editable: Mapping[str, Sequence[str]]) -> RowKey | None:
    """The key in a cell; None where it is none, or was damaged."""
    found = _KEY.match(text.strip())
    if not found:
        return None
    shape = SHAPES[found[1]]
    names = [name for place, name in enumerate(editable[shape]) if int(found[4], 16) >> place & 1]
    try:
        packed = base64.urlsafe_b64decode(found[5] + "=" * (-len(found[5]) % 4))
        *checks, rest = struct.unpack(f">{len(names) + 1}I", packed)
    except (ValueError, struct.error):
        return None
    read_at = datetime.fromtimestamp(int(found[3], 16) * 60, UTC)
    return RowKey(shape, int(found[2]), read_at, dict(zip(names, checks, strict=True)), rest)
