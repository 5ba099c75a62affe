"""The grammar of process templates (domain table C0): durations, dependencies, reminder ladders, documents, flags.

Pure: no queries, no clock. Every error names the step and the column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from orders.planning import Span
from orders.planning.model import LONGEST_SPAN
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
FULL_COLUMNS = (*COLUMNS, "calendar")  # a template's own row may also name its work calendar
COLUMN_NAMES = {
    "code": gettext_lazy("code"),
    "name_zh": gettext_lazy("Chinese name"),
    "name_en": gettext_lazy("English name"),
    "stage": gettext_lazy("stage"),
    "role": gettext_lazy("role"),
    "duration": gettext_lazy("duration"),
    "depends_on": gettext_lazy("depends on"),
    "latest": gettext_lazy("latest finish"),
    "sla": gettext_lazy("reminders"),
    "documents": gettext_lazy("documents"),
    "flags": pgettext_lazy("column of a template", "marks"),
    "calendar": gettext_lazy("work calendar"),
}
MAX_STEPS = 200
MAX_LENGTHS = {"code": 40, "name_zh": 120, "name_en": 200, "latest": 60, "sla": 40, "documents": 120, "calendar": 40}
FLAGS = "AGCSVHOT"
HOURS_PER_DAY = 8  # 8h = 1w

_AMOUNT = re.compile(r"([0-9]{1,4})([whc])\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ANY_AMOUNT = re.compile(r"([0-9]+)([whc])\Z")
_CODE = re.compile(r"[A-Z0-9_]+\Z")
_DEPENDENCY = re.compile(r"([A-Z0-9_]+?)(?:\+([0-9]{1,4}[whc]))?\Z")
_LATEST = re.compile(r"([A-Z0-9_]+)-([0-9]{1,4}[whc])\Z")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell: the row's index in the table (None: the table as a whole), its code, the column."""

    row: int | None
    step: str
    column: str
    message: str

    @property
    def words(self) -> str:
        """The fault with its place, for where the cell itself is not shown."""
        if self.row is None:
            return self.message
        place = {"step": self.step or _("row %(number)s") % {"number": self.row + 1}}
        return _("Step %(step)s, %(column)s: %(message)s") % {
            **place,
            "column": COLUMN_NAMES.get(self.column, self.column),
            "message": self.message,
        }


class GrammarError(DomainError):
    """A template does not follow the grammar: `fields` maps "STEP.column" to what is wrong, `faults` tells the rows."""

    code = "template_invalid"
    SHOWN = 5

    def __init__(self, faults: Sequence[Fault]) -> None:
        words = [fault.words for fault in faults[: self.SHOWN]]
        more = len(faults) - len(words)
        if more > 0:
            words.append(ngettext("and %(count)s more", "and %(count)s more", more) % {"count": more})
        named = {f"{fault.step or '?'}.{fault.column}": fault.message for fault in reversed(faults) if fault.column}
        super().__init__(" ".join(words), fields=named)
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Known:
    """The codes that a template may name besides its own; None: not checked here."""

    documents: Container[str] | None = None
    calendars: Container[str] | None = None


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


class _Wrong(ValueError):
    """A cell cannot be read; the message is for people."""


def parse_step(row: Mapping[str, str], known: Known = Known()) -> StepSpec:
    """Read one row with the columns of C0, and `calendar` where it has one.

    Raises:
        GrammarError: naming the step and every column at fault.
    """
    spec, faults = _read_row(row, None, known)
    if spec is None:
        # A row by itself has no number, so the place is said by its code alone.
        raise GrammarError([Fault(0, fault.step or "?", fault.column, fault.message) for fault in faults])
    return spec


def parse_template(rows: Iterable[Mapping[str, str]], known: Known = Known()) -> tuple[StepSpec, ...]:
    """Read a whole template: unique codes, known dependencies, no circle, exactly one anchor.

    Raises:
        GrammarError: with every fault that can be told at once.
    """
    rows = list(rows)
    if not rows:
        raise GrammarError([Fault(None, "", "", _("A template needs at least one step."))])
    if len(rows) > MAX_STEPS:
        message = _("A template has at most %(count)s steps; this one has %(found)s.")
        raise GrammarError([Fault(None, "", "", message % {"count": MAX_STEPS, "found": len(rows)})])
    read = [_read_row(row, index, known) for index, row in enumerate(rows)]
    faults = [fault for _spec, found in read for fault in found]
    faults += _nameless(rows)
    faults += _faults_between(rows, [spec for spec, _found in read])
    if faults:
        raise GrammarError(sorted(faults, key=lambda fault: -1 if fault.row is None else fault.row))
    steps = tuple(spec for spec, _found in read if spec is not None)
    _check_order(steps)
    return steps


def row_of(spec: StepSpec) -> dict[str, str]:
    """The row that `parse_step` reads as `spec`, each cell in its shortest form; empty cells are empty."""
    return {
        "code": spec.code,
        "name_zh": spec.name_zh,
        "name_en": spec.name_en,
        "stage": spec.stage,
        "role": spec.role,
        "duration": write_span(spec.duration),
        "depends_on": ",".join(f"{code}+{lag}" if lag and lag.amount else code for code, lag in spec.dependencies),
        "latest": f"{spec.latest[0]}-{spec.latest[1]}" if spec.latest else "",
        "sla": _write_ladder(spec.ladder),
        "documents": ",".join(f"{code}!" if is_required else code for code, is_required in spec.documents),
        "flags": "".join(letter for letter in FLAGS if letter in spec.flags),
        "calendar": spec.calendar,
    }


def write_span(span: Span) -> str:
    return str(span) if span.amount else "0"


def _write_ladder(ladder: Ladder | None) -> str:
    if ladder is None:
        return ""
    return "/".join(write_span(rung) if rung else "-" for rung in (ladder.soon, ladder.lead, ladder.manager))


def _read_row(row: Mapping[str, str], index: int | None, known: Known) -> tuple[StepSpec | None, list[Fault]]:
    """The step that a row says, or what is wrong with its cells."""
    cell = {name: str(row.get(name) or "").strip() for name in FULL_COLUMNS}
    faults: list[Fault] = []

    def attempt(column, parse):
        try:
            _check_text(cell[column], column)
            return parse(cell[column])
        except _Wrong as wrong:
            message = str(wrong)
        except ValueError:
            message = _("“%(text)s” is not understood.") % {"text": cell[column][:40]}
        faults.append(Fault(index, cell["code"][:40], column, message))
        return None

    spec = StepSpec(
        code=attempt("code", _read_code),
        name_zh=attempt("name_zh", str),
        name_en=attempt("name_en", str),
        stage=attempt("stage", _known(Stage.values)),
        role=attempt("role", _read_role),
        duration=attempt("duration", _read_duration),
        dependencies=attempt("depends_on", _parse_dependencies),
        latest=attempt("latest", _read_latest),
        ladder=attempt("sla", _read_ladder),
        documents=attempt("documents", lambda text: _read_documents(text, known.documents)),
        flags=attempt("flags", _parse_flags),
        calendar=attempt("calendar", lambda text: _read_calendar(text, known.calendars)),
    )
    return (None if faults else spec), faults


def _check_text(text: str, column: str) -> None:
    longest = MAX_LENGTHS.get(column)
    if longest and len(text) > longest:
        raise _Wrong(_("At most %(count)s characters; these are %(found)s.") % {"count": longest, "found": len(text)})
    if _CONTROL.search(text):
        raise _Wrong(_("This holds characters that cannot be shown."))


def _nameless(rows: Sequence[Mapping[str, str]]) -> list[Fault]:
    """A person has to know what a step is; one language stands in for the other."""
    return [
        Fault(index, str(row.get("code") or "")[:40], "name_zh", _("Give the step a name."))
        for index, row in enumerate(rows)
        if not str(row.get("name_zh") or "").strip() and not str(row.get("name_en") or "").strip()
    ]


def _faults_between(rows: Sequence[Mapping[str, str]], specs: Sequence[StepSpec | None]) -> list[Fault]:
    """What is wrong between rows that can be read each by itself."""
    codes = [str(row.get("code") or "").strip() for row in rows]
    faults = [
        Fault(index, code, "code", _("The code %(code)s stands twice.") % {"code": code})
        for index, code in enumerate(codes)
        if code and code in codes[:index]
    ]
    for index, spec in enumerate(specs):
        if spec is not None:
            faults += [Fault(index, spec.code, column, message) for column, message in _links(spec, set(codes))]
    anchors = [(index, spec) for index, spec in enumerate(specs) if spec is not None and "A" in spec.flags]
    if not anchors and None not in specs:
        faults.append(Fault(None, "", "flags", _("A template needs exactly one anchor (flag A); this one has none.")))
    if len(anchors) > 1:
        names = ", ".join(spec.code for _index, spec in anchors)
        message = _("A template needs exactly one anchor (flag A); these have it: %(codes)s.") % {"codes": names}
        faults += [Fault(index, spec.code, "flags", message) for index, spec in anchors]
    return faults


def _links(spec: StepSpec, codes: Container[str]) -> Iterable[tuple[str, str]]:
    """Column and message for each other step that `spec` names wrongly."""
    named = [code for code, _lag in spec.dependencies]
    for code in named:
        if code == spec.code:
            yield "depends_on", _("A step cannot depend on itself.")
        elif code not in codes:
            yield "depends_on", _("There is no step %(code)s.") % {"code": code}
    if len(set(named)) < len(named):
        twice = next(code for code in named if named.count(code) > 1)
        yield "depends_on", _("%(code)s stands twice.") % {"code": twice}
    if spec.latest and spec.latest[0] not in codes:
        yield "latest", _("There is no step %(code)s.") % {"code": spec.latest[0]}


def _check_order(steps: Sequence[StepSpec]) -> None:
    """No circle, and `latest` counts back from a step that comes later."""
    ordered = in_order(steps)
    after: dict[str, set[str]] = {step.code: set() for step in steps}
    for step in reversed(ordered):
        for code, _lag in step.dependencies:
            after[code] |= {step.code} | after[step.code]
    message = _("%(code)s does not come after this step; let it depend on this one first.")
    faults = [
        Fault(index, step.code, "latest", message % {"code": step.latest[0]})
        for index, step in enumerate(steps)
        if step.latest and step.latest[0] not in after[step.code]
    ]
    if faults:
        raise GrammarError(faults)


def in_order(steps: Iterable[StepSpec]) -> list[StepSpec]:
    """The steps so that each stands after those it depends on.

    Raises:
        GrammarError: the dependencies go round in a circle; names the steps on it.
    """
    given = list(steps)
    waiting = {step.code: step for step in given}
    done: list[StepSpec] = []
    placed: set[str] = set()
    while waiting:
        ready = [
            s for s in waiting.values() if all(dep in placed or dep not in waiting for dep, _lag in s.dependencies)
        ]
        if not ready:
            raise _circle(given, waiting)
        for step in ready:
            placed.add(step.code)
            done.append(waiting.pop(step.code))
    return done


def _circle(steps: Sequence[StepSpec], waiting: Mapping[str, StepSpec]) -> GrammarError:
    """Follow the steps that wait for each other until one comes again."""
    path: list[str] = []
    code = next(iter(waiting))
    while code not in path:
        path.append(code)
        code = next(dep for dep, _lag in waiting[code].dependencies if dep in waiting)
    circle = path[path.index(code) :]
    message = _("The steps depend on each other in a circle: %(codes)s") % {"codes": " → ".join([*circle, circle[0]])}
    return GrammarError(
        [
            Fault(index, step.code, "depends_on", message)
            for index, step in enumerate(steps)
            if step.code in circle and waiting.get(step.code) is step
        ]
    )


def _read_code(text: str) -> str:
    if not text:
        raise _Wrong(_("Give the step a code."))
    if not _CODE.match(text):
        raise _Wrong(_("“%(text)s”: only capital letters A–Z, digits and _.") % {"text": text})
    return text


def _known(values: Container[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in values:
            raise ValueError(text)
        return text

    return check


def _read_role(text: str) -> str:
    if not text:
        raise _Wrong(_("A step needs exactly one owner: choose a role."))
    if text not in ROLES:
        raise _Wrong(_("A step needs exactly one owner; “%(text)s” is not a role.") % {"text": text[:40]})
    return text


def _capped(span: Span) -> Span:
    """Refuse an amount that the plan would refuse."""
    if span.amount > LONGEST_SPAN[span.unit]:
        longest = f"{LONGEST_SPAN[span.unit]}{span.unit}"
        raise _Wrong(_("%(span)s is too long: at most %(longest)s.") % {"span": span, "longest": longest})
    return span


def read_amount(text: str) -> Span:
    """Read "3w", "4h", "20c" or "0" as a person types it. Raises ValueError with words for that person."""
    match = _ANY_AMOUNT.match(text)
    if text != "0" and not match:
        raise _Wrong(
            _("“%(text)s” is not understood; write 3w (working days), 4h (hours), 20c (calendar days) or 0.")
            % {"text": text[:40]}
        )
    if match and len(match[1]) > 4:
        raise _Wrong(
            _("%(span)s is too long: at most %(longest)s.")
            % {"span": text[:20], "longest": f"{LONGEST_SPAN[match[2]]}{match[2]}"}
        )
    return _capped(parse_span(text))


def _read_duration(text: str) -> Span:
    if not text:
        raise _Wrong(_("Give a duration, such as 3w; 0 for a mere event."))
    return read_amount(text)


def _read_latest(text: str) -> tuple[str, Span] | None:
    try:
        found = parse_latest(text)
    except ValueError:
        raise _Wrong(_("“%(text)s” is not understood; write such as ETD-10w.") % {"text": text[:40]}) from None
    if found:
        _capped(found[1])
    return found


def _read_ladder(text: str) -> Ladder | None:
    try:
        ladder = parse_ladder(text)
    except ValueError:
        raise _Wrong(
            _("“%(text)s” is not understood; write owner/lead/manager such as 1w/4h/1w, - for none.")
            % {"text": text[:40]}
        ) from None
    for rung in (ladder.soon, ladder.lead, ladder.manager) if ladder else ():
        if rung:
            _capped(rung)
    return ladder


def _read_documents(text: str, known: Container[str] | None) -> tuple[tuple[str, bool], ...]:
    found = parse_documents(text)
    codes = [code for code, _is_required in found]
    for code in codes:
        if known is not None and code not in known:
            raise _Wrong(_("There is no document %(code)s.") % {"code": code[:40] or "!"})
        if codes.count(code) > 1:
            raise _Wrong(_("%(code)s stands twice.") % {"code": code[:40]})
    return found


def _read_calendar(text: str, known: Container[str] | None) -> str:
    if text and known is not None and text not in known:
        raise _Wrong(_("There is no work calendar %(code)s.") % {"code": text})
    return text


def _parse_dependencies(text: str) -> tuple[tuple[str, Span | None], ...]:
    found = []
    for part in text.split(","):
        if part.strip() in {"", "-"}:
            continue
        match = _DEPENDENCY.match(part.strip())
        if not match:
            raise _Wrong(
                _("“%(text)s” is not understood; write codes such as PO_RECEIVED, or SEW_START+6w.")
                % {"text": part.strip()[:60]}
            )
        found.append((match[1], _capped(parse_span(match[2])) if match[2] else None))
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
    for letter in text:
        if letter not in FLAGS:
            raise _Wrong(_("“%(text)s” is no mark; the marks are %(flags)s.") % {"text": letter, "flags": FLAGS})
    if len(set(text)) < len(text):
        raise _Wrong(_("A mark stands twice: %(text)s.") % {"text": text[:20]})
    return text
