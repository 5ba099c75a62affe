"""Roles as one table in code: what each may do, how far it sees, and whether it sees money.

A person holds a role in a team (`Membership`). Scope says which orders of that team they see: their own, the team's,
or, for a few roles, those of every team.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.translation import pgettext_lazy


class Scope(StrEnum):
    """How far a role sees."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


class Permission(StrEnum):
    """What a role may do to an object that it sees."""

    ORDER_CREATE = "order.create"
    ORDER_EDIT = "order.edit"
    ORDER_MOVE = "order.move"  # confirm, hold, resume, close
    ORDER_CANCEL = "order.cancel"
    PROMISE_CHANGE = "promise.change"
    MILESTONE_COMPLETE = "milestone.complete"  # of the own role, or assigned to oneself
    MILESTONE_COMPLETE_ANY = "milestone.complete_any"
    MILESTONE_SKIP = "milestone.skip"
    MILESTONE_REOPEN = "milestone.reopen"
    MILESTONE_PAUSE = "milestone.pause"
    MILESTONE_ASSIGN = "milestone.assign"
    SHIPMENT_EDIT = "shipment.edit"
    SHIPMENT_MOVE = "shipment.move"
    DOCUMENT_ADD = "document.add"
    DOCUMENT_DECIDE = "document.decide"
    CHECK_ADD = "check.add"  # sample rounds and inspections
    PAYMENT_ADD = "payment.add"
    COMMENT_ADD = "comment.add"
    COMPANY_EDIT = "company.edit"
    INTERACTION_ADD = "interaction.add"
    KPI_VIEW = "kpi.view"
    KPI_STEER = "kpi.steer"  # goals, declared changes
    SETTINGS_EDIT = "settings.edit"


class RoleCode(models.TextChoices):
    """The roles of the trade, by the words of the glossary."""

    CLERK = "clerk", pgettext_lazy("role", "Follow-up clerk")
    SALES_REP = "sales_rep", pgettext_lazy("role", "Sales representative")
    SALES_MANAGER = "sales_manager", pgettext_lazy("role", "Sales manager")
    MARKET_DEVELOPER = "market_developer", pgettext_lazy("role", "Market developer")
    LOGISTICS = "logistics", pgettext_lazy("role", "Logistics coordinator")
    DOCUMENTS = "documents", pgettext_lazy("role", "Documentation clerk")
    SERVICE = "service", pgettext_lazy("role", "Customer service")
    FINANCE = "finance", pgettext_lazy("role", "Finance")
    PURCHASER = "purchaser", pgettext_lazy("role", "Purchaser")
    QC = "qc", pgettext_lazy("role", "Quality inspector")
    PLANNER = "planner", pgettext_lazy("role", "Production planner")
    LEAD = "lead", pgettext_lazy("role", "Team lead")
    MANAGER = "manager", pgettext_lazy("role", "Manager")
    ADMIN = "admin", pgettext_lazy("role", "Administrator")


@dataclass(frozen=True)
class Role:
    """One row of the table."""

    scope: Scope
    sees_money: bool
    permissions: frozenset[Permission]
    is_lead: bool = False  # told when a step of the team stays late (first escalation)
    is_manager: bool = False  # told when it stays late still longer (second escalation)


P = Permission
# What everybody who carries a step does.
_STEP = frozenset(
    {P.MILESTONE_COMPLETE, P.MILESTONE_PAUSE, P.DOCUMENT_ADD, P.CHECK_ADD, P.COMMENT_ADD, P.INTERACTION_ADD}
)
_ORDER = frozenset({P.ORDER_CREATE, P.ORDER_EDIT, P.ORDER_MOVE, P.PROMISE_CHANGE, P.COMPANY_EDIT})
_SHIPMENT = frozenset({P.SHIPMENT_EDIT, P.SHIPMENT_MOVE})
_LEAD = (
    _STEP
    | _ORDER
    | _SHIPMENT
    | {
        P.MILESTONE_COMPLETE_ANY,
        P.MILESTONE_SKIP,
        P.MILESTONE_REOPEN,
        P.MILESTONE_ASSIGN,
        P.ORDER_CANCEL,
        P.DOCUMENT_DECIDE,
        P.PAYMENT_ADD,
        P.KPI_VIEW,
        P.KPI_STEER,
    }
)

ROLES: dict[str, Role] = {
    RoleCode.CLERK: Role(
        Scope.OWN,
        True,
        _STEP
        | _ORDER
        | {P.MILESTONE_COMPLETE_ANY, P.MILESTONE_SKIP, P.MILESTONE_REOPEN, P.SHIPMENT_EDIT, P.PAYMENT_ADD, P.KPI_VIEW},
    ),
    RoleCode.SALES_REP: Role(Scope.OWN, True, _STEP | _ORDER | {P.PAYMENT_ADD, P.KPI_VIEW}),
    RoleCode.SALES_MANAGER: Role(Scope.TEAM, True, _LEAD),
    RoleCode.MARKET_DEVELOPER: Role(Scope.OWN, False, frozenset({P.COMMENT_ADD, P.INTERACTION_ADD, P.COMPANY_EDIT})),
    RoleCode.LOGISTICS: Role(Scope.TEAM, False, _STEP | _SHIPMENT | {P.KPI_VIEW}),
    RoleCode.DOCUMENTS: Role(Scope.TEAM, True, _STEP | {P.SHIPMENT_EDIT, P.DOCUMENT_DECIDE}),
    RoleCode.SERVICE: Role(Scope.TEAM, False, _STEP),
    RoleCode.FINANCE: Role(Scope.ALL, True, _STEP | {P.DOCUMENT_DECIDE, P.PAYMENT_ADD, P.KPI_VIEW}),
    RoleCode.PURCHASER: Role(Scope.TEAM, False, _STEP),
    RoleCode.QC: Role(Scope.TEAM, False, _STEP | {P.DOCUMENT_DECIDE}),
    RoleCode.PLANNER: Role(Scope.TEAM, False, _STEP),
    RoleCode.LEAD: Role(Scope.TEAM, True, _LEAD, is_lead=True),
    RoleCode.MANAGER: Role(Scope.ALL, True, _LEAD, is_manager=True),
    RoleCode.ADMIN: Role(Scope.ALL, True, _LEAD | {P.SETTINGS_EDIT}),
}
