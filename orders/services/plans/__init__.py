"""Plans of orders: the first one, what a change would move, applying it, undoing it, and re-planning many orders."""

from orders.services.plans.applying import NothingToUndo, PlanMovedOn, apply_changes, undo_change
from orders.services.plans.first import lay_down_plan
from orders.services.plans.proposing import Changes, Proposal, propose

__all__ = [
    "Changes",
    "NothingToUndo",
    "PlanMovedOn",
    "Proposal",
    "apply_changes",
    "lay_down_plan",
    "propose",
    "undo_change",
]
