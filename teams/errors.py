"""The one family of refusals that people read."""

from collections.abc import Mapping


class DomainError(Exception):
    """A business rule refuses; the API answers 409 with `code`, a form shows the message.

    `fields` names the fields at fault, if any: name to message.
    """

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.fields = dict(fields or {})


class InvalidInput(DomainError):
    """A value is impossible whatever the state of things; the API answers 422 and names the field."""

    code = "invalid"


class StaleVersion(DomainError):
    """Somebody else changed the same field since the caller read it; the API answers 412.

    `conflicts` maps each field to {"theirs": …, "yours": …, "by": …, "at": …}.
    """

    code = "version_conflict"

    def __init__(self, message: str, *, conflicts: Mapping[str, Mapping[str, object]]) -> None:
        super().__init__(message, fields=dict.fromkeys(conflicts, message))
        self.conflicts = {name: dict(conflict) for name, conflict in conflicts.items()}


class NotPermitted(DomainError):
    """The person sees the object, yet their role may not do this; the API answers 403."""

    code = "not_permitted"
