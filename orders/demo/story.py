"""A story: everything that happened to one demo order, as plain values, in the order in which it was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Act:
    """One thing a person did. `verb` names it, `at` is when it was typed, `data` holds plain values by natural keys."""

    at: datetime
    verb: str
    by: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """One order from its first line on; `acts` are in the order of time, the first one creates it."""

    number: str
    team: str
    template: str
    acts: Sequence[Act]
