"""What a figure can be split or filtered by: one table for page, API and command.

A group's key is readable (a team's code, a person's user name, an ISO country) and works as a filter; `none` stands
for rows without one. `by` also takes the sizes of `kpi.periods`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from babel import Locale
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from customers.models import Company
from kpi.models import CHECK_KINDS
from kpi.periods import SIZES
from kpi.subjects import ORDERS, SHIPMENTS, STEPS, Subject
from orders.filters import people_of
from orders.models import DelayReason, Milestone, Order, ProcessTemplate, Shipment
from orders.words import Incoterm, Mode, Stage
from teams.models import Team, User
from teams.permissions import RoleCode

NONE = "none"

# Database value -> (key, label).
Labels = Mapping[Any, tuple[str, str]]


@dataclass(frozen=True)
class Dimension:
    """`path` leads from an order; empty where only other subjects have it."""

    code: str
    name: Promise
    path: str
    empty: ClassVar[Any] = None  # how the database writes that there is none

    def path_from(self, subject: Subject) -> str:
        """The lookup that leads from a row to its value; empty where a subject cannot be split by it."""
        return subject.path(self.code, self.path)

    def labels(self, values: Collection[Any]) -> Labels:
        raise NotImplementedError

    def find(self, text: str, viewer: User | None) -> Any:
        """The database value that a filter's text means, or None if the viewer knows of no such thing."""
        raise NotImplementedError


@dataclass(frozen=True)
class RowDimension(Dimension):
    """A row of another table; read by its key first, since a company's code may consist of digits, then by its id."""

    model: type[models.Model]
    key: str
    visible: Callable[[User], QuerySet]

    def labels(self, values: Collection[Any]) -> Labels:
        rows = self.model._default_manager.filter(pk__in=values)
        return {row.pk: (str(getattr(row, self.key)), str(row)) for row in rows}

    def find(self, text: str, viewer: User | None) -> Any:
        is_id = text.isascii() and text.isdigit() and len(text) <= 18
        meant = Q(**{self.key: text[:254]}) | (Q(pk=int(text)) if is_id else Q())
        rows = self.model._default_manager.filter(meant)
        if viewer is not None and not viewer.access.sees_all:
            # Also who stands on a row that the viewer sees, such as a colleague who has left the team.
            rows = rows.filter(Q(pk__in=self.visible(viewer).order_by().values("pk")) | Q(pk__in=self._met(viewer)))
        found = list(rows[:3])
        return next((row.pk for row in found if str(getattr(row, self.key)) == text), found[0].pk if found else None)

    def _met(self, viewer: User) -> QuerySet:
        if self.path:
            return Order.objects.visible_to(viewer).values(self.path)
        if path := self.path_from(STEPS):
            return Milestone.objects.visible_to(viewer).values(path)
        return Shipment.objects.visible_to(viewer).values(self.path_from(SHIPMENTS))


class ReasonDimension(RowDimension):
    """Why something was late; everybody may know the reasons there are."""

    def find(self, text: str, viewer: User | None) -> Any:
        return DelayReason.objects.filter(code=text[:40]).values_list("pk", flat=True).first()


@dataclass(frozen=True)
class WordDimension(Dimension):
    """One of the trade's fixed words."""

    words: type[models.TextChoices]
    empty = ""

    def labels(self, values: Collection[Any]) -> Labels:
        return {value: (value, str(self.words(value).label)) for value in values if value in self.words.values}

    def find(self, text: str, viewer: User | None) -> Any:
        return text if text in self.words.values else None


class CountryDimension(Dimension):
    empty = ""

    def labels(self, values: Collection[Any]) -> Labels:
        names = Locale.parse("zh_Hans" if (get_language() or "zh").startswith("zh") else "en").territories
        return {value: (value, str(names.get(value, value))) for value in values}

    def find(self, text: str, viewer: User | None) -> Any:
        return text.upper() if len(text) == 2 and text.isascii() and text.isalpha() else None


class CheckDimension(Dimension):
    """A kind of sample or of inspection."""

    empty = ""

    def labels(self, values: Collection[Any]) -> Labels:
        return {value: (value, str(CHECK_KINDS.get(value, value))) for value in values}

    def find(self, text: str, viewer: User | None) -> Any:
        return text if text in CHECK_KINDS else None


class TemplateDimension(Dimension):
    """A process, whatever its version."""

    def labels(self, values: Collection[Any]) -> Labels:
        rows = ProcessTemplate.objects.filter(code__in=values).order_by("version")
        return {row.code: (row.code, row.name) for row in rows}

    def find(self, text: str, viewer: User | None) -> Any:
        return ProcessTemplate.objects.filter(code=text[:40]).values_list("code", flat=True).first()


def _all_reasons(user: User) -> QuerySet:
    return DelayReason.objects.all()


_TEAM = (Team, "code", Team.objects.visible_to)
_PERSON = (User, "username", people_of)
_COMPANY = (Company, "code", Company.objects.visible_to)

DIMENSIONS: dict[str, Dimension] = {
    dimension.code: dimension
    for dimension in (
        RowDimension("team", pgettext_lazy("dimension", "Team"), "team", *_TEAM),
        RowDimension("clerk", pgettext_lazy("dimension", "Clerk"), "clerk", *_PERSON),
        RowDimension("customer", pgettext_lazy("dimension", "Customer"), "customer", *_COMPANY),
        WordDimension("grade", pgettext_lazy("dimension", "Customer grade"), "customer__grade", Company.Grade),
        RowDimension("supplier", pgettext_lazy("dimension", "Supplier"), "supplier", *_COMPANY),
        CountryDimension("country", pgettext_lazy("dimension", "Country"), "country"),
        WordDimension("mode", pgettext_lazy("dimension", "Mode"), "mode", Mode),
        WordDimension("incoterm", pgettext_lazy("dimension", "Incoterm"), "incoterm", Incoterm),
        TemplateDimension("template", pgettext_lazy("dimension", "Process"), "template__code"),
        RowDimension("assignee", pgettext_lazy("dimension", "Person"), "", *_PERSON),
        WordDimension("role", pgettext_lazy("dimension", "Role"), "", RoleCode),
        WordDimension("stage", pgettext_lazy("dimension", "Stage"), "", Stage),
        ReasonDimension("reason", pgettext_lazy("dimension", "Delay reason"), "", DelayReason, "code", _all_reasons),
        RowDimension("forwarder", pgettext_lazy("dimension", "Forwarder"), "", *_COMPANY),
        CheckDimension("check", pgettext_lazy("dimension", "Check"), ""),
    )
}
BY = (*SIZES, *DIMENSIONS)


def of_person(subject: Subject) -> str:
    """The dimension by which rows of the subject are a person's: orders by their clerk, steps by who carries them."""
    return "clerk" if subject is ORDERS else "assignee"


def is_filtered_by(subject: Subject, names: Iterable[str]) -> bool:
    """Whether rows of the subject have all of these dimensions."""
    return all(DIMENSIONS[name].path_from(subject) for name in names)


def labels_of(dimension: Dimension, values: Collection[Any]) -> Labels:
    """Key and label of each group's database value, empty ones included; one query at most."""
    known = [value for value in values if value not in (None, "")]
    found = dimension.labels(known) if known else {}
    empty = (NONE, _("(none)"))
    return {value: empty if value in (None, "") else found.get(value, (str(value), str(value))) for value in values}
