"""The columns of an exported list. Pure but for the words: a value is read from a row in hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.merging.fields import EDITABLE, NAMES, canonical
from orders.merging.keys import write_key
from orders.words import Incoterm, Mode, PaymentTerms, Priority, Side, Stage
from orders.workflow import MilestoneStatus, OrderStatus, ShipmentStatus


@dataclass(frozen=True)
class Column:
    """`value` reads a typed value (text, date, number or None) from a row; `width` is in characters."""

    key: str
    label: str | Promise
    value: Callable[[Mapping[str, Any]], Any]
    width: int = 14
    is_money: bool = False
    is_hidden: bool = False  # folded away where the sheet can do that
    words: Mapping[str, Any] | None = None  # what the value is called, if it is one of fixed words

    def in_language(self) -> "Column":
        """The column with its words in the language in force, looked up once instead of for each row."""
        if self.words is None:
            return self
        said, value = {key: str(word) for key, word in self.words.items()}, self.value
        return replace(self, words=None, value=lambda row: said.get(its := value(row), its))


def plain(key: str, label: Any, width: int = 14, *, name: str = "", is_money: bool = False) -> Column:
    """A column that stands in the row under its key, or under `name`."""
    return Column(key, label, itemgetter(name or key), width, is_money=is_money)


def worded(key: str, label: Any, words: Mapping[str, Any], width: int = 12, *, name: str = "") -> Column:
    """A column of fixed words; a value without a word stands as it is."""
    return replace(plain(key, label, width, name=name), words=words)


ORDER_COLUMNS: tuple[Column, ...] = (
    plain("number", _("order number"), 18),
    plain("customer", _("customer"), 26, name="customer__name"),
    plain("customer_po_no", _("customer PO"), 16),
    worded("status", _("status"), dict(OrderStatus.choices)),
    plain("template", _("process template"), 18, name="template_name"),
    plain("done", _("steps done"), 10),
    plain("wanted", _("steps in all"), 10),
    plain("next_step", _("next step"), 22),
    plain("next_due", _("next step due"), 16),
    plain("holder", _("who holds it"), 14),
    worded("waiting_on", _("waiting on"), dict(Side.choices)),
    plain("late", _("overdue steps"), 10),
    plain("promised_date", _("first promised date"), 12),
    plain("current_promised_date", _("promised date"), 12),
    plain("ordered", _("ordered"), 12),
    plain("confirmed", _("confirmed"), 12),
    plain("shipped", pgettext_lazy("export", "shipped"), 12),
    plain("delivered", pgettext_lazy("export", "delivered"), 12),
    plain("clerk", _("clerk"), 12, name="clerk__name"),
    plain("sales_rep", _("sales representative"), 12, name="sales_rep__name"),
    plain("logistics_owner", _("logistics coordinator"), 12, name="logistics_owner__name"),
    plain("team", _("team"), 14, name="team__name"),
    worded("priority", _("priority"), dict(Priority.choices), 8),
    worded("incoterm", _("Incoterm"), dict(Incoterm.choices), 8),
    worded("payment_terms", _("payment terms"), dict(PaymentTerms.choices), 18),
    worded("mode", _("mode"), dict(Mode.choices), 14),
    plain("country", _("destination country"), 8),
    plain("destination", _("destination"), 16),
    plain("currency", _("currency"), 8, is_money=True),
    plain("amount", _("amount"), 14, is_money=True),
    plain("note", _("note"), 30),
)
LINE_COLUMNS: tuple[Column, ...] = (
    plain("number", _("order number"), 18, name="order__number"),
    plain("customer", _("customer"), 26, name="order__customer__name"),
    plain("customer_po_no", _("customer PO"), 16, name="order__customer_po_no"),
    worded("status", _("status"), dict(OrderStatus.choices), name="order__status"),
    plain("position", _("line"), 6),
    plain("product_code", _("product code"), 16),
    plain("description", _("description"), 30),
    Column("quantity", _("quantity"), lambda row: row["quantity"] - row["cancelled_quantity"], 12),
    plain("unit", _("unit"), 8),
    plain("unit_price", _("unit price"), 12, is_money=True),
    plain("line_amount", _("amount"), 14, name="amount", is_money=True),
    plain("currency", _("currency"), 8, name="order__currency", is_money=True),
    plain("requested_date", _("requested date"), 12),
    plain("promised_date_original", _("first promised date"), 12),
    plain("promised_date_current", _("promised date"), 12),
    plain("clerk", _("clerk"), 12, name="order__clerk__name"),
)
STEP_COLUMNS: tuple[Column, ...] = (
    plain("number", _("order number"), 18, name="order__number"),
    plain("customer", _("customer"), 26, name="order__customer__name"),
    plain("customer_po_no", _("customer PO"), 16, name="order__customer_po_no"),
    plain("position", _("position"), 6),
    plain("step", _("step"), 24, name="step_name"),
    worded("stage", _("stage"), dict(Stage.choices)),
    worded("step_status", _("status"), dict(MilestoneStatus.choices), name="status"),
    plain("assignee", _("assignee"), 14, name="assignee__name"),
    plain("due", _("due"), 16),
    plain("finished", _("actual finish"), 16),
    worded("waiting_on", _("waiting on"), dict(Side.choices)),
    plain("clerk", _("clerk"), 12, name="order__clerk__name"),
)
# Of the shipment list; it is not sent back.
SHIPMENT_COLUMNS: tuple[Column, ...] = (
    plain("number", _("shipment number"), 18),
    worded("status", _("status"), dict(ShipmentStatus.choices)),
    plain("orders", _("orders"), 30),
    worded("mode", _("mode"), dict(Mode.choices), 14),
    plain("vessel", _("vessel or flight"), 16),
    plain("voyage", _("voyage"), 10),
    plain("origin", _("from"), 14),
    plain("destination", _("to"), 14),
    plain("forwarder", _("forwarder"), 18, name="forwarder__name"),
    plain("booking_no", _("booking number"), 16),
    plain("bl_no", _("B/L number"), 18),
    plain("container_no", _("container"), 16),
    plain("seal_no", _("seal"), 12),
    plain("si_cutoff", _("SI cut-off"), 16),
    plain("vgm_cutoff", _("VGM cut-off"), 16),
    plain("cy_cutoff", _("CY cut-off"), 16),
    plain("customs_cutoff", _("customs cut-off"), 16),
    plain("etd", _("ETD"), 12),
    plain("departed", _("departed"), 16),
    plain("eta", _("ETA"), 12),
    plain("arrived", _("arrived"), 16),
    plain("delivered", _("delivered"), 16),
    plain("weight_kg", _("weight, kg"), 12),
    plain("owner", _("logistics coordinator"), 14, name="owner__name"),
)
# Of the list of companies; it is not sent back.
COMPANY_COLUMNS: tuple[Column, ...] = (
    plain("code", _("code"), 14),
    plain("name", _("name"), 30),
    plain("name_en", _("English name"), 30),
    plain("relation", _("relation"), 16),
    plain("country", _("country"), 14),
    plain("city", _("city"), 14),
    plain("grade", _("grade"), 8),
    plain("owner", _("owner"), 14),
    plain("open_orders", _("open orders"), 10),
    plain("overdue_orders", _("overdue orders"), 10),
)
SHAPES: dict[str, tuple[Column, ...]] = {"orders": ORDER_COLUMNS, "lines": LINE_COLUMNS, "steps": STEP_COLUMNS}
KEY_LABEL = _("row key, leave as it is")


def columns_for(shape: str, *, sees_money: bool, asked: str = "") -> list[Column]:
    """The columns of a shape that exist for the reader, in the language in force, and last the key of the row.

    `asked` names some of them by their keys, with commas; empty, or naming none, it stands for all.
    """
    there = [column for column in SHAPES[shape] if sees_money or not column.is_money]
    wanted = set(asked.split(","))
    columns = [column for column in there if column.key in wanted] or there
    worded_columns = [column.in_language() for column in columns]
    fields = EDITABLE[shape]
    # Fixed words are compared by their values, whatever the language of the sheet.
    cells = [(column.key, column.value, fields[column.key]) for column in columns if column.key in fields]
    rest = [column.value for column in sorted(worded_columns, key=attrgetter("key")) if column.key not in fields]

    def key_of(row: Mapping[str, Any]) -> str:
        texts = {name: canonical(value(row), field) for name, value, field in cells}
        others = [canonical(value(row)) for value in rest]
        return write_key(shape, row["pk"], row["read_at"], NAMES[shape], texts, others)

    return [*worded_columns, Column("key", KEY_LABEL, key_of, width=4, is_hidden=True)]
