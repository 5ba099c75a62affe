"""The cut-offs of a sailing, and the step of an order that proves each is met. Pure: no queries, no clock."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Cutoff:
    """`field` of the shipment holds the instant; met is the cut-off once the order's one of `steps` is done."""

    code: str
    field: str
    steps: tuple[str, ...]  # by container, shared container, air
    name: Promise

    @property
    def met(self) -> str:
        """The annotation of `ShipmentQuerySet.with_cutoffs`."""
        return f"{self.code}_is_met"


# In the order in which they fall due.
CUTOFFS = (
    Cutoff("si", "si_cutoff_at", ("SI_SUBMITTED", "AWB_CUT"), pgettext_lazy("cut-off", "SI")),
    Cutoff("vgm", "vgm_cutoff_at", ("VGM_SUBMITTED",), pgettext_lazy("cut-off", "VGM")),
    Cutoff("cy", "cy_cutoff_at", ("GATE_IN", "CFS_IN", "AIR_HANDOVER"), pgettext_lazy("cut-off", "CY")),
    Cutoff("customs", "customs_cutoff_at", ("CUSTOMS_RELEASED",), pgettext_lazy("cut-off", "Customs")),
)
