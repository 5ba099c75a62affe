"""The trade's fixed words: sides, Incoterms, modes, terms, stages. Pure: no queries, no clock."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


def word_of(choices: type[models.TextChoices], code: str) -> str:
    """The word for a code of a fixed list, in the language in force; a code that is no longer on it stands as it is."""
    try:
        return str(choices(code).label)
    except ValueError:
        return code


class Side(models.TextChoices):
    """Who holds the ball, or who caused a delay."""

    INTERNAL = "internal", pgettext_lazy("side", "Us")
    CUSTOMER = "customer", pgettext_lazy("side", "Customer")
    SUPPLIER = "supplier", pgettext_lazy("side", "Supplier")
    CARRIER = "carrier", pgettext_lazy("side", "Carrier")
    AUTHORITY = "authority", pgettext_lazy("side", "Authority")
    FORCE_MAJEURE = "force_majeure", pgettext_lazy("side", "Force majeure")


# Pauses of these sides stop the internal clock (KPI rule R5); the others only tell who is waited for.
CLOCK_STOPPING_SIDES = frozenset({Side.CUSTOMER, Side.AUTHORITY, Side.FORCE_MAJEURE})
# A cancellation caused by these sides counts as late (KPI rule R3).
OUR_SIDES = frozenset({Side.INTERNAL, Side.SUPPLIER})


class Punctuality(models.TextChoices):
    """What has become of a promise or a deadline at some instant; `judged` of the querysets decides it."""

    ON_TIME = "on_time", pgettext_lazy("punctuality", "On time")
    LATE = "late", pgettext_lazy("punctuality", "Late")
    RUNNING = "running", pgettext_lazy("punctuality", "Not yet due")
    WAITING = "waiting", pgettext_lazy("punctuality", "Late, waiting on others")  # past due, its clock stopped
    VOID = "void", pgettext_lazy("punctuality", "No longer wanted")


class DeskSection(models.TextChoices):
    """The parts of a desk, most pressing first; `in_sections` of the milestones' queryset decides."""

    LATE = "late", _("Overdue")
    TODAY = "today", _("Today")
    SOON = "soon", _("Next 5 working days")
    WAITING = "waiting", _("Waiting on others")


class StepChange(models.TextChoices):
    """What a change of plan does to a step."""

    MOVED = "moved", pgettext_lazy("change of a step", "Moved")
    ADDED = "added", pgettext_lazy("change of a step", "Added")
    REMOVED = "removed", pgettext_lazy("change of a step", "No longer needed")


class Incoterm(models.TextChoices):
    """Incoterms 2020, and DOM for a domestic sale."""

    EXW = "EXW", "EXW"
    FCA = "FCA", "FCA"
    FAS = "FAS", "FAS"
    FOB = "FOB", "FOB"
    CFR = "CFR", "CFR"
    CIF = "CIF", "CIF"
    CPT = "CPT", "CPT"
    CIP = "CIP", "CIP"
    DAP = "DAP", "DAP"
    DPU = "DPU", "DPU"
    DDP = "DDP", "DDP"
    DDU = "DDU", "DDU"  # Incoterms 2000, still on old orders; read as DAP
    DOM = "DOM", pgettext_lazy("incoterm", "Domestic")


class Mode(models.TextChoices):
    """How cargo travels."""

    FCL = "FCL", pgettext_lazy("mode", "Sea, full container (FCL)")
    LCL = "LCL", pgettext_lazy("mode", "Sea, shared container (LCL)")
    SEA = "SEA", pgettext_lazy("mode", "Sea, load not stated")
    AIR = "AIR", pgettext_lazy("mode", "Air")
    AIR_CHARTER = "AIR_CHARTER", pgettext_lazy("mode", "Air charter")
    EXPRESS = "EXPRESS", pgettext_lazy("mode", "Express")
    TRUCK = "TRUCK", pgettext_lazy("mode", "Truck")
    RAIL = "RAIL", pgettext_lazy("mode", "Rail")


class PaymentTerms(models.TextChoices):
    TT_BEFORE_SHIPMENT = "TT_BEFORE", pgettext_lazy("payment", "T/T 30/70 before shipment")
    TT_COPY_BL = "TT_COPY_BL", pgettext_lazy("payment", "T/T 30/70 against copy B/L")
    LC = "LC", pgettext_lazy("payment", "Letter of credit")
    DP = "DP", pgettext_lazy("payment", "D/P")
    DA = "DA", pgettext_lazy("payment", "D/A")
    OA = "OA", pgettext_lazy("payment", "Open account")
    ESCROW = "ESCROW", pgettext_lazy("payment", "Escrow or platform")


class Priority(models.TextChoices):
    LOW = "low", pgettext_lazy("priority", "Low")
    NORMAL = "normal", pgettext_lazy("priority", "Normal")
    HIGH = "high", pgettext_lazy("priority", "High")
    URGENT = "urgent", pgettext_lazy("priority", "Urgent")


class Stage(models.TextChoices):
    """Phases of the process templates, in the order of an order's life."""

    INQ = "INQ", pgettext_lazy("stage", "Inquiry")
    QUO = "QUO", pgettext_lazy("stage", "Quotation")
    SMP = "SMP", pgettext_lazy("stage", "Sample")
    CLO = "CLO", pgettext_lazy("stage", "Won or lost")
    CONF = "CONF", pgettext_lazy("stage", "Confirmation")
    PREP = "PREP", pgettext_lazy("stage", "Preparation")
    DEV = "DEV", pgettext_lazy("stage", "Development")
    FAB = "FAB", pgettext_lazy("stage", "Fabric")
    PROD = "PROD", pgettext_lazy("stage", "Production")
    QC = "QC", pgettext_lazy("stage", "Inspection")
    SHIP = "SHIP", pgettext_lazy("stage", "Shipment")
    DOCS = "DOCS", pgettext_lazy("stage", "Documents")
    PAY = "PAY", pgettext_lazy("stage", "Payment")
    DLV = "DLV", pgettext_lazy("stage", "Delivery")
    CARE = "CARE", pgettext_lazy("stage", "After-sales")
    CLM = "CLM", pgettext_lazy("stage", "Claim")


SHIPMENT_STAGES = frozenset({Stage.SHIP, Stage.DOCS, Stage.DLV})
