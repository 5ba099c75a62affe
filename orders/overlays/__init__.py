"""Overlays (domain table C7): the rows that an order's terms add to its template, replace in it and remove. Pure.

Always computed from the template's own rows, never from rows that overlays have already changed. See docs/overlays.md.
"""

from orders.overlays.composing import OverlayNote, overlay_notes, with_overlays
from orders.overlays.terms import Terms

__all__ = ["OverlayNote", "Terms", "overlay_notes", "with_overlays"]
