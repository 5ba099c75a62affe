"""Previewing, doing and undoing a bulk act."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext as _

from orders.models import ActItem, BulkAct
from orders.services.acts.effects import Effect, changes_between, read_states
from orders.services.acts.operation import OPERATIONS, Operation
from teams.errors import DomainError, InvalidInput, NotPermitted
from teams.models import User

MAX_TARGETS = 500


class TooMany(InvalidInput):
    """More targets than one act takes."""

    code = "too_many"


@dataclass
class Result:
    """What has become of an act."""

    act: BulkAct
    done: list[ActItem] = field(default_factory=list)
    refused: list[ActItem] = field(default_factory=list)


def preview(
    operation: Operation, ids: Sequence[int], values: Mapping[str, Any], *, by: User, now: datetime
) -> list[Effect]:
    """What `carry_out` would do to each record that `by` sees, exactly: it is done and rolled back. Nothing stays.

    Raises:
        TooMany
    """
    effects = []
    for group in _groups(operation, ids, by):
        with transaction.atomic():
            effects += [_try(operation, target, orders, values, by=by, now=now) for target, orders in group]
            transaction.set_rollback(True)
    return effects


def carry_out(
    operation: Operation, ids: Sequence[int], values: Mapping[str, Any], *, by: User, now: datetime
) -> Result:
    """Do it to each record that `by` sees; a refusal concerns that record alone. Orders are locked one after another.

    Raises:
        TooMany
    """
    groups = _groups(operation, ids, by)
    act = BulkAct.objects.create(operation=operation.code, values=_as_text(values), by=by, at=now)
    result = Result(act)
    for group in groups:
        for target, _orders in group:
            item = ActItem(act=act, target_id=target.pk, label=operation.label(target), state=ActItem.State.DONE)
            try:
                operation.allow(by, target)
                with transaction.atomic():
                    before, after = operation.do(target, values, by=by, now=now)
                    item.before, item.after = _plain(before), _plain(after)
                    item.save()
                result.done.append(item)
            except DomainError as refusal:
                item.state, item.detail = ActItem.State.REFUSED, str(refusal)
                item.save()
                result.refused.append(item)
    act.finished_at = now
    act.save(update_fields=["finished_at"])
    return result


@transaction.atomic
def do_one(operation: Operation, target_id: int, values: Mapping[str, Any], *, by: User, now: datetime) -> BulkAct:
    """Do it to a single record, both or neither: the deed and the act that can be undone.

    Raises:
        DomainError: the record refuses, or the role of `by` may not.
        ObjectDoesNotExist: `by` does not see it.
    """
    target = operation.targets(by).get(pk=target_id)
    operation.allow(by, target)
    before, after = operation.do(target, values, by=by, now=now)
    act = BulkAct.objects.create(operation=operation.code, values=_as_text(values), by=by, at=now, finished_at=now)
    ActItem.objects.create(
        act=act,
        target_id=target.pk,
        label=operation.label(target),
        state=ActItem.State.DONE,
        before=_plain(before),
        after=_plain(after),
    )
    return act


def undo(act: BulkAct, *, by: User, now: datetime) -> Result:
    """Take the act back, last record first; what somebody has worked on since is left, and says so.

    The caller has made sure that it is the act of `by`. Undoing twice does nothing the second time.
    """
    operation = OPERATIONS[act.operation]
    result = Result(act)
    for pk in act.items.filter(state=ActItem.State.DONE).order_by("-pk").values_list("pk", flat=True):
        item = _undo_one(operation, pk, by=by, now=now)
        if item is not None:
            (result.done if item.state == ActItem.State.UNDONE else result.refused).append(item)
    BulkAct.objects.filter(pk=act.pk, undone_at=None).update(undone_at=now)
    act.refresh_from_db()
    return result


def _undo_one(operation: Operation, pk: int, *, by: User, now: datetime) -> ActItem | None:
    with transaction.atomic():
        item = ActItem.objects.select_for_update().filter(pk=pk, state=ActItem.State.DONE).first()
        if item is None:  # a second click was faster
            return None
        try:
            # Rights as they are now: who has left the team undoes nothing there. The record itself may have left their
            # sight by the very act that is undone, such as an order given to a colleague.
            team = operation.team_of(item.target_id)
            if team is None or not by.access.reaches(team) or not by.access.allows(operation.permission, team):
                raise NotPermitted(_("Your role may not do this."))
            with transaction.atomic():
                operation.undo(item, by=by, now=now)
            item.state = ActItem.State.UNDONE
        except DomainError as refusal:
            item.state, item.detail = ActItem.State.LEFT, str(refusal)
        item.save(update_fields=["state", "detail"])
    return item


def _try(
    operation: Operation, target: Any, orders: Sequence[int], values: Mapping[str, Any], *, by: User, now: datetime
) -> Effect:
    effect = Effect(target.pk, operation.label(target), target=target)
    before = read_states(orders)
    try:
        operation.allow(by, target)
        with transaction.atomic():
            operation.do(target, values, by=by, now=now)
    except DomainError as refusal:
        effect.refusal = str(refusal)
        return effect
    effect.changes = changes_between(before, read_states(orders))
    return effect


def _groups(operation: Operation, ids: Sequence[int], by: User) -> list[list[tuple[Any, list[int]]]]:
    """The targets that `by` sees, together where they share an order, in the order in which orders are locked (C30).

    Raises:
        TooMany
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MAX_TARGETS:
        message = _("At most %(count)s at once, please.") % {"count": MAX_TARGETS}
        raise TooMany(message, fields={"ids": message})
    targets = list(operation.targets(by).filter(pk__in=wanted))
    orders = operation.orders_of(targets)
    place = {pk: at for at, pk in enumerate(wanted)}
    groups: list[tuple[set[int], list[Any]]] = []
    for target in sorted(targets, key=lambda target: place[target.pk]):
        touched = set(orders.get(target.pk, ()))
        shared = [group for group in groups if group[0] & touched]
        groups = [group for group in groups if not group[0] & touched]
        groups.append((touched.union(*(ids for ids, _t in shared)), [*_flat(t for _ids, t in shared), target]))
    groups.sort(key=lambda group: min(group[0], default=0))
    return [[(target, sorted(orders.get(target.pk, ()))) for target in members] for _ids, members in groups]


def _flat(parts: Iterable[Iterable[Any]]) -> list[Any]:
    return [item for part in parts for item in part]


def _as_text(values: Mapping[str, Any]) -> dict[str, str]:
    """What was said once for all; files are kept with their order and not here."""
    return {name: str(value) for name, value in values.items() if value not in (None, "") and name != "files"}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    encoder = DjangoJSONEncoder()
    return {
        name: value if value is None or isinstance(value, bool | int | str | list | dict) else encoder.default(value)
        for name, value in values.items()
    }
