"""What every operation of a bulk act answers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from orders.models import ActItem
from teams.errors import DomainError
from teams.models import User
from teams.permissions import Permission


class ChangedSince(DomainError):
    """Somebody has worked on the record since the act; undoing would overwrite it."""

    code = "changed_since"


class NotUndoable(DomainError):
    """This cannot be taken back."""

    code = "not_undoable"


class Operation:
    """One thing that can be done to many records of a kind."""

    code: str
    permission: Permission
    is_undoable = True
    is_offered = True  # in the dialog of checked rows

    def targets(self, user: User) -> QuerySet[Any]:
        """The records that `user` sees, with what the other methods read of them."""
        raise NotImplementedError

    def orders_of(self, targets: Iterable[Any]) -> dict[int, list[int]]:
        """Target id to the ids of the orders that the act on it may change."""
        raise NotImplementedError

    def label(self, target: Any) -> str:
        """How people know the record."""
        raise NotImplementedError

    def team_of(self, target_id: int) -> int | None:
        """The team that the record belongs to; None if it is gone."""
        raise NotImplementedError

    def allow(self, user: User, target: Any) -> None:
        """Refuse what the person's role may not do to `target`.

        Raises:
            NotPermitted
        """
        raise NotImplementedError

    def do(
        self, target: Any, values: Mapping[str, Any], *, by: User, now: datetime
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Do it to one record; returns what `undo` needs as JSON values: before, after.

        Raises:
            DomainError: the record refuses.
        """
        raise NotImplementedError

    def undo(self, item: ActItem, *, by: User, now: datetime) -> None:
        """Take back what was done to one record.

        Raises:
            ChangedSince, NotUndoable, or what the service refuses.
        """
        raise NotUndoable(_("This cannot be taken back."))


OPERATIONS: dict[str, Operation] = {}


def register(operation: Operation) -> None:
    OPERATIONS[operation.code] = operation


def refuse_if_changed(is_changed: bool) -> None:
    """Stop an undo that would overwrite somebody's work.

    Raises:
        ChangedSince
    """
    if is_changed:
        raise ChangedSince(_("It was changed since; it stays as it is."))
