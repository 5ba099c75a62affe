"""The topics of orders.topics as conditions on rows; a test holds both to the same answers."""

from django.db.models import Q

from orders import snooze
from orders.reminders import Step
from orders.topics import CUTOFF, DUE, LEAD, MANAGER, MENTION, PLAN, SNOOZED, SOON
from teams.notifications import facets

_HARD = Q(payload__contains={"is_hard": True})


def register() -> None:
    owners = Q(kind__in=[f"milestone_{Step.SOON}", f"milestone_{Step.DUE}"])
    facets.register(CUTOFF, owners & _HARD)
    facets.register(SNOOZED, Q(kind=snooze.KIND))
    facets.register(DUE, Q(kind=f"milestone_{Step.DUE}") & ~_HARD)
    facets.register(SOON, Q(kind=f"milestone_{Step.SOON}") & ~_HARD)
    facets.register(LEAD, Q(kind=f"milestone_{Step.LEAD}"))
    facets.register(MANAGER, Q(kind=f"milestone_{Step.MANAGER}"))
    facets.register(PLAN, Q(kind__in=["plan_changed", "plans_changed"]))
    facets.register(MENTION, Q(kind="mention"))
