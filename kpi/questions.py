"""What somebody asks: a period, whose eyes, filters, and the instant of asking. Read from text in one place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from kpi.dimensions import BY, DIMENSIONS, NONE
from kpi.errors import BadQuestion
from kpi.periods import FIRST_DAY, LAST_DAY, SIZES, Period, month_of
from kpi.subjects import Subject
from teams.models import Organization, User, WorkCalendar

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOST_BUCKETS = 400
MOST_INSTANTS = 100  # of a stock: each one is a branch of the statement


@dataclass(frozen=True)
class Question:
    """`viewer` None means the whole organisation. `filters` maps dimensions to database values, empty for without."""

    period: Period
    viewer: User | None
    now: datetime
    filters: Mapping[str, Any] = field(default_factory=dict)
    # What several figures read; handed on by `within`.
    _kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def within(self, period: Period) -> "Question":
        return replace(self, period=period)

    @property
    def at(self) -> datetime:
        """The instant at which a stock is taken: the end of the period, or now while it lasts."""
        return min(self.period.end_at, self.now)

    def narrowed(self, dimension: str, value: Any) -> "Question":
        """The same for one group of a dimension; `value` as the database has it."""
        return replace(self, filters={**self.filters, dimension: value})

    def kept(self, name: str, read: Callable[[], Any]) -> Any:
        """What `read` returns, read once for all figures of the question."""
        if name not in self._kept:
            self._kept[name] = read()
        return self._kept[name]

    @property
    def calendars(self) -> list[WorkCalendar]:
        """All work calendars; read once, however many figures count by them."""
        return self.kept("calendars", lambda: list(WorkCalendar.objects.order_by("pk")))


def read_period(params: Mapping[str, str], *, now: datetime) -> Period:
    """The period of `from` and `to`, half open: `to` is the first day no longer counted. This month by default.

    Raises:
        BadQuestion: naming the parameter.
    """
    organization = Organization.current()
    this_month = month_of(now.astimezone(organization.zone).date(), organization.timezone)
    faults: dict[str, str] = {}
    days = {
        name: _read_day(name, params.get(name, ""), default, faults)
        for name, default in (("from", this_month.first), ("to", this_month.end))
    }
    if not faults and days["from"] >= days["to"]:
        faults["to"] = _("has to be after “from”: it is the first day that is no longer counted")
    if faults:
        raise BadQuestion(faults)
    return Period(days["from"], days["to"], organization.timezone)


def read_filters(params: Mapping[str, str], *, viewer: User | None, subject: Subject) -> dict[str, Any]:
    """The dimensions among `params` as database values.

    Raises:
        BadQuestion: the viewer knows of no such team, person, company …; or the figure counts rows that have none.
    """
    filters: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for code, dimension in DIMENSIONS.items():
        text = params.get(code, "")
        if not text:
            continue
        if not dimension.path_from(subject):
            faults[code] = _("this figure counts %(subject)s, which have no such thing") % {"subject": subject.name}
            continue
        # Postgres knows no text with a zero character, so nothing is called so.
        found = None if "\0" in text else dimension.find(text, viewer)
        filters[code] = dimension.empty if text == NONE else found
        if text != NONE and filters[code] is None:
            faults[code] = _("“%(value)s” is not known") % {"value": text[:80]}
    if faults:
        raise BadQuestion(faults)
    return filters


def read_by(text: str, *, period: Period, is_apart: bool, subject: Subject) -> str:
    """The dimension to split by; empty for none.

    Raises:
        BadQuestion: there is none of that name for this figure, or it would make too many parts.
    """
    offered = [name for name in BY if name in SIZES or DIMENSIONS[name].path_from(subject)]
    if text and text not in offered:
        raise BadQuestion({"by": _("choose one of: %(names)s") % {"names": ", ".join(offered)}})
    if text in SIZES and period.bucket_count(text) > (MOST_INSTANTS if is_apart else MOST_BUCKETS):
        raise BadQuestion({"by": _("too many parts in this period; choose a coarser one")})
    return text


def _read_day(name: str, text: str, default: date, faults: dict[str, str]) -> date:
    if not text:
        return default
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        faults[name] = _("write a day between 2000-01-01 and 2100-01-01 as YYYY-MM-DD, e.g. 2026-01-31")
    return day or default
