"""What an edited sheet would change: its cells against what they were and what the records hold now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from orders.exports.columns import SHAPES
from orders.exports.rows import read_rows
from orders.filters import people_of
from orders.merging.fields import EDITABLE, CellRefused, canonical, cleaned, read, shown
from orders.merging.keys import check
from orders.merging.origins import Origins
from orders.merging.sheets import Edited, Row
from orders.models import Milestone, Order, OrderEvent, OrderLine
from teams.models import FieldChange, User


@dataclass
class Change:
    """A cell that was edited. `was` is None where it is not known; `value` is what to write.

    A conflict was changed here as well, by `who`, to something else.
    """

    row: int
    name: str
    order_id: int
    target_id: int
    number: str  # of the order
    label: str  # line or step, if any
    now: str
    yours: str
    value: Any
    was: str | None = None
    is_conflict: bool = False
    who: str = ""


@dataclass(frozen=True)
class Problem:
    """A cell or row that cannot be taken; `name` is empty for a whole row."""

    row: int
    name: str
    text: str
    message: str
    number: str = ""


@dataclass
class Comparison:
    """`newer` counts cells that were changed here and not in the sheet; `fixed` are edits of what a sheet cannot
    change: they are shown and ignored.
    """

    rows: int = 0
    untouched: int = 0
    newer: int = 0
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    fixed: list[Problem] = field(default_factory=list)

    @property
    def conflicts(self) -> list[Change]:
        return [change for change in self.changes if change.is_conflict]


_TARGETS: dict[str, Any] = {
    "orders": (Order, "pk"),
    "lines": (OrderLine, "order_id"),
    "steps": (Milestone, "order_id"),
}


def compare(edited: Edited, *, user: User, now: datetime, zone: ZoneInfo) -> Comparison:
    """Compare every row with what `user` sees of its record now; instants are read and shown in `zone`."""
    found = Comparison(rows=len(edited.rows) + len(edited.damaged))
    for number in edited.damaged:
        found.problems.append(Problem(number, "", "", _("The key of this row is missing or damaged.")))
    edited = edited if edited.has_keys else _with_records(edited, user, found)
    current = _current(edited, user, now, zone)
    people = _people(user)
    seen: dict[int, int] = {}
    for row in edited.rows:
        pk = row.key.pk
        if pk in seen:
            text = _("This row stands in the sheet twice (row %(row)s).") % {"row": seen[pk]}
            found.problems.append(Problem(row.number, "", "", text))
            continue
        seen[pk] = row.number
        if pk not in current:
            text = _("There is no such record any more, or you do not see it.")
            found.problems.append(Problem(row.number, "", row.cells.get("number", ""), text))
            continue
        _compare_row(row, current[pk], edited, found, people=people, zone=zone, now=now)
    _say_who(found.conflicts, edited)
    colleagues = {person for bearers in people.values() for person in bearers}
    _say_what_was(found.changes, edited, colleagues, zone)
    return found


def _compare_row(
    row: Row,
    record: Mapping[str, Any],
    edited: Edited,
    found: Comparison,
    *,
    people: Mapping[str, list[User]],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    fields = EDITABLE[edited.shape]
    columns = {column.key: column for column in SHAPES[edited.shape]}
    number, label = _names(edited.shape, record)
    is_touched = False
    for name, cell in row.cells.items():
        if name not in fields:
            continue
        its_field = fields[name]
        if not edited.has_keys and not cell.strip():
            continue  # in a sheet of one's own an empty cell says nothing
        yours, here = canonical(cell, its_field), canonical(columns[name].value(record), its_field)
        if yours == here:
            continue
        base = row.key.checks.get(name)
        if base == check(yours):
            found.newer += 1
            continue
        is_touched = True
        try:
            value = read(cell, its_field, people=people, zone=zone, now=now)
        except CellRefused as refused:
            found.problems.append(Problem(row.number, name, cleaned(cell)[:200], str(refused), number))
            continue
        change = Change(
            row=row.number,
            name=name,
            order_id=record["pk"] if edited.shape == "orders" else record["order_id"],
            target_id=record["pk"],
            number=number,
            label=label,
            now=_said(columns[name].value(record), here, its_field),
            yours=_said(cleaned(cell), yours, its_field),
            value=value,
            is_conflict=base is not None and base != check(here),
        )
        found.changes.append(change)
    if edited.has_keys:
        is_touched |= _find_fixed(row, record, edited, found, number)
    found.untouched += not is_touched


def _find_fixed(row: Row, record: Mapping[str, Any], edited: Edited, found: Comparison, number: str) -> bool:
    """Edits of columns that a sheet cannot change, told from what has moved on by itself by the key's last part."""
    fields = EDITABLE[edited.shape]
    texts = {name: canonical(cell) for name, cell in row.cells.items() if name not in fields}
    if check(chr(0).join(texts[name] for name in sorted(texts))) == row.key.rest:
        return False
    before = len(found.fixed)
    for column in (column.in_language() for column in SHAPES[edited.shape]):
        if column.key in texts and texts[column.key] != canonical(column.value(record)):
            message = _("This column cannot be changed in a sheet; the change is ignored.")
            found.fixed.append(Problem(row.number, column.key, row.cells[column.key][:200], message, number))
    return len(found.fixed) > before


def _said(value: Any, text: str, its_field: Any) -> str:
    if its_field.kind in {"person", "text"}:
        return str(value or "")
    return shown(text, its_field)


def _names(shape: str, record: Mapping[str, Any]) -> tuple[str, str]:
    if shape == "orders":
        return record["number"], ""
    if shape == "lines":
        return record["order__number"], " ".join([str(record["position"]), record["product_code"]]).strip()
    return record["order__number"], record["step_name"]


def _current(edited: Edited, user: User, now: datetime, zone: ZoneInfo) -> dict[int, dict[str, Any]]:
    """The records of the sheet that `user` sees, as an export would read them now, by id."""
    model, order_field = _TARGETS[edited.shape]
    ids = {row.key.pk for row in edited.rows}
    order_ids = set(model.objects.filter(pk__in=ids).values_list(order_field, flat=True))
    visible = sorted(Order.objects.visible_to(user).filter(pk__in=order_ids).values_list("pk", flat=True))
    chunks = read_rows(edited.shape, visible, access=user.access, now=now, zone=zone)
    return {record["pk"]: record for chunk in chunks for record in chunk if record["pk"] in ids}


def _with_records(edited: Edited, user: User, found: Comparison) -> Edited:
    """The rows of a sheet without keys, each with the record that it names; those that name none are problems."""
    numbers = {row.names[0].upper() for row in edited.rows}
    spelled = numbers | {row.names[0] for row in edited.rows}
    orders = {order.number.upper(): order.pk for order in Order.objects.visible_to(user).filter(number__in=spelled)}
    parts: dict[tuple[int, str], list[int]] = defaultdict(list)
    if edited.shape == "steps":
        columns = ("pk", "order_id", "code", "name_zh", "name_en")
        for pk, order_id, *words in Milestone.objects.filter(order__in=orders.values()).values_list(*columns):
            for word in {word.casefold() for word in words if word}:
                parts[order_id, word].append(pk)
    elif edited.shape == "lines":
        for pk, order_id, position in OrderLine.objects.filter(order__in=orders.values()).values_list(
            "pk", "order_id", "position"
        ):
            parts[order_id, str(position)].append(pk)
    rows = []
    for row in edited.rows:
        number, *part = row.names
        order_id = orders.get(number.upper())
        pks = [order_id] if order_id and not part else parts.get((order_id or 0, "".join(part).casefold()), [])
        if len(pks) == 1:
            rows.append(replace(row, key=replace(row.key, pk=pks[0])))
            continue
        text = _("You see no such order.") if not order_id else _("The order has no such step or line, or several.")
        found.problems.append(
            Problem(row.number, "number" if not order_id else "", " / ".join(row.names), text, number)
        )
    return replace(edited, rows=rows)


def _people(user: User) -> dict[str, list[User]]:
    """Names and usernames, folded, to the active people that `user` works with; a username beats a name."""
    named: dict[str, list[User]] = defaultdict(list)
    colleagues = list(people_of(user).filter(is_active=True))
    for person in colleagues:
        if person.name:
            named[person.name.strip().casefold()].append(person)
    return {**named, **{person.username.casefold(): [person] for person in colleagues}}


def _say_who(conflicts: Sequence[Change], edited: Edited) -> None:
    """Name who last worked on the order since the sheet was exported."""
    if not conflicts:
        return
    read_at = min(row.key.read_at for row in edited.rows)
    orders = {change.order_id for change in conflicts}
    events = OrderEvent.objects.filter(order__in=orders, recorded_at__gte=read_at, by__isnull=False)
    last = {event.order_id: event for event in events.select_related("by").order_by("pk")}
    for change in conflicts:
        event = last.get(change.order_id)
        change.who = str(event.by) if event else ""


def _say_what_was(changes: Sequence[Change], edited: Edited, people: Iterable[User], zone: ZoneInfo) -> None:
    """What the cell held when it was exported: what the record holds, unless both were changed."""
    for change in changes:
        if not change.is_conflict:
            change.was = change.now
    conflicts = [change for change in changes if change.is_conflict]
    if not conflicts:
        return
    read_at = min(row.key.read_at for row in edited.rows)
    subjects = {f"orders.order:{change.target_id}" for change in conflicts if edited.shape == "orders"}
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    for edit in FieldChange.objects.filter(subject__in=subjects, at__gte=read_at):
        held[edit.subject, edit.field] += [old for old in [edit.old] if isinstance(old, str)]
    names = {name for person in people for name in (person.name, person.username) if name}
    origins, checks = Origins(names, read_at=read_at, zone=zone), {row.number: row.key.checks for row in edited.rows}
    for change in conflicts:
        its_field = EDITABLE[edited.shape][change.name]
        texts = held[f"orders.order:{change.target_id}", change.name]
        change.was = origins.find(checks[change.row][change.name], its_field, texts)
