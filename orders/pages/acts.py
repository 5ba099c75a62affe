"""Bulk acts as people read them: what an act would do in all, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from orders.forms.acts import ACT_FORMS
from orders.models import ActItem, BulkAct
from orders.services.acts import OPERATIONS, Effect
from teams.models import User

SHOWN = 50
States = ActItem.State


@dataclass(frozen=True)
class Summary:
    """The effects of an act in figures."""

    chosen: int
    would_do: int
    refused: int
    started: int
    moved: int
    told: list[str]

    @property
    def unknown(self) -> int:
        """Rows that are gone, or that the reader does not see."""
        return self.chosen - self.would_do - self.refused


def summary_of(effects: Sequence[Effect], chosen: int) -> Summary:
    changes = [change for effect in effects for change in effect.changes]
    return Summary(
        chosen=chosen,
        would_do=sum(not effect.refusal for effect in effects),
        refused=sum(bool(effect.refusal) for effect in effects),
        started=sum(len(change.started) for change in changes),
        moved=sum(len(change.moved) for change in changes),
        told=sorted({name for change in changes for name in change.told}),
    )


@dataclass(frozen=True)
class ActRow:
    """An act, its name, and how many of its rows stand in which state."""

    act: BulkAct
    title: str
    done: int
    refused: int
    undone: int
    left: int

    @property
    def is_undoable(self) -> bool:
        return self.act.undone_at is None and self.done > 0 and OPERATIONS[self.act.operation].is_undoable


def act_row(act: BulkAct) -> ActRow:
    counts = {row["state"]: row["count"] for row in act.items.values("state").annotate(count=Count("pk")).order_by()}
    return _row(act, counts)


def recent_acts(user: User) -> list[ActRow]:
    """The newest first; one query."""
    counted = {f"count_{state}": Count("items", filter=Q(items__state=state)) for state in States.values}
    acts = BulkAct.objects.visible_to(user).annotate(**counted).order_by("-pk")[:SHOWN]
    return [_row(act, {state: getattr(act, f"count_{state}") for state in States.values}) for act in acts]


def _row(act: BulkAct, counts: dict[str, int]) -> ActRow:
    form = ACT_FORMS.get(act.operation)
    return ActRow(
        act,
        str(form.title if form else act.operation),
        *(counts.get(state, 0) for state in (States.DONE, States.REFUSED, States.UNDONE, States.LEFT)),
    )
