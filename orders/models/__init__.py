from orders.models.acts import ActItem, BulkAct
from orders.models.checks import Inspection, InspectionKind, Payment, SampleKind, SampleRound
from orders.models.documents import DocumentKind, OrderDocument
from orders.models.events import EventKind, OrderEvent
from orders.models.exports import ExportRun
from orders.models.imports import ImportProfile, ImportRun
from orders.models.ladders import LadderJob, Ladders, TeamLadder
from orders.models.merges import SheetMerge
from orders.models.milestones import ClockPause, DelayReason, Milestone
from orders.models.orders import Order, OrderLine, PromiseChange
from orders.models.plans import PlanCause, PlanChange, PlanJob
from orders.models.progress import Progress
from orders.models.shipments import Shipment, ShipmentLine
from orders.models.templates import ProcessTemplate, TemplateDependency, TemplateStep
from orders.models.views import ListColumns, SavedView

__all__ = [
    "ActItem",
    "BulkAct",
    "ClockPause",
    "DelayReason",
    "DocumentKind",
    "EventKind",
    "ExportRun",
    "ImportProfile",
    "ImportRun",
    "Inspection",
    "InspectionKind",
    "LadderJob",
    "Ladders",
    "ListColumns",
    "Milestone",
    "Order",
    "OrderDocument",
    "OrderEvent",
    "OrderLine",
    "Payment",
    "PlanCause",
    "PlanChange",
    "PlanJob",
    "ProcessTemplate",
    "Progress",
    "PromiseChange",
    "SampleKind",
    "SampleRound",
    "SavedView",
    "SheetMerge",
    "Shipment",
    "ShipmentLine",
    "TeamLadder",
    "TemplateDependency",
    "TemplateStep",
]
