"""A shipment's cells, for its templates."""

from django import template
from django.utils.safestring import SafeString

from orders.pages.shipment_cells import cells, cutoffs
from orders.pages.shipments import ShipmentRow

register = template.Library()


@register.simple_tag
def shipment_cells(row: ShipmentRow) -> SafeString:
    """What is on board, the way, dates, cut-offs and status of a row."""
    return cells(row)


@register.simple_tag
def shipment_cutoffs(row: ShipmentRow) -> SafeString:
    """The cut-offs of a shipment, counting down."""
    return cutoffs(row)
