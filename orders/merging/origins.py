"""What a cell held when it was exported: the one value of all that the column can hold with the key's check value.

A check value is a CRC-32, so among some thousand values a wrong one would fit once in a million cells.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orders.merging.fields import Field, canonical, shown
from orders.merging.keys import check
from teams.countries import country_choices

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
FAR = 1500 * DAY  # dates that far from the export are known
RECENT = 40 * DAY  # a step that was finished when the sheet was read was so, mostly, not long before


class Origins:
    """Finds values for the cells of one sheet; `people` are the names of colleagues, `read_at` when it was exported."""

    def __init__(self, people: Iterable[str], *, read_at: datetime, zone: ZoneInfo) -> None:
        self.people, self.zone = sorted(people), zone
        self.read_at = read_at.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        self._tables: dict[Any, Mapping[int, str]] = {}

    def find(self, base: int, field: Field, texts: Iterable[str]) -> str | None:
        """The value behind the check value `base` as people read it; None where nothing fits.

        `texts` is what the record is known to have held since, for columns of free text.
        """
        if base == check(""):
            return ""
        table = self._table(field)
        if base in table:
            return table[base]
        return next((text for text in texts if check(canonical(text, field)) == base), None)

    def _table(self, field: Field) -> Mapping[int, str]:
        """What the column can hold, by check value; made once, however many cells are asked for."""
        key = (field.kind, field.words)
        if key not in self._tables:
            self._tables[key] = {check(canonical(value, field)): words for value, words in self._values(field)}
        return self._tables[key]

    def _values(self, field: Field) -> Iterator[tuple[Any, str]]:
        if field.kind == "choice":
            yield from ((value, shown(value, field)) for value in field.words.values)
        elif field.kind == "country":
            yield from ((code, code) for code, _name in country_choices())
        elif field.kind == "person":
            yield from ((name, name) for name in self.people)
        elif field.kind in {"date", "moment"}:
            today = self.read_at.date()
            days = (today + offset * DAY for offset in range(-(FAR // DAY), FAR // DAY))
            yield from ((day, day.isoformat()) for day in days)
        if field.kind == "moment":
            for ago in range(RECENT // MINUTE):
                text = canonical(self.read_at - ago * MINUTE)
                yield text, text
