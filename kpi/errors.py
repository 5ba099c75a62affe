"""Refusals of this app."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from teams.errors import DomainError


class UnknownMetric(DomainError):
    """There is no figure of that code."""

    code = "unknown_metric"

    def __init__(self, code: str) -> None:
        super().__init__(_("There is no figure “%(code)s”.") % {"code": code[:20]})


class BadQuestion(DomainError):
    """A date, dimension or filter cannot be read; `fields` says which."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {message}" for name, message in fields.items()), fields=fields)
