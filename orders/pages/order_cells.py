"""The cells of the order list, each column's by itself: so columns stand in any order, and a page of fifty rows is put
together without a template engine looking at a thousand conditions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.templatetags.order_tags import side_name, strip, tone_of
from orders.words import Mode, PaymentTerms, Priority, word_of
from orders.workflow import OrderStatus
from teams.templatetags.gendan import day, icon, initial, money

NOTHING = '<span class="faint">—</span>'


def cells(row: Any, keys: Sequence[str]) -> SafeString:
    """The `td` elements of a row for these columns, in their order; every text is escaped."""
    return SafeString("".join(CELLS[key](row) for key in keys))


def _clip(text: Any, shown: Any = None) -> str:
    """Text that may be cut; the whole stands in its title."""
    return f'<span class="clip" title="{escape(text)}">{escape(text if shown is None else shown)}</span>'


def _customer(row: Any) -> str:
    name = row.order.customer.name if row.order.customer else ""
    template = row.order.template.name if row.order.template else ""
    return (
        f'<td class="col-customer wide">{_clip(name, name or "—")}<span class="sub clip">{escape(template)}</span></td>'
    )


def _status(row: Any) -> str:
    order, late = row.order, ""
    if row.late_count:
        words = ngettext("%(count)s overdue", "%(count)s overdue", row.late_count) % {"count": row.late_count}
        late = f'<span class="sub ink-late">{escape(words)}</span>'
    label = escape(word_of(OrderStatus, order.status))
    return f'<td class="nowrap col-status"><span class="tag is-{tone_of(order.status)}">{label}</span>{late}</td>'


def _strip(row: Any) -> str:
    inner = f'{strip(row)}<span class="sub">{row.done_count}/{row.wanted_count}</span>' if row.steps else ""
    return f'<td class="col-strip wide">{inner}</td>'


def _next_step(row: Any) -> str:
    step = row.next_step
    if not step:
        return f'<td class="col-next wide">{NOTHING}</td>'
    overdue = _("overdue")
    late = f"{icon('triangle-alert', 's')} {escape(overdue)} " if step.is_late else ""
    tone = " ink-late" if step.is_late else ""
    name = _clip(capfirst(step.name))
    return f'<td class="col-next wide">{name}<span class="sub{tone}">{late}{escape(day(step.due_at))}</span></td>'


def _holder(row: Any) -> str:
    step, inner = row.next_step, ""
    if step and row.is_waiting:
        inner = (
            f'<span class="tag is-wait">{icon("hourglass")}{escape(side_name(step.waiting_on))}</span>'
            f'<span class="sub">{escape(step.holder or "")}</span>'
        )
    elif step:
        sign = escape(initial(step.holder))
        inner = f'<span class="person"><span class="avatar avatar-sm">{sign}</span>{escape(step.holder or "—")}</span>'
    return f'<td class="nowrap">{inner}</td>'


def _promised(row: Any) -> str:
    label = escape(_("Promised"))
    if not row.promised_last:
        return f'<td class="nowrap" data-label="{label}">{NOTHING}</td>'
    span = f"{row.promised_first:%m-%d} – " if row.promised_first != row.promised_last else ""
    tone, broken = "", ""
    if row.is_promise_broken:
        words = escape(_("promise broken"))
        tone, broken = "ink-late strong", f'<span class="sub ink-late">{words}</span>'
    dates = f"{span}{escape(day(row.promised_last))}"
    return f'<td class="nowrap" data-label="{label}"><span class="{tone}">{dates}</span>{broken}</td>'


def _amount(row: Any) -> str:
    order = row.order
    inner = f'{money(order.amount)}<span class="sub">{escape(order.currency)}</span>' if row.shows_money else NOTHING
    return f'<td class="nowrap num off-phone">{inner}</td>'


def _clipped(text_of: Callable[[Any], str]) -> Callable[[Any], str]:
    def cell(row: Any) -> str:
        text = text_of(row.order)
        return f'<td class="off-phone">{_clip(text, text or "—")}</td>'

    return cell


def _plain(text_of: Callable[[Any], Any]) -> Callable[[Any], str]:
    def cell(row: Any) -> str:
        return f'<td class="nowrap off-phone">{escape(text_of(row.order) or "—")}</td>'

    return cell


def _day(day_of: Callable[[Any], date | datetime | None], classes: str = "") -> Callable[[Any], str]:
    def cell(row: Any) -> str:
        value = day_of(row.order)
        return f'<td class="nowrap off-phone{classes}">{escape(day(value)) if value else NOTHING}</td>'

    return cell


CELLS: Mapping[str, Callable[[Any], str]] = {
    "customer": _customer,
    "status": _status,
    "strip": _strip,
    "next_step": _next_step,
    "holder": _holder,
    "promised": _promised,
    "first_promised": _day(lambda order: order.promised_date),
    "ordered": _day(lambda order: order.ordered_at, " muted"),
    "confirmed": _day(lambda order: order.confirmed_at),
    "shipped": _day(lambda order: order.shipped_at),
    "delivered": _day(lambda order: order.delivered_at),
    "clerk": _plain(lambda order: order.clerk),
    "sales_rep": _plain(lambda order: order.sales_rep),
    "logistics_owner": _plain(lambda order: order.logistics_owner),
    "team": _plain(lambda order: order.team.name),
    "priority": _plain(lambda order: word_of(Priority, order.priority)),
    "incoterm": _plain(lambda order: order.incoterm),
    "payment_terms": _clipped(lambda order: word_of(PaymentTerms, order.payment_terms)),
    "mode": _plain(lambda order: word_of(Mode, order.mode)),
    "destination": _clipped(lambda order: f"{order.country} {order.destination}".strip()),
    "amount": _amount,
    "note": _clipped(lambda order: order.note),
}
