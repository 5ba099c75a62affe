"""Reads the rows of an export chunk by chunk: constant memory, a few queries for each chunk."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from customers.models import Company
from customers.registry import OrderCounts, order_book
from orders.models import Milestone, Order, OrderLine, ProcessTemplate, Shipment, ShipmentLine
from orders.models.templates import in_language
from orders.workflow import OPEN_ORDER, RUNNING_ORDER, MilestoneStatus
from teams.access import Access
from teams.countries import country_name
from teams.models import User

CHUNK = 1000
_ORDER_FIELDS = (
    *("pk", "number", "customer__name", "customer_po_no", "status", "template_id", "promised_date", "ordered_at"),
    *("current_promised_date", "confirmed_at", "shipped_at", "delivered_at", "clerk__name", "sales_rep__name"),
    *("logistics_owner__name", "team_id", "team__name", "priority", "incoterm", "payment_terms", "mode", "country"),
    *("destination", "currency", "amount", "note"),
)
_LINE_FIELDS = (
    *("pk", "order_id", "order__number", "order__customer__name", "order__customer_po_no", "order__status", "position"),
    *("product_code", "description", "quantity", "cancelled_quantity", "unit", "unit_price", "amount"),
    *("order__currency", "requested_date", "promised_date_original", "promised_date_current", "order__clerk__name"),
    "order__team_id",
)
_STEP_FIELDS = (
    *("pk", "order_id", "order__number", "order__customer__name", "order__customer_po_no", "order__clerk__name"),
    *("position", "name_zh", "name_en", "stage", "status", "due_at", "actual_finish_at", "waiting_on"),
    *("assignee__name", "assignee__username"),
)


def read_rows(
    shape: str, order_ids: Sequence[int], *, access: Access, now: datetime, zone: ZoneInfo
) -> Iterator[list[dict[str, Any]]]:
    """Rows of the orders in the order of `order_ids`, a list for each chunk of orders.

    `access` is that of the reader: amounts of teams whose money they do not see are None. Instants become days in
    `zone`.
    """
    for at in range(0, len(order_ids), CHUNK):
        yield _READERS[shape](order_ids[at : at + CHUNK], access, now, zone)


def ids_of(orders: QuerySet[Order]) -> list[int]:
    """The keys of a filtered and sorted list; a hundred thousand are less than a megabyte."""
    return list(orders.values_list("pk", flat=True))


_NO_STEP = {"next_step": None, "next_due": None, "holder": None, "waiting_on": None}


def _order_rows(ids: Sequence[int], access: Access, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    place = {pk: at for at, pk in enumerate(ids)}
    rows = sorted(Order.objects.filter(pk__in=ids).values(*_ORDER_FIELDS), key=lambda row: place[row["pk"]])
    # What is next is asked of the orders that are not closed: most of a long list are.
    steps = _next_steps([row["pk"] for row in rows if row["status"] in OPEN_ORDER])
    counts = _counts(ids, now)
    names = {pk: in_language(zh, en) for pk, zh, en in ProcessTemplate.objects.values_list("pk", "name_zh", "name_en")}
    for row in rows:
        row["template_name"] = names.get(row["template_id"], "")
        row["read_at"] = now
        for name in ("ordered", "confirmed", "shipped", "delivered"):
            row[name] = _day(row[f"{name}_at"], zone)
        row["done"], row["wanted"], late = counts.get(row["pk"], (0, 0, 0))
        row["late"] = late if row["status"] in RUNNING_ORDER else 0
        row |= steps.get(row["pk"], _NO_STEP)
        if due := row["next_due"]:
            row["next_due"] = due.astimezone(zone).replace(tzinfo=None)
        if not access.sees_money(row["team_id"]):
            row["amount"] = row["currency"] = None
    return rows


def _counts(ids: Sequence[int], now: datetime) -> dict[int, tuple[int, int, int]]:
    """How many steps of each order are done, wanted and overdue; one pass over them."""
    dropped = [MilestoneStatus.SKIPPED, MilestoneStatus.CANCELLED]
    counted = (
        Milestone.objects.filter(order__in=ids)
        .with_lateness(now)
        .order_by()
        .values_list("order_id")
        .annotate(
            done=Count("pk", filter=Q(status=MilestoneStatus.DONE)),
            wanted=Count("pk", filter=~Q(status__in=dropped)),
            late=Count("pk", filter=Q(is_late=True)),
        )
        .values_list("order_id", "done", "wanted", "late")
    )
    return {pk: (done, wanted, late) for pk, done, wanted, late in counted}


def _next_steps(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The most urgent active step of each order, as the list shows it."""
    first = Milestone.objects.filter(order__in=ids).next_of_orders()
    first = first.annotate(holder=Coalesce(NullIf(F("assignee__name"), Value("")), F("assignee__username")))
    columns = ("order_id", "name_zh", "name_en", "due_at", "holder", "waiting_on")
    return {
        order_id: {
            "next_step": in_language(zh, en),
            "next_due": due_at,
            "holder": holder,
            "waiting_on": waiting_on,
        }
        for order_id, zh, en, due_at, holder, waiting_on in first.values_list(*columns)
    }


def _line_rows(ids: Sequence[int], access: Access, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    place = {pk: at for at, pk in enumerate(ids)}
    lines = OrderLine.objects.filter(order__in=ids).values(*_LINE_FIELDS)
    rows = sorted(lines, key=lambda row: (place[row["order_id"]], row["position"]))
    for row in rows:
        if not access.sees_money(row["order__team_id"]):
            row["amount"] = row["unit_price"] = row["order__currency"] = None
        row["read_at"] = now
    return rows


def _step_rows(ids: Sequence[int], access: Access, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    place = {pk: at for at, pk in enumerate(ids)}
    steps = Milestone.objects.filter(order__in=ids).order_by("position", "pk").values(*_STEP_FIELDS)
    return _shown_steps(sorted(steps, key=lambda row: place[row["order_id"]]), now, zone)


def read_steps(ids: Sequence[int], *, now: datetime, zone: ZoneInfo) -> Iterator[list[dict[str, Any]]]:
    """Rows of the steps `ids` in their order, as the shape "steps" has them, a list for each chunk."""
    for at in range(0, len(ids), CHUNK):
        chunk = ids[at : at + CHUNK]
        place = {pk: position for position, pk in enumerate(chunk)}
        steps = Milestone.objects.filter(pk__in=chunk).values(*_STEP_FIELDS)
        yield _shown_steps(sorted(steps, key=lambda row: place[row["pk"]]), now, zone)


def _shown_steps(rows: list[dict[str, Any]], now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    for row in rows:
        row["step_name"] = in_language(row["name_zh"], row["name_en"])
        row["assignee__name"] = row["assignee__name"] or row["assignee__username"]
        row["due"], row["finished"] = (_minute(row[name], zone) for name in ("due_at", "actual_finish_at"))
        row["read_at"] = now
    return rows


def _minute(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0) if at else None


_READERS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "orders": _order_rows,
    "lines": _line_rows,
    "steps": _step_rows,
}


def _day(at: datetime | None, zone: ZoneInfo) -> Any:
    return at.astimezone(zone).date() if at else None


def read_companies(companies: QuerySet[Company], *, viewer: User, now: datetime) -> Iterator[list[dict[str, Any]]]:
    """Rows of the companies in their order, a list for each chunk; of their orders those that `viewer` sees count."""
    ids = list(companies.values_list("pk", flat=True))
    for at in range(0, len(ids), CHUNK):
        found = Company.objects.select_related("owner").in_bulk(ids[at : at + CHUNK])
        counts = order_book().counts(found, viewer=viewer, now=now)
        yield [_company_row(found[pk], counts.get(pk, OrderCounts())) for pk in ids[at : at + CHUNK] if pk in found]


def _company_row(company: Company, counts: OrderCounts) -> dict[str, Any]:
    return {
        **{name: getattr(company, name) for name in ("code", "name", "name_en", "city", "grade")},
        "relation": ", ".join(company.relations),
        "country": country_name(company.country),
        "owner": str(company.owner or ""),
        "open_orders": counts.open,
        "overdue_orders": counts.overdue,
    }


_SHIPMENT_FIELDS = (
    *("pk", "number", "status", "mode", "vessel", "voyage", "origin", "destination", "forwarder__name", "booking_no"),
    *("bl_no", "container_no", "seal_no", "etd", "eta", "weight_kg", "owner__name", "atd", "ata", "delivered_at"),
    *("si_cutoff_at", "vgm_cutoff_at", "cy_cutoff_at", "customs_cutoff_at"),
)
_SHIPMENT_INSTANTS = {
    **{"departed": "atd", "arrived": "ata", "delivered": "delivered_at", "si_cutoff": "si_cutoff_at"},
    **{"vgm_cutoff": "vgm_cutoff_at", "cy_cutoff": "cy_cutoff_at", "customs_cutoff": "customs_cutoff_at"},
}


def read_shipments(shipments: QuerySet[Shipment], *, user: User, zone: ZoneInfo) -> Iterator[list[dict[str, Any]]]:
    """Rows of the shipments in their order, a list for each chunk; of the orders aboard those that `user` sees."""
    ids = list(shipments.values_list("pk", flat=True))
    for at in range(0, len(ids), CHUNK):
        chunk = ids[at : at + CHUNK]
        place = {pk: position for position, pk in enumerate(chunk)}
        aboard: dict[int, list[str]] = {}
        lines = ShipmentLine.objects.filter(shipment__in=chunk, order_line__order__in=Order.objects.visible_to(user))
        pairs = lines.order_by("order_line__order__number").values_list("shipment_id", "order_line__order__number")
        for shipment_id, number in pairs.distinct():
            aboard.setdefault(shipment_id, []).append(number)
        rows = sorted(Shipment.objects.filter(pk__in=chunk).values(*_SHIPMENT_FIELDS), key=lambda row: place[row["pk"]])
        for row in rows:
            row["orders"] = ", ".join(aboard.get(row["pk"], ()))
            row |= {name: _minute(row[source], zone) for name, source in _SHIPMENT_INSTANTS.items()}
        yield rows
