"""Import profiles: a TOML file that says what each column of one source means. Pure: no queries, no clock."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from orders.imports.targets import Target, UnknownTarget, target_of
from orders.words import Stage
from orders.workflow import OrderStatus
from teams.errors import DomainError
from teams.permissions import RoleCode

KINDS = frozenset({"text", "code", "date", "instant", "decimal", "integer", "choice", "country"})
FOLDER = Path(__file__).parent.parent / "import_profiles"


class ProfileError(DomainError):
    """The profile does not exist, or its file says something that cannot be followed."""

    code = "profile"


@dataclass(frozen=True)
class Column:
    """What one column holds and where its values go.

    `not_given` are texts that stand where a value is missing; the text is kept as the line's attribute `keep_text_in`.
    """

    header: str
    targets: tuple[Target, ...]
    aliases: tuple[str, ...] = ()
    is_required: bool = False  # the file must have the column
    is_filled: bool = False  # and each of its cells a value
    kind: str = ""
    formats: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    not_given: frozenset[str] = frozenset()
    keep_text_in: str = ""
    pointer: re.Pattern[str] | None = None
    reports_zero: bool = False
    reports_empty: bool = False
    reports_similar: bool = False
    reports_new: bool = False  # companies that the import creates
    counts_weekends: bool = False


@dataclass(frozen=True)
class Step:
    """A milestone that is done where its date exists; names of targets say which date is which."""

    code: str
    name_zh: str
    name_en: str
    stage: str
    role: str
    position: int
    finish: str
    recorded: str = ""
    due: str = ""
    of_shipment: bool = False


@dataclass(frozen=True)
class TeamSpec:
    """The team that gets the orders; made if missing."""

    code: str
    name: str
    calendar: str


@dataclass(frozen=True)
class Profile:
    """All that is specific to one source."""

    name: str
    title: str
    title_zh: str
    columns: tuple[Column, ...]
    team: TeamSpec | None
    order_status: str
    row_id: str  # target that identifies a row; empty: none does
    constants: Mapping[str, str]
    composed: Mapping[str, str]  # target to a text with {Header} in it
    sequences: tuple[tuple[str, str], ...]  # (earlier, later) headers of dates
    steps: tuple[Step, ...]
    time_of_day: time
    century: int | None
    encodings: tuple[str, ...]
    delimiter: str
    max_bytes: int
    max_rows: int
    folds_blanks: bool
    repair: str
    year: int | None = None  # of dates without one, where somebody has said it


def names() -> list[str]:
    """The profiles that come with the product."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@lru_cache(maxsize=32)
def load(name: str) -> Profile:
    """Read a shipped profile.

    Raises:
        ProfileError: there is none of this name, or it cannot be followed.
    """
    if name not in names():
        raise ProfileError(
            _("There is no import profile “%(name)s”. Known: %(known)s.")
            % {"name": name[:40], "known": ", ".join(names())}
        )
    return parse(name, (FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Profile:
    """Read a profile from the text of its file.

    Raises:
        ProfileError: it is no TOML, or names a target, setting, stage or role that does not exist.
    """
    try:
        data = tomllib.loads(text)
        return _profile(name, data)
    except (tomllib.TOMLDecodeError, UnknownTarget, KeyError, TypeError, ValueError, re.error) as error:
        raise ProfileError(
            _("The import profile “%(name)s” cannot be followed: %(why)s") % {"name": name, "why": error}
        ) from error


def _profile(name: str, data: dict[str, Any]) -> Profile:
    file, text, dates, order = (data.pop(key, {}) for key in ("file", "text", "dates", "order"))
    columns = tuple(_column(row) for row in data.pop("columns"))
    constants = {key: str(value) for key, value in data.pop("constants", {}).items()}
    composed, team = data.pop("composed", {}), data.pop("team", None)
    for key in (*constants, *composed):
        target_of(key)
    profile = Profile(
        name=name,
        title=data.pop("title"),
        title_zh=data.pop("title_zh", ""),
        columns=columns,
        team=TeamSpec(**team) if team else None,
        order_status=OrderStatus(order.pop("status", OrderStatus.DRAFT)).value,
        row_id=next((t.name for column in columns for t in column.targets if t.name == "row.id"), ""),
        constants=constants,
        composed=composed,
        sequences=tuple((pair["earlier"], pair["later"]) for pair in data.pop("sequences", [])),
        steps=tuple(_step(position, row) for position, row in enumerate(data.pop("milestones", []), start=1)),
        time_of_day=time.fromisoformat(dates.pop("time_of_day", "12:00")),
        century=dates.pop("century", None),
        encodings=tuple(file.pop("encodings", ["utf-8", "gb18030"])),
        delimiter=file.pop("delimiter", ""),
        max_bytes=int(file.pop("max_bytes", 20_000_000)),
        max_rows=int(file.pop("max_rows", 50_000)),
        folds_blanks=text.pop("fold_blanks", True),
        repair=text.pop("repair", ""),
    )
    left = [*data, *file, *text, *dates, *order]
    if left:
        raise ValueError(f"unknown setting {left[0]!r}")
    _check_references(profile)
    return profile


def _column(row: dict[str, Any]) -> Column:
    row = dict(row)
    to = row.pop("to", [])
    targets = tuple(target_of(name) for name in ([to] if isinstance(to, str) else to))
    kinds = {target.kind for target in targets} if "kind" not in row else {row["kind"]}
    if len(kinds) != 1 or not kinds <= KINDS:
        raise ValueError(f"column {row['header']!r} needs one kind, of {', '.join(sorted(KINDS))}")
    column = Column(
        header=row.pop("header"),
        targets=targets,
        aliases=tuple(row.pop("aliases", ())),
        is_required=row.pop("required", False) or row.get("filled", False),
        is_filled=row.pop("filled", False),
        kind=row.pop("kind", None) or kinds.pop(),
        formats=tuple(row.pop("formats", ())),
        values=row.pop("values", {}),
        not_given=frozenset(row.pop("not_given", ())),
        keep_text_in=row.pop("keep_text_in", ""),
        pointer=re.compile(row.pop("pointer")) if "pointer" in row else None,
        reports_zero=row.pop("report_zero", False),
        reports_empty=row.pop("report_empty", False),
        reports_similar=row.pop("report_similar", False),
        reports_new=row.pop("report_new", False),
        counts_weekends=row.pop("count_weekends", False),
    )
    if row:
        raise ValueError(f"unknown setting {next(iter(row))!r} of column {column.header!r}")
    return column


def _step(position: int, row: dict[str, Any]) -> Step:
    step = Step(position=position, **row)
    Stage(step.stage), RoleCode(step.role)
    return step


def _check_references(profile: Profile) -> None:
    headers = {column.header for column in profile.columns}
    targets = {target.name for column in profile.columns for target in column.targets}
    for header in (header for pair in profile.sequences for header in pair):
        if header not in headers:
            raise ValueError(f"a sequence names the unknown column {header!r}")
    for step in profile.steps:
        for name in filter(None, (step.finish, step.recorded, step.due)):
            if name not in targets:
                raise ValueError(f"milestone {step.code} uses {name!r}, which no column fills")
    if "order.number" not in targets:
        raise ValueError("no column fills 'order.number'")
