"""Edited sheets: kept, compared, decided on, taken by a worker as a whole."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.imports.reading import FileRefused
from orders.merging.comparing import Change, Comparison, compare
from orders.merging.sheets import Edited, read_edited
from orders.models import BulkAct, SheetMerge
from orders.progress import Told, telling
from orders.reasons import waiting_reason
from orders.services.acts.parts import Part, take_parts
from orders.services.documents import clean_filename
from orders.words import Side
from orders.workflow import TransitionNotAllowed
from teams.errors import DomainError
from teams.models import Organization, User

KEPT = timedelta(days=30)
Status = SheetMerge.Status
MINE, THEIRS = "mine", "theirs"
# Dates that were promised or wished do not move without a word why.
ASKS_WHY = frozenset({"current_promised_date", "promised_date_current", "requested_date"})
ASKS_SIDE = frozenset({"current_promised_date", "promised_date_current"})


@dataclass
class Look:
    """The sheet as it compares now; `undecided` are the conflicts on which nobody has decided as they stand."""

    edited: Edited
    found: Comparison
    taken: list[Change]
    undecided: list[Change]

    @property
    def asks_why(self) -> bool:
        return any(change.name in ASKS_WHY for change in self.taken + self.undecided)

    @property
    def asks_side(self) -> bool:
        return any(change.name in ASKS_SIDE for change in self.taken + self.undecided)


def start_merge(*, content: bytes, filename: str, by: User, now: datetime) -> SheetMerge:
    """Keep an edited sheet.

    Raises:
        FileRefused: it is not readable, or no list that was exported here.
    """
    read_edited(content)
    merge = SheetMerge(by=by, filename=clean_filename(filename), created_at=now)
    merge.file.save("sheet", ContentFile(content), save=False)
    merge.save()
    return merge


def look_at(merge: SheetMerge, *, now: datetime) -> Look:
    """Compare the sheet with how things stand now.

    Raises:
        FileRefused: the sheet is kept no longer.
    """
    if not merge.file:
        raise FileRefused(_("The sheet is kept no longer."))
    with merge.file.open("rb") as file:
        edited = read_edited(file.read())
    found = compare(edited, user=merge.by, now=now, zone=Organization.current().zone)  # as exports are written
    taken, undecided = [], []
    for change in found.changes:
        decision = _decision(merge, change) if change.is_conflict else MINE
        if decision is None:
            undecided.append(change)
        elif decision == MINE:
            taken.append(change)
    return Look(edited, found, taken, undecided)


def cell_of(change: Change) -> str:
    """How a decision names the cell."""
    return f"{change.row}:{change.name}"


def decision_on(merge: SheetMerge, change: Change) -> str:
    """What was decided on a conflict as it stands now; empty for nothing yet."""
    return _decision(merge, change) or ""


def _decision(merge: SheetMerge, change: Change) -> str | None:
    said, about = merge.decisions.get(cell_of(change), (None, ""))
    return said if about == change.now else None  # it was changed once more since


@transaction.atomic
def decide(*, merge_id: int, decisions: Mapping[str, str], side: str, reason: str, now: datetime) -> SheetMerge:
    """Note which side is taken in each conflict, by its cell, and why dates move.

    Raises:
        TransitionNotAllowed: it is taken already.
    """
    merge = _locked(merge_id, Status.PREVIEW, Status.FAILED)
    seen = {cell_of(change): change.now for change in look_at(merge, now=now).found.conflicts}
    said = {cell: [what, seen[cell]] for cell, what in decisions.items() if cell in seen and what in (MINE, THEIRS)}
    merge.decisions = {**merge.decisions, **said}
    merge.side, merge.reason, merge.status = side, reason[:300], Status.PREVIEW
    merge.save(update_fields=["decisions", "side", "reason", "status"])
    return merge


@transaction.atomic
def apply_merge(*, merge_id: int, now: datetime) -> SheetMerge:
    """Say yes: a worker takes the changes, all of them or none.

    Raises:
        TransitionNotAllowed: it is taken already.
        DomainError: there are problems, open conflicts, nothing to do, or no word why a date moves.
    """
    merge = _locked(merge_id, Status.PREVIEW)
    _check(merge, look_at(merge, now=now))
    merge.status = Status.QUEUED
    merge.save(update_fields=["status"])
    return merge


def _check(merge: SheetMerge, look: Look) -> None:
    if look.found.problems:
        raise DomainError(_("The sheet has errors; nothing of it can be taken."), code="merge_has_errors")
    if look.undecided:
        raise DomainError(_("Decide on every conflict first."), code="merge_conflicts")
    if not look.taken:
        raise DomainError(_("The sheet changes nothing."), code="merge_empty")
    if look.asks_why and not merge.reason.strip():
        text = _("Say why dates move.")
        raise DomainError(text, code="merge_reason", fields={"reason": text})
    if look.asks_side and merge.side not in Side.values:
        text = _("Say at whose wish the promise moves.")
        raise DomainError(text, code="merge_side", fields={"side": text})


def work_on_merges(*, clock: Callable[[], datetime], is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Take the sheets that wait, oldest first; returns how many. Several workers share them."""
    forget_old_files(clock())
    done = 0
    while not is_stopping() and _take_next(clock()):
        done += 1
    return done


@transaction.atomic
def _take_next(now: datetime) -> bool:
    merge = SheetMerge.objects.queued().select_for_update(skip_locked=True, of=("self",)).order_by("pk").first()
    if merge is None:
        return False
    with override(merge.by.language or Organization.current().language), telling(f"merge:{merge.pk}") as told:
        _take(merge, now, told)
    return True


def _take(merge: SheetMerge, now: datetime, told: Told) -> None:
    """Write the changes and the outcome, both or neither."""
    try:
        look = look_at(merge, now=now)
        _check(merge, look)
        with transaction.atomic():
            merge.act, errors = _write(merge, look, now, told)
            if errors:
                transaction.set_rollback(True)
    except DomainError as refusal:
        merge.status, merge.report = Status.FAILED, {"refused": str(refusal)}
    else:
        merge.status = Status.FAILED if errors else Status.DONE
        merge.report = {"errors": errors} if errors else _figures(look)
        merge.act = None if errors else merge.act
    merge.applied_at = now
    merge.save()


def _figures(look: Look) -> dict[str, int]:
    return {
        "cells": len(look.taken),
        "orders": len({change.order_id for change in look.taken}),
        "kept": len(look.found.conflicts) - sum(change.is_conflict for change in look.taken),
        "newer": look.found.newer,
    }


def _write(merge: SheetMerge, look: Look, now: datetime, told: Told) -> tuple[BulkAct, list[dict[str, Any]]]:
    """One item of the act for each order; what an order refuses is said at the first cell of it."""
    by_order: dict[int, list[Change]] = defaultdict(list)
    for change in look.taken:
        by_order[change.order_id].append(change)
    parts = {order_id: _parts(merge, changes) for order_id, changes in by_order.items()}
    act, refused = take_parts("sheet", parts, said={"file": merge.filename}, by=merge.by, now=now, told=told)
    errors = []
    for order_id, message in refused.items():
        first = by_order[order_id][0]
        errors.append({"row": first.row, "name": first.name, "number": first.number, "message": message})
    return act, errors


def _parts(merge: SheetMerge, changes: Sequence[Change]) -> list[Part]:
    """The edits of one order as parts of `TakeParts`: dates and steps, then fields together."""
    parts: list[Part] = []
    order_id, why = changes[0].order_id, {"side": merge.side, "reason": merge.reason}
    fields: dict[str, Any] = {}
    wishes: dict[int, Any] = {}
    promises: dict[Any, list[int]] = defaultdict(list)
    for change in changes:
        if change.name == "current_promised_date":
            parts.append(("promise", order_id, {"new_date": change.value, **why}))
        elif change.name == "promised_date_current":
            promises[change.value].append(change.target_id)
        elif change.name == "requested_date":
            wishes[change.target_id] = change.value
        elif change.name in {"finished", "assignee", "waiting_on"}:
            parts.append(_step_part(merge, change))
        else:
            fields[change.name] = change.value
    parts += [("promise", order_id, {"new_date": day, "line_ids": ids, **why}) for day, ids in sorted(promises.items())]
    if wishes:
        parts.append(("wish", order_id, {"requested": wishes, "reason": merge.reason}))
    if fields:
        # Last: an order given to a colleague may leave the sight of who gives it.
        parts.append(("edit", order_id, fields))
    return parts


def _step_part(merge: SheetMerge, change: Change) -> Part:
    if change.name == "finished":
        note = _("From the sheet “%(name)s”") % {"name": merge.filename}
        return "complete", change.target_id, {"actual_finish_at": change.value, "note": note}
    if change.name == "assignee":
        return "assign", change.target_id, {"assignee": change.value}
    if change.value == Side.INTERNAL:
        return "resume", change.target_id, {}
    return "pause", change.target_id, {"side": change.value, "reason": waiting_reason(change.value)}


def forget_old_files(now: datetime) -> int:
    """Delete the sheets of long ago; what they changed stays, and so does what was said of it."""
    old = SheetMerge.objects.filter(created_at__lt=now - KEPT).exclude(file="").order_by("pk")[:100]
    for merge in old:
        merge.file.delete(save=False)
        SheetMerge.objects.filter(pk=merge.pk).update(file="")
    return len(old)


def _locked(merge_id: int, *allowed: str) -> SheetMerge:
    merge = SheetMerge.objects.select_for_update(of=("self",)).select_related("by").get(pk=merge_id)
    if merge.status not in allowed:
        raise TransitionNotAllowed(
            _("The sheet is “%(status)s”; this is not possible any more.") % {"status": merge.get_status_display()}
        )
    return merge
