"""The cells of a shipment's row, put together without a template engine: a page shows sixty rows of four cut-offs."""

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from orders.pages.shipments import CutoffCell, ShipmentRow
from orders.templatetags.order_tags import tone_of
from orders.words import Mode, word_of
from orders.workflow import ShipmentStatus
from teams.templatetags.gendan import day, icon, iso, moment, working_span

SHOWN_ORDERS = 3
NOTHING = '<span class="faint">—</span>'


def cells(row: ShipmentRow) -> SafeString:
    """The `td` elements between the shipment's number and its button; every text is escaped."""
    return SafeString(f'{_orders(row)}{_way(row)}{_dates(row)}<td class="wide">{cutoffs(row)}</td>{_status(row)}')


def cutoffs(row: ShipmentRow) -> SafeString:
    """The cut-offs counting down, as a list; a dash where none is entered."""
    if not row.cutoffs:
        return SafeString(NOTHING)
    items = "".join(
        f'<li class="cutoff is-{cell.tone}"><span class="cutoff-name">{escape(cell.cutoff.name)}</span> '
        f'<time datetime="{iso(cell.at)}">{escape(moment(cell.at))}</time> '
        f'<span class="cutoff-left">{_left(cell, row)}</span></li>'
        for cell in row.cutoffs
    )
    return SafeString(f'<ul class="cutoffs" id="cutoffs-{row.shipment.pk}" data-cutoffs>{items}</ul>')


def _left(cell: CutoffCell, row: ShipmentRow) -> str:
    if cell.is_met:
        if row.shipment.atd:
            return escape(pgettext("cut-off", "past"))
        words = pgettext("cut-off", "met")
        return f"{icon('check')} {escape(words)}"
    span = working_span(cell.left, row.day_length) if cell.left else ""
    if cell.is_missed:
        return escape(_("%(span)s over") % {"span": span} if span else _("passed, not confirmed"))
    if cell.left is None:
        return ""
    return escape(_("%(span)s left") % {"span": span} if span else pgettext("cut-off", "no time left"))


def _orders(row: ShipmentRow) -> str:
    lines = "".join(
        f'<span class="clip-line"><a href="{escape(reverse("order", args=[order.number]))}">{escape(order.number)}</a> '
        f'<span class="faint">{escape(order.customer or "—")}</span></span>'
        for order in row.orders[:SHOWN_ORDERS]
    )
    count = len(row.orders)
    if count > SHOWN_ORDERS:
        words = _("%(count)s orders in all") % {"count": count}
        lines += f'<span class="sub">{escape(words)}</span>'
    return f'<td class="wide">{lines}</td>'


def _way(row: ShipmentRow) -> str:
    """The mode, the vessel, and below them by whom and whereto."""
    shipment = row.shipment
    is_word = shipment.mode in {Mode.FCL, Mode.LCL}
    inner: str = escape(shipment.mode if is_word else word_of(Mode, shipment.mode) or "—")
    if shipment.vessel:
        voyage = f" / {shipment.voyage}" if shipment.voyage else ""
        inner += f' <span class="muted">{escape(shipment.vessel + voyage)}</span>'
    way = f"{shipment.origin} → {shipment.destination}".strip() if shipment.destination else shipment.origin
    whereto = [text for text in (str(shipment.forwarder or ""), way) if text]
    if whereto:
        inner += f'<span class="sub">{escape(" · ".join(whereto))}</span>'
    return f"<td>{inner}</td>"


def _dates(row: ShipmentRow) -> str:
    shipment = row.shipment
    tone = ' class="ink-late strong"' if row.is_etd_passed else ""
    start = f"{icon('check')} {escape(day(shipment.atd))}" if shipment.atd else escape(day(shipment.etd))
    end = escape(day(shipment.ata or shipment.eta))
    label = escape(_("ETD"))
    return f'<td class="nowrap" data-label="{label}"><span{tone}>{start}</span><span class="sub">→ {end}</span></td>'


def _status(row: ShipmentRow) -> str:
    label = escape(word_of(ShipmentStatus, row.shipment.status))
    return f'<td><span class="tag is-{tone_of(row.shipment.status)}">{label}</span></td>'
