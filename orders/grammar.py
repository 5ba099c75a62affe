"""The grammar of process templates (domain table C0): durations, dependencies, reminder ladders, documents, flags.

Pure: no queries, no clock. Every error names the step and the column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from orders.planning import Span
from orders.words import Stage
from teams.errors import DomainError
from teams.permissions import ROLES

COLUMNS = (
    "code",
    "name_zh",
    "name_en",
    "stage",
    "role",
    "duration",
    "depends_on",
    "latest",
    "sla",
    "documents",
    "flags",
)
FLAGS = "AGCSVHOT"
HOURS_PER_DAY = 8  # 8h = 1w

_AMOUNT = re.compile(r"([0-9]{1,4})([whc])\Z")
_CODE = re.compile(r"[A-Z0-9_]+\Z")
_DEPENDENCY = re.compile(r"([A-Z0-9_]+?)(?:\+([0-9]{1,4}[whc]))?\Z")
_LATEST = re.compile(r"([A-Z0-9_]+)-([0-9]{1,4}[whc])\Z")


class GrammarError(DomainError):
    """A cell of a template does not follow the grammar; `fields` maps "STEP.column" to what is wrong."""

    code = "template_invalid"


@dataclass(frozen=True)
class Ladder:
    """Reminders of a step: the owner before due, the lead and the manager after it; None where there is none."""

    soon: Span | None
    lead: Span | None
    manager: Span | None


@dataclass(frozen=True)
class StepSpec:
    """One parsed row of a template."""

    code: str
    name_zh: str
    name_en: str
    stage: str
    role: str
    duration: Span
    dependencies: tuple[tuple[str, Span | None], ...]
    latest: tuple[str, Span] | None
    ladder: Ladder | None
    documents: tuple[tuple[str, bool], ...]  # code, required to complete
    flags: str
    calendar: str = ""  # code of a work calendar; empty: chosen by role and side (orders.calendars)

    @property
    def required_documents(self) -> list[str]:
        return [code for code, is_required in self.documents if is_required]


@lru_cache(maxsize=1024)
def parse_span(text: str) -> Span:
    """Read "3w", "4h", "20c" or "0". Raises ValueError."""
    if text == "0":
        return Span(0, "w")
    match = _AMOUNT.match(text)
    if not match:
        raise ValueError(text)
    return Span(int(match[1]), match[2])


@lru_cache(maxsize=1024)
def parse_ladder(text: str) -> Ladder | None:
    """Read "1w/4h/1w", with "-" for a rung that is not there; empty: no ladder. Raises ValueError."""
    if text in {"", "-"}:
        return None
    rungs = text.split("/")
    if len(rungs) != 3:
        raise ValueError(text)
    soon, lead, manager = (None if rung == "-" else parse_span(rung) for rung in rungs)
    return Ladder(soon, lead, manager)


def parse_documents(text: str) -> tuple[tuple[str, bool], ...]:
    """Read "CI!,PL!,CO" into codes and whether each is required."""
    codes = [part.strip() for part in text.split(",") if part.strip() not in {"", "-"}]
    return tuple((code.rstrip("!"), code.endswith("!")) for code in codes)


def parse_step(row: Mapping[str, str]) -> StepSpec:
    """Read one row with the columns of C0.

    Raises:
        GrammarError: naming the step and every column at fault.
    """
    cell = {name: (row.get(name) or "").strip() for name in COLUMNS}
    faults: dict[str, str] = {}
    where = cell["code"] or "?"

    def attempt(column, parse):
        try:
            return parse(cell[column])
        except ValueError:
            faults[f"{where}.{column}"] = _("“%(text)s” is not understood.") % {"text": cell[column][:40]}
            return None

    spec = StepSpec(
        code=attempt("code", _matched(_CODE)),
        name_zh=cell["name_zh"],
        name_en=cell["name_en"],
        stage=attempt("stage", _known(Stage.values)),
        role=attempt("role", _known(ROLES)),
        duration=attempt("duration", parse_span),
        dependencies=attempt("depends_on", _parse_dependencies),
        latest=attempt("latest", parse_latest),
        ladder=attempt("sla", parse_ladder),
        documents=parse_documents(cell["documents"]),
        flags=attempt("flags", _parse_flags),
    )
    if faults:
        raise GrammarError(
            _("Step %(code)s: %(faults)s") % {"code": where, "faults": "; ".join(faults.values())}, fields=faults
        )
    return spec


def parse_template(rows: Iterable[Mapping[str, str]]) -> tuple[StepSpec, ...]:
    """Read a whole template: unique codes, known dependencies, no cycle, at most one anchor.

    Raises:
        GrammarError: for the first row at fault, or for the table as a whole.
    """
    steps = tuple(parse_step(row) for row in rows)
    known = {step.code for step in steps}
    if len(known) != len(steps):
        raise GrammarError(_("A code stands twice in the template."))
    for step in steps:
        for code in [dep for dep, _lag in step.dependencies] + ([step.latest[0]] if step.latest else []):
            if code not in known:
                raise GrammarError(
                    _("Step %(step)s names the unknown step %(code)s.") % {"step": step.code, "code": code},
                    fields={f"{step.code}.depends_on": code},
                )
    if sum("A" in step.flags for step in steps) != 1:
        raise GrammarError(_("A template needs exactly one anchor (flag A)."))
    in_order(steps)
    return steps


def in_order(steps: Iterable[StepSpec]) -> list[StepSpec]:
    """The steps so that each stands after those it depends on.

    Raises:
        GrammarError: the dependencies go round in a circle; names a step on it.
    """
    waiting = {step.code: step for step in steps}
    done: list[StepSpec] = []
    placed: set[str] = set()
    while waiting:
        ready = [
            s for s in waiting.values() if all(dep in placed or dep not in waiting for dep, _lag in s.dependencies)
        ]
        if not ready:
            raise GrammarError(
                _("The steps depend on each other in a circle: %(codes)s") % {"codes": ", ".join(waiting)}
            )
        for step in ready:
            placed.add(step.code)
            done.append(waiting.pop(step.code))
    return done


def _matched(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.match(text):
            raise ValueError(text)
        return text

    return check


def _known(values: Container[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in values:
            raise ValueError(text)
        return text

    return check


def _parse_dependencies(text: str) -> tuple[tuple[str, Span | None], ...]:
    found = []
    for part in text.split(","):
        if part.strip() in {"", "-"}:
            continue
        match = _DEPENDENCY.match(part.strip())
        if not match:
            raise ValueError(part)
        found.append((match[1], parse_span(match[2]) if match[2] else None))
    return tuple(found)


def parse_latest(text: str) -> tuple[str, Span] | None:
    """Read "ETD-10w": the step must finish ten working days before ETD. Raises ValueError."""
    if text in {"", "-"}:
        return None
    match = _LATEST.match(text)
    if not match:
        raise ValueError(text)
    return match[1], parse_span(match[2])


def _parse_flags(text: str) -> str:
    text = "" if text == "-" else text
    if any(letter not in FLAGS for letter in text):
        raise ValueError(text)
    return text
