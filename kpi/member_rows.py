"""The rows behind a figure as lists show and export them: for each subject its columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from operator import attrgetter
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.metrics.base import Metric
from kpi.models import CHECK_KINDS
from kpi.pages import outcome_text
from kpi.subjects import CHECKS, COMPANIES, ORDERS, REMINDERS, SHIPMENTS, STEPS
from orders.exports.columns import Column as ExportColumn
from orders.models.templates import in_language


@dataclass(frozen=True)
class Column:
    """`kind` says how a value is shown: link, text, clip (may be cut), day, moment, or status with its tone."""

    name: Promise
    kind: str
    value: Callable[[Any], Any]


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Member:
    """One row: its cells, what became of it, and what it adds to the sums where the figure is no count of rows."""

    row: Any
    cells: Sequence[Cell]
    outcome: str
    measures: Sequence[tuple[Promise, Any]]  # what it is called, and how much


_ORDER = _("Order")
_CUSTOMER = _("Customer")
_PERSON = _("Person")
_STATUS = _("Status")

MEMBER_COLUMNS: Mapping[str, Sequence[Column]] = {
    ORDERS.code: (
        Column(_ORDER, "link", lambda row: row.number),
        Column(_CUSTOMER, "clip", lambda row: row.customer),
        Column(_("Clerk"), "text", lambda row: row.clerk),
        Column(pgettext_lazy("date", "Ordered"), "day", lambda row: row.ordered_at),
        Column(_("Promised"), "day", lambda row: row.promised_date),
        Column(_("Delivered"), "day", lambda row: row.delivered_at),
        Column(_STATUS, "status", lambda row: row.get_status_display()),
    ),
    STEPS.code: (
        Column(_ORDER, "link", lambda row: row.order.number),
        Column(_CUSTOMER, "clip", lambda row: row.order.customer),
        Column(_("Step"), "clip", lambda row: row.name),
        Column(_PERSON, "text", lambda row: row.assignee),
        Column(_("Due"), "moment", lambda row: row.due_at),
        Column(_("Closed"), "moment", lambda row: row.closed_at),
    ),
    SHIPMENTS.code: (
        Column(_("Shipment"), "link", lambda row: row.number),
        Column(_("Forwarder"), "clip", lambda row: row.forwarder),
        Column(_PERSON, "text", lambda row: row.owner),
        Column(_("first ETD"), "day", lambda row: row.etd_original),
        Column(_("ETD"), "day", lambda row: row.etd),
        Column(_("departed"), "moment", lambda row: row.atd),
        Column(_STATUS, "status", lambda row: row.get_status_display()),
    ),
    CHECKS.code: (
        Column(_ORDER, "link", lambda row: row.order.number),
        Column(_CUSTOMER, "clip", lambda row: row.order.customer),
        Column(_("Check"), "text", lambda row: CHECK_KINDS.get(row.kind, row.kind)),
        Column(_("round"), "text", lambda row: row.round),
        Column(_PERSON, "text", lambda row: row.by),
        Column(_("decided on"), "day", lambda row: row.decided_on),
        Column(_("verdict"), "text", lambda row: row.get_verdict_display()),
    ),
    REMINDERS.code: (
        Column(_ORDER, "link", lambda row: row.payload.get("order", "")),
        Column(
            _("Step"), "clip", lambda row: in_language(row.payload.get("name_zh", ""), row.payload.get("name_en", ""))
        ),
        Column(_PERSON, "text", lambda row: row.recipient),
        Column(_("Delivered"), "moment", lambda row: row.shown_at),
        Column(_("Acknowledged"), "moment", lambda row: row.acknowledged_at),
    ),
    COMPANIES.code: (
        Column(_CUSTOMER, "link", lambda row: row.code),
        Column(_("Name"), "clip", lambda row: row.name),
        Column(_("grade"), "text", lambda row: row.grade),
        Column(_("orders"), "text", lambda row: row.order_count),
    ),
}
# The page that a row's link leads to.
_PAGES = {SHIPMENTS.code: "shipment", COMPANIES.code: "company"}


def columns_of(metric: Metric) -> list[ExportColumn]:
    """The same columns for a file, with what became of each row."""
    found = [
        ExportColumn(str(index), column.name, partial(_exported, column), 20)
        for index, column in enumerate(MEMBER_COLUMNS[metric.subject.code])
    ]
    found.append(ExportColumn("outcome", _("Judged"), partial(_judged, metric), 20))
    for name, words in measures_of(metric).items():
        found.append(ExportColumn(name, words, attrgetter(name), 12))
    return found


def measures_of(metric: Metric) -> dict[str, Promise]:
    """What of a row is summed, above the line and below it: the annotation, and what it is called."""
    measures = {metric.amount: metric.above_name or metric.unit_name} if metric.amount else {}
    if metric.weight and metric.below_name:
        measures[metric.weight] = metric.below_name
    return measures


def _judged(metric: Metric, row: Any) -> str:
    return outcome_text(metric, row.outcome)


def _exported(column: Column, row: Any) -> Any:
    value = column.value(row)
    if isinstance(value, datetime):
        return timezone.localtime(value).replace(tzinfo=None)
    return value if value is None or isinstance(value, date | int) else str(value)


def member_of(metric: Metric, row: Any) -> Member:
    """A row of `figures.members` in words and links; no query."""
    page = _PAGES.get(metric.subject.code, "order")
    cells = []
    for column in MEMBER_COLUMNS[metric.subject.code]:
        value = column.value(row)
        url = reverse(page, args=[value]) if column.kind == "link" and value else ""
        cells.append(Cell(column, value, url, tone=row.status if column.kind == "status" else ""))
    measures = [(words, getattr(row, name)) for name, words in measures_of(metric).items()]
    return Member(row, cells, outcome_text(metric, row.outcome), measures)
