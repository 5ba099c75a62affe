"""Papers that leave as PDF: the packing list and the shipping advice of a shipment, in English and Chinese."""

from orders.papers.packing_list import packing_list
from orders.papers.shipping_advice import shipping_advice

__all__ = ["packing_list", "shipping_advice"]
