"""What a cell held when it was exported: the one value of all that the column can hold with the key's check value.

A check value is a CRC-32, so among some thousand values a wrong one would fit once in a million cells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from orders.merging.fields import Field, canonical, shown
from orders.merging.keys import check
from teams.countries import country_choices

FAR = timedelta(days=1500)  # dates that far from the two that are known are looked at
RECENT = timedelta(days=40)  # a step that was finished when the sheet was read was so, mostly, not long before


class Origins:
    """Finds values for the cells of one sheet; `people` are the names of colleagues, `read_at` when it was exported."""

    def __init__(self, people: Iterable[str], *, read_at: datetime, zone: ZoneInfo) -> None:
        self.people, self.read_at, self.zone = sorted(people), read_at, zone
        self._minutes: dict[int, str] = {}

    def find(self, base: int, field: Field, known: Sequence[str], texts: Iterable[str]) -> str | None:
        """The value behind the check value `base` as people read it; None where no candidate fits.

        Args:
            known: canonical texts of the cell as it is now, here and in the sheet.
            texts: what the record is known to have held, for columns of free text.
        """
        if base == check(""):
            return ""
        if field.kind == "moment" and base in self._recent_minutes():
            return self._minutes[base]
        for text in self._candidates(field, known, texts):
            plain = canonical(text, field)
            if check(plain) == base:
                return text if field.kind in {"person", "text"} else shown(plain, field)
        return None

    def _candidates(self, field: Field, known: Sequence[str], texts: Iterable[str]) -> Iterator[str]:
        if field.kind == "choice":
            yield from field.words.values
        elif field.kind == "country":
            yield from (code for code, _name in country_choices())
        elif field.kind == "person":
            yield from self.people
        elif field.kind in {"date", "moment"}:
            yield from _days_around(known)
        yield from texts

    def _recent_minutes(self) -> Mapping[int, str]:
        if not self._minutes:
            last = self.read_at.astimezone(self.zone).replace(tzinfo=None, second=0, microsecond=0)
            for minute in range(RECENT // timedelta(minutes=1)):
                text = canonical(last - timedelta(minutes=minute))
                self._minutes[check(text)] = text
        return self._minutes


def _days_around(known: Sequence[str]) -> Iterator[str]:
    """Days around the known ones, the nearest first."""
    middles = [date.fromisoformat(text[:10]) for text in known if _is_day(text[:10])]
    for offset in range(FAR.days):
        for middle in middles:
            yield (middle + timedelta(days=offset)).isoformat()
            yield (middle - timedelta(days=offset)).isoformat()


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text) - date.min > FAR and date.max - date.fromisoformat(text) > FAR
    except ValueError:
        return False
