"""An edited sheet as its page shows it: order by order, cell by cell."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from orders.exports.columns import SHAPES
from orders.imports.report import letter
from orders.merging.comparing import Change, Problem
from orders.models import SheetMerge
from orders.services.merges import Look, cell_of, decision_on, look_at

SHOWN = 500  # cells; what is taken is more than what is shown, and the page says so


@dataclass(frozen=True)
class Cell:
    """A changed cell, its place as a spreadsheet shows it, and what was decided on it."""

    change: Change
    place: str
    header: str
    field: str
    decision: str


@dataclass(frozen=True)
class Fault:
    problem: Problem
    place: str
    header: str


@dataclass(frozen=True)
class MergeLook:
    """What the page shows of a comparison."""

    look: Look
    conflicts: list[Cell]
    orders: list[tuple[str, list[Cell]]]  # without the conflicts
    problems: list[Fault]
    fixed: list[Fault]
    hidden: int

    @property
    def order_count(self) -> int:
        return len({change.order_id for change in self.look.found.changes})


def show_look(merge: SheetMerge, *, now: datetime) -> MergeLook:
    """Compare the sheet anew and lay it out.

    Raises:
        FileRefused
    """
    look = look_at(merge, now=now)
    edited, found = look.edited, look.found
    labels = {column.key: str(column.label) for column in SHAPES[edited.shape]}

    def place(name: str, row: int) -> str:
        return f"{letter(edited.places[name])}{row}" if name in edited.places else str(row)

    def cell(change: Change) -> Cell:
        header = edited.headers.get(change.name) or labels[change.name]
        return Cell(
            change, place(change.name, change.row), header, f"cell-{cell_of(change)}", decision_on(merge, change)
        )

    def fault(problem: Problem) -> Fault:
        header = edited.headers.get(problem.name) or labels.get(problem.name, "")
        return Fault(problem, place(problem.name, problem.row), header)

    plain = [change for change in found.changes if not change.is_conflict]
    orders: dict[str, list[Cell]] = defaultdict(list)
    for change in plain[:SHOWN]:
        orders[change.number].append(cell(change))
    return MergeLook(
        look=look,
        conflicts=[cell(change) for change in found.conflicts],
        orders=list(orders.items()),
        problems=[fault(problem) for problem in found.problems[:SHOWN]],
        fixed=[fault(problem) for problem in found.fixed[:SHOWN]],
        hidden=max(0, len(plain) - SHOWN),
    )
