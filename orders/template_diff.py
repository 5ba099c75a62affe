"""What one version of a process template changes against another: rows added, removed, moved, cells changed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from orders.grammar import FULL_COLUMNS, StepSpec, row_of


@dataclass(frozen=True)
class CellChange:
    column: str
    old: str
    new: str


@dataclass(frozen=True)
class RowChange:
    """One row: `kind` is added, removed, changed or moved (only its place is another one)."""

    kind: str
    spec: StepSpec
    cells: tuple[CellChange, ...] = ()


@dataclass(frozen=True)
class Head:
    """What a version says of the process as a whole."""

    name_zh: str
    name_en: str
    buffer: str


@dataclass(frozen=True)
class Diff:
    head: tuple[CellChange, ...]
    rows: tuple[RowChange, ...]

    def __bool__(self) -> bool:
        return bool(self.head or self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by kind, those that occur."""
        kinds = [row.kind for row in self.rows]
        return {kind: kinds.count(kind) for kind in ("added", "removed", "changed", "moved") if kind in kinds}


def diff_of(old: Sequence[StepSpec], new: Sequence[StepSpec], old_head: Head, new_head: Head) -> Diff:
    """A row is the same if its code is; one whose cells change and place too counts as changed."""
    before = {spec.code: spec for spec in old}
    after = {spec.code: spec for spec in new}
    moved = _moved([c for c in before if c in after], [c for c in after if c in before])
    rows = []
    for spec in new:
        if spec.code not in before:
            rows.append(RowChange("added", spec))
        elif cells := cell_changes(row_of(before[spec.code]), row_of(spec), FULL_COLUMNS):
            rows.append(RowChange("changed", spec, cells))
        elif spec.code in moved:
            rows.append(RowChange("moved", spec))
    rows += [RowChange("removed", spec) for spec in old if spec.code not in after]
    return Diff(cell_changes(vars(old_head), vars(new_head), vars(new_head)), tuple(rows))


def cell_changes(
    old: dict[str, str], new: dict[str, str], columns: Sequence[str] | dict[str, str]
) -> tuple[CellChange, ...]:
    return tuple(CellChange(name, old[name], new[name]) for name in columns if old[name] != new[name])


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """The fewest codes whose moving turns the one order into the other: those outside the longest common run."""
    place = {code: index for index, code in enumerate(old)}
    best: list[tuple[int, int]] = []  # length of the run that ends here, where it comes from
    for at, code in enumerate(new):
        ahead = [(best[i][0], i) for i in range(at) if place[new[i]] < place[code]]
        length, came_from = max(ahead, default=(0, -1))
        best.append((length + 1, came_from))
    kept: set[str] = set()
    at = max(range(len(new)), key=lambda i: best[i][0], default=-1)
    while at >= 0:
        kept.add(new[at])
        at = best[at][1]
    return set(new) - kept
